package stats

import (
	"math/bits"
	"sync"
	"time"
)

// A histogram's buckets are the microseconds' leading bit and the three that
// follow: each is at most an eighth wide, and two hours fit.
const (
	subBits = 3
	buckets = 32 << subBits
)

// slots is how many parts a window has; the oldest is forgotten as a whole.
const slots = 6

// Histogram counts durations over a sliding window and answers quantiles within
// 12.5 %. The zero value is ready.
type Histogram struct {
	mu    sync.Mutex
	parts [slots][buckets]uint32
	total [slots]uint32
	now   int
}

// Observe counts one duration.
func (h *Histogram) Observe(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.parts[h.now][bucketOf(d)]++
	h.total[h.now]++
}

// Turn begins a new part of the window and forgets the oldest. Called every ten
// seconds, the window is a minute.
func (h *Histogram) Turn() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = (h.now + 1) % slots
	h.parts[h.now] = [buckets]uint32{}
	h.total[h.now] = 0
}

// Quantiles answers each of qs, which ascend from 0 to 1. It returns zeros if
// nothing has been counted.
func (h *Histogram) Quantiles(qs ...float64) []time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]time.Duration, len(qs))
	var total uint64
	for _, n := range h.total {
		total += uint64(n)
	}
	if total == 0 {
		return out
	}
	var seen uint64
	next := 0
	for b := 0; b < buckets && next < len(qs); b++ {
		for _, part := range h.parts {
			seen += uint64(part[b])
		}
		for next < len(qs) && seen > 0 && float64(seen) >= qs[next]*float64(total) {
			out[next] = valueOf(b)
			next++
		}
	}
	return out
}

func bucketOf(d time.Duration) int {
	us := uint64(max(d.Microseconds(), 0))
	if us < 1<<subBits {
		return int(us)
	}
	top := bits.Len64(us) - 1
	b := (top-subBits+1)<<subBits | int(us>>(top-subBits))&(1<<subBits-1)
	return min(b, buckets-1)
}

// valueOf is the middle of a bucket.
func valueOf(b int) time.Duration {
	if b < 1<<subBits {
		return time.Duration(b) * time.Microsecond
	}
	shift := b>>subBits - 1
	low := uint64(1<<subBits|b&(1<<subBits-1)) << shift
	return time.Duration(low+(1<<shift)/2) * time.Microsecond
}
