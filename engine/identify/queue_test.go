package identify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// fleet is a test's bubble: a queue, and what was sent through it.
type fleet struct {
	*Queue
	start time.Time
	wg    sync.WaitGroup
	mu    sync.Mutex
	sent  []send
}

type send struct {
	shard int
	at    time.Duration
}

// newFleet is called in a synctest bubble, where the system's clock is false.
func newFleet(cfg Config) *fleet {
	cfg.Clock = clock.System()
	if cfg.Random == nil {
		cfg.Random = func() float64 { return 0 }
	}
	return &fleet{Queue: New(cfg), start: time.Now()}
}

// identify starts a shard that waits for its turn and sends.
func (f *fleet) identify(ctx context.Context, shard int, opts Options) {
	f.wg.Go(func() {
		slot, err := f.Acquire(ctx, shard, opts)
		if err != nil {
			return
		}
		defer slot.Release()
		f.note(shard)
		slot.Sent()
		slot.Confirmed()
	})
}

func (f *fleet) note(shard int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = append(f.sent, send{shard, time.Since(f.start)})
}

// shards lists who has sent so far, in order.
func (f *fleet) shards() (ids []int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.sent {
		ids = append(ids, s.shard)
	}
	return ids
}

// expect waits until nothing moves and checks who has sent.
func (f *fleet) expect(t *testing.T, when string, want ...int) {
	t.Helper()
	synctest.Wait()
	if got := f.shards(); !slices.Equal(got, want) {
		t.Fatalf("%s: shards %v have sent, want %v", when, got, want)
	}
}

// pass lets the bubble's time go by.
func pass(d time.Duration) { <-clock.System().NewTimer(d).C() }

func TestFleetsStartInWaves(t *testing.T) {
	for _, tc := range []struct{ shards, concurrency, waves int }{
		{8, 1, 8}, {32, 16, 2}, {64, 16, 4}, {176, 16, 11},
	} {
		t.Run(fmt.Sprintf("%d shards, %d at a time", tc.shards, tc.concurrency), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(Config{})
				f.Update(limit(1000, 1000, tc.concurrency))
				for _, shard := range rand.Perm(tc.shards) {
					f.identify(t.Context(), shard, Options{})
				}
				f.wg.Wait()
				f.checkWaves(t, tc.shards, tc.concurrency)
				if last := f.sent[len(f.sent)-1].at; last != time.Duration(tc.waves-1)*width {
					t.Errorf("the last Identify came after %v, want %d windows", last, tc.waves-1)
				}
				if s := f.Snapshot(); s.Remaining != 1000-tc.shards || s.Sent != uint64(tc.shards) || s.Waiting != 0 {
					t.Errorf("at the end: %+v", s)
				}
			})
		})
	}
}

// checkWaves checks that every bucket served its shards by id, a window apart.
// The first to come of a bucket may have gone ahead of lower ids.
func (f *fleet) checkWaves(t *testing.T, shards, concurrency int) {
	t.Helper()
	if len(f.sent) != shards {
		t.Fatalf("%d Identifies for %d shards", len(f.sent), shards)
	}
	buckets := make([][]send, concurrency)
	for _, s := range f.sent {
		buckets[s.shard%concurrency] = append(buckets[s.shard%concurrency], s)
	}
	for key, sends := range buckets {
		for wave, s := range sends {
			if s.at != time.Duration(wave)*width {
				t.Errorf("bucket %d: shard %d sent at %v, in wave %d", key, s.shard, s.at, wave)
			}
			if wave > 1 && s.shard < sends[wave-1].shard {
				t.Errorf("bucket %d: shard %d came after %d", key, s.shard, sends[wave-1].shard)
			}
		}
	}
}

func TestWindowCountsFromTheSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{})
		f.Update(limit(1000, 1000, 1))
		slot, err := f.Acquire(t.Context(), 0, Options{})
		if err != nil {
			t.Fatal(err)
		}
		f.identify(t.Context(), 1, Options{})
		pass(20 * time.Second) // the slot is out: nobody passes
		f.expect(t, "before the send")
		slot.Sent()
		slot.Confirmed()
		pass(width - time.Millisecond)
		f.expect(t, "just before the end of the window")
		pass(time.Millisecond)
		f.expect(t, "at the end of the window", 1)
	})
}

func TestReleasedSlotCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{})
		f.Update(limit(1000, 1000, 1))
		slot, _ := f.Acquire(t.Context(), 0, Options{})
		f.identify(t.Context(), 1, Options{})
		synctest.Wait()
		slot.Release()
		f.expect(t, "after the release", 1)
		if s := f.Snapshot(); s.Remaining != 999 || time.Since(f.start) != 0 {
			t.Fatalf("%d remain after %v", s.Remaining, time.Since(f.start))
		}
	})
}

func TestCancelledShardLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{})
		f.Update(limit(1000, 1000, 1))
		f.identify(t.Context(), 0, Options{})
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			_, err := f.Acquire(ctx, 1, Options{})
			failed <- err
		}()
		f.identify(t.Context(), 2, Options{})
		synctest.Wait()
		if s := f.Snapshot(); s.Waiting != 2 || !s.NextAt.Equal(f.start.Add(width)) {
			t.Fatalf("while two wait: %+v", s)
		}
		cancel()
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		f.wg.Wait() // shard 2 was behind 1 and is now first
		f.expect(t, "at the end", 0, 2)
		if time.Since(f.start) != width {
			t.Fatalf("shard 2 waited %v", time.Since(f.start))
		}
	})
}

func TestRefusedIdentifyLengthensTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{})
		f.Update(limit(1000, 1000, 2))
		slot, _ := f.Acquire(t.Context(), 0, Options{})
		slot.Sent()
		slot.Confirmed()
		pass(3 * time.Second)
		slot.Rejected()
		f.identify(t.Context(), 0, Options{}) // tries again
		f.identify(t.Context(), 1, Options{}) // another bucket
		f.identify(t.Context(), 2, Options{})
		f.wg.Wait()
		want := []send{{1, 3 * time.Second}, {0, 3*time.Second + width}, {2, 3*time.Second + 2*width}}
		if !reflect.DeepEqual(f.sent, want) {
			t.Fatalf("got %v, want %v", f.sent, want)
		}
	})
}

func TestWaitersAskDiscordAfterTheReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []time.Duration
		answers := []func() (discord.SessionStartLimit, error){
			func() (discord.SessionStartLimit, error) { return limit(1000, 2, 1), nil },
			func() (discord.SessionStartLimit, error) { return discord.SessionStartLimit{}, errors.New("offline") },
			func() (discord.SessionStartLimit, error) { return limit(1000, 1000, 1), nil },
		}
		begin := time.Now()
		f := newFleet(Config{Refresh: func(context.Context) (discord.SessionStartLimit, error) {
			asked = append(asked, time.Since(begin))
			return answers[len(asked)-1]()
		}})
		for shard := range 3 {
			f.identify(t.Context(), shard, Options{})
		}
		f.wg.Wait()
		want := []time.Duration{0, time.Hour, time.Hour + refreshEvery}
		if !slices.Equal(asked, want) {
			t.Fatalf("Discord was asked at %v, want %v", asked, want)
		}
		if len(f.sent) != 3 || f.sent[1].at != time.Hour+refreshEvery {
			t.Fatalf("sent: %v", f.sent)
		}
	})
}

func TestCancelledQuestionIsAskedByTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		f := newFleet(Config{Refresh: func(ctx context.Context) (discord.SessionStartLimit, error) {
			if asked++; asked == 1 {
				<-ctx.Done()
				return discord.SessionStartLimit{}, ctx.Err()
			}
			return limit(1000, 1000, 1), nil
		}})
		ctx, cancel := context.WithCancel(t.Context())
		f.identify(ctx, 0, Options{})
		synctest.Wait()
		f.identify(t.Context(), 1, Options{})
		f.expect(t, "while the first question hangs")
		cancel()
		f.wg.Wait()
		f.expect(t, "after its asker has gone", 1)
		if f.sent[0].at != 0 {
			t.Fatalf("the next waited %v to ask", f.sent[0].at)
		}
	})
}

func TestLiveFleetGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{})
		f.Update(limit(1000, 1000, 1))
		f.identify(t.Context(), 0, Options{Spare: true})
		synctest.Wait()
		for _, shard := range []int{2, 1} {
			f.identify(t.Context(), shard, Options{Spare: true})
		}
		f.identify(t.Context(), 7, Options{}) // lost its session in the midst of a reshard
		f.wg.Wait()
		f.expect(t, "at the end", 0, 7, 1, 2)
	})
}

func TestSecondFleetWithTheSameIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{})
		f.Update(limit(1000, 1000, 1))
		for range 3 {
			f.identify(t.Context(), 4, Options{})
		}
		f.wg.Wait()
		f.expect(t, "at the end", 4, 4, 4)
		if time.Since(f.start) != 2*width {
			t.Fatalf("took %v", time.Since(f.start))
		}
	})
}

func TestForcedShardsPassThoseThatAreHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{Reserve: tenPercent})
		f.Update(limit(1000, 50, 1))
		ctx, cancel := context.WithCancel(t.Context())
		for _, shard := range []int{0, 1, 7} {
			f.identify(ctx, shard, Options{})
		}
		f.identify(ctx, 5, Options{Force: true})
		f.expect(t, "one of a bucket is forced", 5)
		f.identify(ctx, 7, Options{Force: true})
		pass(width)
		f.expect(t, "one that is held is forced after all", 5, 7)
		cancel()
		f.wg.Wait()
	})
}

func TestOneWaiterAsksForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		f := newFleet(Config{Refresh: func(context.Context) (discord.SessionStartLimit, error) {
			asked++
			pass(time.Second) // Discord is slow
			return limit(1000, 1000, 16), nil
		}})
		f.Update(discord.SessionStartLimit{Total: 1000, MaxConcurrency: 16})
		for shard := range 16 {
			f.identify(t.Context(), shard, Options{})
		}
		f.wg.Wait()
		if asked != 1 || len(f.sent) != 16 || f.sent[15].at != time.Second {
			t.Fatalf("Discord was asked %d times; sent %v", asked, f.sent)
		}
	})
}

func TestAnEarlierRunsIdentifyCountsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Config{Clock: clock.System()})
		q.Update(discord.SessionStartLimit{Total: 10, Remaining: 10, MaxConcurrency: 4})
		start := time.Now()
		q.After(start.Add(-2 * time.Second))
		slot, err := q.Acquire(context.Background(), 3, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if waited, want := time.Since(start), width+longestTransit-2*time.Second; waited != want {
			t.Errorf("waited %v, want %v", waited, want)
		}
		slot.Sent()
		if !q.LastSent().Equal(time.Now()) {
			t.Errorf("last sent at %v", q.LastSent())
		}
	})
}
