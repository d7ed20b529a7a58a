package screen

import (
	"slices"
	"strconv"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// SinksPage is everything about the sinks, the queue and the disk below it.
type SinksPage struct {
	Curves   Curves
	Snap     *ops.Snapshot
	Selected int // index into Snap.Sinks
	Actions  []Hint
}

// From this size on the page has room for curves and workers.
const (
	sinksPageWide = 110
	sinksPageHigh = 26
)

// listWidth is the column of the list where there is one.
const listWidth = 52

// Draw is the page of w×h cells.
func (p SinksPage) Draw(l Look, w, h int) frame.Block {
	lw, lh := p.listSize(w, h)
	if !roomy(w, h) {
		return frame.Stack(
			p.list(l, lw, lh),
			p.detail(l, w, h-lh-1),
			frame.Block{W: w, Lines: []string{StoreLine(l, p.Snap, w)}})
	}
	foot := max(h/3, 11)
	top := h - foot
	left := frame.Stack(p.list(l, lw, lh), p.workers(l, lw, top-lh))
	return frame.Stack(
		frame.Beside(left, p.detail(l, w-lw, top)),
		frame.Beside(p.store(l, lw, foot), p.Curves.DrawQueue(l, w-lw, foot)))
}

func roomy(w, h int) bool { return w >= sinksPageWide && h >= sinksPageHigh }

// listSize is the size of the list on a page of w×h cells.
func (p SinksPage) listSize(w, h int) (lw, lh int) {
	rows := max(1, len(p.Snap.Sinks)) + 2
	if roomy(w, h) {
		return listWidth, min(rows, (h-max(h/3, 11))/2)
	}
	return w, min(rows, max(3, h/3))
}

// first is the sink on the first line of a list with room for so many.
func (p SinksPage) first(room int) int {
	return min(max(0, p.Selected-room+1), max(0, len(p.Snap.Sinks)-room))
}

// At is the sink that stands at a cell of the page.
func (p SinksPage) At(x, y, w, h int) (index int, ok bool) {
	lw, lh := p.listSize(w, h)
	if x < 1 || x >= lw-1 || y < 1 || y >= lh-1 {
		return 0, false
	}
	index = p.first(lh-2) + y - 1
	return index, index < len(p.Snap.Sinks)
}

// list is a line for each sink, in the order of the configuration, so that
// nothing jumps under the cursor.
func (p SinksPage) list(l Look, w, h int) frame.Block {
	box := frame.Box{Title: l.S.Title.Paint("sinks"), Focus: true, Note: l.S.Key.Paint("esc") + l.label(" back")}
	sinks := p.Snap.Sinks
	var lines []string
	room := max(1, h-2)
	first := p.first(room)
	for i := first; i < len(sinks) && len(lines) < room; i++ {
		line := SinkLine(l, &sinks[i], w-5)
		if i == p.Selected {
			line = l.S.Accent.Bold().Paint(l.G.Right) + " " + line
		} else {
			line = "  " + line
		}
		lines = append(lines, " "+line)
	}
	if len(sinks) == 0 {
		lines = append(lines, l.label(" none configured: events are not forwarded"))
	}
	if left := len(sinks) - first - len(lines); left > 0 {
		box.Foot = l.label("and " + strconv.Itoa(left) + " more " + l.G.Down)
	}
	return box.Draw(frame.NewBlock(lines, w-2, h-2), l.S, l.G)
}

// workers are the queues of the workers, the fullest first if not all fit.
func (p SinksPage) workers(l Look, w, h int) frame.Block {
	all := p.Snap.Workers
	box := frame.Box{Title: l.S.Title.Paint("queues by worker")}
	room := max(0, h-3)
	if len(all) > room {
		all = slices.Clone(all)
		slices.SortStableFunc(all, func(a, b ops.Worker) int { return int(min(max(b.Queue.Bytes-a.Queue.Bytes, -1), 1)) })
		box.Foot = l.label("the fullest of " + strconv.Itoa(len(all)))
		all = all[:room]
	}
	lines := []string{l.label(" worker shards      events  memory    disk  files")}
	for _, v := range all {
		q := v.Queue
		shards := ops.Ranges(v.Shards)
		lines = append(lines, " "+frame.Fit(strconv.Itoa(v.ID), 7)+frame.Fit(shards, 11)+frame.Right(frame.Count(q.Depth), 7)+
			frame.Right(frame.Bytes(q.Memory), 9)+frame.Right(frame.Bytes(q.Disk), 8)+frame.Right(frame.Count(q.Files), 6))
	}
	return box.Draw(frame.NewBlock(lines, w-2, h-2), l.S, l.G)
}

// store is the queue and its disk in full.
func (p SinksPage) store(l Look, w, h int) frame.Block {
	box := frame.Box{Title: l.S.Title.Paint("queue and disk")}
	inner := w - 4
	t := &p.Snap.Store
	lines := []string{gauge(l, frame.Fit("memory", 7), t.Memory, t.MaxMemory, inner)}
	if t.OnDisk {
		lines = append(lines, gauge(l, frame.Fit("disk", 7), t.Disk, t.MaxBytes, inner))
	}
	if t.Fault != "" {
		lines = append(lines, critical(l, faultText(l, t), inner, 3)...)
	}
	for _, text := range storeNotes(l, p.Snap) {
		lines = append(lines, frame.Cut(text, inner))
	}
	lines = append(lines, p.storeFacts(l, inner)...)
	lost := frame.Cut(lossLine(l, p.Snap, inner), inner)
	room := h - 2
	if len(lines) >= room {
		lines = lines[:max(0, room-1)]
	}
	lines = append(lines, lost)
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return box.Draw(frame.NewBlock(lines, w-2, room), l.S, l.G)
}

// storeFacts are the figures of the store, those that matter most first.
func (p SinksPage) storeFacts(l Look, w int) []string {
	t := &p.Snap.Store
	if !t.OnDisk {
		return []string{l.S.Strong.Paint("in memory only") + l.label(": a crash loses what Discord"), l.label("does not replay; queue.dir puts a disk below")}
	}
	busy := l.label("none under way")
	if t.Busy > busyWarn {
		busy = l.S.Warn.Bold().Paint("one under way for " + frame.Duration(t.Busy))
	}
	slowest := l.label("none in the last minute")
	if t.Slowest > 0 {
		slowest = frame.Duration(t.Slowest) + l.label(" in the last minute")
	}
	out := []string{
		row(l, "events", frame.Bytes(t.Bytes)+l.label(" in memory and on disk")),
		row(l, "files", frame.Count(t.Files)+l.label("  written ")+frame.Bytes(t.Written)+l.label("  read ")+frame.Bytes(t.Read)),
		row(l, "slowest", slowest),
		row(l, "io", busy),
	}
	if t.Damaged > 0 {
		out = append(out, row(l, "damaged", l.S.Warn.Bold().Paint(frame.Plural(t.Damaged, "file")+" put aside, what was readable delivered")))
	}
	return append(out, row(l, "folder", frame.Cut(frame.Clean(t.Dir), w-labelWidth)))
}
