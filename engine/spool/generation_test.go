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

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// nextSession is the session of the shards of a fleet to come.
const nextSession = 8

// eight is the layout of a fleet with twice the shards of a rig's, on two workers.
var eight = Layout{Total: 8, First: 0, Last: 7, PerWorker: 4}

// extend makes the queues of another fleet. The sinks have cursors in them, which
// nobody reads before promote.
func (r *rig) extend(l Layout) (generation int, promote func()) {
	r.t.Helper()
	generation = r.queue.Extend(l)
	r.queue.LogOf(generation, (l.Last-l.First)/l.PerWorker)
	cursors := make(map[string][]*Cursor)
	for _, cfg := range r.sinks {
		cfg.Wake = func() { r.woken[cfg.Name]++ }
		for _, log := range r.queue.Logs(generation) {
			c, err := log.Open(cfg)
			if err != nil {
				r.t.Fatal(err)
			}
			cursors[cfg.Name] = append(cursors[cfg.Name], c)
		}
	}
	return generation, func() {
		r.queue.Promote(generation)
		r.cfg.Layout = l
		for name, c := range cursors {
			r.cursors[name] = append(r.cursors[name], c)
		}
	}
}

// bring appends events of 1 kB of a session to a log, where there must be room.
func (r *rig) bring(l *Log, session uint64, shard int, seqs ...int64) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	cancel()
	for _, seq := range seqs {
		ev := r.event(shard, seq, "MESSAGE_CREATE", 1000)
		ev.ID.Session = session
		if waited, err := l.Append(ctx, &ev); waited || err != nil {
			r.t.Fatal(waited, err)
		}
	}
}

// stored are the prefixes of what is in the store, each once.
func (r *rig) stored() string {
	seen := make(map[string]bool)
	var out []string
	for _, name := range r.store.chunks() {
		if prefix, _, _ := strings.Cut(name, "/"); !seen[prefix] {
			seen[prefix] = true
			out = append(out, prefix)
		}
	}
	return strings.Join(out, " ")
}

func TestAnotherFleetsQueueIsReadBehindTheFirst(t *testing.T) {
	for name, persist := range map[string]time.Duration{"stored in time": time.Second, "stored at once": 0} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(r *rig) { r.cfg.PersistAfter = persist })
			r.add(0, 3)
			next, promote := r.extend(eight)
			r.bring(r.queue.LogOf(next, 1), nextSession, 7, 1, 2)
			r.add(3, 2)
			r.pass(5 * time.Second)
			r.expect("before the promotion", r.stored(), "0001_4-0-3-4")
			if s := r.queue.Stats(); s.Events != 7 || r.queue.Present() != 1 || len(r.queue.all()) != 1 {
				t.Errorf("%+v, generation %d is the present one", s, r.queue.Present())
			}
			promote()
			if r.queue.Present() != next || r.queue.Log(1) != r.queue.LogOf(next, 1) {
				t.Errorf("generation %d is the present one, not %d", r.queue.Present(), next)
			}
			r.bring(r.queue.Log(0), nextSession, 0, 1)
			r.pass(5 * time.Second)
			r.expect("after it", r.stored(), "0001_4-0-3-4 0002_8-0-7-4")
			r.restart()
			r.check()
			r.expect("after a restart", r.take("bot"), "0:1-3 3:1-2 0:1 7:1-2")
			r.empty()
		})
	}
}

// In strict mode nobody gets what is not on disk, and nothing of a generation that
// is not promoted ever is.
func TestBeforeThePromotionNothingIsHandedOutInStrictMode(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.PersistAfter = 0 })
	next, promote := r.extend(eight)
	r.bring(r.queue.LogOf(next, 0), nextSession, 0, 1)
	promote()
	c := r.cursor("bot")
	r.expect("before it is stored", r.tell(c.Next(nil, 9)), "")
	r.work()
	r.expect("after that", r.tell(c.Next(nil, 9)), "0:1")
}

func TestACrashBeforeThePromotionComesBackToWhatWas(t *testing.T) {
	r := newRig(t, nil)
	r.add(0, 2)
	next, _ := r.extend(eight)
	r.bring(r.queue.LogOf(next, 0), nextSession, 0, 1, 2)
	r.pass(5 * time.Second)
	r.open() // the old process never ends in order
	r.expect("what was there", r.take("bot"), "0:1-2")
	if n := r.queue.Stored(0, nextSession); n != 0 {
		t.Errorf("events up to %d of a session that was never promoted", n)
	}
	r.empty()
}

func TestACrashAtThePromotionComesBackToWhatIsNew(t *testing.T) {
	r := newRig(t, nil)
	r.add(0, 2)
	r.pass(2 * time.Second)
	next, promote := r.extend(eight)
	log := r.queue.LogOf(next, 0)
	r.bring(log, nextSession, 0, 5)
	log.Pass(event.ID{Session: nextSession, Seq: 9}, 0)
	saved := log.Progress()[0] // the commit
	promote()
	r.open() // the old process never ends in order: nothing was stored
	if saved != (Progress{nextSession, 4}) || r.queue.Stored(0, nextSession) != 0 {
		t.Errorf("saved %+v, stored up to %d", saved, r.queue.Stored(0, nextSession))
	}
	if n := r.queue.Stored(0, rigSession); n != 2 {
		t.Errorf("the session before is stored up to %d", n)
	}
	log = r.queue.Log(0)
	log.Restore(0, saved, r.queue.Stored(0, nextSession))
	r.bring(log, nextSession, 0, 5) // the RESUME
	for seq := int64(6); seq < 10; seq++ {
		log.Pass(event.ID{Session: nextSession, Seq: seq}, 0)
	}
	r.bring(log, nextSession, 0, 10)
	r.expect("both", r.take("bot"), "0:1-2 0:5 0:10")
	if got := log.Progress()[0]; got != (Progress{nextSession, 10}) {
		t.Errorf("%+v", got)
	}
	r.empty()
}

// A reshard to the same number of shards makes a second generation of the same
// layout. Its number tells them apart.
func TestTwoGenerationsOfOneLayoutAreTwo(t *testing.T) {
	r := newRig(t, nil)
	r.add(1, 2)
	_, promote := r.extend(r.cfg.Layout)
	promote()
	r.bring(r.queue.Log(0), nextSession, 1, 1)
	r.pass(2 * time.Second)
	r.expect("on disk", r.stored(), "0001_4-0-3-4 0002_4-0-3-4")
	r.restart()
	if a, b := r.queue.Stored(1, rigSession), r.queue.Stored(1, nextSession); a != 2 || b != 1 {
		t.Errorf("stored up to %d and %d", a, b)
	}
	if r.queue.Present() != 2 {
		t.Errorf("%d is the present one", r.queue.Present())
	}
	r.bring(r.queue.Log(0), nextSession, 1, 2)
	r.expect("in order", r.take("bot"), "1:1-2 1:1-2")
	r.empty()
}

func TestWhatIsWithdrawnLeavesNoTrace(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Bounds.Events = 6 })
	r.add(0, 2)
	before := r.queue.Stats()
	next, _ := r.extend(eight)
	log := r.queue.LogOf(next, 1)
	for seq := int64(1); seq <= 8; seq++ { // some give way
		r.bring(log, nextSession, 7, seq)
	}
	r.queue.Withdraw(next)
	if s := r.queue.Stats(); fmt.Sprint(s) != fmt.Sprint(before) {
		t.Errorf("%+v, was %+v", s, before)
	}
	if n := r.queue.budget.logs.Load(); n != 1 {
		t.Errorf("%d logs share the bounds", n)
	}
	r.bring(log, nextSession, 7, 9) // a shard that has not ended yet
	log.Pass(event.ID{Session: nextSession, Seq: 10}, 7)
	if s := log.Stats(); s.Depth != 0 || r.queue.LogOf(next, 0) != nil || r.queue.Logs(next) != nil {
		t.Errorf("it is still there: %+v", s)
	}
	r.queue.Promote(next)
	r.queue.Withdraw(r.queue.Present()) // neither is possible
	if another := r.queue.Extend(eight); another <= next || r.queue.Present() != 1 {
		t.Errorf("%d after %d, %d is the present one", another, next, r.queue.Present())
	}
	r.expect("what was there", r.take("bot"), "0:1-2")
	r.empty()
}

// Items in a sink's hands outlive their queue.
func TestWithdrawingLeavesWhatIsInHand(t *testing.T) {
	r := newRig(t, nil)
	next := r.queue.Extend(eight)
	log := r.queue.LogOf(next, 0)
	c, err := log.Open(CursorConfig{Name: "bot", Wake: func() {}})
	if err != nil {
		t.Fatal(err)
	}
	r.bring(log, nextSession, 0, 1, 2, 3)
	items := c.Next(nil, 2)
	r.queue.Withdraw(next)
	for seq := int64(0); seq < 2*blockSize/1000; seq++ { // which would take the block
		r.add(0, 1)
		r.take("bot")
	}
	for _, it := range items {
		r.judge(&it.Event)
		c.Ack(it.Pos)
	}
	if n := len(c.Next(nil, 9)) + c.Depth(); n != 0 {
		t.Errorf("%d are left", n)
	}
	r.check()
}

// The disk is no way out for what must not come onto it.
func TestAQueueToComeDoesNotWaitForTheDisk(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Bounds.Memory = 60_000 })
	r.add(0, 100)
	next, promote := r.extend(eight)
	for seq := int64(1); seq <= 60; seq++ {
		r.bring(r.queue.LogOf(next, 0), nextSession, 0, seq)
	}
	promote()
	r.pass(2 * time.Second)
	if s := r.queue.Stats(); s.Memory > 60_000 || s.Events != 160 {
		t.Errorf("%+v", s)
	}
	r.expect("everything", r.take("bot"), "0:1-100 0:1-60")
	r.empty()
}

func TestAShardThatWaitsInAWithdrawnQueueGoesOn(t *testing.T) {
	live(t, func(r *rig) { r.cfg.Bounds = Bounds{Events: 4, Policy: Block} }, func(r *rig) {
		next, _ := r.extend(eight)
		log := r.queue.LogOf(next, 0)
		r.bring(log, nextSession, 0, 1, 2, 3, 4)
		var waits sync.WaitGroup
		waits.Go(func() {
			ev := r.event(0, 5, "X", 10)
			if waited, err := log.Append(r.t.Context(), &ev); !waited || err != nil {
				r.t.Errorf("waited %v, %v", waited, err)
			}
		})
		synctest.Wait()
		if n := r.queue.Stats().Waiting; n != 1 {
			r.t.Fatalf("%d wait", n)
		}
		r.queue.Withdraw(next)
		waits.Wait()
		if s := r.queue.Stats(); s.Events != 0 || s.Waiting != 0 {
			r.t.Errorf("%+v", s)
		}
	})
}

func TestAnEmptyGenerationIsForgotten(t *testing.T) {
	live(t, func(r *rig) { r.sinks = append(r.sinks, CursorConfig{Name: "slow"}) }, func(r *rig) {
		r.add(0, 3)
		_, promote := r.extend(eight)
		old := r.first()
		promote()
		r.bring(r.queue.Log(1), nextSession, 4, 1)
		<-time.After(3 * time.Second)
		r.take("bot")
		if got := r.queue.Forget(); got != nil {
			r.t.Fatalf("%v forgotten, and one sink has not had it", got)
		}
		r.take("slow")
		if got := fmt.Sprint(r.queue.Forget(), r.queue.Forget()); got != "[1] []" {
			r.t.Fatalf("%s forgotten", got)
		}
		synctest.Wait() // its tender ends
		r.expect("in the store", r.stored(), "")
		for name := range r.store.files {
			if strings.HasPrefix(name, "0001") {
				r.t.Errorf("%s is left", name)
			}
		}
		if n := r.queue.budget.logs.Load(); n != 2 {
			r.t.Errorf("%d logs share the bounds", n)
		}
		ev := r.event(0, 4, "X", 10)
		_, err := old.Append(r.t.Context(), &ev)
		if put := r.cursors["bot"][0][0].Put(r.t.Context(), ev); !errors.Is(err, ErrForgotten) || !errors.Is(put, ErrForgotten) ||
			!errors.Is(old.AppendForeign(r.t.Context(), &ev), ErrForgotten) {
			r.t.Errorf("append: %v, put: %v", err, put)
		}
		r.bring(r.queue.Log(1), nextSession, 4, 2) // and on
		<-time.After(3 * time.Second)
		r.expect("the next one", r.tell(r.items("bot", true)), "4:2")
	})
}

// A file that cannot be deleted is not delivered again.
func TestWhatAForgottenGenerationLeavesIsDoneWith(t *testing.T) {
	r := newRig(t, nil)
	r.add(0, 3)
	r.pass(2 * time.Second)
	_, promote := r.extend(eight)
	promote()
	old := r.queue.Logs(1)
	r.store.fail(errDisk, "delete")
	r.take("bot")
	if got := fmt.Sprint(r.queue.Forget()); got != "[1]" {
		t.Fatalf("%s forgotten", got)
	}
	old[0].finish()
	r.store.fail(nil)
	r.restart()
	r.expect("after a restart", r.take("bot"), "")
	r.empty()
}

// An orphan's events keep their generation.
func TestAnOrphanKeepsItsGeneration(t *testing.T) {
	r := newRig(t, func(r *rig) { r.sinks = append(r.sinks, CursorConfig{Name: "old"}) })
	r.add(0, 3)
	r.stop()
	r.sinks = r.sinks[:1]
	r.open()
	r.take("bot")
	_, promote := r.extend(eight)
	promote()
	if got := r.queue.Forget(); got != nil || r.queue.Stats().Orphans[0].Depth != 3 {
		t.Fatalf("%v forgotten, orphans %+v", got, r.queue.Stats().Orphans)
	}
	if n := r.queue.Discard("old"); n != 3 {
		t.Errorf("%d discarded", n)
	}
	r.pass(2 * time.Second)
	if got := fmt.Sprint(r.queue.Forget()); got != "[1]" {
		t.Errorf("%s forgotten", got)
	}
	r.empty()
}

func TestAQueueInMemoryChangesItsLayoutToo(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Store = nil })
	r.add(0, 2)
	_, promote := r.extend(eight)
	promote()
	r.bring(r.queue.Log(1), nextSession, 5, 1)
	if err := r.queue.Secure(context.Background()); err != nil {
		t.Error(err)
	}
	r.expect("in order", r.tell(r.cursors["bot"][0][0].Next(nil, 9)), "0:1-2")
	if got := r.queue.Forget(); got != nil {
		t.Errorf("%v forgotten, and it is in the sink's hands", got)
	}
}
