package delivery

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func TestAnEmptySinkIsDrainedHoweverLate(t *testing.T) {
	play(t, Config{}, &bot{}, func(s *stage) {
		over, cancel := context.WithCancel(s.t.Context())
		cancel()
		for range 100 {
			if err := s.runner.Drained(over); err != nil {
				t.Fatalf("nothing is left, and yet: %v", err)
			}
		}
	})
}

func TestDrainingTriesAtOnceWhatWaits(t *testing.T) {
	up := false
	b := &bot{answer: func([]event.Event, int) error {
		if up {
			return nil
		}
		return down
	}}
	play(t, Config{}, b, func(s *stage) {
		s.events(0, 3)
		s.after(time.Minute) // the next try is seconds away
		b.with(func() { up = true })
		ctx, cancel := context.WithTimeout(s.t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := s.runner.Drained(ctx); err != nil {
			t.Errorf("the bot is back, and yet: %v", err)
		}
		s.complete()
	})
}

func TestDrainingLeavesAPausedSinkAlone(t *testing.T) {
	play(t, Config{}, &bot{}, func(s *stage) {
		s.runner.Pause()
		s.events(0, 3)
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
		defer cancel()
		if err := s.runner.Drained(ctx); !errors.Is(err, context.DeadlineExceeded) || s.bot.calls != 0 {
			t.Errorf("err = %v after %d deliveries", err, s.bot.calls)
		}
	})
}

func TestAPausedSinkHasNoNextTry(t *testing.T) {
	b := &bot{answer: func([]event.Event, int) error { return down }}
	play(t, Config{}, b, func(s *stage) {
		s.events(0, 1)
		s.after(10 * time.Second)
		s.runner.Pause()
		if st := s.runner.Status(time.Now()); st.State != ops.SinkPaused || !st.NextTry.IsZero() {
			t.Errorf("%+v", st)
		}
	})
}

func TestABatchTakenWholeDespiteAnErrorIsNotBuried(t *testing.T) {
	calls := 0
	b := &bot{answer: func(events []event.Event, _ int) error {
		if calls++; calls > 1 {
			return nil
		}
		return &Error{Verdict: Refused, Status: 400, Accepted: len(events), Err: errors.New("odd")}
	}}
	play(t, Config{MaxAttempts: 1}, b, func(s *stage) {
		s.runner.cfg.MaxAttempts = 1
		s.events(0, 1)
		s.after(time.Second)
		s.events(0, 1)
		s.after(time.Second)
		if st := s.runner.Status(time.Now()); len(s.grave.buried) != 0 || st.Depth != 0 || st.Delivered != 2 {
			t.Errorf("buried %v, status %+v", s.grave.buried, st)
		}
	})
}

func TestOnlyTheProbeLengthensTheTrouble(t *testing.T) {
	var tr trouble
	first, probe, late := &lane{}, &lane{}, &lane{}
	now := time.Now()
	tr.note(now, first, 0, 0)
	now = now.Add(time.Second)
	if !tr.admit(now, probe) || tr.admit(now, late) {
		t.Fatal("one probe goes out after the wait, and one only")
	}
	// What was under way when the trouble began fails while the probe is out.
	for range 10 {
		tr.note(now, late, 0, 0)
		tr.abandon(late)
	}
	if tr.failures != 1 || tr.admit(now, late) {
		t.Errorf("after late failures: %+v", tr)
	}
	tr.note(now, probe, 0, 0)
	if tr.failures != 2 || tr.probe != nil {
		t.Errorf("after the probe failed: %+v", tr)
	}
}

func TestASinkMayBePausedWhileItIsProbed(t *testing.T) {
	for name, up := range map[string]bool{"the probe fails": false, "the probe succeeds": true} {
		t.Run(name, func(t *testing.T) {
			failing := true
			b := &bot{delay: time.Second}
			b.answer = func([]event.Event, int) error {
				if failing {
					return down
				}
				return nil
			}
			play(t, Config{}, b, func(s *stage) {
				for shard := range 4 {
					s.events(shard, 2)
				}
				s.after(1500 * time.Millisecond) // the first ones have failed, a probe is out
				s.runner.Pause()
				b.with(func() { failing = !up })
				s.after(time.Hour)
				if st := s.runner.Status(time.Now()); st.State != ops.SinkPaused || st.InFlight != 0 {
					t.Errorf("paused: %+v", st)
				}
				b.with(func() { failing = false })
				s.runner.Resume()
				s.after(5 * time.Second)
				s.complete()
			})
		})
	}
}

// A bot of few shards that answers every one with its own error is in trouble as
// a whole, although no shard's trouble says so.
func TestASinkOfWhichEveryShardFailsIsRetrying(t *testing.T) {
	failing := true
	b := &bot{answer: func([]event.Event, int) error {
		if failing {
			return &Error{Verdict: Retry, Status: 500, Err: errors.New("bug")}
		}
		return nil
	}}
	play(t, Config{}, b, func(s *stage) {
		s.events(0, 2)
		s.events(1, 2)
		s.after(time.Minute)
		st := s.runner.Status(time.Now())
		if st.State != ops.SinkRetrying || st.NextTry.Before(time.Now()) || st.LastError != "the bot answered 500: bug" {
			t.Errorf("%+v", st)
		}
		b.with(func() { failing = false })
		s.after(10 * time.Second)
		s.complete()
		if st := s.runner.Status(time.Now()); st.State != ops.SinkOK || !st.NextTry.IsZero() {
			t.Errorf("%+v", st)
		}
	})
}

// One event in ten is of a type that the bot refuses, and takes all others.
func TestARefusedTypeDoesNotHoldUpTheOthers(t *testing.T) {
	refused := &Error{Verdict: Refused, Status: 422, Err: errors.New("not this one")}
	b := &bot{answer: func(events []event.Event, _ int) error {
		if events[0].ID.Seq%10 == 3 {
			return refused
		}
		return nil
	}}
	play(t, Config{MaxAttempts: 5}, b, func(s *stage) {
		for range 100 {
			for shard := range 8 {
				s.events(shard, 10)
			}
		}
		s.after(10 * time.Second)
		if st := s.runner.Status(time.Now()); st.Depth != 0 || st.Buried != 800 {
			t.Errorf("ten seconds after 8000 events: depth %d, buried %d", st.Depth, st.Buried)
		}
	})
}
