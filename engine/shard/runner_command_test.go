package shard

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func TestACommandBeforeRunDoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{wires: make(chan *wire, 8)}
		r := NewRunner(d.config())
		r.Restart()
		r.Reidentify()
		r.Stop(false)
		expect(t, "states", d.seen(&d.states), "")
	})
}

func TestACommandAfterRunDialsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{wires: make(chan *wire, 8)}
		r := NewRunner(d.config())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx, func() bool { return true }) }()
		d.connect().say(readyFrame)
		cancel()
		<-done
		r.Start()
		r.Restart()
		r.Reidentify()
		synctest.Wait()
		expect(t, "dialled", d.seen(&d.dialled), "wss://main")
		if st := r.Status().State; st != ops.ShardStopped {
			t.Errorf("the shard is %s", st)
		}
	})
}

func TestAFullQueueIsNoSilentHost(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		w := d.connect()
		w.say(readyFrame)
		d.mu.Lock()
		d.hold = make(chan struct{})
		d.mu.Unlock()
		w.say(message(2))
		r.Restart()
		w = d.connect()
		w.say(message(3)) // waits for the delivery that hangs, and all behind it in the socket
		pass(10 * time.Minute)
		expect(t, "dialled", d.seen(&d.dialled), "wss://main wss://resume")
		expect(t, "sent", strings.ReplaceAll(w.frames(), ` {"op":1,"d":3}`, ""), "resume:abc:2")
		expect(t, "delivered", d.seen(&d.got), "READY/1")
		close(d.hold)
		synctest.Wait()
		expect(t, "delivered", d.seen(&d.got), "READY/1 MESSAGE_CREATE/2 MESSAGE_CREATE/3")
	})
}

// counter grants a turn to those that were asked for by a person alone.
type counter struct {
	*desk
	mu      sync.Mutex
	waiting int
}

func (c *counter) Acquire(ctx context.Context, _ int, force bool) (Slot, error) {
	if force {
		return c.desk, nil
	}
	c.mu.Lock()
	c.waiting++
	c.mu.Unlock()
	<-ctx.Done()
	c.mu.Lock()
	c.waiting--
	c.mu.Unlock()
	return nil, ctx.Err()
}

func TestAHeldShardGoesWhenAPersonAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{wires: make(chan *wire, 8)}
		queue := &counter{desk: d}
		cfg := d.config()
		cfg.Slots = queue
		r := NewRunner(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx, func() bool { return true }) }()
		w := d.connect()
		pass(10 * time.Second)
		r.Reidentify()
		synctest.Wait()
		expect(t, "dialled", d.seen(&d.dialled), "wss://main")
		w.say(readyFrame)
		if st := r.Status().State; st != ops.ShardReady || d.slots != 1 || queue.waiting != 0 {
			t.Errorf("the shard is %s, %d identifies, %d wait", st, d.slots, queue.waiting)
		}
		cancel()
		<-done
	})
}
