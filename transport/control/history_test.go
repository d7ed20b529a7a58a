package control

import (
	"math"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Gaps come over the wire as gaps.
func TestAHistoryComesOverTheWire(t *testing.T) {
	ctx := t.Context()
	e := &engine{}
	c := open(t, e).client(t)
	for _, r := range ops.HistoryRanges() {
		want, _ := e.History(ctx, r)
		got, err := c.History(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		if got.Range != r || !got.End.Equal(want.End) || len(got.Lag) != r.Steps() {
			t.Errorf("%v: %v to %v, %d steps", r, got.Range, got.End, len(got.Lag))
		}
		for i := range want.Lag {
			if a, b := got.Lag[i], want.Lag[i]; a != b && !(math.IsNaN(a) && math.IsNaN(b)) {
				t.Fatalf("%v, step %d: %v, want %v", r, i, a, b)
			}
		}
	}
}
