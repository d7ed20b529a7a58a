package spool

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

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

func TestACrashBetweenJoiningAndDeletingRepeatsNothing(t *testing.T) {
	for fuse := 1; fuse <= 20; fuse++ {
		r := newRig(t, nil)
		for range joinFiles - 1 {
			r.addOf(0, "X", 50)
			r.pass(1250 * time.Millisecond)
		}
		r.addOf(0, "X", 50)
		r.store.spoil(func(f *fakeStore) { f.fuse = fuse })
		r.clock.Advance(1250 * time.Millisecond)
		r.work() // saves the last one, joins all, and deletes what has been joined
		r.store.spoil(func(f *fakeStore) { f.fuse, f.dead = 0, false })
		r.open()
		want := "0:1-16"
		if fuse == 1 {
			want = "0:1-15" // the last one was never written
		}
		r.expect(fmt.Sprintf("crash at write %d", fuse), r.take("bot"), want)
		r.empty()
	}
}

// What overtakes while its chunk is being written is not in the file's past.
func TestWhatOvertakesWhileItIsWrittenDoesNotComeBack(t *testing.T) {
	r := newRig(t, func(r *rig) {
		r.sinks = []CursorConfig{{Name: "bot", Early: func(e *event.Event) bool { return e.ShardID == 1 }}, {Name: "dead"}}
	})
	r.add(0, 2)
	r.add(1, 2)
	c := r.cursor("bot")
	overtake := func(op, _ string) {
		if op == "put" {
			r.store.during = nil
			early := c.NextEarly(nil, 1)
			c.Ack(early[0].Pos)
		}
	}
	r.store.during = overtake
	r.pass(2 * time.Second)
	l := r.first()
	l.mu.Lock()
	l.soil(l.chunks[0])
	l.mu.Unlock()
	r.store.during = overtake
	l.saveDirty(true)
	if r.store.during != nil || c.Depth() != 2 {
		t.Fatalf("%d wait", c.Depth())
	}
	r.evictAll()
	r.expect("read back", r.take("bot"), "0:1-2")
	r.restart()
	r.expect("the other sink", r.take("dead"), "0:1-2 1:1-2")
	r.empty()
}
