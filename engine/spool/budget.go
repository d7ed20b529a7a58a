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
	bytes  atomic.Int64 // of events, wherever they are
	cold   atomic.Int64 // of those on disk alone
	disk   atomic.Int64 // of files
	files  atomic.Int64

	spares  spares
	health  health
	waiters atomic.Int64
	mu      sync.Mutex
	room    chan struct{} // closed and replaced when room was made
}

// add books events, or with negative figures their end.
func (b *Budget) add(events int, bytes int64) {
	b.events.Add(int64(events))
	b.bytes.Add(bytes)
	if bytes < 0 || events < 0 {
		b.madeRoom()
	}
}

// addCold books bytes that are on disk alone from now on, or with a negative
// figure those that are not any more.
func (b *Budget) addCold(bytes int64) {
	b.cold.Add(bytes)
	if bytes > 0 {
		b.madeRoom()
	}
}

// memory is the bytes of events in memory.
func (b *Budget) memory() int64 { return b.bytes.Load() - b.cold.Load() }

// addFile books a file, or with -1 and a negative size its end.
func (b *Budget) addFile(n int, bytes int64) {
	b.files.Add(int64(n))
	b.disk.Add(bytes)
	if bytes < 0 {
		b.madeRoom()
	}
}

// madeRoom tells the logs that wait for some.
func (b *Budget) madeRoom() {
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

// over reports whether more events of so many bytes pass the bounds.
func (b *Budget) over(bounds *Bounds, events int, size int64) bool {
	return bounds.Events > 0 && b.events.Load()+int64(events) > int64(bounds.Events) ||
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

// overDisk reports whether the files pass the bound on bytes.
func (b *Budget) overDisk(bounds *Bounds) bool {
	return bounds.Bytes > 0 && b.disk.Load() > bounds.Bytes
}

// overMemory reports whether size more bytes in memory pass the bound.
func (b *Budget) overMemory(bounds *Bounds, size int64) bool {
	return bounds.Memory > 0 && b.memory()+size > bounds.Memory
}

// fairPart reports whether so much is at most a log's part of a bound that is
// shared, for what fair does not count.
func (b *Budget) fairPart(bound, bytes int64) bool {
	logs := b.logs.Load()
	return logs > 1 && bytes <= bound/logs
}
