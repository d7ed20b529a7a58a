package discordtest

import (
	"math/rand/v2"
	"sort"
)

// mix draws kinds by weight.
type mix struct {
	kinds []kind
	upTo  []float64 // running sum of the weights
}

// newMix reads weights by name; names have been checked.
func newMix(weights map[string]float64) mix {
	var m mix
	sum := 0.0
	for k := kindMessage; k < kindCount; k++ {
		w := weights[k.String()]
		if w <= 0 {
			continue
		}
		sum += w
		m.kinds = append(m.kinds, k)
		m.upTo = append(m.upTo, sum)
	}
	return m
}

// draw picks a kind; ok is false if the mix is empty.
func (m mix) draw(r *rand.Rand) (k kind, ok bool) {
	if len(m.kinds) == 0 {
		return 0, false
	}
	x := r.Float64() * m.upTo[len(m.upTo)-1]
	i := sort.SearchFloat64s(m.upTo, x)
	return m.kinds[min(i, len(m.kinds)-1)], true
}
