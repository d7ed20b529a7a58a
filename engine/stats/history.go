package stats

import "math"

// Fold is how the values of a step become one.
type Fold uint8

// The folds.
const (
	Mean Fold = iota
	Greatest
)

// History keeps several series over one span in steps of equal length, in memory
// that does not grow. Steps begin where Unix time is a multiple of their length, so
// that they stay where they are. It is not safe for concurrent use.
type History struct {
	step  int64 // seconds
	steps int
	folds []Fold

	rings [][]float32 // by series; a step's place is its number modulo steps
	now   int64       // number of the step under way
	began bool
	sum   []float64 // of the step under way; of Greatest, the greatest
	n     []int     // values in sum
}

// NewHistory returns a history of so many steps, each step seconds long, with a
// series for each fold.
func NewHistory(step int64, steps int, folds ...Fold) *History {
	h := &History{step: step, steps: steps, folds: folds, sum: make([]float64, len(folds)), n: make([]int, len(folds))}
	for range folds {
		ring := make([]float32, steps)
		for i := range ring {
			ring[i] = float32(math.NaN())
		}
		h.rings = append(h.rings, ring)
	}
	return h
}

// Push adds a second's values, one for each series; NaN for what was not measured.
// Steps without a value are gaps. If the clock has gone back by more than a step,
// what is later than now is forgotten.
func (h *History) Push(second int64, values ...float64) {
	if at := second / h.step; !h.began || at != h.now {
		h.turn(at)
	}
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		switch {
		case h.folds[i] == Mean:
			h.sum[i] += v
		case h.n[i] == 0 || v > h.sum[i]:
			h.sum[i] = v
		}
		h.n[i]++
	}
	for i := range h.rings {
		h.rings[i][h.place(h.now)] = float32(h.value(i))
	}
}

// turn begins a step, and makes gaps of those between it and the last.
func (h *History) turn(at int64) {
	if h.began {
		from, to := h.now+1, at
		if at < h.now {
			from, to = at, h.now
		}
		for i := range h.rings {
			for s := max(from, to-int64(h.steps)+1); s <= to; s++ {
				h.rings[i][h.place(s)] = float32(math.NaN())
			}
		}
	}
	h.now, h.began = at, true
	for i := range h.sum {
		h.sum[i], h.n[i] = 0, 0
	}
}

func (h *History) place(step int64) int {
	n := int64(h.steps)
	return int((step%n + n) % n)
}

// value is that of the step under way.
func (h *History) value(i int) float64 {
	switch {
	case h.n[i] == 0:
		return math.NaN()
	case h.folds[i] == Mean:
		return h.sum[i] / float64(h.n[i])
	default:
		return h.sum[i]
	}
}

// Series is a copy of one series, oldest first, and the second in which its last
// step begins; no values before the first Push.
func (h *History) Series(i int) (values []float64, last int64) {
	if !h.began {
		return nil, 0
	}
	values = make([]float64, h.steps)
	for k := range values {
		values[k] = float64(h.rings[i][h.place(h.now-int64(h.steps-1-k))])
	}
	return values, h.now * h.step
}
