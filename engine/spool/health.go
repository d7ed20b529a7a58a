package spool

import (
	"sync"
	"sync/atomic"
	"time"
)

// health is what is measured of the store, over all logs of a [Budget].
type health struct {
	written, read atomic.Uint64 // bytes since start
	damaged       atomic.Int64  // files

	mu       sync.Mutex
	now, old time.Duration // the longest operation of this and the last half minute
}

func (h *health) took(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = max(h.now, d)
}

// turn begins another half minute.
func (h *health) turn() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.old, h.now = h.now, 0
}

func (h *health) slowest() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return max(h.now, h.old)
}
