package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// naive keeps every value of every second.
type naive map[int64][2]float64

func (n naive) step(step, at int64, series int) float64 {
	sum, most, k := 0.0, math.Inf(-1), 0
	for s := at * step; s < (at+1)*step; s++ {
		v, ok := n[s]
		if !ok || math.IsNaN(v[series]) {
			continue
		}
		sum, most, k = sum+v[series], max(most, v[series]), k+1
	}
	switch {
	case k == 0:
		return math.NaN()
	case series == 0:
		return sum / float64(k)
	default:
		return most
	}
}

// A history says what one would that forgets nothing, over gaps and jumps.
func TestHistoryIsWhatWasMeasured(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 7))
		step, steps := int64(1+r.IntN(12)), 5+r.IntN(40)
		h, all := NewHistory(step, steps, Mean, Greatest), naive{}
		at := int64(1_790_000_000) + r.Int64N(1000)
		for range 400 {
			switch {
			case r.IntN(40) == 0:
				at += r.Int64N(3 * step * int64(steps)) // the engine was away
			case r.IntN(60) == 0: // the clock goes back
				oldest := (at-1)/step - int64(steps) + 1 // what was kept before
				at -= r.Int64N(4 * step)
				for s := range all {
					if s/step >= at/step || s/step < oldest {
						delete(all, s)
					}
				}
				h.turn(at / step)
			}
			v := [2]float64{float64(r.IntN(1000)), float64(r.IntN(1000))}
			if r.IntN(9) == 0 {
				v[1] = math.NaN()
			}
			all[at] = v
			h.Push(at, v[0], v[1])
			at++
		}
		for series := range 2 {
			got, last := h.Series(series)
			if len(got) != steps || last != (at-1)/step*step {
				t.Fatalf("seed %d: %d values to %d, want %d to %d", seed, len(got), last, steps, (at-1)/step*step)
			}
			for k, v := range got {
				want := all.step(step, last/step-int64(steps-1-k), series)
				if math.IsNaN(v) != math.IsNaN(want) || math.Abs(v-want) > .001 {
					t.Fatalf("seed %d, series %d, step %d of %d: %v, want %v", seed, series, k, steps, v, want)
				}
			}
		}
	}
}

func TestHistoryTakesNoMemoryForADay(t *testing.T) {
	h := NewHistory(300, 288, Mean, Greatest)
	at := int64(1_790_000_000)
	if n := testing.AllocsPerRun(86_400, func() { h.Push(at, 1, 2); at++ }); n != 0 {
		t.Errorf("%v allocations a second", n)
	}
	if values, _ := NewHistory(1, 3, Mean).Series(0); values != nil {
		t.Errorf("%v before anything was measured", values)
	}
}

func BenchmarkHistoryPush(b *testing.B) {
	h := NewHistory(10, 360, Mean, Mean, Mean, Greatest, Greatest, Greatest)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.Push(int64(i), 1, 2, 3, 4, 5, 6)
	}
}

// What a history of an hour costs who asks for it: its six series.
func BenchmarkHistorySeries(b *testing.B) {
	h := NewHistory(10, 360, Mean, Mean, Mean, Greatest, Greatest, Greatest)
	for second := range int64(3600) {
		h.Push(second, 1, 2, 3, 4, 5, 6)
	}
	b.ReportAllocs()
	for b.Loop() {
		for i := range 6 {
			h.Series(i)
		}
	}
}
