package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// takers is a bot that takes its time for each shard.
type takers struct {
	time func(shard int) time.Duration

	mu  sync.Mutex
	got map[int][]int64 // numbers by shard, in the order in which they came first
}

func (b *takers) Deliver(ctx context.Context, events []event.Event, _ int) error {
	shard := events[0].ShardID
	b.mu.Lock()
	for _, e := range events { // taken, whether that is acknowledged or not
		if !slices.Contains(b.got[shard], e.ID.Seq) {
			b.got[shard] = append(b.got[shard], e.ID.Seq)
		}
	}
	b.mu.Unlock()
	select {
	case <-time.After(b.time(shard)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *takers) Close() error { return nil }

// came is how many events of some shards have come.
func (b *takers) came(shards ...int) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range shards {
		n += len(b.got[s])
	}
	return n
}

func runnerOf(b *takers, parallel int) *Runner {
	return New(Config{
		Name: "bot", Sink: b, Batch: 1, Parallel: parallel, MaxAttempts: 3, DeadLetters: &grave{}, Clock: clock.System(),
		Random: func() float64 { return 1 }, Logger: slog.New(slog.DiscardHandler), StateChanged: func(ops.SinkState, string) {},
	})
}

// running has a runner run, until the returned function has been called.
func running(t *testing.T, r *Runner) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { r.Run(ctx) })
	return func() { cancel(); done.Wait() }
}

func put(t *testing.T, log *spool.Log, shard int, seq int64) {
	t.Helper()
	ev := event.Event{ID: event.ID{Seq: seq}, ShardID: shard, Type: "X", Received: time.Now(), Data: []byte("{}")}
	if _, err := log.Append(t.Context(), &ev); err != nil {
		t.Fatal(err)
	}
}

// Worker 0's deliveries take a second each, and it has more shards than there are
// hands: worker 1 goes on at its pace.
func TestASlowWorkerHoldsUpNoOther(t *testing.T) {
	for _, parallel := range []int{2, 4, 64} {
		t.Run(fmt.Sprint(parallel), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &takers{got: map[int][]int64{}, time: func(shard int) time.Duration {
					if shard < 80 {
						return time.Second
					}
					return 5 * time.Millisecond
				}}
				r := runnerOf(b, parallel)
				slow, quick := spool.New(spool.Config{}), spool.New(spool.Config{})
				for _, l := range []*spool.Log{slow, quick} {
					if err := r.Attach(l, 0); err != nil {
						t.Fatal(err)
					}
				}
				stop := running(t, r)
				for seq := range int64(20) {
					for shard := range 80 {
						put(t, slow, shard, seq+1)
					}
				}
				for seq := range int64(1000) {
					put(t, quick, 80, seq+1)
					<-time.After(10 * time.Millisecond)
				}
				if n := b.came(80); n < 850 { // it may wait a second for its first hand
					t.Errorf("the quick worker got %d of 1000 events through in ten seconds", n)
				}
				stop()
			})
		})
	}
}

// A sink is reached in another way fifty times while events flow: nothing is lost, and
// the order holds.
func TestARunnerTakesOverWhileEventsFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &takers{got: map[int][]int64{}, time: func(int) time.Duration { return 3 * time.Millisecond }}
		log := spool.New(spool.Config{})
		r := runnerOf(b, 4)
		if err := r.Attach(log, 0); err != nil {
			t.Fatal(err)
		}
		stop, seq := running(t, r), int64(0)
		for n := range 50 {
			for range 40 {
				seq++
				for shard := range 4 {
					put(t, log, shard, seq)
				}
				<-time.After(700 * time.Microsecond)
			}
			stop()
			next := runnerOf(b, 4)
			if n%2 == 0 {
				next.TakeOver(r)
			} else {
				r.Release()
				if err := next.Attach(log, 0); err != nil {
					t.Fatal(err)
				}
			}
			r, stop = next, running(t, next)
		}
		<-time.After(time.Minute)
		if st := r.Status(time.Now()); st.Depth != 0 {
			t.Errorf("%d events are left", st.Depth)
		}
		stop()
		for shard := range 4 {
			if got := b.got[shard]; len(got) != int(seq) || !slices.IsSorted(got) {
				t.Errorf("shard %d: %d of %d events came, in order: %v", shard, len(got), seq, slices.IsSorted(got))
			}
		}
	})
}

// While nobody holds a sink's place, its events wait, and new ones are not for it.
func TestWhatASinkLeavesWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &takers{got: map[int][]int64{}, time: func(int) time.Duration { return time.Hour }}
		log := spool.New(spool.Config{})
		r := runnerOf(slow, 4)
		if err := r.Attach(log, 0); err != nil {
			t.Fatal(err)
		}
		stop := running(t, r)
		for seq := range int64(300) {
			put(t, log, 0, seq+1)
		}
		<-time.After(time.Second)
		stop()
		r.Release()
		put(t, log, 0, 301)
		b := &takers{got: map[int][]int64{}, time: func(int) time.Duration { return 0 }}
		r = runnerOf(b, 4)
		if err := r.Attach(log, 0); err != nil {
			t.Fatal(err)
		}
		stop = running(t, r)
		put(t, log, 0, 302)
		<-time.After(time.Second)
		stop()
		if got := b.got[0]; len(got) != 301 || got[299] != 300 || got[300] != 302 || !slices.IsSorted(got) {
			t.Errorf("%d events came: %v", len(got), got)
		}
	})
}
