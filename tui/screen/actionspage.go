package screen

import (
	"strconv"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// ActionsPage is a row for each action, the newest first.
type ActionsPage struct {
	Actions []ops.Action // newest first
	Cursor  int
}

// Draw is the page of w×h cells.
func (p ActionsPage) Draw(l Look, w, h int) frame.Block {
	box := frame.Box{Title: l.S.Title.Paint("actions") + " " + strconv.Itoa(len(p.Actions)) + l.sep() + l.label("newest first"), Focus: true,
		Note: l.S.Key.Paint("esc") + l.label(" back")}
	if len(p.Actions) == 0 {
		return box.Draw(frame.NewBlock([]string{"", l.label(" nothing has been done yet"), "",
			l.label(" Here stands what people do in a console or by ctl,"), l.label(" and what the engine does by itself.")}, w-2, h-2), l.S, l.G)
	}
	columns := p.columns(w - 6)
	lines := []string{"   " + heading(l, columns)}
	room := p.Room(h)
	first := firstRow(p.Cursor, len(p.Actions), room)
	for i := first; i < len(p.Actions) && i < first+room; i++ {
		lines = append(lines, cursored(l, i == p.Cursor, columnsLine(l, columns, &p.Actions[i])))
	}
	if n := len(p.Actions); n > room {
		box.Foot = l.label("rows ") + strconv.Itoa(first+1) + "-" + strconv.Itoa(min(n, first+room)) + l.label(" of "+strconv.Itoa(n))
	}
	return box.Draw(frame.NewBlock(lines, w-2, h-2), l.S, l.G)
}

// Room is how many rows a page of h lines shows.
func (p ActionsPage) Room(h int) int { return max(1, h-3) }

// At is the row that stands on a line of the page.
func (p ActionsPage) At(y, h int) (row int, ok bool) {
	row = firstRow(p.Cursor, len(p.Actions), p.Room(h)) + y - 2
	return row, y >= 2 && y < h-1 && row < len(p.Actions)
}

func (p ActionsPage) columns(w int) []column[ops.Action] {
	who := 14
	if w >= 100 {
		who = 24
	}
	all := fitColumns([]column[ops.Action]{
		{name: "time", w: 8, cell: func(l Look, a *ops.Action) string { return l.label(dayOrClock(l, a.At)) }},
		{name: "who", w: who, left: true, rank: 1, cell: func(l Look, a *ops.Action) string {
			return frame.Clean(a.By)
		}},
		{name: "took", w: 6, rank: 2, cell: func(l Look, a *ops.Action) string {
			if a.Took == 0 {
				return l.label(l.G.Dash)
			}
			return frame.Duration(a.Took)
		}},
		{name: "  what", w: 24, left: true, cell: func(l Look, a *ops.Action) string { return actionSign(l, a) + " " + frame.Clean(a.What) }},
		{name: "result", w: 0, left: true, cell: func(l Look, a *ops.Action) string {
			if a.State == ops.ActionFailed || a.State == ops.ActionRefused {
				return l.S.Critical.Paint(frame.Clean(a.Result))
			}
			return l.label(frame.Clean(a.Result))
		}},
	}, w)
	last := len(all) - 1
	rest := max(0, w-columnsWidth(all))
	all[last-1].w += rest / 3
	all[last].w += rest - rest/3
	return all
}

// dayOrClock is when something was, in eight cells.
func dayOrClock(l Look, at time.Time) string {
	if l.Now.Sub(at) < 24*time.Hour {
		return l.clock(at)
	}
	return at.In(l.Now.Location()).Format("2 Jan")
}

// actionSign tells how an action stands without its colour.
func actionSign(l Look, a *ops.Action) string {
	switch {
	case a.State == ops.ActionRunning:
		return l.S.Accent.Paint(l.G.Dots)
	case a.State == ops.ActionFailed, a.State == ops.ActionRefused:
		return l.S.Critical.Paint(l.G.Bad)
	default:
		return l.S.OK.Paint(l.G.OK)
	}
}
