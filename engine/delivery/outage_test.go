package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// One delivery of 64 events takes the bot 10 ms. After an hour away it gets a
// backlog as fast as that, in order, and whole batches at a time.
func TestABacklogGoesOutAtFullSpeed(t *testing.T) {
	const shards, events, batch = 4, 64 * 100, 64
	away := true
	b := &bot{delay: 10 * time.Millisecond, answer: func([]event.Event, int) error {
		if away {
			return down
		}
		return nil
	}}
	play(t, Config{Batch: batch, Parallel: shards}, b, func(s *stage) {
		for range events {
			for shard := range shards {
				s.events(shard, 1)
			}
		}
		s.after(time.Hour)
		var calls int
		b.with(func() { away, calls = false, b.calls })
		start := time.Now()
		if err := s.runner.Drained(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
		took := time.Since(start)
		s.complete()
		// The first goes alone, to see whether the bot is back. The window opens
		// a batch at a time, so that some are not full.
		if ideal := events / batch * 10 * time.Millisecond; took > ideal*3/2 {
			t.Errorf("it took %v, and the bot needs %v", took, ideal)
		}
		if n, ideal := b.calls-calls, shards*events/batch; n > ideal*3/2 {
			t.Errorf("%d deliveries, %d would do", n, ideal)
		}
	})
}

func TestABotThatComesAndGoesMissesNothing(t *testing.T) {
	failures := []error{
		down,
		&Error{Verdict: Retry, Status: 500, Err: errors.New("bug")},
		&Error{Verdict: Retry, Status: 503, Err: errors.New("starting")},
		&Error{Verdict: Retry, Status: 429, RetryAfter: 2 * time.Second, Err: errors.New("slow down")},
		errors.New("of an unknown kind"),
	}
	for i, failure := range failures {
		b := &bot{delay: 5 * time.Millisecond, answer: func([]event.Event, int) error {
			if time.Now().UnixMilli()/3000%3 == int64(i%3) { // every nine seconds for three
				return failure
			}
			return nil
		}}
		play(t, Config{Batch: 8}, b, func(s *stage) {
			for range 300 {
				for shard := range 5 {
					s.events(shard, 2)
				}
				s.after(100 * time.Millisecond)
			}
			s.after(time.Minute)
			s.complete()
		})
	}
}

// Sinks share queues and nothing else: one that hangs, one that is down and one
// that refuses everything do not slow down the others.
func TestADeadSinkHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const shards, events = 4, 500
		log := spool.New(spool.Config{})
		bots := map[string]*bot{
			"well": {delay: time.Millisecond},
			"hung": {delay: time.Hour},
			"down": {delay: time.Millisecond, answer: func([]event.Event, int) error { return down }},
			"sick": {delay: time.Millisecond, answer: func([]event.Event, int) error {
				return &Error{Verdict: Refused, Status: 400, Err: errors.New("no")}
			}},
			"shut": {answer: func([]event.Event, int) error {
				return &Error{Verdict: Unauthorized, Status: 401, Err: errors.New("no")}
			}},
			"also": {delay: 2 * time.Millisecond},
		}
		runners := make(map[string]*Runner)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for name, b := range bots {
			b.got, b.inShard, b.kinds = map[int][]int64{}, map[lanes]bool{}, map[int64]event.Kind{}
			r := New(Config{
				Name: name, Sink: b, Batch: 1, Parallel: 8, MaxAttempts: 1, DeadLetters: &grave{busy: make(chan struct{})},
				Clock: clock.System(), Random: func() float64 { return 1 }, Logger: slog.New(slog.DiscardHandler),
				StateChanged: func(ops.SinkState, string) {},
			})
			if err := r.Attach(log, 0); err != nil {
				t.Fatal(err)
			}
			runners[name] = r
		}
		for _, r := range runners {
			running.Go(func() { r.Run(ctx) })
		}
		start := time.Now()
		for n := range int64(events) {
			for shard := range shards {
				ev := event.Event{ID: event.ID{Seq: n + 1}, ShardID: shard, Received: time.Now(), Data: []byte("{}")}
				if _, err := log.Append(t.Context(), &ev); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, name := range []string{"well", "also"} {
			each := bots[name].delay
			if err := runners[name].Drained(t.Context()); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took > events*each*11/10 {
				t.Errorf("%s: %v for %d events of %v", name, took, events, each)
			}
			for shard := range shards {
				for i, seq := range bots[name].got[shard] {
					if seq != int64(i+1) {
						t.Fatalf("%s: shard %d: %v…", name, shard, bots[name].got[shard][:i+1])
					}
				}
			}
		}
		for name, depth := range map[string]int{"hung": shards * events, "down": shards * events, "shut": shards * events, "well": 0} {
			if st := runners[name].Status(time.Now()); st.Depth != depth {
				t.Errorf("%s: %d left, want %d", name, st.Depth, depth)
			}
		}
		cancel()
		for _, r := range runners {
			if g := r.cfg.DeadLetters.(*grave); g.busy != nil {
				close(g.busy)
			}
		}
		running.Wait()
		for name, b := range bots {
			if b.broken != "" {
				t.Errorf("%s: %s", name, b.broken)
			}
		}
	})
}

// nowhere takes everything at once.
type nowhere struct{}

func (nowhere) Deliver(context.Context, []event.Event, int) error { return nil }
func (nowhere) Close() error                                      { return nil }

// BenchmarkRunner is an event's way from a queue through a runner.
func BenchmarkRunner(b *testing.B) {
	for _, batch := range []int{1, 16} {
		for _, backlog := range []int{1, 10_000} {
			b.Run(fmt.Sprintf("batch=%d/backlog=%d", batch, backlog), func(b *testing.B) {
				log := spool.New(spool.Config{})
				r := New(Config{
					Name: "bot", Sink: nowhere{}, Batch: batch, Parallel: 8, MaxAttempts: 1, DeadLetters: &grave{},
					Clock: clock.System(), Random: func() float64 { return 1 }, Logger: slog.New(slog.DiscardHandler),
					StateChanged: func(ops.SinkState, string) {},
				})
				if err := r.Attach(log, 0); err != nil {
					b.Fatal(err)
				}
				ctx, cancel := context.WithCancel(b.Context())
				done := make(chan struct{})
				go func() { defer close(done); r.Run(ctx) }()
				ev := event.Event{Type: "MESSAGE_CREATE", Received: time.Now(), Data: make([]byte, 1200)}
				b.ReportAllocs()
				for n := 0; b.Loop(); n++ {
					ev.ShardID, ev.ID.Seq = n%16, int64(n+1)
					if _, err := log.Append(ctx, &ev); err != nil {
						b.Fatal(err)
					}
					if n%backlog == 0 {
						if err := r.Drained(ctx); err != nil {
							b.Fatal(err)
						}
					}
				}
				_ = r.Drained(ctx)
				cancel()
				<-done
			})
		}
	}
}
