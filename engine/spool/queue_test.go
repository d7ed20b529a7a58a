package spool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

func TestACleanRestartRepeatsNothing(t *testing.T) {
	r := newRig(t, func(r *rig) {
		r.sinks = append(r.sinks, CursorConfig{Name: "other", Early: func(e *event.Event) bool { return e.ShardID == 3 }})
	})
	r.add(0, 20)
	r.add(3, 2)
	r.pass(2 * time.Second)
	r.add(0, 20)
	// Acknowledged out of order, out of turn, and not at all.
	bot, other := r.cursor("bot"), r.cursor("other")
	for i, it := range bot.Next(nil, 30) {
		if i%3 > 0 {
			bot.Ack(it.Pos)
		}
	}
	for _, it := range other.NextEarly(nil, 10) {
		other.Ack(it.Pos)
	}
	for range 3 { // what one run leaves to the next is left to the one after it
		r.restart()
		r.check()
	}
	r.expect("the bot", r.take("bot"), "0:1 0:4 0:7 0:10 0:13 0:16 0:19 3:2 0:23 0:26 0:29-40")
	r.expect("the other", r.take("other"), "0:1-40")
	r.empty()
}

func TestACrashRepeatsAndLosesNothingElse(t *testing.T) {
	r := newRig(t, nil)
	r.add(0, 10)
	r.pass(2 * time.Second)
	c := r.cursor("bot")
	for _, it := range c.Next(nil, 4) {
		c.Ack(it.Pos)
	}
	r.add(0, 5) // in memory alone
	progress := r.first().Progress()[0]
	if progress != (Progress{rigSession, 10}) {
		t.Fatalf("%+v with events 1 to 10 on disk", progress)
	}
	r.open() // the old process never ends in order
	if n := r.queue.Stored(0, rigSession); n != 10 {
		t.Errorf("stored up to %d", n)
	}
	if n := r.queue.Stored(0, 999) + r.queue.Stored(2, rigSession); n != 0 {
		t.Errorf("%d of other sessions", n)
	}
	r.first().Restore(0, Progress{rigSession, 6}, r.queue.Stored(0, rigSession))
	r.seqs[0] = 6
	r.add(0, 9) // the RESUME: 7 to 15
	if got := r.first().Progress()[0]; got != progress {
		t.Errorf("%+v, want %+v", got, progress)
	}
	r.expect("again from the last that was known to be acknowledged", r.take("bot"), "0:1-15")
	r.empty()
}

// What a RESUME brings again and is on disk already is dealt with: once it has been
// delivered, the next RESUME must not bring it once more.
func TestWhatIsOnDiskAlreadyIsDealtWith(t *testing.T) {
	r := newRig(t, nil)
	r.add(0, 10)
	r.pass(2 * time.Second)
	r.open() // after a crash
	r.first().Restore(0, Progress{rigSession, 6}, r.queue.Stored(0, rigSession))
	if got := r.first().Progress()[0]; got.Seq != 6 {
		t.Errorf("%+v before the RESUME", got)
	}
	r.seqs[0] = 6
	r.add(0, 4)
	if got := r.first().Progress()[0]; got.Seq != 10 {
		t.Errorf("%+v after it", got)
	}
	r.expect("once", r.take("bot"), "0:1-10")
	r.empty()
}

func TestAnotherLayoutIsDeliveredFirst(t *testing.T) {
	r := newRig(t, nil)
	r.add(0, 3)
	r.add(3, 2)
	r.stop()
	r.cfg.Layout = Layout{Total: 8, First: 0, Last: 7, PerWorker: 2}
	r.open()
	if n := len(r.queue.generations); n != 2 {
		t.Fatalf("%d generations", n)
	}
	r.seqs[0] = 0
	r.add(0, 2)
	r.add(7, 1)
	r.pass(2 * time.Second)
	r.restart() // and once more, with both on disk
	if got := r.take("bot"); got != "0:1-3 3:1-2 0:1-2 7:1" {
		t.Errorf("got %s", got)
	}
	r.empty()
	r.restart()
	if n := len(r.queue.generations); n != 1 {
		t.Errorf("%d generations, though the old one is empty", n)
	}
}

func TestAQueueOfSomebodyElseIsLeftAlone(t *testing.T) {
	r := newRig(t, nil)
	r.add(0, 1)
	r.stop()
	before := fmt.Sprint(r.store.files)
	var foreign *ForeignError
	r.cfg.Bot = "2"
	if err := r.tryOpen(); !errors.As(err, &foreign) || !strings.Contains(err.Error(), "events of bot 1") || !strings.Contains(err.Error(), "bot 2") {
		t.Errorf("another bot: %v", err)
	}
	r.cfg.Bot = "1"
	meta := string(r.store.files[metaName])
	r.store.files[metaName] = []byte(`{"format":2,"bot":"1"}`)
	if err := r.tryOpen(); !errors.As(err, &foreign) || !strings.Contains(err.Error(), "format 2") {
		t.Errorf("another version: %v", err)
	}
	r.store.files[metaName] = []byte(`{"for`)
	if err := r.tryOpen(); !errors.As(err, &foreign) || !strings.Contains(err.Error(), metaName+" is damaged") {
		t.Errorf("damaged: %v", err)
	}
	r.store.files[metaName] = []byte(meta)
	if got := fmt.Sprint(r.store.files); got != before {
		t.Error("something was changed")
	}
	delete(r.store.files, metaName) // as the message advises
	r.open()
	r.expect("its own bot", r.take("bot"), "0:1")
	r.empty()
	r.cfg.Bot = "2"
	r.restart() // nothing waits there any more
	if got := string(r.store.files[metaName]); !strings.Contains(got, `"bot":"2"`) {
		t.Errorf("the store says %s", got)
	}
}

func TestAnOrphanKeepsItsEventsUntilTheyAreDiscarded(t *testing.T) {
	r := newRig(t, func(r *rig) { r.sinks = append(r.sinks, CursorConfig{Name: "old"}) })
	r.add(0, 5)
	r.take("bot")
	r.stop()
	r.sinks = r.sinks[:1]
	r.open()
	r.add(0, 2)
	o := r.queue.Stats().Orphans
	if len(o) != 1 || o[0].Sink != "old" || o[0].Depth != 5 || !o[0].Oldest.Equal(epoch) {
		t.Errorf("orphans %+v", o)
	}
	r.expect("the bot", r.take("bot"), "0:6-7")
	r.pass(5 * time.Second)

	r.sinks = append(r.sinks, CursorConfig{Name: "old"})
	r.restart()
	if o := r.queue.Stats().Orphans; len(o) != 0 {
		t.Errorf("orphans %+v", o)
	}
	if got := r.cursor("old").Next(nil, 3); len(got) != 0 {
		t.Errorf("%s was in memory", r.tell(got))
	}
	r.work()
	r.expect("it is back", r.tell(r.cursor("old").Next(nil, 3)), "0:1-3")

	r.stop()
	r.sinks = r.sinks[:1]
	r.open()
	if n := r.queue.Discard("old"); n != 5 {
		t.Errorf("%d discarded", n)
	}
	if n := r.queue.Discard("bot") + r.queue.Discard("nobody"); n != 0 {
		t.Errorf("%d discarded of what is no orphan", n)
	}
	r.check()
	r.empty()
}

// Of what a sink has had, nothing comes again when it is taken out of the
// configuration and put back, or when its events were discarded meanwhile.
func TestASinkThatComesBackGetsOnlyWhatWaits(t *testing.T) {
	for _, discard := range []bool{false, true} {
		r := newRig(t, func(r *rig) { r.sinks = append(r.sinks, CursorConfig{Name: "b"}) })
		r.add(0, 10)
		r.pass(2 * time.Second)
		if !discard {
			r.take("b")
		}
		both := r.sinks
		r.stop()
		r.sinks = both[:1]
		for range 3 {
			r.open()
			if discard {
				r.queue.Discard("b")
			}
			r.pass(3 * time.Second)
			r.stop()
		}
		r.sinks = both
		r.open()
		r.expect("after three runs without it", r.take("b"), "")
		r.expect("the other", r.take("bot"), "0:1-10")
		r.empty()
	}
}

func TestDiscardingLeavesTheOthersTheirs(t *testing.T) {
	for _, cold := range []bool{false, true} {
		r := newRig(t, func(r *rig) { r.sinks = append(r.sinks, CursorConfig{Name: "old"}) })
		r.add(0, 6)
		r.pass(2 * time.Second)
		for _, it := range r.cursor("bot").Next(nil, 4) {
			r.cursor("bot").Ack(it.Pos)
		}
		r.stop()
		r.sinks = r.sinks[:1]
		r.open()
		if cold {
			r.evictAll()
		}
		if n := r.queue.Discard("old"); n != 6 {
			t.Errorf("%d discarded", n)
		}
		r.check()
		if s := r.queue.Stats(); s.Events != 2 {
			t.Errorf("%d events are left, cold %v", s.Events, cold)
		}
		r.expect("the bot", r.take("bot"), "0:5-6")
		r.empty()
	}
}

// A file whose name says where it stands, but overlaps another, adds only what the
// other has not.
func TestFilesThatOverlapAreReadOnce(t *testing.T) {
	r := newRig(t, nil)
	r.addOf(0, "X", 10)
	var joined map[string][]byte
	for range 20 {
		r.pass(1250 * time.Millisecond)
		r.addOf(0, "X", 10)
		if joined == nil && r.queue.Stats().Files < 3 && len(r.store.puts) > joinFiles {
			joined = copyOf(r.store.files)
		}
	}
	r.stop()
	all := copyOf(r.store.files)
	for name, data := range joined { // a joined file that should have been deleted
		if _, ok := all[name]; !ok && strings.HasSuffix(name, ".chunk") {
			all[name] = data
		}
	}
	im := image{first: 14, next: 18, sinks: []string{"bot"}} // and one across its end
	for pos := im.first; pos < im.next; pos++ {
		ev := r.event(0, int64(pos)+1, "X", 10)
		im.take(&entry{pos: pos, waits: 1, ev: ev})
	}
	file, err := im.encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	all[chunkName(r.first().cfg.Prefix, im.first, im.next)] = file
	r.store.files = all
	r.open()
	r.check()
	r.expect("each once", r.take("bot"), "0:1-21")
	r.empty()
}

func copyOf(files map[string][]byte) map[string][]byte {
	out := make(map[string][]byte, len(files))
	for name, data := range files {
		out[name] = data
	}
	return out
}

func TestWithoutAStoreTheQueueIsInMemory(t *testing.T) {
	q, err := OpenQueue(QueueConfig{Layout: Layout{2, 0, 1, 1, ""}})
	if err != nil {
		t.Fatal(err)
	}
	l := q.Log(1)
	c, err := l.Open(CursorConfig{Name: "bot", Wake: func() {}})
	if err != nil {
		t.Fatal(err)
	}
	if g := q.all(); len(q.generations) != 1 || len(g) != 2 {
		t.Fatalf("%d generations, %d logs", len(q.generations), len(g))
	}
	if err := q.Recover(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { q.Run(ctx); close(ended) }()
	ev := event.Event{ID: event.ID{Session: 1, Seq: 1}, Data: []byte("{}")}
	if _, err := l.Append(ctx, &ev); err != nil {
		t.Fatal(err)
	}
	if err := c.Put(ctx, ev); err != nil {
		t.Fatal(err)
	}
	if n := len(c.Next(nil, 9)); n != 2 || q.Stored(0, 1) != 0 || q.Stats().Events != 2 {
		t.Errorf("%d events, %+v", n, q.Stats())
	}
	cancel()
	<-ended
}

// A worker's share of a bound is its own, on disk too.
func TestABusyWorkerDoesNotCostAQuietOneItsEvents(t *testing.T) {
	r := newRig(t, func(r *rig) {
		r.cfg.Layout.PerWorker = 1
		r.cfg.Bounds = Bounds{Bytes: 4 << 20, Memory: 1 << 20}
	})
	for range 200 {
		r.add(0, 50)
		r.add(3, 1)
		r.pass(time.Second)
	}
	if st := r.queue.Log(3).Stats(); st.Depth != 200 || st.Dropped != 0 {
		t.Errorf("the quiet worker holds %d of 200, %d dropped", st.Depth, st.Dropped)
	}
	if s := r.queue.Stats(); s.Bytes > 5<<20 || s.Disk > 5<<20 || s.Memory > 2<<20 || s.Bytes < 3<<20 {
		t.Errorf("%+v", s)
	}
	r.account("bot", 200*51, nil)
	r.empty()
}
