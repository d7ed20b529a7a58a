package screen

import (
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// lagStyle is how loud a lag is.
func lagStyle(l Look, d time.Duration) style.Style {
	if d >= lagWarn {
		return l.S.Warn.Bold()
	}
	return l.S.Text
}

// workerStates are the states of a worker's shards, those that need a person first.
func workerStates(l Look, v *ops.Worker) string {
	var ready string
	var rest []string
	for _, state := range ops.ShardStates() {
		n := v.ByState[state]
		if n == 0 {
			continue
		}
		text := l.stateStyle(state).Paint(l.stateSign(state) + " " + strconv.Itoa(n))
		if state == ops.ShardReady {
			ready = text
			continue
		}
		rest = append([]string{text}, rest...)
	}
	if ready != "" {
		rest = append(rest, ready)
	}
	return strings.Join(rest, " ")
}

// WorkerPage is one worker in full: its shards, its queue and its figures.
type WorkerPage struct {
	Worker    *ops.Worker // nil if it has gone
	Shards    []ops.Shard // of the worker, by id
	Cursor    int         // index into Shards
	Marked    map[int]bool
	Placement string
	Workers   int // of all
	Actions   []Hint
}

// From this size on shards and figures stand beside each other.
const (
	workerPageWide = 110
	workerPageHigh = 18
	workerSide     = 52
)

// Draw is the page of w×h cells.
func (p WorkerPage) Draw(l Look, w, h int) frame.Block {
	if p.Worker == nil {
		box := frame.Box{Title: l.S.Title.Paint("worker"), Focus: true, Note: l.S.Key.Paint("esc") + l.label(" back")}
		return box.Draw(frame.NewBlock([]string{"", l.label(" the worker has gone: the fleet was reshaped")}, w-2, h-2), l.S, l.G)
	}
	if w >= workerPageWide && h >= workerPageHigh {
		return frame.Beside(p.shards(l, w-workerSide, h), p.figures(l, workerSide, h, actionLines(l, p.Actions, workerSide-4)))
	}
	top := p.top(h)
	return frame.Stack(p.figures(l, w, top, nil), p.shards(l, w, h-top))
}

// top is how many lines the figures take where they stand above the shards.
func (p WorkerPage) top(h int) int { return min(11, max(4, h/2)) }

// Rows is how many shards are in sight on a page of w×h cells.
func (p WorkerPage) Rows(w, h int) int {
	if w < workerPageWide || h < workerPageHigh {
		h -= p.top(h)
	}
	return max(1, h-3)
}

// At is the shard that stands at a cell of the page.
func (p WorkerPage) At(x, y, w, h int) (index int, ok bool) {
	if w >= workerPageWide && h >= workerPageHigh {
		if x >= w-workerSide {
			return 0, false
		}
	} else {
		y -= p.top(h)
	}
	room := p.Rows(w, h)
	index = firstRow(p.Cursor, len(p.Shards), room) + y - 2
	return index, y >= 2 && y < room+2 && index < len(p.Shards)
}

// From these widths on a row has room for the guilds that are awaited, and for
// the reconnects.
const (
	shardRowLoading = 76
	shardRowWide    = 100
)

// shards is a row for each shard.
func (p WorkerPage) shards(l Look, w, h int) frame.Block {
	box := frame.Box{Title: l.S.Title.Paint("shards") + " " + strconv.Itoa(len(p.Shards)), Focus: true,
		Note: l.S.Key.Paint("enter") + l.label(" open")}
	if n := len(p.Marked); n > 0 {
		box.Title += l.sep() + l.S.Accent.Paint(strconv.Itoa(n)+" marked")
	}
	head := "    shard state         latency     ev/s   guilds"
	if w >= shardRowLoading {
		head += " loading"
	}
	if w >= shardRowWide {
		head += "  reconnects"
	}
	lines := []string{l.label(head + "  last close")}
	room := max(1, h-3)
	first := firstRow(p.Cursor, len(p.Shards), room)
	for i := first; i < len(p.Shards) && i < first+room; i++ {
		lines = append(lines, cursored(l, i == p.Cursor, p.row(l, &p.Shards[i], w)))
	}
	if n := len(p.Shards); n > room {
		box.Foot = l.label("rows ") + strconv.Itoa(first+1) + "-" + strconv.Itoa(min(n, first+room)) + l.label(" of "+strconv.Itoa(n))
	}
	return box.Draw(frame.NewBlock(lines, w-2, h-2), l.S, l.G)
}

func (p WorkerPage) row(l Look, s *ops.Shard, w int) string {
	mark := " "
	if p.Marked[s.ID] {
		mark = l.S.Accent.Paint(l.G.Mark)
	}
	state := l.stateStyle(s.State).Paint(frame.Fit(l.stateSign(s.State)+" "+s.State.String(), 13))
	word, paint := l.G.Dash, l.S.Dim
	if s.State.Up() {
		word, paint = pulse(l, s)
	}
	text := mark + frame.Right(strconv.Itoa(s.ID), 5) + " " + state + " " + paint.Paint(frame.Fit(word, 9)) +
		frame.Right(frame.Rate(s.Rate), 7) + frame.Right(frame.Count(s.Guilds), 9)
	if w >= shardRowLoading {
		text += frame.Right(frame.Count(s.Loading), 8)
	}
	if w >= shardRowWide {
		text += frame.Right(frame.Count(s.Reconnects), 12)
	}
	switch {
	case s.Fault != "":
		text += "  " + l.S.Critical.Paint(frame.Clean(s.Fault))
	case !s.LastClose.At.IsZero():
		text += "  " + l.label(coarse(l.Now.Sub(s.LastClose.At))+" ago ") + frame.Clean(s.LastClose.Meaning)
	}
	return text
}

// figures is the worker's own panel.
func (p WorkerPage) figures(l Look, w, h int, actions []string) frame.Block {
	box := frame.Box{Title: l.S.Title.Paint("worker "+strconv.Itoa(p.Worker.ID)) + l.label(", "+strconv.Itoa(p.Workers)+" in all"),
		Note: l.S.Key.Paint("esc") + l.label(" back")}
	lines, room := p.facts(l, w-4), h-2-len(actions)
	if room < len(lines) {
		actions, room = nil, h-2
	}
	lines = lines[:min(len(lines), room):min(len(lines), room)]
	for len(lines) < room {
		lines = append(lines, "")
	}
	lines = append(lines, actions...)
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return box.Draw(frame.NewBlock(lines, w-2, h-2), l.S, l.G)
}

// facts are the lines in the order of their worth.
func (p WorkerPage) facts(l Look, w int) []string {
	v := p.Worker
	q := v.Queue
	bar := min(24, w-labelWidth-8)
	oldest := l.S.OK.Paint(l.G.OK) + l.label(" nothing waits")
	if v.Lag > 0 {
		oldest = lagStyle(l, v.Lag).Paint(lag(v.Lag)) + l.label(" old, not yet taken by every sink")
	}
	lines := []string{
		row(l, "states", workerStates(l, v)),
		row(l, "events", l.S.Strong.Paint(frame.Rate(v.Rate))+l.label("/s  ")+frame.Bytes(int64(v.Bytes))+l.label("/s  since start ")+frame.Count(v.Events)),
		row(l, "share", frame.Fit(percentOf(v.Share), 5)+l.S.Spark.Paint(frame.Gauge(int64(v.Share*1e6), 1e6, bar, l.G))),
		row(l, "queue", frame.Grouped(int64(q.Depth))+l.label(" events  ")+frame.Bytes(q.Bytes)+l.label("  takes ")+frame.Rate(q.AppendRate)+l.label("/s")),
		row(l, "oldest", oldest),
		row(l, "held in", frame.Bytes(q.Memory)+l.label(" memory  ")+frame.Bytes(q.Disk)+l.label(" disk  ")+frame.Plural(q.Files, "file")),
	}
	if q.Dropped > 0 {
		lines = append(lines, row(l, "dropped", l.S.Warn.Bold().Paint(frame.Plural(int(q.Dropped), "event")+" by the queue's bounds")))
	}
	guilds := frame.Grouped(int64(v.Guilds))
	if n, of := p.loaded(); n < of {
		guilds += l.label("  loaded by ") + strconv.Itoa(n) + l.label(" of "+frame.Plural(of, "shard"))
	}
	lines = append(lines, row(l, "guilds", guilds))
	for i, line := range frame.Wrap(ops.Ranges(v.Shards), w-labelWidth, 4) {
		lines = append(lines, row(l, map[bool]string{true: "shards"}[i == 0], line))
	}
	if p.Placement != "" {
		lines = append(lines, row(l, "placed", l.label(placementText(p.Placement))))
	}
	return append(lines, row(l, "share is", l.label("of all the work, by events and bytes")))
}

// loaded is how many shards of the worker await no guild, and of how many.
func (p WorkerPage) loaded() (n, of int) {
	for i := range p.Shards {
		if s := &p.Shards[i]; s.State.Up() && s.Loading == 0 {
			n++
		}
	}
	return n, len(p.Shards)
}
