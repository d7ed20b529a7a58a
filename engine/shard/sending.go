package shard

import (
	"errors"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/outbox"
)

// Why commands are not written.
var (
	errNotRunning = errors.New("the shard is not running")
	errStopped    = errors.New("the shard has been stopped; start it first")
	errBroken     = errors.New("the connection broke while it was being written; send it again")
)

// Send queues a command, to be written as soon as the session takes it and
// Discord's limits allow. Its Done is told what has become of it, once: perhaps
// before Send returns, and under the shard's lock, so that it must neither block
// nor call the shard.
func (r *Runner) Send(it outbox.Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.cfg.Clock.Now()
	switch st := r.m.state; {
	case !r.running:
		it.Done(time.Time{}, errNotRunning)
		return
	case st == ops.ShardStopped || st == ops.ShardFailed:
		it.Done(time.Time{}, errStopped)
		return
	}
	tellDropped(r.out.Expire(now)) // which makes room
	replaced, err := r.out.Push(now, it)
	if err != nil {
		it.Done(time.Time{}, err)
		return
	}
	tellSuperseded(replaced, now)
	r.flush(now)
}

// tellSuperseded tells of presence updates that need not be written any more.
func tellSuperseded(items []outbox.Item, now time.Time) {
	for _, it := range items {
		it.Done(now, outbox.ErrSuperseded)
	}
}

// tellDropped tells of items that were not written.
func tellDropped(items []outbox.Dropped) {
	for _, d := range items {
		d.Done(time.Time{}, d.Err)
	}
}

// flush writes what may be written now, and sees to it that the rest is looked at
// again. r.mu is held.
func (r *Runner) flush(now time.Time) {
	tellDropped(r.out.Expire(now))
	for {
		it, ok := r.out.Next(now)
		if !ok {
			break
		}
		if r.line.conn == nil || r.line.conn.Write(it.Frame) != nil {
			it.Done(time.Time{}, errBroken)
			r.out.Live(false) // the others wait for the next connection
			break
		}
		it.Done(now, nil)
	}
	at, ok := r.out.Wake(now)
	if !ok {
		r.outTimer.Stop()
		return
	}
	r.outTimer.Reset(at.Sub(now))
}

// follow tells the outbox what a change of state means for it.
func (r *Runner) follow(now time.Time, from, to ops.ShardState) {
	// An identify that was refused is tried again on the same connection.
	if (to == ops.ShardQueued || to == ops.ShardResuming) && from != ops.ShardIdentifying {
		r.out.Connected(now, r.m.beat.interval)
	}
	r.out.Live(to == ops.ShardReady)
	switch to {
	case ops.ShardReady:
		r.flush(now)
	case ops.ShardStopped, ops.ShardFailed:
		tellDropped(r.out.Clear(errStopped))
	}
}
