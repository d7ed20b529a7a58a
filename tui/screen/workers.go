package screen

import (
	"cmp"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// WorkerOrder is how the workers are ordered.
type WorkerOrder uint8

// The orders of the workers.
const (
	WorkersWorst WorkerOrder = iota // what waits longest first
	WorkersBusy                     // the busiest first
	WorkersByID
)

// String is the order in words.
func (o WorkerOrder) String() string {
	switch o {
	case WorkersBusy:
		return "busiest first"
	case WorkersByID:
		return "by id"
	default:
		return "worst first"
	}
}

// Next is the order that follows.
func (o WorkerOrder) Next() WorkerOrder { return (o + 1) % (WorkersByID + 1) }

// SortWorkers returns the workers in an order. Figures count by their order of
// magnitude and ids decide between equals, so that rows do not jump while nothing
// much happens.
func SortWorkers(all []ops.Worker, o WorkerOrder) []ops.Worker {
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b ops.Worker) int {
		by := 0
		switch o {
		case WorkersWorst:
			by = cmp.Or(cmp.Compare(magnitude(int64(b.Lag/lagStep)), magnitude(int64(a.Lag/lagStep))),
				cmp.Compare(magnitude(int64(b.Queue.Depth/depthStep)), magnitude(int64(a.Queue.Depth/depthStep))),
				cmp.Compare(notReady(&b), notReady(&a)))
		case WorkersBusy:
			by = cmp.Compare(magnitude(int64(b.Share*shareSteps)), magnitude(int64(a.Share*shareSteps)))
		}
		return cmp.Or(by, cmp.Compare(a.ID, b.ID))
	})
	return out
}

// The least differences that count in the order of workers.
const (
	lagStep    = time.Second
	depthStep  = 100
	shareSteps = 200
)

func magnitude(v int64) int { return bits.Len64(uint64(max(v, 0))) }

// notReady is how many shards of a worker are not ready.
func notReady(v *ops.Worker) int {
	n := 0
	for state, k := range v.ByState {
		if ops.ShardState(state) != ops.ShardReady {
			n += k
		}
	}
	return n
}

// WorkersPage is a row for each worker.
type WorkersPage struct {
	Snap    *ops.Snapshot
	Workers []ops.Worker // in the order of the rows
	Order   WorkerOrder
	Cursor  int // index into Workers
}

// Draw is the page of w×h cells.
func (p WorkersPage) Draw(l Look, w, h int) frame.Block {
	box := frame.Box{Title: p.title(l), Focus: true, Note: l.S.Key.Paint("esc") + l.label(" back")}
	if len(p.Workers) == 0 {
		return box.Draw(frame.NewBlock([]string{"", l.label(" no workers yet: waiting for Discord's answer")}, w-2, h-2), l.S, l.G)
	}
	columns := p.columns(l, w-6)
	lines := []string{"   " + heading(l, columns)}
	room := p.Rows(h)
	first := firstRow(p.Cursor, len(p.Workers), room)
	for i := first; i < len(p.Workers) && i < first+room; i++ {
		lines = append(lines, cursored(l, i == p.Cursor, columnsLine(l, columns, &p.Workers[i])))
	}
	box.Foot = p.foot(l, first, room)
	return box.Draw(frame.NewBlock(lines, w-2, h-2), l.S, l.G)
}

// Rows is how many workers a page of h lines shows.
func (p WorkersPage) Rows(h int) int { return max(1, h-3) }

// At is the worker that stands on a line of the page.
func (p WorkersPage) At(y, h int) (index int, ok bool) {
	room := p.Rows(h)
	index = firstRow(p.Cursor, len(p.Workers), room) + y - 2
	return index, y >= 2 && y < h-1 && index < len(p.Workers)
}

func (p WorkersPage) title(l Look) string {
	parts := []string{l.S.Title.Paint("workers") + " " + strconv.Itoa(len(p.Workers)), p.Order.String()}
	if t := p.Snap.Fleet.Placement; t != "" {
		parts = append(parts, l.label("placed "+placementText(t)))
	}
	return strings.Join(parts, l.sep())
}

// placementText is how shards are given to workers, for people.
func placementText(t string) string {
	if t == "hook" {
		return "by a hook"
	}
	return strings.ReplaceAll(frame.Clean(t), "_", "-")
}

// foot is what all workers have together, and where the rows in sight stand.
func (p WorkersPage) foot(l Look, first, room int) string {
	depth, size, worst := 0, int64(0), time.Duration(0)
	for i := range p.Workers {
		depth, size = depth+p.Workers[i].Queue.Depth, size+p.Workers[i].Queue.Bytes
		worst = max(worst, p.Workers[i].Lag)
	}
	text := l.label("all: ") + frame.Rate(p.Snap.Traffic.Rate) + l.label("/s, queue ") + frame.Count(depth) + l.label(", ") + frame.Bytes(size) +
		l.label(", lag ") + lag(worst)
	if n := len(p.Workers); n > room {
		text = l.label("rows ") + strconv.Itoa(first+1) + "-" + strconv.Itoa(min(n, first+room)) + l.label(" of "+strconv.Itoa(n)) + l.sep() + text
	}
	return text
}

// listsWide is how wide the columns of shards and states may become.
const listsWide = 32

// statesMost is how wide the states are before anything gives way to them.
const statesMost = 14

// columns are those that fit into w cells; what is left goes to the lists.
func (p WorkersPage) columns(l Look, w int) []column[ops.Worker] {
	all := p.allColumns()
	states := slices.IndexFunc(all, func(c column[ops.Worker]) bool { return c.name == "states" })
	all[states].w = max(all[states].w, min(p.need(l, all[states].cell), statesMost))
	all = fitColumns(all, w)
	for _, name := range []string{"states", "shards"} {
		i := slices.IndexFunc(all, func(c column[ops.Worker]) bool { return c.name == name })
		all[i].w = max(all[i].w, min(p.need(l, all[i].cell), all[i].w+w-columnsWidth(all), listsWide))
	}
	return all
}

// need is how wide a figure of the workers becomes.
func (p WorkersPage) need(l Look, cell func(Look, *ops.Worker) string) int {
	n := 0
	for i := range p.Workers {
		n = max(n, frame.Width(cell(l, &p.Workers[i])))
	}
	return n
}

func (p WorkersPage) allColumns() []column[ops.Worker] {
	busiest := 0.0
	for i := range p.Workers {
		busiest = max(busiest, p.Workers[i].Rate)
	}
	busiest = frame.Nice(busiest, 10)
	return []column[ops.Worker]{
		{name: "id", w: 4, cell: func(_ Look, v *ops.Worker) string { return strconv.Itoa(v.ID) }},
		{name: "shards", w: 8, left: true, cell: func(_ Look, v *ops.Worker) string { return ops.Ranges(v.Shards) }},
		{name: "states", w: 9, left: true, cell: workerStates},
		{name: "guilds", w: 6, rank: 4, cell: func(_ Look, v *ops.Worker) string { return frame.Count(v.Guilds) }},
		{name: "ev/s", w: 5, cell: func(l Look, v *ops.Worker) string { return l.S.Strong.Paint(frame.Rate(v.Rate)) }},
		{name: "", w: 6, left: true, rank: 7, cell: func(l Look, v *ops.Worker) string {
			return l.S.Events.Paint(frame.Gauge(int64(v.Rate*100), int64(busiest*100), 6, l.G))
		}},
		{name: "bytes/s", w: 8, rank: 5, cell: func(_ Look, v *ops.Worker) string { return frame.Bytes(int64(v.Bytes)) }},
		{name: "queue", w: 6, cell: func(l Look, v *ops.Worker) string { return lagStyle(l, v.Lag).Paint(frame.Count(v.Queue.Depth)) }},
		{name: "size", w: 8, rank: 2, cell: func(_ Look, v *ops.Worker) string { return frame.Bytes(v.Queue.Bytes) }},
		{name: "lag", w: 6, cell: func(l Look, v *ops.Worker) string { return lagStyle(l, v.Lag).Paint(lag(v.Lag)) }},
		{name: "share", w: 5, rank: 1, cell: func(_ Look, v *ops.Worker) string { return percentOf(v.Share) }},
		{name: "of the work", w: 12, left: true, rank: 6, cell: func(l Look, v *ops.Worker) string {
			return l.S.Spark.Paint(frame.Gauge(int64(v.Share*1e6), 1e6, 12, l.G))
		}},
	}
}

// percentOf is a part of 1 in whole percents; something is never 0%.
func percentOf(part float64) string { return percent(int64(part*1e6), 1e6) }
