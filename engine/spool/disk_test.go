package spool

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

func TestAHealthySinkCostsNoDisk(t *testing.T) {
	r := newRig(t, nil)
	before := r.store.wrote
	for range 4 * 3600 {
		r.add(0, 3)
		r.add(1, 1)
		r.pass(250 * time.Millisecond)
		r.take("bot")
	}
	if r.store.wrote != before || r.queue.Stats().Written != 0 {
		t.Errorf("%d bytes written in an hour in which every event was taken at once", r.store.wrote-before)
	}
	r.empty()
}

func TestWhatWaitsIsOnDiskAfterPersistAfter(t *testing.T) {
	r := newRig(t, nil)
	r.add(0, 5)
	r.pass(750 * time.Millisecond)
	if n := len(r.store.chunks()); n != 0 {
		t.Fatalf("%d files after 750 ms", n)
	}
	r.pass(500 * time.Millisecond)
	if n := len(r.store.chunks()); n != 1 {
		t.Fatalf("%d files after 1.25 s", n)
	}
	gets := r.store.gets
	r.expect("taken", r.take("bot"), "0:1-5")
	if r.store.gets != gets {
		t.Error("it was read back, though it is still in memory")
	}
	r.empty()
}

func TestWhatIsOnDiskAloneComesBackInOrder(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Bounds.Memory = 1 << 20 })
	for i := range 5000 {
		r.add(i%4, 1)
		if i%50 == 0 {
			r.pass(250 * time.Millisecond)
		}
	}
	r.pass(2 * time.Second)
	s := r.queue.Stats()
	if s.Events != 5000 || s.Memory > 1<<20 || s.Disk < 4<<20 {
		t.Fatalf("%+v", s)
	}
	next := make(map[int]int64)
	items := r.items("bot", true)
	for _, it := range items {
		if next[it.Event.ShardID]++; it.Event.ID.Seq != next[it.Event.ShardID] {
			t.Fatalf("event %d of shard %d instead of %d", it.Event.ID.Seq, it.Event.ShardID, next[it.Event.ShardID])
		}
	}
	if len(items) != 5000 {
		t.Errorf("%d events came back", len(items))
	}
	r.empty()
}

// A sink that is dead for half a day costs neither memory nor disk beyond the
// bounds, and learns what it has missed.
func TestADeadSinkKeepsWithinTheBounds(t *testing.T) {
	for _, policy := range []Policy{DropOldest, DropNoise} {
		t.Run(fmt.Sprint(policy), func(t *testing.T) {
			r := newRig(t, func(r *rig) { r.cfg.Bounds = Bounds{Bytes: 6 << 20, Memory: 2 << 20, Policy: policy} })
			inHand := r.cursor("bot").Next(nil, 100)
			sent, most := 0, QueueStats{}
			for range 12 * 3600 / 5 {
				for shard := range 4 {
					r.add(shard, 1)
					r.addOf(shard, "TYPING_START", 300)
					sent += 2
				}
				r.pass(5 * time.Second)
				s := r.queue.Stats()
				most.Memory, most.Bytes, most.Disk = max(most.Memory, s.Memory), max(most.Bytes, s.Bytes), max(most.Disk, s.Disk)
				most.Files = max(most.Files, s.Files)
			}
			const bit = 16 << 10 // an event more of each shard
			if most.Memory > 2<<20+bit || most.Bytes > 6<<20+bit || most.Disk > 6<<20+chunkBytes || most.Files > 200 {
				t.Errorf("at most %d bytes, %d in memory, %d on disk in %d files", most.Bytes, most.Memory, most.Disk, most.Files)
			}
			r.check()
			r.account("bot", sent, inHand)
			r.empty()
		})
	}
}

// account has a sink take everything, which together with what gap markers tell of
// must be everything that was sent.
func (r *rig) account(sink string, sent int, inHand []Item) {
	r.t.Helper()
	items := append(inHand, r.items(sink, true)...)
	taken, told, markers := 0, 0, 0
	last := make(map[int]int64)
	for _, it := range items {
		if it.Event.Type == GapType {
			g, err := parseGap(it.Event.Data)
			if err != nil {
				r.t.Fatal(err)
			}
			told, markers = told+g.Count, markers+1
			continue
		}
		taken++
		if it.Event.ID.Seq <= last[it.Event.ShardID] {
			r.t.Fatalf("event %d of shard %d behind %d", it.Event.ID.Seq, it.Event.ShardID, last[it.Event.ShardID])
		}
		last[it.Event.ShardID] = it.Event.ID.Seq
	}
	dropped := 0
	for _, n := range r.dropped {
		dropped += n
	}
	if taken+told != sent || told != dropped {
		r.t.Errorf("%d were sent: %d came, gap markers tell of %d, %d were dropped", sent, taken, told, dropped)
	}
	if markers > 500 || told > 0 && markers == 0 {
		r.t.Errorf("%d gap markers for %d events", markers, told)
	}
}

// What is dropped is what is asked for, not what happens to be in memory.
func TestAFullDiskBoundCostsNoMoreThanItMust(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Bounds = Bounds{Bytes: 4 << 20, Memory: 4 << 20} })
	for i := range 40 {
		r.add(i%4, 100)
		r.pass(2 * time.Second)
	}
	sent := 4000
	if s := r.queue.Stats(); s.Bytes < 3<<20 {
		t.Errorf("%d bytes are left of 4 MiB: %+v, dropped %v", s.Bytes, s, r.dropped)
	}
	r.account("bot", sent, nil)
	r.empty()
}

func TestSmallBoundsAreKeptOnDiskToo(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Bounds = Bounds{Events: 500, Memory: 50_000} })
	for range 40 {
		r.add(0, 50)
		r.pass(1500 * time.Millisecond)
		if s := r.queue.Stats(); s.Events > 550 || len(r.dropped) > 0 && s.Events < 400 {
			t.Fatalf("%d events, %v dropped", s.Events, r.dropped)
		}
	}
	r.account("bot", 2000, nil)
	r.empty()
}

func TestOldEventsExpireOnDiskToo(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Bounds = Bounds{Age: time.Hour, Memory: 20_000} })
	for range 240 {
		r.add(0, 10)
		r.pass(time.Minute)
	}
	s := r.queue.Stats()
	if age := r.clock.Now().Sub(r.cursor("bot").Stats().Oldest); s.Events < 590 || s.Events > 660 || age > 70*time.Minute {
		t.Errorf("%d events after four hours, ten a minute; the oldest is %v old", s.Events, age)
	}
	r.account("bot", 2400, nil)
	if len(r.dropped) != 1 || r.dropped[reasonOld] == 0 {
		t.Errorf("dropped %v", r.dropped)
	}
	r.empty()
}

func TestEventsPutInByHandDoNotGrowOld(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Bounds = Bounds{Age: time.Hour, Memory: 10_000} })
	letter := r.event(0, 900, "LETTER", 100)
	letter.Received = epoch.Add(-48 * time.Hour)
	ctx := t.Context()
	done := make(chan error, 1)
	go func() { done <- r.cursor("bot").Put(ctx, letter) }()
	for len(r.store.chunks()) == 0 {
		r.work()
	}
	r.clock.Advance(roomPoll)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	r.add(0, 20)
	r.pass(2 * time.Hour)
	r.expect("after two hours", r.take("bot"), "0:900 0:-20")
	r.empty()
}

func TestAQuietWorkersFilesAreJoined(t *testing.T) {
	r := newRig(t, nil)
	for range 3000 {
		r.addOf(0, "X", 50)
		r.pass(1250 * time.Millisecond)
	}
	if s := r.queue.Stats(); s.Files > 60 || s.Events != 3000 {
		t.Errorf("%d files for %d events", s.Files, s.Events)
	}
	r.check()
	r.restart()
	r.expect("after a restart", r.take("bot"), "0:1-3000")
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

func TestADeadSinkDoesNotSlowAHealthyOne(t *testing.T) {
	r := newRig(t, func(r *rig) {
		r.sinks = []CursorConfig{{Name: "bot"}, {Name: "dead"}}
		r.cfg.Bounds = Bounds{Bytes: 3 << 20, Memory: 1 << 20}
	})
	var got strings.Builder
	gets := r.store.gets
	for i := range 200 {
		r.add(0, 25)
		fmt.Fprintf(&got, "%s ", r.tell(r.now("bot")))
		r.pass(time.Second)
		if want := fmt.Sprintf("0:%d-%d ", i*25+1, i*25+25); !strings.HasSuffix(got.String(), want) {
			t.Fatalf("the healthy sink got %s, want %s", got.String(), want)
		}
	}
	if n := r.store.gets - gets; n > 100 {
		t.Errorf("%d files were read for a sink that takes everything at once", n)
	}
	if st := r.cursor("bot").Stats(); st.Dropped != 0 {
		t.Errorf("%d were dropped of the healthy sink's", st.Dropped)
	}
	if st := r.cursor("dead").Stats(); st.Dropped < 1500 {
		t.Errorf("%d were dropped of the dead sink's", st.Dropped)
	}
	r.account("dead", 5000, nil)
	r.empty()
}

// now is what a sink gets without any work of the tender, acknowledged.
func (r *rig) now(sink string) []Item {
	c := r.cursor(sink)
	items := c.Next(nil, 1000)
	for _, it := range items {
		c.Ack(it.Pos)
	}
	return items
}

func TestStrictModeHandsOutWhatIsOnDisk(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.PersistAfter = 0 })
	r.add(0, 3)
	if got := r.now("bot"); len(got) != 0 || r.woken["bot"] != 0 {
		t.Fatalf("%s was handed out before it was on disk, woken %d times", r.tell(got), r.woken["bot"])
	}
	r.work()
	if r.woken["bot"] == 0 {
		t.Error("nobody woke the sink")
	}
	r.expect("saved", r.take("bot"), "0:1-3")

	r.store.fail(errDisk, "put")
	r.add(0, 2)
	r.woken["bot"] = 0
	r.work()
	if r.woken["bot"] == 0 {
		t.Error("nobody woke the sink for what cannot be written")
	}
	r.expect("with a broken disk", r.tell(r.now("bot")), "0:4-5")
	r.add(0, 1)
	r.expect("at once", r.tell(r.now("bot")), "0:6")
	r.store.fail(nil)
	r.pass(10 * time.Second)
	r.add(0, 1)
	r.expect("the disk works again", r.tell(r.now("bot")), "")
	r.work()
	r.expect("saved", r.tell(r.now("bot")), "0:7")
	r.empty()
}

func TestInteractionsOvertakeABacklog(t *testing.T) {
	r := newRig(t, func(r *rig) {
		r.sinks = []CursorConfig{{Name: "bot", Early: func(e *event.Event) bool { return e.Type == "INTERACTION_CREATE" }}}
		r.cfg.Bounds.Memory = 100_000
	})
	r.add(0, 300)
	r.pass(3 * time.Second)
	r.addOf(1, "INTERACTION_CREATE", 100)
	r.add(1, 1)
	c := r.cursor("bot")
	early := c.NextEarly(nil, 10)
	r.expect("overtaking", r.tell(early), "1:1")
	c.Ack(early[0].Pos)
	r.pass(3 * time.Second) // written, and out of memory
	r.add(0, 200)
	r.pass(3 * time.Second)
	r.restart()
	r.expect("the rest, after a restart", r.take("bot"), "0:1-300 1:2 0:301-500")
	r.empty()
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

func TestANewSinkGetsNothingOld(t *testing.T) {
	r := newRig(t, nil)
	r.add(0, 3)
	r.pass(2 * time.Second)
	r.stop()
	r.sinks = append(r.sinks, CursorConfig{Name: "new"})
	r.open()
	r.add(0, 2)
	r.expect("the old sink", r.take("bot"), "0:1-5")
	r.expect("the new one", r.take("new"), "0:4-5")
	r.empty()
}

// A file most of which is done with is written again without that, before
// anything has to be dropped because the files are too large.
func TestFilesShrinkBeforeEventsAreDropped(t *testing.T) {
	for _, policy := range []Policy{DropOldest, Block} {
		r := newRig(t, func(r *rig) {
			r.sinks = []CursorConfig{{Name: "bot"}, {Name: "rare", Wants: func(e *event.Event) bool { return e.ShardID == 3 || e.Type == GapType }}}
			r.cfg.Bounds = Bounds{Bytes: 2 << 20, Memory: 100_000, Policy: policy}
		})
		for range 30 {
			r.add(0, 100) // 3 MB in all, which the bot takes late
			r.add(3, 1)
			r.pass(2 * time.Second)
			r.take("bot")
		}
		if s := r.queue.Stats(); len(r.dropped) > 0 || s.Events != 30 || s.Disk > 2<<20+100_000 {
			t.Errorf("policy %d: dropped %v, %+v", policy, r.dropped, s)
		}
		r.expect("the rare ones", r.take("rare"), "3:1-30")
		r.empty()
	}
}

func TestJoinedFilesExpireInTime(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Bounds.Age = 24 * time.Hour })
	for range 2 * 24 * 60 {
		r.addOf(0, "X", 50)
		for range 2 {
			r.clock.Advance(30 * time.Second)
			r.first().tick()
			r.work()
		}
		r.evictAll()
		if age, s := r.clock.Now().Sub(r.cursor("bot").Stats().Oldest), r.queue.Stats(); age > 26*time.Hour || s.Files > 200 {
			t.Fatalf("the oldest is %v old, in %d files", age, s.Files)
		}
	}
	r.account("bot", 2*24*60, nil)
	r.empty()
}

// What is picked out of a long queue leaves its gap markers near.
func TestGapMarkersStandNearWhatWasPicked(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Bounds = Bounds{Events: 20_000, Policy: DropNoise} })
	for i := range 20_000 {
		if i%5000 == 0 {
			r.addOf(0, "TYPING_START", 10)
		} else {
			r.addOf(0, "X", 10)
		}
	}
	for range 4 {
		r.addOf(0, "X", 10)
	}
	r.expect("in their places", r.take("bot"), "0:-1 0:2-5000 0:-1 0:5002-10000 0:-1 0:10002-15000 0:-1 0:15002-20004")
	r.empty()
}
