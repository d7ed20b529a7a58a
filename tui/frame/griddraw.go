package frame

import (
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// Cell is what one shard looks like in the grid.
type Cell struct {
	Sign   uint8 // index into Palette.Signs
	Look   uint8 // index into Palette.Looks
	Rank   uint8 // the greatest is shown where several share a cell
	Marked bool
}

// RankCalm is the greatest rank of a shard that needs no sign of its own where
// two share a cell.
const RankCalm = 1

// Palette is what the cells' indices stand for.
type Palette struct {
	Signs     []string
	Looks     []style.Style
	Selection style.Style
	Dim       style.Style // labels
	Half      string      // upper half block
}

// run writes cells with as few escape sequences as there are changes of look.
type run struct {
	sb   strings.Builder
	last string // sequence in force; empty for none
}

func (r *run) put(on, sign string) {
	if on != r.last {
		if r.last != "" {
			r.sb.WriteString(style.Reset)
		}
		r.sb.WriteString(on)
		r.last = on
	}
	r.sb.WriteString(sign)
}

func (r *run) end() {
	if r.last != "" {
		r.sb.WriteString(style.Reset)
	}
	r.last = ""
}

// Draw draws the grid into w×h cells, with cells by index and a cursor on one
// of them (-1 for none). Tiles are not its affair.
func (g Grid) Draw(cells []Cell, cursor int, p Palette, w, h int) Block {
	out := Block{W: w, Lines: make([]string, 0, h)}
	if g.Ruler > 0 && h > 0 {
		out.Lines = append(out.Lines, p.Dim.Paint(g.ruler(w)))
	}
	pen := looks(p, g.Kind == GridHalves)
	for row := 0; row < g.Rows && len(out.Lines) < h; row++ {
		out.Lines = append(out.Lines, g.line(cells, cursor, row, p, pen, w))
	}
	for len(out.Lines) < h {
		out.Lines = append(out.Lines, Blank(w))
	}
	return out
}

// pens are the sequences of every look, alone and of each pair for half blocks;
// those of a pair are made when they are first needed.
type pens struct {
	on, marked []string
	pair       [][]string
}

func looks(p Palette, pairs bool) pens {
	var pen pens
	for _, l := range p.Looks {
		pen.on = append(pen.on, l.On())
		pen.marked = append(pen.marked, l.Underlined().Bold().On())
		if pairs {
			pen.pair = append(pen.pair, make([]string, len(p.Looks)))
		}
	}
	return pen
}

// over is the sequence of one look above another in a cell.
func (p pens) over(looks []style.Style, top, low uint8) string {
	at := &p.pair[top][low]
	if *at == "" {
		*at = looks[top].On() + looks[low].OnBackground()
	}
	return *at
}

func (g Grid) line(cells []Cell, cursor, row int, p Palette, pen pens, w int) string {
	var r run
	r.sb.Grow(w * 4)
	used := 0
	if g.Label > 0 {
		id := strconv.Itoa(g.First + row*g.Cols*g.Per)
		r.put(p.Dim.On(), Right(id, g.Label-1)+" ")
		used = g.Label
	}
	for col := range g.Cols {
		on, sign, ok := g.cell(cells, cursor, row, col, p, pen)
		if !ok {
			break
		}
		r.put(on, sign)
		used++
		if g.CellW == 2 && used < w {
			r.sb.WriteByte(' ')
			used++
		}
	}
	r.end()
	r.sb.WriteString(Blank(w - used))
	return r.sb.String()
}

// cell is the sequence and the sign of one cell; false beyond the last shard.
func (g Grid) cell(cells []Cell, cursor, row, col int, p Palette, pen pens) (on, sign string, ok bool) {
	if g.Kind == GridHalves {
		return g.halves(cells, cursor, row, col, p, pen)
	}
	i := (row*g.Cols + col) * g.Per
	if i >= len(cells) {
		return "", "", false
	}
	c, here := cells[i], i == cursor
	for j := i + 1; j < i+g.Per && j < len(cells); j++ {
		if cells[j].Rank > c.Rank {
			c = cells[j]
		}
		here = here || j == cursor
	}
	on, sign = single(c, here, p, pen)
	return on, sign, true
}

func single(c Cell, here bool, p Palette, pen pens) (on, sign string) {
	switch {
	case here:
		on = p.Selection.On()
	case c.Marked:
		on = pen.marked[c.Look]
	default:
		on = pen.on[c.Look]
	}
	return on, p.Signs[c.Sign]
}

// halves draws two shards in a cell: as two half blocks while both are calm,
// else the sign of the worse one, so that trouble is never only a colour.
func (g Grid) halves(cells []Cell, cursor, row, col int, p Palette, pen pens) (on, sign string, ok bool) {
	i := row*2*g.Cols + col
	j := i + g.Cols
	if i >= len(cells) {
		return "", "", false
	}
	top := cells[i]
	if j >= len(cells) {
		on, sign = single(top, i == cursor, p, pen)
		if i != cursor && top.Rank <= RankCalm && !top.Marked {
			sign = p.Half
		}
		return on, sign, true
	}
	low := cells[j]
	calm := top.Rank <= RankCalm && low.Rank <= RankCalm && !top.Marked && !low.Marked
	switch {
	case i == cursor:
		on, sign = single(top, true, p, pen)
	case j == cursor:
		on, sign = single(low, true, p, pen)
	case calm:
		on, sign = pen.over(p.Looks, top.Look, low.Look), p.Half
	case low.Rank > top.Rank || (low.Marked && !top.Marked):
		on, sign = single(low, false, p, pen)
	default:
		on, sign = single(top, false, p, pen)
	}
	return on, sign, true
}

// ruler numbers the columns, each tenth of them.
func (g Grid) ruler(w int) string {
	line := []byte(Blank(w))
	for col := 0; col < g.Cols; col += 10 {
		mark := strconv.Itoa(col)
		at := g.Label + col*g.CellW
		if at+len(mark) <= w {
			copy(line[at:], mark)
		}
	}
	return string(line)
}
