package frame

import (
	"strings"

	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// Gauge is a bar of w cells that is as full as part is of whole. Something never
// looks like nothing, and only what is full looks full; of a whole of 0, which
// stands for no bound, nothing is.
func Gauge(part, whole int64, w int, g *style.Glyphs) string {
	if w <= 0 {
		return ""
	}
	n := 0
	switch {
	case whole <= 0 || part <= 0:
	case part >= whole:
		n = w
	default:
		n = max(1, int(float64(part)/float64(whole)*float64(w)))
	}
	return strings.Repeat(g.Gauge[1], n) + strings.Repeat(g.Gauge[0], w-n)
}
