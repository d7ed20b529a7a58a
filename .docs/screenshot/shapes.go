package main

import (
	"fmt"
	"strings"
)

// A cell in pixels. Whole numbers keep neighbouring cells without a seam.
const (
	cellWidth  = 9
	cellHeight = 19
)

// Line widths of box drawing, in pixels.
const (
	lightLine = 1.2
	heavyLine = 2.4
)

// shape is the geometry of one character that is drawn instead of set in type:
// fonts disagree about these, and a frame with gaps is no frame.
type shape struct {
	fill   string  // a path that is filled
	stroke string  // a path that is stroked
	width  float64 // of the stroke
}

// shapeOf returns the shape of a character at a cell's upper left corner.
func shapeOf(r rune, x, y int) (shape, bool) {
	switch {
	case r >= 0x2800 && r <= 0x28ff:
		return shape{fill: brailleDots(r, x, y)}, true
	case r >= 0x2580 && r <= 0x259f:
		d := block(r, x, y)
		return shape{fill: d}, d != ""
	}
	if d := roundCorner(r, x, y); d != "" {
		return shape{stroke: d, width: lightLine}, true
	}
	if arms, ok := boxArms(r); ok {
		return boxLines(arms, x, y), true
	}
	return shape{}, false
}

// brailleDots draws the dots of a braille pattern. Unicode numbers the upper
// six down the columns and adds the lowest row afterwards.
func brailleDots(r rune, x, y int) string {
	const size = 2.2
	var b strings.Builder
	for bit, at := range [8][2]int{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {0, 3}, {1, 3}} {
		if (r-0x2800)>>bit&1 == 0 {
			continue
		}
		cx := float64(x) + cellWidth*(0.25+0.5*float64(at[0]))
		cy := float64(y) + cellHeight*(0.125+0.25*float64(at[1]))
		b.WriteString(rectangle(cx-size/2, cy-size/2, size, size))
	}
	return b.String()
}

// block draws the block elements that divide a cell; empty for the shades.
func block(r rune, x, y int) string {
	left, top := float64(x), float64(y)
	const w, h = float64(cellWidth), float64(cellHeight)
	switch {
	case r == '▀':
		return rectangle(left, top, w, h/2)
	case r == '▐':
		return rectangle(left+w/2, top, w/2, h)
	case r == '▔':
		return rectangle(left, top, w, h/8)
	case r == '▕':
		return rectangle(left+w*7/8, top, w/8, h)
	case r >= '▁' && r <= '█':
		part := h * float64(r-'▁'+1) / 8
		return rectangle(left, top+h-part, w, part)
	case r >= '▉' && r <= '▏':
		return rectangle(left, top, w*float64('▏'-r+1)/8, h)
	case r >= '▖':
		return quadrants(r, left, top, w/2, h/2)
	}
	return ""
}

// quadrants draws ▖ to ▟: bits upper left, upper right, lower left, lower right.
func quadrants(r rune, left, top, w, h float64) string {
	bits := [...]int{4, 8, 1, 13, 9, 7, 11, 2, 6, 14}[r-'▖']
	d := ""
	for i := range 4 {
		if bits>>i&1 == 1 {
			d += rectangle(left+w*float64(i%2), top+h*float64(i/2), w, h)
		}
	}
	return d
}

func roundCorner(r rune, x, y int) string {
	cx, cy := float64(x)+cellWidth/2.0, float64(y)+cellHeight/2.0
	const radius = cellWidth / 2.0
	dx, dy := 0.0, 0.0 // towards the ends of the arc
	switch r {
	case '╭':
		dx, dy = 1, 1
	case '╮':
		dx, dy = -1, 1
	case '╰':
		dx, dy = 1, -1
	case '╯':
		dx, dy = -1, -1
	default:
		return ""
	}
	return fmt.Sprintf("M%s %sV%sQ%s %s %s %s", number(cx), number(cy+dy*cellHeight/2), number(cy+dy*radius),
		number(cx), number(cy), number(cx+dx*radius), number(cy))
}

// arms are the four half lines of a box drawing character: up, right, down,
// left, each absent (0), light (1) or heavy (2).
type arms [4]int

// boxArms knows the plain light and heavy characters; mixed ones are left to
// the font.
func boxArms(r rune) (arms, bool) {
	const light, heavy = "─│┌┐└┘├┤┬┴┼╵╶╷╴", "━┃┏┓┗┛┣┫┳┻╋╹╺╻╸"
	shapes := [...]arms{
		{0, 1, 0, 1}, {1, 0, 1, 0}, {0, 1, 1, 0}, {0, 0, 1, 1}, {1, 1, 0, 0}, {1, 0, 0, 1},
		{1, 1, 1, 0}, {1, 0, 1, 1}, {0, 1, 1, 1}, {1, 1, 0, 1}, {1, 1, 1, 1},
		{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1},
	}
	for weight, set := range []string{light, heavy} {
		if i := strings.IndexRune(set, r); i >= 0 {
			a := shapes[i/len("─")]
			for arm := range a {
				a[arm] *= weight + 1
			}
			return a, true
		}
	}
	return arms{}, false
}

func boxLines(a arms, x, y int) shape {
	cx, cy := float64(x)+cellWidth/2.0, float64(y)+cellHeight/2.0
	ends := [4][2]float64{{cx, float64(y)}, {float64(x + cellWidth), cy}, {cx, float64(y + cellHeight)}, {float64(x), cy}}
	s := shape{width: lightLine}
	for i, arm := range a {
		if arm == 0 {
			continue
		}
		if arm == 2 {
			s.width = heavyLine
		}
		s.stroke += "M" + number(cx) + " " + number(cy) + "L" + number(ends[i][0]) + " " + number(ends[i][1])
	}
	return s
}

func rectangle(x, y, w, h float64) string {
	return "M" + number(x) + " " + number(y) + "h" + number(w) + "v" + number(h) + "h" + number(-w) + "z"
}

// number writes a coordinate with at most two places.
func number(v float64) string {
	s := strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}
