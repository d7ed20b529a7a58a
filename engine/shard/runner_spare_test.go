package shard

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

const (
	reconnectFrame = `{"t":null,"s":null,"op":7,"d":null}`
	helloFrame     = `{"op":10,"d":{"heartbeat_interval":40000}}`
)

// replace has a shard that has been live for a while get op 7, and returns the
// connection that it opens beside the first.
func replace(d *desk, w *wire) *wire {
	w.say(readyFrame)
	pass(15 * time.Second)
	w.say(message(2), reconnectFrame)
	next := &wire{in: make(chan string, 100), gone: make(chan struct{})}
	d.wires <- next
	synctest.Wait()
	return next
}

func TestEventsGoOnUntilTheReplacementIsOpen(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		old := d.connect()
		next := replace(d, old)
		old.say(message(3), message(4))
		if st := r.Status(); st.State != ops.ShardReady || !st.Replacing {
			t.Errorf("%+v while the replacement is being opened", st)
		}
		next.say(helloFrame)
		if old.closed != discord.CloseKeepSession {
			t.Errorf("the old connection was closed with %d", old.closed)
		}
		next.say(message(5), `{"t":"RESUMED","s":6,"op":0,"d":{}}`)
		expect(t, "sent", next.frames(), "resume:abc:4")
		expect(t, "delivered", d.seen(&d.got),
			"READY/1 MESSAGE_CREATE/2 MESSAGE_CREATE/3 MESSAGE_CREATE/4 MESSAGE_CREATE/5 RESUMED/6")
		if st := r.Status(); st.State != ops.ShardReady || st.Replacing || d.slots != 1 {
			t.Errorf("%+v and %d identifies", st, d.slots)
		}
		pass(41 * time.Second)
		if !strings.HasSuffix(next.frames(), `{"op":1,"d":6}`) {
			t.Errorf("it beats like this: %s", next.frames())
		}
		if wire, _ := r.Received(); wire != 20 {
			t.Errorf("received %d bytes over two connections", wire)
		}
	})
}

// The last event of the old connection hangs in the queue while the new one
// already brings more.
func TestTheReplacementsEventsComeBehindThoseOfTheOldConnection(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, _ *Runner) {
		old := d.connect()
		next := replace(d, old)
		d.mu.Lock()
		d.hold = make(chan struct{})
		d.mu.Unlock()
		old.say(message(3))
		next.say(helloFrame, message(4), `{"t":"RESUMED","s":5,"op":0,"d":{}}`)
		expect(t, "sent", next.frames(), "resume:abc:3")
		expect(t, "delivered while the old event hangs", d.seen(&d.got), "READY/1 MESSAGE_CREATE/2")
		close(d.hold)
		synctest.Wait()
		expect(t, "delivered", d.seen(&d.got), "READY/1 MESSAGE_CREATE/2 MESSAGE_CREATE/3 MESSAGE_CREATE/4 RESUMED/5")
	})
}

func TestTheOldConnectionEndsFirst(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		old := d.connect()
		next := replace(d, old)
		close(old.in)
		synctest.Wait()
		if st := r.Status(); st.State != ops.ShardConnecting || st.Replacing {
			t.Errorf("%+v", st)
		}
		next.say(helloFrame, `{"t":"RESUMED","s":3,"op":0,"d":{}}`)
		expect(t, "dialled", d.seen(&d.dialled), "wss://main wss://resume")
		expect(t, "sent", next.frames(), "resume:abc:2")
		expect(t, "delivered", d.seen(&d.got), "READY/1 MESSAGE_CREATE/2 RESUMED/3")
	})
}

func TestAReplacementThatIsNotNeededAnyMoreIsClosed(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		old := d.connect()
		next := replace(d, old)
		r.Stop(false)
		synctest.Wait()
		if old.closed != discord.CloseNormal || next.closed != discord.CloseKeepSession {
			t.Errorf("closed with %d and %d", old.closed, next.closed)
		}
	})
}

func TestAReplacementIsTriedAgain(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, _ *Runner) {
		old := d.connect()
		next := replace(d, old)
		close(next.in)
		synctest.Wait()
		old.say(message(3))
		pass(time.Second)
		next = d.connect()
		next.say(`{"t":"RESUMED","s":4,"op":0,"d":{}}`)
		expect(t, "sent", next.frames(), "resume:abc:3")
		expect(t, "delivered", d.seen(&d.got), "READY/1 MESSAGE_CREATE/2 MESSAGE_CREATE/3 RESUMED/4")
	})
}

func TestADeafSessionIsResumed(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		w := d.connect()
		w.say(readyFrame)
		for seq := range 60 {
			w.say(message(seq+2), `{"op":11}`)
			pass(time.Second)
		}
		for range 16 {
			pass(10 * time.Second)
			w.say(`{"op":11}`)
		}
		if sent := w.frames(); strings.Count(sent, "probe") != 1 {
			t.Errorf("sent: %s", sent)
		}
		w = d.connect()
		expect(t, "sent", w.frames(), "resume:abc:61")
		if st := r.Status(); st.Counts.Probes != 1 || st.Counts.Deaf != 1 {
			t.Errorf("%+v", st.Counts)
		}
	})
}
