package screen

import (
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// ShardTable is a row for each shard that the filter picks.
type ShardTable struct {
	Shards   []ops.Shard
	Rows     []int // indices of Shards, in the order of the rows
	Total    int   // shards of the bot, over all processes
	Order    ShardOrder
	Reversed bool
	Cursor   int          // index of the selected shard
	Marked   map[int]bool // by id
	Filter   string       // empty for none
	Matches  int          // shards that pass it
}

// Draw is the page of w×h cells.
func (t ShardTable) Draw(l Look, w, h int) frame.Block {
	box := frame.Box{Title: t.title(l), Note: t.note(l), Focus: true}
	if len(t.Rows) == 0 {
		return box.Draw(frame.NewBlock([]string{"", t.empty(l)}, w-2, h-2), l.S, l.G)
	}
	columns := t.columns(w - 6)
	lines := []string{"   " + t.heading(l, columns)}
	room, cursor := t.Room(h), t.cursorRow()
	first := firstRow(cursor, len(t.Rows), room)
	for i := first; i < len(t.Rows) && i < first+room; i++ {
		s := &t.Shards[t.Rows[i]]
		lines = append(lines, t.row(l, i == cursor, t.Marked[s.ID], columnsLine(l, columns, s)))
	}
	if n := len(t.Rows); n > room {
		box.Foot = l.label("rows ") + strconv.Itoa(first+1) + "-" + strconv.Itoa(min(n, first+room)) + l.label(" of "+strconv.Itoa(n))
	}
	return box.Draw(frame.NewBlock(lines, w-2, h-2), l.S, l.G)
}

// empty says why there is no row.
func (t ShardTable) empty(l Look) string {
	if len(t.Shards) == 0 {
		return l.label(" no shards yet: waiting for Discord's answer")
	}
	return " no shard passes " + l.S.Accent.Paint("/"+frame.Clean(t.Filter)) + l.label("; ") + l.S.Key.Paint("/") + l.label(" changes it, ") +
		l.S.Key.Paint("esc") + l.label(" there clears it")
}

// Room is how many rows a page of h lines shows.
func (t ShardTable) Room(h int) int { return max(1, h-3) }

// At is the index of the shard that stands on a line of the page.
func (t ShardTable) At(y, h int) (index int, ok bool) {
	row := firstRow(t.cursorRow(), len(t.Rows), t.Room(h)) + y - 2
	if y < 2 || y >= h-1 || row >= len(t.Rows) {
		return 0, false
	}
	return t.Rows[row], true
}

// OrderAt is the order that belongs to a column of the heading on a page w cells
// wide; false where none does.
func (t ShardTable) OrderAt(x, w int) (ShardOrder, bool) {
	at := 4
	for _, c := range t.columns(w - 6) {
		if x >= at && x < at+c.w {
			return orderOf(c.name)
		}
		at += c.w + 1
	}
	return 0, false
}

// cursorRow is the row of the selected shard; the first if it has none.
func (t ShardTable) cursorRow() int {
	for i, index := range t.Rows {
		if index == t.Cursor {
			return i
		}
	}
	return 0
}

func (t ShardTable) row(l Look, on, marked bool, text string) string {
	mark := " "
	if marked {
		mark = l.S.Accent.Bold().Paint(l.G.Mark)
	}
	if on {
		return l.S.Accent.Bold().Paint(l.G.Right) + mark + " " + text
	}
	return " " + mark + " " + text
}

func (t ShardTable) title(l Look) string {
	text := l.S.Title.Paint("shards") + " " + strconv.Itoa(len(t.Shards))
	if t.Total > len(t.Shards) {
		text += l.label(" of " + strconv.Itoa(t.Total))
	}
	text += l.sep() + t.Order.String()
	if t.Reversed {
		text += l.label(", reversed")
	}
	return text
}

func (t ShardTable) note(l Look) string {
	return chips(l, len(t.Marked), t.Filter, t.Matches, len(t.Shards))
}

// chips say how many shards are marked, and what filter is in force.
func chips(l Look, marked int, filter string, matches, shards int) string {
	var parts []string
	if marked > 0 {
		parts = append(parts, l.S.Accent.Paint(strconv.Itoa(marked)+" marked"))
	}
	if filter != "" {
		parts = append(parts, l.S.Accent.Paint("/"+frame.Cut(filter, 24))+
			l.label(" "+strconv.Itoa(matches)+" of "+strconv.Itoa(shards)))
	}
	return strings.Join(parts, l.sep())
}

// heading names the columns; the one that decides the order has an arrow.
func (t ShardTable) heading(l Look, columns []column[ops.Shard]) string {
	named := make([]column[ops.Shard], len(columns))
	for i, c := range columns {
		named[i] = c
		if o, ok := orderOf(c.name); ok && o == t.Order {
			named[i].name = l.S.Key.Paint(l.G.Sort[t.Reversed] + frame.Cut(c.name, c.w-1))
		}
	}
	return heading(l, named)
}

// The least width of why a connection ended, and from where on it has more.
const (
	whyLeast = 18
	whyWide  = 30
	whyRoom  = 100
)

// columns are those that fit into w cells; what is left goes to the last.
func (t ShardTable) columns(w int) []column[ops.Shard] {
	all := t.allColumns()
	why := len(all) - 1
	if w >= whyRoom {
		all[why].w = whyWide
	}
	all = fitColumns(all, w)
	if last := len(all) - 1; all[last].left {
		all[last].w += max(0, w-columnsWidth(all))
	}
	return all
}

func (t ShardTable) allColumns() []column[ops.Shard] {
	count := func(of func(s *ops.Shard) uint64) func(Look, *ops.Shard) string {
		return func(l Look, s *ops.Shard) string {
			if of(s) == 0 {
				return l.label("0")
			}
			return frame.Count(of(s))
		}
	}
	return []column[ops.Shard]{
		{name: "shard", w: 6, cell: func(_ Look, s *ops.Shard) string { return strconv.Itoa(s.ID) }},
		{name: "state", w: 13, left: true, cell: stateCell},
		{name: "for", w: 6, cell: func(l Look, s *ops.Shard) string { return l.ago(s.Since) }},
		{name: "latency", w: 8, cell: latencyCell},
		{name: "ev/s", w: 5, cell: func(l Look, s *ops.Shard) string { return l.S.Strong.Paint(frame.Rate(s.Rate)) }},
		{name: "guilds", w: 7, cell: func(_ Look, s *ops.Shard) string { return frame.Count(s.Guilds) }},
		{name: "away", w: 5, rank: 5, cell: awayCell},
		{name: "quiet", w: 6, rank: 8, cell: func(l Look, s *ops.Shard) string { return l.ago(s.LastEvent) }},
		{name: "lost", w: 5, rank: 3, cell: count(func(s *ops.Shard) uint64 { return s.Reconnects })},
		{name: "resumes", w: 7, rank: 6, cell: count(func(s *ops.Shard) uint64 { return s.Resumes })},
		{name: "ident", w: 5, rank: 7, cell: count(func(s *ops.Shard) uint64 { return s.Identifies })},
		{name: "sends", w: 7, rank: 9, cell: func(l Look, s *ops.Shard) string { return strconv.Itoa(s.Sends) + l.label("/"+strconv.Itoa(sendsMost)) }},
		{name: "session", w: 7, rank: 10, cell: func(l Look, s *ops.Shard) string { return l.ago(s.SessionSince) }},
		{name: "worker", w: 6, rank: 4, cell: func(_ Look, s *ops.Shard) string { return strconv.Itoa(s.Worker) }},
		{name: " why", w: whyLeast, left: true, rank: 2, cell: whyCell},
	}
}

func stateCell(l Look, s *ops.Shard) string {
	name := s.State.String()
	if s.State == ops.ShardReady && Troubled(s, l.Now) {
		return l.S.Warn.Bold().Paint(l.G.Warn + " silent")
	}
	if s.Replacing {
		name = "replacing"
	}
	return l.stateStyle(s.State).Paint(l.stateSign(s.State) + " " + name)
}

// latencyCell is the latency, or how old the last ACK is where there is none.
func latencyCell(l Look, s *ops.Shard) string {
	if !s.State.Up() {
		return l.label(l.G.Dash)
	}
	if s.Latency > 0 {
		return warnLatency(l, s.Latency).Paint(frame.Duration(s.Latency))
	}
	text, paint := pulse(l, s)
	return paint.Paint(text)
}

// awayCell is how many guilds are not there: in an outage, or still to come.
func awayCell(l Look, s *ops.Shard) string {
	n := s.Unavailable + s.Loading
	if n == 0 {
		return l.label("0")
	}
	return l.S.Warn.Paint(frame.Count(n))
}

// whyCell is what a person should know of the shard: its fault, when it dials
// again, or how the last connection ended.
func whyCell(l Look, s *ops.Shard) string {
	text := ""
	if s.LastClose.Code > 0 {
		text = strconv.Itoa(s.LastClose.Code) + " "
	}
	text = frame.Clean(text + s.LastClose.Meaning)
	switch {
	case s.Fault != "":
		return " " + l.S.Critical.Paint(frame.Clean(s.Fault))
	case !s.RetryAt.IsZero():
		return " " + l.S.Warn.Paint("again in "+l.until(s.RetryAt)) + l.label(": "+text)
	case s.LastClose.At.IsZero():
		return ""
	default:
		return " " + l.label(l.ago(s.LastClose.At)+" ago: "+text)
	}
}
