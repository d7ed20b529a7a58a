package shard

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// A connection that Discord has asked to replace had held: like one that is lost it
// ends the row of failures that came before it.
func TestOldFailuresDoNotOutliveAReplacedConnection(t *testing.T) {
	for name, story := range map[string]string{
		"adopted":  "close 4000\ndialfail refused",
		"promoted": "spare open\nspare frame {\"op\":10,\"d\":{\"heartbeat_interval\":40000}}\nclose 1006",
		"lost":     "spare dialfail refused\nclose 1006\ntimer backoff\ndialfail refused",
	} {
		teller := newTeller()
		script := "start\n" + strings.Repeat("dialfail refused\ntimer backoff\n", 5) +
			"open\nframe {\"op\":10,\"d\":{\"heartbeat_interval\":40000}}\nslot\nready abc\nwait 6h\nframe {\"op\":7,\"d\":null}\n" + story
		var last []string
		for _, line := range strings.Split(script, "\n") {
			var err error
			if last, err = teller.tell(line); err != nil {
				t.Fatal(err)
			}
		}
		if got := last[len(last)-1]; got != "set backoff timer to 750ms" {
			t.Errorf("%s: six hours after five failures the first one leads to: %s", name, got)
		}
	}
}

// askedSlots grants every turn, and notes which were forced.
type askedSlots struct {
	*desk
	forced []bool
}

func (s *askedSlots) Acquire(_ context.Context, _ int, force bool) (Slot, error) {
	s.forced = append(s.forced, force)
	return s.desk, nil
}

// What a person has asked for stays asked for until Discord has taken it.
func TestAForcedIdentifyStaysForcedUntilItIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{wires: make(chan *wire, 8)}
		s := &askedSlots{desk: d}
		cfg := d.config()
		cfg.Slots = s
		r := NewRunner(cfg)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx, func() bool { return true }) }()
		d.connect().say(readyFrame)
		r.Reidentify()
		w := d.connect()
		w.say(`{"op":9,"d":false}`)
		expect(t, "forced", fmt.Sprint(s.forced), "[false true true]")
		cancel()
		<-done
	})
}

func (d *desk) setHold(c chan struct{}) {
	d.mu.Lock()
	d.hold = c
	d.mu.Unlock()
}

// Each reader tells of itself that it is held back: what the old one does says nothing
// of the new one.
func TestAFullQueueIsNoZombieAfterAReplacement(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		old := d.connect()
		next := replace(d, old)
		hold := make(chan struct{})
		d.setHold(hold)
		old.say(message(3)) // waits for room
		next.say(helloFrame, `{"t":"RESUMED","s":4,"op":0,"d":{}}`)
		hold <- struct{}{} // there is room for one
		synctest.Wait()
		pass(150 * time.Second)
		if st := r.Status(); st.State != ops.ShardReady {
			t.Errorf("the shard is %s: %s", st.State, st.LastClose.Meaning)
		}
		close(hold)
		synctest.Wait()
	})
}

// slowWire is a connection whose other end does not answer the close frame, so
// that its Close, and the Read under way, take a while to end.
type slowWire struct {
	*wire
	linger time.Duration
}

func (w *slowWire) Close(code int, reason string) error {
	<-time.After(w.linger)
	return w.wire.Close(code, reason)
}

type slowDesk struct {
	*desk
	linger time.Duration
}

func (d *slowDesk) Dial(ctx context.Context, url string) (Conn, error) {
	c, err := d.desk.Dial(ctx, url)
	if err != nil {
		return nil, err
	}
	return &slowWire{c.(*wire), d.linger}, nil
}

// Nothing is in hand on the old connection, so that nothing waits until its socket is
// closed.
func TestTheReplacementsEventsDoNotWaitForTheOldSocketToClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{wires: make(chan *wire, 8)}
		cfg := d.config()
		cfg.Dialer = &slowDesk{d, 2 * time.Second}
		r := NewRunner(cfg)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx, func() bool { return true }) }()
		old := d.connect()
		next := replace(d, old)
		next.say(helloFrame, message(3))
		expect(t, "delivered at once", d.seen(&d.got), "READY/1 MESSAGE_CREATE/2 MESSAGE_CREATE/3")
		pass(3 * time.Second)
		cancel()
		<-done
	})
}

func TestAReplacementThatWaitsForItsTurnToDialIsNotAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{wires: make(chan *wire, 8)}
		cfg := d.config()
		busy := false
		cfg.Pace = func(ctx context.Context) error {
			if !busy {
				return nil
			}
			select {
			case <-time.After(25 * time.Second): // 5000 shards at 5 ms
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		r := NewRunner(cfg)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx, func() bool { return true }) }()
		w := d.connect()
		w.say(readyFrame)
		pass(15 * time.Second)
		busy = true
		w.say(`{"op":11}`, reconnectFrame)
		pass(26 * time.Second)
		expect(t, "dialled", d.seen(&d.dialled), "wss://main wss://resume")
		cancel()
		<-done
	})
}

func TestAnIdentifyThatCannotBeMadeIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{wires: make(chan *wire, 8)}
		cfg := d.config()
		cfg.Identify = func() ([]byte, error) { return nil, errors.New("frame is longer than Discord accepts") }
		r := NewRunner(cfg)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx, func() bool { return true }) }()
		w := d.connect()
		for range 60 {
			w.say(`{"op":11}`)
			pass(10 * time.Second)
		}
		if st := r.Status().State; st == ops.ShardIdentifying || d.slots > 0 {
			t.Errorf("after ten minutes the shard is %s, %d identifies are booked as sent, on the wire: %q", st, d.slots, w.frames())
		}
		cancel()
		<-done
	})
}

func TestAFullQueueIsNotTheShardsOwnPace(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		w := d.connect()
		w.say(readyFrame)
		for seq := range 60 {
			w.say(message(seq+2), `{"op":11}`)
			pass(time.Second)
		}
		before := r.Status().Quiet
		hold := make(chan struct{})
		d.setHold(hold)
		w.say(message(62), message(63))
		pass(10 * time.Minute)
		close(hold)
		synctest.Wait()
		w.say(`{"op":11}`)
		if after := r.Status().Quiet; after > 2*before {
			t.Errorf("may be quiet for %s before, for %s after the queue was full for ten minutes", before, after)
		}
	})
}
