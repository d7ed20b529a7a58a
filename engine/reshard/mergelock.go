package reshard

import "context"

// lock is a mutex for which one can stop waiting: an event that waits for room in
// a full queue keeps one for as long as that takes.
type lock chan struct{}

func newLock() lock { return make(lock, 1) }

// take reports whether it has the lock: it has not if ctx ends first.
func (l lock) take(ctx context.Context) bool {
	if l.try() {
		return true
	}
	select {
	case l <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// try takes the lock if it is free.
func (l lock) try() bool {
	select {
	case l <- struct{}{}:
		return true
	default:
		return false
	}
}

func (l lock) give() { <-l }

// lockAll takes all stripes, or none if ctx ends first.
func (m *Merge) lockAll(ctx context.Context) error {
	for i := range m.stripes {
		if !m.stripes[i].lock.take(ctx) {
			m.unlock(i)
			return ctx.Err()
		}
	}
	return nil
}

// unlock gives the first n stripes back.
func (m *Merge) unlock(n int) {
	for i := range n {
		m.stripes[i].lock.give()
	}
}
