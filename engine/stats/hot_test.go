package stats

import (
	"math/rand/v2"
	"testing"
)

// What is counted for certain is never more than what was there, and whatever is
// frequent is found.
func TestHotFindsWhatIsFrequentAndNeverCountsTooMuch(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		var h Hot
		real := map[uint64]uint64{}
		const n = 20_000
		for range n {
			id := 1 + r.Uint64N(2000)
			if r.IntN(4) == 0 {
				id = 5000 + r.Uint64N(4) // four make a quarter of all
			}
			real[id]++
			h.Add(id, 10)
		}
		top := h.Top(4)
		for i, got := range top {
			if got.ID < 5000 {
				t.Errorf("seed %d: %d is among the first four, with %d of %d", seed, got.ID, got.Count, real[got.ID])
			}
			if got.Count > real[got.ID] || got.Bytes > 10*real[got.ID] {
				t.Errorf("seed %d: %d was counted %d times, and came %d times", seed, got.ID, got.Count, real[got.ID])
			}
			if i > 0 && got.Count > top[i-1].Count {
				t.Errorf("seed %d: %v is out of order", seed, top)
			}
		}
	}
}

func TestHotIsExactWhileThereIsRoom(t *testing.T) {
	var h Hot
	for id := uint64(1); id <= hotSlots; id++ {
		for range id {
			h.Add(id, 2)
		}
	}
	for i, got := range h.Top(hotSlots) {
		if want := uint64(hotSlots - i); got.ID != want || got.Count != want || got.Bytes != 2*want {
			t.Errorf("place %d is %+v", i, got)
		}
	}
	if h.Reset(); len(h.Top(3)) != 0 {
		t.Error("something is left after a reset")
	}
}

func BenchmarkHot(b *testing.B) {
	var h Hot
	r := rand.New(rand.NewPCG(1, 1))
	ids := make([]uint64, 4096)
	for i := range ids {
		ids[i] = uint64(r.ExpFloat64() * 300)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.Add(ids[i%len(ids)], 1200)
	}
}
