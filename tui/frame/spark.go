package frame

import (
	"math"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// Spark draws the newest w values as bars of one line, right-aligned, on a
// scale from 0 to top. A top of 0 scales to the greatest value.
func Spark(values []float64, w int, top float64, g *style.Glyphs) string {
	if w <= 0 {
		return ""
	}
	values = values[max(0, len(values)-w):]
	if top <= 0 {
		top = greatest(values)
	}
	var sb strings.Builder
	sb.WriteString(Blank(w - len(values)))
	for _, v := range values {
		sb.WriteString(g.Levels[level(v, top, len(g.Levels)-1)])
	}
	return sb.String()
}

// level maps v in [0, top] to 0..n; a value above zero is at least 1, so that
// something never looks like nothing.
func level(v, top float64, n int) int {
	if v <= 0 || top <= 0 || math.IsNaN(v) {
		return 0
	}
	return min(n, max(1, int(math.Round(v/top*float64(n)))))
}

func greatest(values []float64) float64 {
	top := 0.0
	for _, v := range values {
		if v > top { // not so NaN
			top = v
		}
	}
	return top
}

// Nice is the least of 1, 2, 5, 10, 20, 50 … times unit that is not below v: the
// end of an axis that a person can read.
func Nice(v, unit float64) float64 {
	if v <= unit || math.IsNaN(v) || math.IsInf(v, 0) {
		return unit
	}
	decade := unit * math.Pow(10, math.Floor(math.Log10(v/unit)))
	for _, step := range []float64{1, 2, 5, 10} {
		if v <= decade*step*(1+1e-9) {
			return decade * step
		}
	}
	return decade * 10
}
