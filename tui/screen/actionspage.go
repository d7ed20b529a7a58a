package screen

import (
	"strconv"
	"time"

	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// Deed is an action of a person, or of the engine by itself, with what came of it.
type Deed struct {
	At     time.Time
	By     string // who; empty for the engine itself
	What   string
	Result string
	Took   time.Duration // until it ended; 0 if that is not known
	Bad    bool
	Open   bool // under way
}

// ActionsPage is a row for each action, the newest first.
type ActionsPage struct {
	Deeds  []Deed
	Cursor int
}

// Draw is the page of w×h cells.
func (p ActionsPage) Draw(l Look, w, h int) frame.Block {
	box := frame.Box{Title: l.S.Title.Paint("actions") + " " + strconv.Itoa(len(p.Deeds)) + l.sep() + l.label("newest first"), Focus: true,
		Note: l.S.Key.Paint("esc") + l.label(" back")}
	if len(p.Deeds) == 0 {
		return box.Draw(frame.NewBlock([]string{"", l.label(" nothing has been done yet"), "",
			l.label(" Here stands what people do in a console or by ctl,"), l.label(" and what the engine does by itself.")}, w-2, h-2), l.S, l.G)
	}
	columns := p.columns(w - 6)
	lines := []string{"   " + heading(l, columns)}
	room := p.Room(h)
	first := firstRow(p.Cursor, len(p.Deeds), room)
	for i := first; i < len(p.Deeds) && i < first+room; i++ {
		lines = append(lines, cursored(l, i == p.Cursor, columnsLine(l, columns, &p.Deeds[i])))
	}
	if n := len(p.Deeds); n > room {
		box.Foot = l.label("rows ") + strconv.Itoa(first+1) + "-" + strconv.Itoa(min(n, first+room)) + l.label(" of "+strconv.Itoa(n))
	}
	return box.Draw(frame.NewBlock(lines, w-2, h-2), l.S, l.G)
}

// Room is how many rows a page of h lines shows.
func (p ActionsPage) Room(h int) int { return max(1, h-3) }

// At is the row that stands on a line of the page.
func (p ActionsPage) At(y, h int) (row int, ok bool) {
	row = firstRow(p.Cursor, len(p.Deeds), p.Room(h)) + y - 2
	return row, y >= 2 && y < h-1 && row < len(p.Deeds)
}

func (p ActionsPage) columns(w int) []column[Deed] {
	all := fitColumns([]column[Deed]{
		{name: "time", w: 8, cell: func(l Look, d *Deed) string { return l.label(l.clock(d.At)) }},
		{name: "who", w: 14, left: true, rank: 1, cell: func(l Look, d *Deed) string {
			if d.By == "" {
				return l.label("by itself")
			}
			return frame.Clean(d.By)
		}},
		{name: "took", w: 6, rank: 2, cell: func(l Look, d *Deed) string {
			if d.Took == 0 {
				return l.label(l.G.Dash)
			}
			return frame.Duration(d.Took)
		}},
		{name: "  what", w: 24, left: true, cell: func(l Look, d *Deed) string { return deedSign(l, d) + " " + frame.Clean(d.What) }},
		{name: "result", w: 0, left: true, cell: func(l Look, d *Deed) string {
			if d.Bad {
				return l.S.Critical.Paint(frame.Clean(d.Result))
			}
			return l.label(frame.Clean(d.Result))
		}},
	}, w)
	last := len(all) - 1
	rest := max(0, w-columnsWidth(all))
	all[last-1].w += rest / 3
	all[last].w += rest - rest/3
	return all
}

// deedSign tells how an action stands without its colour.
func deedSign(l Look, d *Deed) string {
	switch {
	case d.Open:
		return l.S.Accent.Paint(l.G.Dots)
	case d.Bad:
		return l.S.Critical.Paint(l.G.Bad)
	default:
		return l.S.OK.Paint(l.G.OK)
	}
}
