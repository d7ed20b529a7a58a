package spool

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
)

// live is a rig whose tenders run by themselves, in a bubble.
func live(t *testing.T, change func(r *rig), story func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(r *rig) {
			r.cfg.Clock = clock.System()
			if change != nil {
				change(r)
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { r.queue.Run(ctx) })
		synctest.Wait() // it has begun
		story(r)
		cancel()
		done.Wait()
		r.check()
	})
}

// slowest appends an event to a shard every so often, and tells how long the
// longest took.
func (r *rig) slowest(shard, n int, every time.Duration) (longest time.Duration) {
	r.t.Helper()
	return r.slowestOf(shard, n, 1000, every)
}

// slowestOf is slowest for events of a size.
func (r *rig) slowestOf(shard, n, size int, every time.Duration) (longest time.Duration) {
	r.t.Helper()
	for range n {
		ev := r.nextEvent(shard, "MESSAGE_CREATE", size)
		start := time.Now()
		if _, err := r.first().Append(r.t.Context(), &ev); err != nil {
			r.t.Fatal(err)
		}
		longest = max(longest, time.Since(start))
		<-time.After(every)
	}
	return longest
}

func TestADiskThatStallsHoldsNobodyUp(t *testing.T) {
	for name, memory := range map[string]int64{"with room in memory": 16 << 20, "with the memory full": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			live(t, func(r *rig) { r.cfg.Bounds.Memory = memory }, func(r *rig) {
				r.slowest(0, 100, 10*time.Millisecond)
				<-time.After(2 * time.Second)
				stall := make(chan struct{})
				r.store.spoil(func(f *fakeStore) { f.stall = stall })
				longest := r.slowest(0, 1500, 3333*time.Microsecond) // five seconds
				busy := r.queue.Stats().Busy
				r.store.spoil(func(f *fakeStore) { f.stall = nil })
				close(stall)
				if busy < 3*time.Second {
					t.Errorf("the store is said to be busy for %v", busy)
				}
				if full := memory < 2<<20; full && (longest > 1100*time.Millisecond || r.dropped[reasonMemory] == 0) || !full && longest > 0 {
					t.Errorf("an append took %v, dropped %v", longest, r.dropped)
				}
				<-time.After(3 * time.Second)
				if s := r.queue.Stats(); s.Fault != nil || s.Slowest < 3*time.Second || s.Memory > memory+chunkBytes {
					t.Errorf("afterwards: %+v", s)
				}
				<-time.After(time.Minute)
				if s := r.queue.Stats(); s.Slowest != 0 {
					t.Errorf("a minute later the slowest operation took %v", s.Slowest)
				}
				r.drainLive(1600)
			})
		})
	}
}

// drainLive has the bot take everything, which together with what gap markers tell
// must be n events.
func (r *rig) drainLive(n int) {
	r.t.Helper()
	c, got := r.cursor("bot"), 0
	for end := time.Now().Add(time.Minute); c.Depth() > 0; <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("%d are left: %+v", c.Depth(), r.queue.Stats())
		}
		for _, it := range c.Next(nil, 100) {
			r.judge(&it.Event)
			if got++; it.Event.Type == GapType {
				g, _ := parseGap(it.Event.Data)
				got += g.Count - 1
			}
			c.Ack(it.Pos)
		}
	}
	if got != n {
		r.t.Errorf("%d of %d came or were told of", got, n)
	}
}

func TestAFullQueueThatBlocksWaitsForTheDisk(t *testing.T) {
	live(t, func(r *rig) { r.cfg.Bounds = Bounds{Memory: 1 << 20, Policy: Block} }, func(r *rig) {
		r.store.fail(errDisk, "put")
		done := make(chan time.Duration, 1)
		go func() { done <- r.slowest(0, 1500, 0) }()
		<-time.After(20 * time.Second)
		select {
		case <-done:
			t.Fatal("1.5 MB found room in 1 MiB of memory")
		default:
		}
		r.store.fail(nil)
		if longest := <-done; longest < 19*time.Second || longest > 26*time.Second {
			t.Errorf("the longest append took %v", longest)
		}
		if len(r.dropped) > 0 {
			t.Errorf("dropped %v", r.dropped)
		}
		r.drainLive(1500)
	})
}

func TestManyHandsAtOnce(t *testing.T) {
	const shards, each = 4, 3000
	live(t, func(r *rig) {
		r.sinks = []CursorConfig{{Name: "bot"}, {Name: "slow"}}
		r.cfg.Bounds = Bounds{Memory: 400_000}
		r.cfg.PersistAfter = 20 * time.Millisecond
	}, func(r *rig) {
		var hands sync.WaitGroup
		for shard := range shards {
			hands.Go(func() {
				for seq := range int64(each) {
					ev := r.event(shard, seq+1, "MESSAGE_CREATE", int(seq%900))
					if _, err := r.first().Append(r.t.Context(), &ev); err != nil {
						t.Error(err)
						return
					}
					if seq%10 == 0 {
						<-time.After(time.Millisecond)
					}
				}
			})
		}
		for name, pause := range map[string]time.Duration{"bot": time.Millisecond, "slow": 8 * time.Millisecond} {
			hands.Go(func() { r.takeAll(name, shards*each, pause) })
		}
		hands.Go(func() {
			for range 300 {
				r.first().Progress()
				r.queue.Stats()
				if err := r.first().check(); err != nil {
					t.Error(err)
					return
				}
				<-time.After(time.Millisecond)
			}
		})
		hands.Wait()
	})
}

// takeAll takes n events, which must come in order.
func (r *rig) takeAll(sink string, n int, pause time.Duration) {
	c := r.cursor(sink)
	last := make(map[int]int64)
	for end := time.Now().Add(time.Hour); n > 0; <-time.After(pause) {
		if time.Now().After(end) {
			r.t.Errorf("%s never got %d events", sink, n)
			return
		}
		for _, it := range c.Next(nil, 64) {
			if it.Event.ID.Seq != last[it.Event.ShardID]+1 {
				r.t.Errorf("%s: %d of shard %d behind %d", sink, it.Event.ID.Seq, it.Event.ShardID, last[it.Event.ShardID])
				return
			}
			last[it.Event.ShardID]++
			r.judge(&it.Event)
			c.Ack(it.Pos)
			n--
		}
	}
}

func TestASlowDiskHoldsNobodyUpForLong(t *testing.T) {
	live(t, func(r *rig) { r.cfg.Bounds.Memory = 1 << 20 }, func(r *rig) {
		r.store.spoil(func(f *fakeStore) {
			f.during = func(op, _ string) {
				if op == "put" {
					<-time.After(950 * time.Millisecond)
				}
			}
		})
		hands, longest := make(chan time.Duration), time.Duration(0)
		for shard := range 4 {
			go func() { hands <- r.slowestOf(shard, 40, 300_000, time.Millisecond) }()
		}
		for range 4 {
			longest = max(longest, <-hands)
		}
		if longest < 500*time.Millisecond || longest > 1100*time.Millisecond {
			t.Errorf("an append took %v", longest)
		}
		r.store.spoil(func(f *fakeStore) { f.during = nil })
		<-time.After(3 * time.Second)
		r.drainLive(160)
	})
}

// However many files there are to be deleted, what waits for room is not held up,
// and nothing is dropped for it.
func TestDeletingManyFilesHoldsNobodyUp(t *testing.T) {
	live(t, func(r *rig) { r.cfg.Bounds.Memory = 1 << 20 }, func(r *rig) {
		for range 300 {
			r.slowest(0, 1, 1250*time.Millisecond)
			r.slowest(0, 39, 0)
		}
		r.store.spoil(func(f *fakeStore) {
			f.during = func(op, _ string) {
				if op == "delete" {
					<-time.After(20 * time.Millisecond)
				}
			}
		})
		r.drainLive(12_000)
		if longest := r.slowest(0, 4000, 0); longest > 1100*time.Millisecond || len(r.dropped) > 0 {
			t.Errorf("an append took %v, dropped %v", longest, r.dropped)
		}
		r.store.spoil(func(f *fakeStore) { f.during = nil })
		r.drainLive(4000)
	})
}

// However fast events come, what is too much goes as fast as they are written: at
// most a memory full waits to be, and the chunk that is being written.
func TestAFloodKeepsWithinTheBounds(t *testing.T) {
	live(t, func(r *rig) { r.cfg.Bounds = Bounds{Bytes: 16 << 20, Memory: 4 << 20} }, func(r *rig) {
		r.store.spoil(func(f *fakeStore) {
			f.during = func(op, _ string) { <-time.After(4 * time.Millisecond) }
		})
		var most int64
		for range 600 {
			r.slowest(0, 100, 0)
			most = max(most, r.queue.Stats().Bytes)
		}
		if most > 20<<20+chunkBytes || most < 14<<20 {
			t.Errorf("%d bytes within a bound of %d", most, 16<<20)
		}
		r.store.spoil(func(f *fakeStore) { f.during = nil })
		r.drainLive(60_000)
	})
}
