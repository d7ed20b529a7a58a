package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

var down = &Error{Verdict: Retry, Err: errors.New("connection refused")}

func TestEventsReachTheBotInOrder(t *testing.T) {
	play(t, Config{}, &bot{delay: time.Millisecond}, func(s *stage) {
		for range 50 {
			for shard := range 8 {
				s.events(shard, 1)
			}
		}
		s.after(time.Second)
		s.complete()
		if st := s.runner.Status(time.Now()); st.Delivered != 400 || st.Depth != 0 || st.Lag != 0 || st.State != ops.SinkOK {
			t.Errorf("status %+v", st)
		}
	})
}

func TestShardsDoNotWaitForOneAnother(t *testing.T) {
	play(t, Config{}, &bot{delay: time.Second}, func(s *stage) {
		for shard := range 8 {
			s.events(shard, 1)
		}
		s.after(1100 * time.Millisecond)
		s.complete()
		if s.bot.most != 8 {
			t.Errorf("%d deliveries at a time, want 8", s.bot.most)
		}
	})
}

func TestABacklogGoesInBatches(t *testing.T) {
	play(t, Config{Batch: 64}, &bot{delay: 10 * time.Millisecond}, func(s *stage) {
		s.events(1, 1+64*10)
		s.after(time.Second)
		s.complete()
		if s.bot.calls > 12 {
			t.Errorf("%d deliveries for 641 events in batches of 64", s.bot.calls)
		}
	})
}

func TestABotThatIsDownIsProbedCalmly(t *testing.T) {
	up := false
	b := &bot{answer: func([]event.Event, int) error {
		if up {
			return nil
		}
		return down
	}}
	play(t, Config{}, b, func(s *stage) {
		for shard := range 20 {
			s.events(shard, 5)
		}
		s.after(time.Minute)
		// The first deliveries all fail; then one probe at a time, 5 s apart.
		b.with(func() {
			if b.calls > 8+6+12 {
				t.Errorf("%d deliveries to a bot that was down for a minute", b.calls)
			}
		})
		st := s.runner.Status(time.Now())
		if st.State != ops.SinkRetrying || st.Depth != 100 || st.Lag != time.Minute || st.NextTry.IsZero() {
			t.Errorf("status while down: %+v", st)
		}
		b.with(func() { up = true })
		s.after(6 * time.Second)
		s.complete()
		if got := strings.Join(s.states, " "); got != "retrying ok" {
			t.Errorf("states %s", got)
		}
	})
}

func TestABotAsksForTime(t *testing.T) {
	var second time.Duration
	start := time.Time{}
	b := &bot{answer: func(_ []event.Event, attempt int) error {
		if attempt == 1 {
			return &Error{Verdict: Retry, Status: 429, RetryAfter: 30 * time.Second, Err: errors.New("slow down")}
		}
		second = time.Since(start)
		return nil
	}}
	play(t, Config{}, b, func(s *stage) {
		start = time.Now()
		s.events(0, 1)
		s.after(time.Minute)
		s.complete()
		if second != 30*time.Second {
			t.Errorf("tried again after %v, asked for 30 s", second)
		}
	})
}

func TestOneShardsTroubleIsItsOwn(t *testing.T) {
	b := &bot{answer: func(events []event.Event, attempt int) error {
		if events[0].ShardID == 3 && attempt < 6 {
			return &Error{Verdict: Retry, Status: 500, Err: errors.New("bug")}
		}
		return nil
	}}
	play(t, Config{}, b, func(s *stage) {
		for shard := range 6 {
			s.events(shard, 10)
		}
		synctest.Wait()
		b.with(func() {
			for shard := range 6 {
				if n := len(b.got[shard]); shard != 3 && n != 10 {
					t.Errorf("shard %d has %d of 10 events while shard 3 fails", shard, n)
				}
			}
		})
		s.after(2 * time.Minute)
		s.complete()
	})
}

func TestARefusedSecretHoldsTheSink(t *testing.T) {
	wrong := true
	b := &bot{answer: func([]event.Event, int) error {
		if wrong {
			return &Error{Verdict: Unauthorized, Status: 401, Err: errors.New("wrong secret")}
		}
		return nil
	}}
	play(t, Config{}, b, func(s *stage) {
		s.events(0, 3)
		s.after(time.Hour)
		b.with(func() {
			if b.calls != 1 {
				t.Errorf("%d deliveries with a refused secret, want 1", b.calls)
			}
			wrong = false
		})
		s.runner.Resume()
		s.after(time.Second)
		s.complete()
		if got := strings.Join(s.states, " "); got != "refused idle ok" {
			t.Errorf("states %s", got)
		}
	})
}

func TestARefusedEventIsBuriedAndTheRestGoesOn(t *testing.T) {
	b := &bot{answer: func(events []event.Event, _ int) error {
		for _, e := range events {
			if e.ID.Seq == 4 {
				return &Error{Verdict: Refused, Status: 422, Err: errors.New("no")}
			}
		}
		return nil
	}}
	play(t, Config{Batch: 8, MaxAttempts: 3}, b, func(s *stage) {
		s.events(0, 10)
		s.after(time.Minute)
		if got := fmt.Sprint(b.got[0]); got != "[1 2 3 5 6 7 8 9 10]" {
			t.Errorf("the bot has %s", got)
		}
		if got := strings.Join(s.grave.buried, "; "); got != "bot 4: the bot answered 422: no" {
			t.Errorf("buried %q", got)
		}
		if st := s.runner.Status(time.Now()); st.Buried != 1 || st.Delivered != 9 || st.Depth != 0 || st.State != ops.SinkRejecting {
			t.Errorf("status %+v", st)
		}
		s.after(time.Minute)
		s.events(0, 1)
		s.after(time.Second)
		if got := strings.Join(s.states, " "); got != "ok rejecting ok" && got != "rejecting ok" {
			t.Errorf("states %s", got)
		}
	})
}

func TestAPartlyAcceptedBatchGoesOnBehindIt(t *testing.T) {
	b := &bot{}
	b.answer = func(events []event.Event, attempt int) error {
		if len(events) == 5 && attempt == 1 {
			for _, e := range events[:2] {
				b.got[0] = append(b.got[0], e.ID.Seq)
			}
			return &Error{Verdict: Retry, Accepted: 2, Err: errors.New("cut off")}
		}
		return nil
	}
	play(t, Config{Batch: 5}, b, func(s *stage) {
		s.runner.Pause()
		s.events(0, 5)
		s.runner.Resume()
		s.after(10 * time.Second)
		s.complete()
	})
}

func TestPauseHoldsAndResumeDelivers(t *testing.T) {
	play(t, Config{}, &bot{}, func(s *stage) {
		s.runner.Pause()
		s.events(0, 5)
		s.after(time.Hour)
		if s.bot.calls != 0 {
			t.Errorf("%d deliveries while paused", s.bot.calls)
		}
		s.runner.Resume()
		s.after(time.Second)
		s.complete()
	})
}

func TestDrainedWaitsForTheLastAcknowledgement(t *testing.T) {
	play(t, Config{}, &bot{delay: time.Second}, func(s *stage) {
		s.events(0, 3)
		start := time.Now()
		if err := s.runner.Drained(s.t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("drained after %v, three deliveries take 3 s", took)
		}
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Millisecond)
		defer cancel()
		s.events(0, 1)
		if err := s.runner.Drained(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v", err)
		}
	})
}

func TestMoreThanAWindowIsDelivered(t *testing.T) {
	play(t, Config{Batch: 16}, &bot{}, func(s *stage) {
		s.runner.Pause()
		for range windowOf(16) {
			for shard := range 4 {
				s.events(shard, 1)
			}
		}
		s.runner.Resume()
		s.after(time.Minute)
		s.complete()
	})
}
