package spool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

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
