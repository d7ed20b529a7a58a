package main

import (
	"fmt"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
)

// picture is a copy of a screen.
type picture struct {
	width, height int
	cells         []cell // row by row
}

// cell is one position of the screen with its colours resolved.
type cell struct {
	text      string // a grapheme; empty in the second half of a wide one
	wide      bool
	fg, bg    string // "#rrggbb"
	bold      bool
	faint     bool
	italic    bool
	underline bool
	strike    bool
}

func newCell(c *uv.Cell) cell {
	if c == nil {
		return cell{text: " ", fg: hex(foreground), bg: hex(background)}
	}
	s := c.Style
	out := cell{
		text: c.Content, wide: c.Width > 1,
		fg: hexOr(s.Fg, foreground), bg: hexOr(s.Bg, background),
		bold: s.Attrs&uv.AttrBold != 0, faint: s.Attrs&uv.AttrFaint != 0, italic: s.Attrs&uv.AttrItalic != 0,
		underline: s.Underline != uv.UnderlineNone, strike: s.Attrs&uv.AttrStrikethrough != 0,
	}
	if s.Attrs&uv.AttrReverse != 0 {
		out.fg, out.bg = out.bg, out.fg
	}
	if s.Attrs&uv.AttrConceal != 0 {
		out.text = " "
	}
	return out
}

// blank tells whether nothing is drawn on the cell's background.
func (c cell) blank() bool {
	return strings.TrimSpace(c.text) == "" && !c.underline && !c.strike
}

// look is what two cells must share to be set as one text.
func (c cell) look() cell {
	c.text, c.bg, c.wide = "", "", false
	return c
}

func (p *picture) at(x, y int) cell { return p.cells[y*p.width+x] }

// text is the screen without colours, one line a row.
func (p *picture) text() string {
	var b strings.Builder
	for y := range p.height {
		var line strings.Builder
		for x := range p.width {
			line.WriteString(p.at(x, y).text)
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

func hexOr(c, otherwise color.Color) string {
	if c == nil {
		c = otherwise
	}
	return hex(c)
}

func hex(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
