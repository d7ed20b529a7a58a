package spool

import (
	"sync"
	"sync/atomic"
)

// Budget counts what several logs hold together, so that one busy worker may
// use the room that the others leave. It is safe for concurrent use.
type Budget struct {
	logs   atomic.Int64
	events atomic.Int64
	bytes  atomic.Int64

	waiters atomic.Int64
	mu      sync.Mutex
	room    chan struct{} // closed and replaced when room was made
}

func (b *Budget) add(bytes int64) {
	b.events.Add(1)
	b.bytes.Add(bytes)
}

// free gives room back, and tells the logs that wait for some.
func (b *Budget) free(bytes int64) {
	b.events.Add(-1)
	b.bytes.Add(-bytes)
	if b.waiters.Load() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.room != nil {
		close(b.room)
		b.room = nil
	}
}

// wait returns a channel that is closed when room is made after this call. Each
// call is followed by one of waited.
func (b *Budget) wait() <-chan struct{} {
	b.waiters.Add(1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.room == nil {
		b.room = make(chan struct{})
	}
	return b.room
}

func (b *Budget) waited() { b.waiters.Add(-1) }

// over reports whether one more event of size bytes passes the bounds.
func (b *Budget) over(bounds *Bounds, size int64) bool {
	return bounds.Events > 0 && b.events.Load()+1 > int64(bounds.Events) ||
		bounds.Bytes > 0 && b.bytes.Load()+size > bounds.Bytes
}

// fair reports whether a log that holds so much keeps within its part of the
// bounds. It need not give way then: those that hold more will, at their next
// event. All together thus stay below twice the bounds at the very worst.
func (b *Budget) fair(bounds *Bounds, events int, bytes int64) bool {
	logs := b.logs.Load()
	if logs < 2 {
		return false
	}
	return (bounds.Events == 0 || int64(events) <= int64(bounds.Events)/logs) &&
		(bounds.Bytes == 0 || bytes <= bounds.Bytes/logs)
}
