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
