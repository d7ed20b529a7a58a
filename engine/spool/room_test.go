package spool

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// A sink that is dead for half a day costs neither memory nor disk beyond the
// bounds, and learns what it has missed.
func TestADeadSinkKeepsWithinTheBounds(t *testing.T) {
	for _, policy := range []Policy{DropOldest, DropNoise} {
		t.Run(fmt.Sprint(policy), func(t *testing.T) {
			r := newRig(t, func(r *rig) { r.cfg.Bounds = Bounds{Bytes: 6 << 20, Memory: 2 << 20, Policy: policy} })
			inHand := r.cursor("bot").Next(nil, 100)
			sent, most := 0, QueueStats{}
			hours := 12
			if raceEnabled { // the bounds are reached within two
				hours = 4
			}
			for range hours * 3600 / 5 {
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

// A file most of which is done with is written again without that, before
// anything has to be dropped because the files are too large.
func TestFilesShrinkBeforeEventsAreDropped(t *testing.T) {
	for _, policy := range []Policy{DropOldest, Block} {
		r := newRig(t, func(r *rig) {
			r.sinks = []CursorConfig{{Name: "bot"}, {Name: "rare", Wants: func(e *event.Event) bool { return e.ShardID == 3 || e.Type == GapType }}}
			r.cfg.Bounds = Bounds{Bytes: 2 << 20, Memory: 1 << 20, Policy: policy}
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
		if r.store.wrote < 3_000_000 {
			t.Errorf("only %d bytes were written", r.store.wrote)
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
