package delivery

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// another attaches a queue while the runner runs.
func (s *stage) another(generation int) *spool.Log {
	s.t.Helper()
	log := spool.New(spool.Config{})
	if err := s.runner.Attach(log, generation); err != nil {
		s.t.Fatal(err)
	}
	return log
}

// to appends events of a shard to a queue.
func (s *stage) to(log *spool.Log, shard, n int) {
	s.t.Helper()
	was := s.log
	s.log = log
	s.events(shard, n)
	s.log = was
}

// interaction appends an interaction of a shard to a queue.
func (s *stage) interaction(log *spool.Log, shard int) {
	s.t.Helper()
	was := s.log
	s.log = log
	s.append(shard, event.TypeInteraction)
	s.log = was
}

// has fails the test unless the bot has n events of a shard.
func (s *stage) has(what string, shard, n int) {
	s.t.Helper()
	s.bot.with(func() {
		if got := len(s.bot.got[shard]); got != n {
			s.t.Errorf("%s: the bot has %d events of shard %d, want %d", what, got, shard, n)
		}
	})
}

// The next fleet's first event comes after the last one of the fleet before it,
// without a pause between the two.
func TestAQueueThatComesLaterIsReadBehindTheFirst(t *testing.T) {
	var last, first time.Time
	b := &bot{delay: 10 * time.Millisecond}
	b.answer = func(events []event.Event, _ int) error {
		switch {
		case events[0].ShardID < 4 && events[0].ID.Seq <= 100:
			last = time.Now()
		case first.IsZero():
			first = time.Now().Add(-b.delay)
		}
		return nil
	}
	play(t, Config{}, b, func(s *stage) {
		for shard := range 4 {
			s.events(shard, 100)
		}
		next := s.another(1)
		s.to(next, 4, 50)
		s.to(next, 3, 10) // this number is a shard of both
		s.after(200 * time.Millisecond)
		s.runner.Admit(1)
		s.after(10 * time.Second)
		s.complete()
		if first.Before(last) || first.After(last.Add(time.Millisecond)) {
			t.Errorf("the last of the first at %v, the first of the next at %v", last, first)
		}
		s.to(next, 4, 1) // and on
		s.after(time.Second)
		s.complete()
	})
}

func TestAQueueIsNotReadBeforeItIsAdmitted(t *testing.T) {
	play(t, Config{Priority: true}, &bot{}, func(s *stage) {
		next := s.another(1)
		s.to(next, 5, 3)
		s.interaction(next, 5)
		s.after(time.Minute)
		s.has("before", 5, 0)
		if st := s.runner.Status(time.Now()); st.Depth != 0 || st.Lag != 0 {
			t.Errorf("status %+v", st)
		}
		if err := s.runner.Drained(s.t.Context()); err != nil {
			t.Errorf("what is not the bot's yet holds up a stop: %v", err)
		}
		s.events(0, 2) // the first goes on meanwhile
		s.after(time.Second)
		s.has("the first", 0, 2)
		s.runner.Admit(1)
		s.after(time.Second)
		s.has("after", 5, 4)
		if st := s.runner.Status(time.Now()); st.Depth != 0 || st.Delivered != 6 {
			t.Errorf("status %+v", st)
		}
		more := s.another(1) // another worker of a generation that is admitted
		s.to(more, 6, 1)
		s.after(time.Second)
		s.has("of another worker", 6, 1)
	})
}

// While the bot is down, the next fleet's events wait behind those of the one
// before it, and interactions of either overtake.
func TestAnInteractionOvertakesAQueueThatWaitsItsTurn(t *testing.T) {
	b := &bot{answer: func(events []event.Event, _ int) error {
		if events[0].ShardID == 0 {
			return &Error{Verdict: Retry, Status: 500, Err: errors.New("bug")}
		}
		return nil
	}}
	play(t, Config{Priority: true}, b, func(s *stage) {
		s.events(0, 1)
		next := s.another(1)
		s.runner.Admit(1)
		s.to(next, 5, 3)
		s.interaction(next, 6)
		s.after(time.Second)
		s.has("an interaction", 6, 1)
		s.has("the others", 5, 0)
		if st := s.runner.Status(time.Now()); st.Early != 1 || st.Depth != 4 {
			t.Errorf("status %+v", st)
		}
		b.with(func() { b.answer = nil })
		s.after(time.Minute)
		s.has("at last", 5, 3)
	})
}

// An answer that Discord still owes the fleet before is delivered at once.
func TestALateEventOfTheFirstIsReadAtOnce(t *testing.T) {
	play(t, Config{}, &bot{}, func(s *stage) {
		s.events(0, 3)
		next := s.another(1)
		s.runner.Admit(1)
		s.to(next, 1, 3)
		s.after(time.Second)
		s.events(0, 1)
		s.after(100 * time.Millisecond)
		s.has("it", 0, 4)
		s.has("the next one's", 1, 3)
		s.to(next, 1, 1)
		s.after(100 * time.Millisecond)
		s.complete()
	})
}

func TestAQueueThatIsWithdrawnIsForgotten(t *testing.T) {
	play(t, Config{Priority: true}, &bot{delay: time.Millisecond}, func(s *stage) {
		gone := s.another(1)
		s.to(gone, 5, 3)
		s.runner.Detach(1)
		s.to(gone, 5, 3) // a shard that has not ended yet
		s.runner.Admit(1)
		s.after(time.Second)
		s.has("withdrawn", 5, 0)
		if err := s.runner.Put(s.t.Context(), gone, event.Event{}); !errors.Is(err, errNotAttached) {
			t.Errorf("put: %v", err)
		}
		delete(s.seq, 5)
		s.events(0, 5)
		next := s.another(2)
		s.runner.Admit(2)
		s.to(next, 4, 5)
		s.after(time.Second)
		s.complete()
	})
}

// A fleet's queue may go while deliveries from it are under way, or wait.
func TestWhatIsInHandOfADetachedQueueIsLetGo(t *testing.T) {
	var calls int
	b := &bot{delay: time.Second, answer: func(events []event.Event, _ int) error {
		if events[0].ShardID != 4 {
			calls++
			return &Error{Verdict: Retry, Status: 500, Err: errors.New("bug")}
		}
		return nil
	}}
	play(t, Config{}, b, func(s *stage) {
		// Shards 0 to 2 wait for a retry, 8 others are under way, and 4 for a turn.
		for shard := range 3 {
			s.events(shard, 10)
		}
		s.after(1010 * time.Millisecond)
		for shard := 20; shard < 32; shard++ {
			s.events(shard, 10)
		}
		s.after(10 * time.Millisecond)
		next := s.another(1)
		s.runner.Admit(1)
		s.to(next, 4, 3)
		if st := s.runner.Status(time.Now()); st.InFlight != 8 {
			t.Fatalf("status %+v", st)
		}
		s.runner.Detach(0)
		s.after(1010 * time.Millisecond)
		if st := s.runner.Status(time.Now()); !st.NextTry.IsZero() {
			t.Errorf("status %+v", st)
		}
		b.with(func() {
			if calls != 3+8 {
				t.Errorf("%d deliveries failed", calls)
			}
		})
		s.after(20 * time.Second)
		s.has("the next one", 4, 3)
		if calls != 3+8 {
			t.Errorf("%d deliveries from a queue that is gone", calls)
		}
		if st := s.runner.Status(time.Now()); st.Depth != 0 || st.InFlight != 0 || !st.NextTry.IsZero() {
			t.Errorf("status %+v", st)
		}
		if err := s.runner.Drained(s.t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAShardThatIsStuckIsNamed(t *testing.T) {
	b := &bot{answer: func(events []event.Event, _ int) error {
		if shard := events[0].ShardID; shard == 2 || shard == 3 && events[0].ID.Seq == 1 {
			return &Error{Verdict: Retry, Status: 500, Err: errors.New("bug")}
		}
		return nil
	}}
	play(t, Config{}, b, func(s *stage) {
		for shard := range 5 {
			s.events(shard, 2)
		}
		s.after(time.Minute)
		if shard, attempts, ok := s.runner.Stuck(); shard != 2 || attempts < 10 || !ok {
			t.Errorf("shard %d, %d times, %v", shard, attempts, ok)
		}
		b.with(func() { b.answer = func([]event.Event, int) error { return down } })
		s.events(4, 1)
		s.after(time.Minute)
		if shard, _, ok := s.runner.Stuck(); ok {
			t.Errorf("shard %d, while the bot is down", shard)
		}
		b.with(func() { b.answer = nil })
		s.after(time.Minute)
		if shard, _, ok := s.runner.Stuck(); ok {
			t.Errorf("shard %d, and all is well", shard)
		}
		s.complete()
	})
}

func TestNobodyWaitsForAQueueThatIsGone(t *testing.T) {
	b := &bot{answer: func(events []event.Event, _ int) error {
		if events[0].ShardID == 0 {
			return &Error{Verdict: Retry, Status: 500, Err: errors.New("bug")}
		}
		return nil
	}}
	play(t, Config{}, b, func(s *stage) {
		s.events(0, 3)
		s.after(time.Second)
		next := s.another(1)
		s.runner.Admit(1)
		drained := make(chan error, 1)
		go func() { drained <- s.runner.Drained(s.t.Context()) }()
		s.after(3 * time.Second)
		s.runner.Detach(0)
		if st := s.runner.Status(time.Now()); !st.NextTry.IsZero() {
			t.Errorf("status %+v", st)
		}
		synctest.Wait()
		select {
		case err := <-drained:
			if err != nil {
				t.Error(err)
			}
		default:
			t.Error("a stop waits for a queue that is gone")
		}
		s.to(next, 1, 1)
		s.after(time.Millisecond)
		s.has("the next one", 1, 1)
	})
	// Whoever comes next need not wait to be told by a clock.
	play(t, Config{}, b, func(s *stage) {
		s.events(0, 3)
		next := s.another(1)
		s.runner.Admit(1)
		s.to(next, 1, 1)
		s.after(10 * time.Second)
		s.has("the next one", 1, 0)
		s.runner.Detach(0)
		s.after(time.Millisecond)
		s.has("the next one", 1, 1)
	})
}

// What a sink has lost stays counted when the queue that lost it is gone.
func TestAForgottenQueueLeavesItsFigures(t *testing.T) {
	var small *spool.Log
	playWith(t, Config{}, &bot{}, func(r *Runner) {
		r.Pause()
		small = spool.New(spool.Config{Bounds: spool.Bounds{Events: 2}})
		if err := r.Attach(small, 0); err != nil {
			t.Fatal(err)
		}
	}, func(s *stage) {
		s.to(small, 0, 5)
		s.runner.Resume()
		s.after(time.Second)
		next := s.another(1)
		s.runner.Admit(1)
		s.runner.Detach(0)
		s.to(next, 1, 1)
		s.after(time.Second)
		if st := s.runner.Status(time.Now()); st.Dropped != 3 || st.Depth != 0 {
			t.Errorf("status %+v", st)
		}
	})
}

func TestAPausedSinkKeepsTheOrderOfItsQueues(t *testing.T) {
	play(t, Config{}, &bot{}, func(s *stage) {
		s.runner.Pause()
		s.events(3, 20)
		logs := []*spool.Log{s.log}
		for generation := 1; generation < 4; generation++ {
			log := s.another(generation)
			s.runner.Admit(generation)
			s.to(log, 3, 20)
			logs = append(logs, log)
		}
		s.after(time.Minute)
		s.has("while it is paused", 3, 0)
		s.runner.Resume()
		s.after(time.Second)
		s.complete()
		for generation, log := range logs {
			if log.Stats().Depth == 0 && generation < 3 {
				s.runner.Detach(generation)
			}
		}
		s.to(logs[3], 3, 1)
		s.after(time.Second)
		s.complete()
	})
}

// Without a queue at its start, a runner takes them as they come.
func TestARunnerMayBeginWithoutAQueue(t *testing.T) {
	playWith(t, Config{}, &bot{}, func(*Runner) {}, func(s *stage) {
		s.after(time.Second)
		first, second := s.another(7), s.another(8)
		s.to(first, 0, 3)
		s.to(second, 0, 3)
		s.runner.Admit(8)
		s.after(time.Second)
		s.complete()
	})
}
