package frame

import (
	"strings"

	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// Series is a curve of one value a step, oldest first; NaN for none.
type Series struct {
	Values []float64
	Step   int     // seconds that a value stands for; 0 for one
	Span   int     // seconds that the whole width stands for
	End    int64   // number of the second of the last value; anchors the columns
	Top    float64 // end of the axis
}

// step is how many seconds a value stands for.
func (s Series) step() int64 { return int64(max(1, s.Step)) }

// perColumn is how many seconds one of n columns stands for: a whole number of
// steps.
func (s Series) perColumn(n int) int64 {
	step := s.step()
	return max(1, (int64(s.Span)+int64(n)*step-1)/(int64(n)*step)) * step
}

// Chart draws a series as a filled curve of w×h cells. Columns stand for fixed
// stretches of time, the greatest value of each, so that the curve moves on
// without shimmering. Along its bottom stands a sign of its own where nothing was
// measured.
func Chart(s Series, w, h int, g *style.Glyphs) []string {
	if w <= 0 || h <= 0 {
		return nil
	}
	if g.Kind == style.Braille {
		return braille(s, w, h, g)
	}
	return bars(s, w, h, g)
}

// Reach is how many cells of w a chart of this series fills if each column
// stands for a whole number of seconds; the rest would be empty.
func (s Series) Reach(w int, g *style.Glyphs) int {
	per := 1
	if g.Kind == style.Braille {
		per = 2
	}
	n := w * per
	if n <= 0 {
		return 0
	}
	step := int(s.perColumn(n))
	used := (s.Span + step - 1) / step
	return min(w, (used+per-1)/per)
}

// columns folds the series into n columns, the newest last; -1 where there is no value.
func (s Series) columns(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = -1
	}
	step := s.perColumn(n)
	last := s.End / step
	for i, v := range s.Values {
		second := s.End - int64(len(s.Values)-1-i)*s.step()
		if c := n - 1 - int(last-second/step); c >= 0 && c < n && v > out[c] { // not so NaN
			out[c] = v
		}
	}
	return out
}

// bars draws columns in eighths of blocks, or in ASCII levels.
func bars(s Series, w, h int, g *style.Glyphs) []string {
	per := len(g.Levels) - 1
	columns := s.columns(w)
	lines := make([]string, h)
	var sb strings.Builder
	for y := range h {
		sb.Reset()
		below := (h - 1 - y) * per
		for _, v := range columns {
			n := level(v, s.Top, h*per) - below
			if v < 0 && below == 0 {
				sb.WriteString(g.Gap)
				continue
			}
			sb.WriteString(g.Levels[min(per, max(0, n))])
		}
		lines[y] = sb.String()
	}
	return lines
}

// braille draws two columns a cell with four dots each.
func braille(s Series, w, h int, g *style.Glyphs) []string {
	columns := s.columns(2 * w)
	// Dots of a column from the bottom up, left and right half of a cell.
	dots := [2][5]rune{{0, 0x40, 0x44, 0x46, 0x47}, {0, 0x80, 0xa0, 0xb0, 0xb8}}
	lines := make([]string, h)
	var sb strings.Builder
	for y := range h {
		sb.Reset()
		below := (h - 1 - y) * 4
		for x := range w {
			r := rune(0x2800)
			for half := range 2 {
				n := level(columns[2*x+half], s.Top, h*4) - below
				r |= dots[half][min(4, max(0, n))]
			}
			switch {
			case r != 0x2800:
				sb.WriteRune(r)
			case below == 0 && columns[2*x] < 0 && columns[2*x+1] < 0:
				sb.WriteString(g.Gap)
			default:
				sb.WriteByte(' ')
			}
		}
		lines[y] = sb.String()
	}
	return lines
}

// Column is the cell of a chart w cells wide in which a second lies; false if it
// is not in sight.
func (s Series) Column(second int64, w int, g *style.Glyphs) (int, bool) {
	per := 1
	if g.Kind == style.Braille {
		per = 2
	}
	n := w * per
	if n <= 0 {
		return 0, false
	}
	step := s.perColumn(n)
	c := n - 1 - int(s.End/step-second/step)
	return c / per, c >= 0 && c < n
}
