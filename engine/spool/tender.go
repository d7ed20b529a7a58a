package spool

import (
	"context"
	"math"
	"slices"
	"sync/atomic"
	"time"
)

// How the tender deals with a disk that does not work.
const (
	hopeFor     = time.Second // a write that takes longer is not waited for
	firstFault  = time.Second // until the next try after a failure; doubles
	longestWait = 5 * time.Second
	indexEvery  = time.Second     // how often it is saved how far the cursors are
	dirtyEvery  = 5 * time.Second // how often changed gap markers are saved, unless they must be
)

// tender is the state of the goroutine that works between a log and its store.
// The log's lock guards it, but for what says otherwise.
type tender struct {
	urgent uint64   // what stands before it is to be saved at once
	trim   bool     // something may have to be dropped that is on disk alone
	tell   bool     // gap markers speak for events of chunks that are gone
	wanted []*chunk // to be read back
	dirty  []*chunk // to be saved again

	fault      error // why the store does not take chunks
	faultSince time.Time
	faults     int // in a row
	retryAt    time.Time
	sweepAt    time.Time // files are not deleted before

	indexed   string    // the cursors as saved last
	indexedAt time.Time // when they were
	dirtiedAt time.Time // when gap markers were

	image image // belongs to the tender's goroutine

	// busySince is when the operation under way began, in Unix nanoseconds; 0 if
	// none is.
	busySince atomic.Int64
}

// faulty reports whether the store does not take chunks.
func (t *tender) faulty() bool { return t.fault != nil }

// hopeful reports whether the store can be expected to take chunks soon.
func (t *tender) hopeful(now time.Time) bool {
	since := t.busySince.Load()
	return t.fault == nil && (since == 0 || now.UnixNano()-since < int64(hopeFor))
}

// tend works until ctx ends, and then saves everything.
func (l *Log) tend(ctx context.Context) {
	for {
		select {
		case <-l.kicked:
			l.work()
		case <-ctx.Done():
			l.finish()
			return
		}
	}
}

// work does what there is to do. It returns when nothing is left, or must wait.
func (l *Log) work() {
	for again := true; again; {
		again = l.sweep()
		again = l.fetch() || again
		again = l.save() || again
		again = l.trim() || again
		again = l.join() || again
	}
	l.saveDirty(false)
	l.saveIndex(false)
	l.probe()
}

// finish saves all that is in memory alone, and exactly how far the cursors are.
func (l *Log) finish() {
	l.mu.Lock()
	l.tender.urgent = math.MaxUint64
	l.tender.retryAt, l.tender.sweepAt = time.Time{}, time.Time{}
	l.mu.Unlock()
	for l.save() {
	}
	l.saveDirty(true)
	for l.sweep() {
	}
	l.saveIndex(true)
}

// tick looks whether there is work for the tender, which costs little, and wakes
// it if there is.
func (l *Log) tick() {
	now := l.cfg.Clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if age := l.cfg.Bounds.Age; age > 0 {
		l.expire(now.Add(-age))
	}
	for l.crowded(0) && l.evict() {
	}
	t := &l.tender
	unindexed := (t.indexed != "" || l.firstUnsaved() > 0) && now.Sub(t.indexedAt) >= indexEvery
	unsaved := l.due(now) != nil || len(t.dirty) > 0 || t.faulty() && !t.waits(now)
	if unindexed || unsaved || len(l.trash) > 0 || t.trim || len(t.wanted) > 0 || l.overDisk() {
		l.kick()
	}
}

// begins notes that an operation on the store is under way, and returns what
// notes its end.
func (l *Log) begins() (end func()) {
	start := l.cfg.Clock.Now()
	l.tender.busySince.Store(start.UnixNano())
	return func() {
		l.tender.busySince.Store(0)
		l.health().took(l.cfg.Clock.Now().Sub(start))
	}
}

// sweepFiles is how many files are deleted before other work has its turn.
const sweepFiles = 32

// sweep deletes files that nobody needs any more, and reports whether there are
// more. If gap markers speak for what is in them, those are saved first.
func (l *Log) sweep() bool {
	l.mu.Lock()
	tell := l.tender.tell && len(l.trash) > 0
	l.mu.Unlock()
	if tell {
		l.saveDirty(true)
	}
	l.mu.Lock()
	n := min(len(l.trash), sweepFiles)
	if l.cfg.Clock.Now().Before(l.tender.sweepAt) {
		n = 0
	}
	names := slices.Clone(l.trash[:n])
	l.trash = slices.Delete(l.trash, 0, n)
	more := n > 0 && len(l.trash) > 0
	l.mu.Unlock()
	for i, name := range names {
		if err := l.remove(name); err != nil {
			l.keepTrash(names[i:], err)
			return false
		}
	}
	return more
}

func (l *Log) remove(name string) error {
	defer l.begins()()
	return l.cfg.Store.Delete(name)
}

// keepTrash leaves files for later that could not be deleted: they would be
// delivered again after a restart.
func (l *Log) keepTrash(names []string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cfg.Logger.Warn("a file of the queue cannot be deleted", "file", names[0], "error", err)
	l.trash = append(names, l.trash...)
	l.tender.sweepAt = l.cfg.Clock.Now().Add(longestWait)
}

// rescue takes a name off the list of files to be deleted, because it is written
// again. l.mu is held.
func (l *Log) rescue(name string) {
	l.trash = slices.DeleteFunc(l.trash, func(n string) bool { return n == name })
}
