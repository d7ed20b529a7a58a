package spool

import (
	"context"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// Why events are dropped, as gap markers and the log tell it.
const (
	reasonFull   = "the queue is full"
	reasonOld    = "too old"
	reasonMemory = "the queue's memory is full and the disk does not take events"
	reasonLost   = "a file of the queue is damaged"
	reasonBlind  = "a file of the queue is damaged, which held at most so many events"
)

// roomPoll is how often an event that waits for the disk looks again.
const roomPoll = 100 * time.Millisecond

// room makes room for an event, or waits until there is some or ctx ends. Whatever
// leaves any log of the budget may have made it. l.mu is held, and given up while
// it waits.
func (l *Log) room(ctx context.Context, ev *event.Event) (waited bool, err error) {
	size := int64(ev.Size())
	if l.makeRoom(size, ev.Received, true) {
		return false, nil
	}
	var until time.Time // it waits for the disk
	if l.cfg.Store != nil {
		until = l.cfg.Clock.Now().Add(hopeFor)
	}
	for {
		room := l.cfg.Budget.wait()
		if l.makeRoom(size, ev.Received, l.cfg.Store == nil || l.cfg.Clock.Now().Before(until)) {
			l.cfg.Budget.waited()
			return true, nil
		}
		l.mu.Unlock()
		err := l.await(ctx, room)
		l.cfg.Budget.waited()
		l.mu.Lock()
		if err != nil {
			return true, err
		}
	}
}

// await waits until there may be room.
func (l *Log) await(ctx context.Context, room <-chan struct{}) error {
	var again <-chan time.Time
	if l.cfg.Store != nil {
		timer := l.cfg.Clock.NewTimer(roomPoll)
		defer timer.Stop()
		again = timer.C()
	}
	select {
	case <-room:
	case <-again:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// makeRoom drops what the bounds demand so that an event of size bytes fits,
// and reports whether it does now. hope says that the disk may be waited for.
func (l *Log) makeRoom(size int64, now time.Time, hope bool) bool {
	b := &l.cfg.Bounds
	if b.Age > 0 {
		l.expire(now.Add(-b.Age))
	}
	if !l.makeMemory(size, hope) {
		return false
	}
	for l.full(1, size) {
		if b.Policy == Block {
			return l.events == 0
		}
		if !l.giveWay() {
			// What remains is being delivered at this moment, or on disk alone
			// and dropped from there; one event over the bound beats a shard
			// that waits.
			return true
		}
	}
	// Files that are too large do not shrink at once: the tender sees to it.
	return b.Policy != Block || l.events == 0 || !l.overDisk()
}

// full reports whether something has to give way for more events of size bytes.
func (l *Log) full(events int, size int64) bool {
	return l.cfg.Budget.over(&l.cfg.Bounds, events, size) &&
		!l.cfg.Budget.fair(&l.cfg.Bounds, l.events+events, l.bytes+size)
}

// overDisk reports whether the files are too large, which they can be if much of
// what is in them is done with.
func (l *Log) overDisk() bool {
	return l.cfg.Budget.overDisk(&l.cfg.Bounds) && !l.cfg.Budget.fairPart(l.cfg.Bounds.Bytes, l.disk)
}

// makeMemory makes room in memory. Events leave it for the disk; if the disk
// takes them they are waited for, and if it does not, the policy decides.
func (l *Log) makeMemory(size int64, hope bool) bool {
	for l.crowded(size) {
		switch {
		case l.evict():
		case l.cfg.Store == nil || l.apart || l.fresh <= l.allowance():
			return true // all that is left is being delivered, or will be next
		case hope && l.tender.hopeful(l.cfg.Clock.Now()):
			l.hurry()
			return false
		case l.cfg.Bounds.Policy == Block:
			l.hurry()
			return false
		case !l.dropFresh():
			return true
		}
	}
	return true
}

// allowance is how many bytes of events may be in memory alone however crowded it
// is: to wait for the disk at every event would write a file for each.
func (l *Log) allowance() int64 {
	return min(chunkBytes, l.cfg.Bounds.Memory/(2*l.cfg.Budget.logs.Load()))
}

// crowded reports whether size more bytes are too many for the memory.
func (l *Log) crowded(size int64) bool {
	return l.cfg.Budget.overMemory(&l.cfg.Bounds, size) &&
		!l.cfg.Budget.fairPart(l.cfg.Bounds.Memory, l.memory()+size)
}

// hurry has everything saved that is there now.
func (l *Log) hurry() {
	l.tender.urgent = l.tail
	l.kick()
}

// expire drops undelivered events that are too old.
func (l *Log) expire(before time.Time) {
	for {
		c, e := l.find(aged)
		switch {
		case c == nil || !tooOld(c, e, before):
			return
		case e == nil: // on disk alone
			l.askToTrim()
			return
		}
		l.drop(c, e, reasonOld)
	}
}

// tooOld reports whether an event, or all of a chunk that is on disk alone, was
// received before an instant.
func tooOld(c *chunk, e *entry, before time.Time) bool {
	if e == nil {
		return c.newest.Before(before)
	}
	return e.ev.Received.Before(before)
}

// giveWay drops one event and reports whether there was one to drop at once.
func (l *Log) giveWay() bool {
	c, e, _ := l.next()
	switch {
	case c == nil:
		return false
	case e == nil: // on disk alone
		l.askToTrim()
		return false
	}
	l.drop(c, e, reasonFull)
	return true
}

// next is the event that has to give way next, and the search that finds it.
func (l *Log) next() (*chunk, *entry, search) {
	if l.cfg.Bounds.Policy == DropNoise && l.noise > 0 {
		if c, e := l.find(noise); c != nil {
			return c, e, noise
		}
	}
	c, e := l.find(oldest)
	return c, e, oldest
}

// dropFresh drops the event that has to give way next of those in memory alone,
// and reports whether there was one.
func (l *Log) dropFresh() bool {
	var c *chunk
	var e *entry
	if l.cfg.Bounds.Policy == DropNoise && l.noise > 0 {
		c, e = l.find(freshNoise)
	}
	if e == nil {
		c, e = l.find(freshOldest)
	}
	if e == nil {
		return false
	}
	l.drop(c, e, reasonMemory)
	return true
}

func (l *Log) askToTrim() {
	l.tender.trim = true
	l.kick()
}
