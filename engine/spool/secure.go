package spool

import (
	"context"
	"fmt"
)

// Secure has everything stored that is in memory alone now, but for generations
// that are not promoted, and returns once all of it is stored or acknowledged. If
// ctx ends before that, the error says why it is not. Without a store it returns nil
// at once.
func (q *Queue) Secure(ctx context.Context) error {
	if q.cfg.Store == nil {
		return nil
	}
	logs := q.all()
	tails := make([]uint64, len(logs))
	for i, l := range logs { // all at once
		tails[i] = l.secure()
	}
	for i, l := range logs {
		if err := l.safe(ctx, tails[i]); err != nil {
			return fmt.Errorf("events of the queue are in memory alone: %w", l.unsafe(err))
		}
	}
	return nil
}

// secure has everything saved and returns the position behind it.
func (l *Log) secure() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.isSafe(l.tail) {
		l.hurry()
	}
	return l.tail
}

// unsafe is why something is not saved: the store's fault, or else err.
func (l *Log) unsafe(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tender.faulty() {
		return l.tender.fault
	}
	return err
}

// safe waits until nothing before a position is in memory alone, or ctx ends.
func (l *Log) safe(ctx context.Context, before uint64) error {
	for {
		l.mu.Lock()
		safe, safer := l.isSafe(before), l.safer
		if !safe && safer == nil {
			safer = make(chan struct{})
			l.safer = safer
		}
		l.mu.Unlock()
		if safe {
			return nil
		}
		select {
		case <-safer:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// isSafe reports whether nothing before a position is in memory alone. l.mu is
// held.
func (l *Log) isSafe(before uint64) bool {
	if l.cfg.Store == nil {
		return true
	}
	i := l.firstUnsaved()
	return i == len(l.chunks) || l.chunks[i].live == 0 || l.chunks[i].first >= before
}

// isSafer tells who waits that less is in memory alone. l.mu is held.
func (l *Log) isSafer() {
	if l.safer != nil {
		close(l.safer)
		l.safer = nil
	}
}
