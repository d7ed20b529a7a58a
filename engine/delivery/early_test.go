package delivery

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// types splits what the bot has of a shard into interactions and the rest.
func (b *bot) types(shard int, interaction map[int64]bool) (early, rest []int64) {
	for _, n := range b.got[shard] {
		if interaction[n] {
			early = append(early, n)
		} else {
			rest = append(rest, n)
		}
	}
	return early, rest
}

func TestInteractionsOvertakeABacklog(t *testing.T) {
	b := &bot{delay: 100 * time.Millisecond}
	play(t, Config{Priority: true, Parallel: 8}, b, func(s *stage) {
		for shard := range 4 {
			s.events(shard, 2*windowOf(1)) // far more than the sink takes in hand
		}
		s.after(time.Second)
		first := s.append(2, event.TypeInteraction)
		second := s.append(2, event.TypeInteraction)
		third := s.append(2, event.TypeInteraction)
		s.after(500 * time.Millisecond)
		b.with(func() {
			early, rest := b.types(2, map[int64]bool{first: true, second: true, third: true})
			if fmt.Sprint(early) != fmt.Sprint([]int64{first, second, third}) || len(rest) > 20 {
				t.Errorf("interactions came as %v, among %d others", early, len(rest))
			}
		})
		s.after(5 * time.Minute)
		st := s.runner.Status(time.Now())
		if st.Early != 3 || st.Depth != 0 || st.Late != 0 {
			t.Errorf("status %+v", st)
		}
		_, rest := b.types(2, map[int64]bool{first: true, second: true, third: true})
		for i, n := range rest {
			if n != int64(i+1) {
				t.Fatalf("the others came as %v…", rest[:i+1])
			}
		}
	})
}

func TestWithoutPriorityInteractionsWaitTheirTurn(t *testing.T) {
	play(t, Config{}, &bot{delay: 10 * time.Millisecond}, func(s *stage) {
		s.events(0, 50)
		s.append(0, event.TypeInteraction)
		s.events(0, 10)
		s.after(time.Minute)
		s.complete()
		if st := s.runner.Status(time.Now()); st.Early != 0 || st.Late != 0 {
			t.Errorf("status %+v", st)
		}
	})
}

func TestAnInteractionWithNothingBeforeItOvertakesNothing(t *testing.T) {
	play(t, Config{Priority: true}, &bot{delay: 10 * time.Millisecond}, func(s *stage) {
		for range 5 {
			s.append(0, event.TypeInteraction)
			s.after(time.Second)
			s.events(0, 1)
			s.after(time.Second)
		}
		s.complete()
		if st := s.runner.Status(time.Now()); st.Early != 0 || st.Delivered != 10 {
			t.Errorf("status %+v", st)
		}
	})
}

func TestMoreInteractionsThanAWindowAreDeliveredInOrder(t *testing.T) {
	for _, batch := range []int{1, 16} {
		play(t, Config{Priority: true, Batch: batch}, &bot{delay: time.Millisecond}, func(s *stage) {
			s.runner.Pause()
			for range 3 * windowOf(batch) {
				s.append(0, event.TypeInteraction)
				s.append(1, event.TypeInteraction)
			}
			s.runner.Resume()
			s.after(time.Minute)
			s.complete()
		})
	}
}

// A flood of interactions is read on as it is delivered, even if the ordinary way
// is shut meanwhile.
func TestAFloodOfInteractionsPassesAShutQueue(t *testing.T) {
	b := &bot{answer: func(events []event.Event, _ int) error {
		if events[0].ShardID == 0 {
			return &Error{Verdict: Retry, Status: 500, Err: errors.New("bug")}
		}
		return nil
	}}
	var first, last *spool.Log
	playWith(t, Config{Priority: true}, b, func(r *Runner) {
		first, last = attach(t, r, 1), attach(t, r, 2)
	}, func(s *stage) {
		s.log = first
		s.events(0, 1)
		s.log = last
		for range 3 * windowOf(1) {
			s.append(1, event.TypeInteraction)
		}
		s.runner.Resume()
		s.after(500 * time.Millisecond)
		b.with(func() {
			if n := len(b.got[1]); n != 3*windowOf(1) {
				t.Errorf("%d of %d interactions", n, 3*windowOf(1))
			}
			b.answer = nil
		})
		s.after(time.Minute)
		s.complete()
	})
}

func TestInteractionsRespectTheBackOff(t *testing.T) {
	b := &bot{answer: func([]event.Event, int) error { return down }}
	play(t, Config{Priority: true}, b, func(s *stage) {
		s.events(0, 1)
		s.after(time.Minute)
		calls := 0
		b.with(func() { calls = b.calls })
		for range 100 {
			s.append(0, event.TypeInteraction)
			s.append(1, event.TypeInteraction)
		}
		s.after(time.Minute)
		b.with(func() {
			if n := b.calls - calls; n > 13 {
				t.Errorf("%d deliveries to a bot that was down for a minute", n)
			}
			b.answer = nil
		})
		s.after(10 * time.Second)
		if st := s.runner.Status(time.Now()); st.Depth != 0 || st.Delivered != 201 {
			t.Errorf("status %+v", st)
		}
		b.with(func() {
			if b.order[0] == 1 && b.got[0][0] == 1 {
				t.Errorf("the bot came back to %v: interactions go first", b.order[:3])
			}
		})
	})
}

func TestAnInteractionInTroubleDoesNotHoldUpItsShard(t *testing.T) {
	b := &bot{answer: func(events []event.Event, attempt int) error {
		if events[0].Type == event.TypeInteraction && attempt < 5 {
			return &Error{Verdict: Retry, Status: 500, Err: errors.New("bug")}
		}
		return nil
	}}
	play(t, Config{Priority: true}, b, func(s *stage) {
		bad := s.append(0, event.TypeInteraction)
		next := s.append(0, event.TypeInteraction)
		s.events(0, 20)
		synctest.Wait()
		b.with(func() {
			if early, rest := b.types(0, map[int64]bool{bad: true, next: true}); len(rest) != 20 || len(early) != 0 {
				t.Errorf("while an interaction fails: %v, %v", early, rest)
			}
		})
		s.after(time.Minute)
		early, _ := b.types(0, map[int64]bool{bad: true, next: true})
		if fmt.Sprint(early) != fmt.Sprint([]int64{bad, next}) {
			t.Errorf("interactions came as %v", early)
		}
	})
}

// attach gives the stage another queue before its runner runs, which is paused:
// a queue of an earlier run holds what it holds when the runner begins.
func attach(t *testing.T, r *Runner, generation int) *spool.Log {
	t.Helper()
	r.Pause()
	log := spool.New(spool.Config{})
	if err := r.Attach(log, generation); err != nil {
		t.Fatal(err)
	}
	return log
}

func TestGenerationsGoOneAfterTheOther(t *testing.T) {
	b := &bot{delay: 10 * time.Millisecond}
	var logs [3][2]*spool.Log
	playWith(t, Config{Priority: true}, b, func(r *Runner) {
		// In no order, and not numbered from 0.
		for _, g := range []int{2, 0, 1} {
			logs[g] = [2]*spool.Log{attach(t, r, 5+2*g), attach(t, r, 5+2*g)}
		}
	}, func(s *stage) {
		add := func(g, worker, shard int, eventType string) {
			s.log = logs[g][worker]
			s.append(shard, eventType)
		}
		// Shard 3 has moved from worker to worker; its numbers say what came first.
		for g := range 3 {
			for range 100 {
				add(g, g%2, 3, "MESSAGE_CREATE")
				add(g, 1-g%2, 4+g, "MESSAGE_CREATE")
			}
		}
		s.runner.Resume()
		s.after(500 * time.Millisecond)
		add(2, 0, 9, event.TypeInteraction)
		s.after(100 * time.Millisecond)
		b.with(func() {
			if len(b.got[9]) != 1 {
				t.Error("an interaction waits for earlier generations")
			}
			if len(b.got[6])+len(b.got[5]) > 0 || len(b.got[4]) < 30 {
				t.Errorf("of the generations %d, %d and %d events", len(b.got[4]), len(b.got[5]), len(b.got[6]))
			}
		})
		s.after(time.Minute)
		s.complete()
		if st := s.runner.Status(time.Now()); st.Early != 1 {
			t.Errorf("status %+v", st)
		}
		add(2, 0, 3, "MESSAGE_CREATE") // and on
		s.after(time.Second)
		s.complete()
	})
}

func TestAnEmptyGenerationHoldsUpNobody(t *testing.T) {
	var last *spool.Log
	playWith(t, Config{}, &bot{}, func(r *Runner) {
		attach(t, r, 1)
		attach(t, r, 2)
		last = attach(t, r, 3)
	}, func(s *stage) {
		s.log = last
		s.events(0, 10)
		s.runner.Resume()
		s.after(100 * time.Millisecond)
		s.complete()
	})
}

func TestAGenerationBeginsWhenAllBeforeItIsAcknowledged(t *testing.T) {
	var first, last *spool.Log
	b := &bot{answer: func(events []event.Event, _ int) error {
		if events[0].ShardID == 0 {
			return &Error{Verdict: Retry, Status: 500, Err: errors.New("bug")}
		}
		return nil
	}}
	playWith(t, Config{}, b, func(r *Runner) {
		first, last = attach(t, r, 1), attach(t, r, 2)
	}, func(s *stage) {
		s.log = first
		s.events(0, 1)
		s.log = last
		s.events(1, 10)
		s.runner.Resume()
		s.after(time.Minute)
		b.with(func() {
			if len(b.got[1]) != 0 {
				t.Errorf("it has begun: %v", b.got[1])
			}
			b.answer = nil
		})
		s.after(time.Minute)
		s.complete()
	})
}

// Events may leave a queue without the runner's doing.
func TestAGenerationThatRunsEmptyByItselfHoldsUpNobody(t *testing.T) {
	var first, last *spool.Log
	playWith(t, Config{}, &bot{}, func(r *Runner) {
		first, last = attach(t, r, 1), attach(t, r, 2)
	}, func(s *stage) {
		s.log = first
		s.events(0, 1)
		cursor := s.runner.sources[0].cursor
		item := cursor.Next(nil, 1)[0] // the runner never sees it
		s.log = last
		s.events(1, 10)
		s.runner.Resume()
		s.after(time.Minute)
		s.bot.with(func() {
			if len(s.bot.got[1]) != 0 {
				t.Errorf("the next one has begun: %v", s.bot.got[1])
			}
		})
		cursor.Ack(item.Pos)
		s.after(2 * time.Second)
		s.bot.with(func() {
			if len(s.bot.got[1]) != 10 {
				t.Errorf("the next one has not begun: %v", s.bot.got[1])
			}
		})
	})
}
