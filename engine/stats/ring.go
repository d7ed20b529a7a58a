// Package stats keeps what a console shows of the recent past: rates, rings of
// samples, and histograms over a sliding window.
//
// Nothing here reads a clock: whoever samples says when. A [Histogram] may be
// used concurrently; rings and meters belong to their owner.
package stats

// Ring holds the last samples of a series.
type Ring struct {
	buf  []float64
	next int
	full bool
}

// NewRing returns a ring for n samples.
func NewRing(n int) *Ring { return &Ring{buf: make([]float64, n)} }

// Push adds a sample, in place of the oldest if the ring is full.
func (r *Ring) Push(v float64) {
	r.buf[r.next] = v
	r.next++
	if r.next == len(r.buf) {
		r.next, r.full = 0, true
	}
}

// Samples is a copy of the samples, oldest first.
func (r *Ring) Samples() []float64 {
	if !r.full {
		return append([]float64(nil), r.buf[:r.next]...)
	}
	return append(append(make([]float64, 0, len(r.buf)), r.buf[r.next:]...), r.buf[:r.next]...)
}

// rateWindow is the number of samples that a meter's rate looks back.
const rateWindow = 5

// Meter turns a growing counter, sampled once a second, into a rate.
type Meter struct {
	samples [rateWindow + 1]uint64
	n       int // samples taken, at most len(samples)
}

// Sample notes the counter's value now and returns its growth since the last
// sample.
func (m *Meter) Sample(count uint64) float64 {
	var grown float64
	if m.n > 0 {
		grown = float64(count - m.samples[m.n-1])
	}
	if m.n == len(m.samples) {
		copy(m.samples[:], m.samples[1:])
		m.n--
	}
	m.samples[m.n] = count
	m.n++
	return grown
}

// Rate is the growth per second over the last five samples.
func (m *Meter) Rate() float64 {
	if m.n < 2 {
		return 0
	}
	return float64(m.samples[m.n-1]-m.samples[0]) / float64(m.n-1)
}
