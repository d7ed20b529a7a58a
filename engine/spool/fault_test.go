package spool

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
	for range n {
		ev := r.nextEvent(shard, "MESSAGE_CREATE", 1000)
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

func TestAFullDiskIsSaidAndSurvived(t *testing.T) {
	for _, policy := range []Policy{DropOldest, DropNoise} {
		t.Run(fmt.Sprint(policy), func(t *testing.T) {
			live(t, func(r *rig) { r.cfg.Bounds = Bounds{Memory: 1 << 20, Policy: policy} }, func(r *rig) {
				r.store.fail(errDisk, "put")
				longest := r.slowest(0, 3000, 10*time.Millisecond)
				s := r.queue.Stats()
				if !errors.Is(s.Fault, errDisk) || time.Since(s.FaultSince) < 25*time.Second {
					t.Errorf("fault %v since %v", s.Fault, s.FaultSince)
				}
				if longest > 1100*time.Millisecond || s.Memory > 1<<20+chunkBytes {
					t.Errorf("an append took %v, %d bytes in memory", longest, s.Memory)
				}
				if r.dropped[reasonMemory] < 1500 || len(r.dropped) != 1 {
					t.Errorf("dropped %v", r.dropped)
				}
				if n := strings.Count(r.log.String(), "cannot be written to disk"); n != 1 {
					t.Errorf("it was said %d times", n)
				}
				r.store.fail(nil)
				<-time.After(6 * time.Second)
				if s := r.queue.Stats(); s.Fault != nil || !strings.Contains(r.log.String(), "can be written to disk again") {
					t.Errorf("fault %v, though the disk works again", s.Fault)
				}
				r.drainLive(3000)
			})
		})
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

func TestLettersAreSafeWhenPutReturns(t *testing.T) {
	live(t, nil, func(r *rig) {
		r.store.fail(errDisk, "put")
		done := make(chan error, 1)
		go func() { done <- r.cursor("bot").Put(r.t.Context(), r.event(0, 1, "X", 10), r.event(0, 2, "X", 10)) }()
		<-time.After(10 * time.Second)
		select {
		case err := <-done:
			t.Fatalf("Put returned %v before anything was on disk", err)
		default:
		}
		r.store.fail(nil)
		if err := <-done; err != nil || len(r.store.chunks()) != 1 {
			t.Fatalf("%v, %d files", err, len(r.store.chunks()))
		}
		if p := r.first().Progress(); len(p) != 0 {
			t.Errorf("letters count for the session: %v", p)
		}
		ctx, cancel := context.WithTimeout(r.t.Context(), time.Second)
		defer cancel()
		r.store.fail(errDisk, "put")
		if err := r.cursor("bot").Put(ctx, r.event(0, 3, "X", 10)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with a broken disk: %v", err)
		}
		r.store.fail(nil)
		r.drainLive(3)
	})
}

// What could not be written is gone from the queue; if the file is there all the
// same, it must not come back.
func TestAWriteThatFailedHalfwayLeavesNothing(t *testing.T) {
	r := newRig(t, nil)
	r.store.spoil(func(f *fakeStore) { f.forget = func(string) error { return errDisk } })
	r.add(0, 5)
	r.pass(2 * time.Second)
	if len(r.store.chunks()) != 1 || r.queue.Stats().Fault == nil {
		t.Fatalf("%d files, fault %v", len(r.store.chunks()), r.queue.Stats().Fault)
	}
	r.expect("taken", r.take("bot"), "0:1-5")
	r.store.spoil(func(f *fakeStore) { f.forget = nil })
	r.pass(10 * time.Second)
	r.restart()
	r.expect("after a restart", r.take("bot"), "")
	r.empty()
}

func TestTheDiskIsFoundToWorkAgainWithNothingToWrite(t *testing.T) {
	r := newRig(t, nil)
	r.store.fail(errDisk, "put")
	r.add(0, 1)
	r.pass(2 * time.Second)
	r.expect("taken", r.take("bot"), "0:1")
	if r.queue.Stats().Fault == nil {
		t.Fatal("no fault")
	}
	r.store.fail(nil)
	r.pass(6 * time.Second)
	if err := r.queue.Stats().Fault; err != nil {
		t.Errorf("the disk works, the queue says %v", err)
	}
	r.empty()
}

func TestWhatCannotBeDeletedIsDeletedLater(t *testing.T) {
	r := newRig(t, nil)
	r.add(0, 5)
	r.pass(2 * time.Second)
	r.store.fail(errDisk, "delete")
	r.expect("taken", r.take("bot"), "0:1-5")
	r.pass(time.Minute)
	r.restart()
	r.expect("after a restart", r.take("bot"), "")
	r.store.fail(nil)
	r.pass(10 * time.Second)
	r.empty()
}

func TestAFileThatCannotBeReadIsTriedAgain(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Bounds.Memory = 10_000 })
	r.add(0, 100)
	r.pass(2 * time.Second)
	r.store.fail(errDisk, "get")
	before := r.tell(r.items("bot", true))
	r.pass(20 * time.Second)
	if got := r.take("bot"); got != "" || r.queue.Stats().Damaged != 0 {
		t.Fatalf("got %s, %d damaged", got, r.queue.Stats().Damaged)
	}
	r.store.fail(nil)
	r.pass(30 * time.Second)
	r.expect("all of it", strings.TrimSpace(before+" "+r.take("bot")), "0:1-100")
	r.empty()
}

// One file that can never be read again must not hold up the others for ever.
func TestAFileThatCanNeverBeReadIsGivenUp(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Bounds.Memory = 10_000 })
	r.add(0, 50)
	r.pass(2 * time.Second)
	r.add(1, 50)
	r.pass(2 * time.Second)
	bad := r.store.chunks()[0]
	r.store.spoil(func(f *fakeStore) {
		f.refuse = func(op, name string) error {
			if op == "get" && name == bad {
				return errDisk
			}
			return nil
		}
	})
	var got []string
	for range 120 {
		got = append(got, r.take("bot"))
		r.pass(time.Second)
	}
	all := strings.Join(strings.Fields(strings.Join(got, " ")), " ")
	if !strings.HasSuffix(all, "1:1-50") || !strings.Contains(all, "0:-") || r.queue.Stats().Damaged != 1 || r.store.aside[bad] == nil {
		t.Errorf("got %q, %d damaged", all, r.queue.Stats().Damaged)
	}
	if r.dropped[reasonLost] == 0 {
		t.Errorf("dropped %v", r.dropped)
	}
}

// Memory that is crowded by what is being delivered must not make a file of each
// event.
func TestACrowdedMemoryDoesNotMakeAFileOfEachEvent(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Bounds.Memory = 1 << 20 })
	r.add(0, 900)
	inHand := r.cursor("bot").Next(nil, 800)
	r.pass(2 * time.Second)
	puts := len(r.store.puts)
	r.add(0, 3100)
	if n := len(r.store.puts) - puts; n > 30 {
		t.Errorf("%d writes for 3100 events", n)
	}
	for _, it := range inHand {
		r.cursor("bot").Ack(it.Pos)
	}
	r.expect("the rest", r.take("bot"), "0:801-4000")
	r.empty()
}

// Putting letters back must not have everything that comes later written at once.
func TestHasteEnds(t *testing.T) {
	r := newRig(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = r.cursor("bot").Put(ctx, r.event(1, 1, "LETTER", 10))
	for range 40 {
		r.add(0, 1)
		r.clock.Advance(5 * time.Millisecond)
		r.work()
	}
	if n := len(r.store.chunks()); n != 1 {
		t.Errorf("%d files within 200 ms", n)
	}
}

func TestGapMarkersStayFewWithABrokenDisk(t *testing.T) {
	for _, policy := range []Policy{DropOldest, DropNoise} {
		r := newRig(t, func(r *rig) { r.cfg.Bounds = Bounds{Memory: 300_000, Policy: policy} })
		r.store.fail(errDisk, "put")
		for i := range 20_000 {
			r.addOf(i%4, []string{"MESSAGE_CREATE", "TYPING_START", "GUILD_UPDATE"}[i%3], 500)
			if i%200 == 0 {
				r.pass(time.Second)
			}
		}
		if depth, n := r.cursor("bot").Depth(), len(r.first().chunks); depth > 1000 || n > 50 {
			t.Errorf("policy %d: %d events and gap markers in %d chunks of 300 kB", policy, depth, n)
		}
		r.check()
		r.store.fail(nil)
		r.pass(10 * time.Second)
		r.account("bot", 20_000, nil)
		r.empty()
	}
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
			go func() { hands <- r.slowest(shard, 1000, time.Millisecond) }()
		}
		for range 4 {
			longest = max(longest, <-hands)
		}
		if longest < 500*time.Millisecond || longest > 1100*time.Millisecond {
			t.Errorf("an append took %v", longest)
		}
		r.store.spoil(func(f *fakeStore) { f.during = nil })
		<-time.After(3 * time.Second)
		r.drainLive(4000)
	})
}

// What was dropped is told of even after a crash: the gap marker is on disk before
// the file of the events is deleted.
func TestACrashDoesNotForgetWhatWasDropped(t *testing.T) {
	for fuse := range 12 {
		r := newRig(t, func(r *rig) { r.cfg.Bounds = Bounds{Bytes: 1 << 20, Memory: 50_000} })
		for range 8 {
			r.add(0, 100)
			r.pass(1250 * time.Millisecond)
		}
		r.store.spoil(func(f *fakeStore) { f.fuse = fuse })
		sent := 800
		for range 4 {
			r.add(0, 100)
			r.clock.Advance(1250 * time.Millisecond)
			r.work()
			sent += 100
		}
		r.store.spoil(func(f *fakeStore) { f.fuse, f.dead = 0, false })
		r.open()
		// Whatever is missing at the front is told of.
		items := r.items("bot", true)
		next, told := int64(1), int64(0)
		for _, it := range items {
			if it.Event.Type == GapType {
				g, _ := parseGap(it.Event.Data)
				told += int64(g.Count)
				continue
			}
			if next == 1 {
				next = it.Event.ID.Seq
			}
			if it.Event.ID.Seq != next {
				t.Fatalf("crash at write %d: %s", fuse, r.tell(items))
			}
			next++
		}
		if first := next - int64(len(items)) + int64(countGaps(items)); told < first-1 {
			t.Errorf("crash at write %d: the first event is %d, gap markers tell of %d", fuse, first, told)
		}
		r.empty()
	}
}

func countGaps(items []Item) (n int) {
	for _, it := range items {
		if it.Event.Type == GapType {
			n++
		}
	}
	return n
}

// An index that may or may not have been written is written again.
func TestAnIndexThatFailedHalfwayIsWrittenAgain(t *testing.T) {
	r := newRig(t, nil)
	r.add(0, 10)
	r.pass(2 * time.Second)
	c := r.cursor("bot")
	for i, it := range c.Next(nil, 9) {
		if i > 0 {
			c.Ack(it.Pos)
		}
	}
	r.restart()
	r.restart()
	r.store.spoil(func(f *fakeStore) { f.forget = func(string) error { return errDisk } })
	r.pass(3 * time.Second) // less exact than what the last process left
	r.store.spoil(func(f *fakeStore) { f.forget = nil })
	r.restart()
	r.expect("after two restarts", r.take("bot"), "0:1 0:10")
	r.empty()
}

// A file that is written while its events are acknowledged, and their memory is
// used for others, holds what was there when it was begun.
func TestAnImageHoldsItsDataFast(t *testing.T) {
	r := newRig(t, nil)
	r.add(0, 50)
	l, c := r.first(), r.cursor("bot")
	l.mu.Lock()
	ch := l.chunks[0]
	l.open = nil
	l.copyOf(ch)
	l.mu.Unlock()
	r.now("bot")
	for range 20 { // as many as there are spare blocks
		r.add(1, 50)
		r.now("bot")
	}
	file, err := l.tender.image.encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, entries, err := readFile(file, ch.first, ch.next, nil)
	if err != nil || len(entries) != 50 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for i := range entries {
		r.judge(&entries[i].ev)
	}
	l.mu.Lock()
	l.letGo(ch)
	l.mu.Unlock()
	if c.Depth() != 0 {
		t.Errorf("%d are left", c.Depth())
	}
	r.check()
}

// While small files are joined, a sink may come to them: it waits until that is
// done, and no longer.
func TestASinkMayComeToFilesThatAreBeingJoined(t *testing.T) {
	r := newRig(t, nil)
	for i := range joinFiles {
		if i == joinFiles-1 {
			r.store.during = func(op, name string) {
				if first, next, ok := parseChunkName(name); op != "put" || !ok || next-first < joinFiles {
					return
				}
				r.store.during = nil
				r.woken["bot"] = 0
				r.expect("in the middle of joining", r.tell(r.now("bot")), "")
				r.add(0, 1)
			}
		}
		r.add(0, 1)
		r.pass(1250 * time.Millisecond)
	}
	if r.store.during != nil {
		t.Fatal("nothing was joined")
	}
	if r.woken["bot"] == 0 {
		t.Error("nobody woke the sink")
	}
	r.expect("afterwards", r.take("bot"), "0:1-17")
	r.empty()
}

func TestASinkIsWokenWhenAColdChunkIsBack(t *testing.T) {
	r := newRig(t, nil)
	r.add(0, 5)
	r.pass(2 * time.Second)
	r.evictAll()
	r.expect("cold", r.tell(r.now("bot")), "")
	r.woken["bot"] = 0
	r.work()
	if r.woken["bot"] != 1 {
		t.Errorf("woken %d times", r.woken["bot"])
	}
	r.expect("read back", r.tell(r.now("bot")), "0:1-5")
	r.empty()
}

// A joined file whose writing failed is to be deleted, until it has been written
// after all.
func TestAFileThatIsWrittenAfterAllIsNotDeleted(t *testing.T) {
	r := newRig(t, nil)
	broken := true
	r.store.refuse = func(op, name string) error {
		first, next, ok := parseChunkName(name)
		if broken && op == "put" && ok && next-first == joinFiles || op == "delete" && broken {
			return errDisk
		}
		return nil
	}
	for range joinFiles {
		r.add(0, 1)
		r.pass(1250 * time.Millisecond)
	}
	if s := r.queue.Stats(); s.Fault == nil || s.Files != joinFiles {
		t.Fatalf("%+v", s)
	}
	broken = false
	for r.queue.Stats().Files > 1 {
		r.clock.Advance(time.Second) // what cannot be deleted is tried later than what cannot be written
		r.work()
	}
	r.pass(10 * time.Second)
	r.restart()
	r.expect("after a restart", r.take("bot"), "0:1-16")
	r.empty()
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
