package screen

import (
	"strconv"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// EventsPage is what comes in by type, what the filter of edits saves, how far
// the guilds are loaded, and the hooks.
type EventsPage struct {
	Snap   *ops.Snapshot
	Scroll int // types above the first in sight
}

// From this size on types and the rest stand beside each other.
const (
	eventsPageWide = 110
	eventsPageHigh = 30
	hooksMost      = 6
	eventsSide     = 56
)

// Draw is the page of w×h cells.
func (p EventsPage) Draw(l Look, w, h int) frame.Block {
	if w >= eventsPageWide && h >= eventsPageHigh {
		rw := eventsSide
		filter, load := p.filter(l, rw-4), guildLines(l, &p.Snap.Load, rw-4)
		fh, lh := len(filter)+2, len(load)+2
		hooks := p.hooks(l, rw-4, hooksMost)
		hh := len(hooks) + 2
		rest := h - fh - lh - hh
		kept := p.keptByRules(l, rw-4, max(1, rest/2-2))
		kh := len(kept) + 2
		return frame.Beside(p.types(l, w-rw, h), frame.Stack(
			panel(l, "kept away by rules", kept, rw, kh),
			panel(l, "busiest guilds", p.hotGuilds(l, rest-kh-2), rw, rest-kh),
			panel(l, "edits that nobody made", filter, rw, fh),
			panel(l, "guilds", load, rw, lh),
			panel(l, "hooks", hooks, rw, hh)))
	}
	rest := p.rest(l, w, h)
	fh := min(len(rest)+2, max(5, h/2))
	return frame.Stack(p.types(l, w, h-fh), panel(l, "kept away, guilds, hooks", rest, w, fh))
}

// rest are the lines below the types where there is no room beside them.
func (p EventsPage) rest(l Look, w, h int) []string {
	rest := p.keptBrief(l, w-4)
	rest = append(rest, p.filterBrief(l, w-4)...)
	rest = append(rest, row(l, "guilds", loadBrief(l, &p.Snap.Load)))
	for i, line := range p.hooks(l, w-4-labelWidth, max(1, h/4)) {
		rest = append(rest, row(l, map[bool]string{true: "hooks"}[i == 0], line))
	}
	return rest
}

// panel is a frame of w×h cells around lines.
func panel(l Look, title string, lines []string, w, h int) frame.Block {
	out := make([]string, len(lines))
	for i := range lines {
		out[i] = " " + lines[i]
	}
	return frame.Box{Title: l.S.Title.Paint(title)}.Draw(frame.NewBlock(out, w-2, h-2), l.S, l.G)
}

// Last is how far the types can be scrolled on a page of w×h cells.
func (p EventsPage) Last(l Look, w, h int) int {
	if w < eventsPageWide || h < eventsPageHigh {
		h -= min(len(p.rest(l, w, h))+2, max(5, h/2))
	}
	return max(0, len(p.Snap.Traffic.Types)-max(1, h-3))
}

// types are the types of dispatches by count since start.
func (p EventsPage) types(l Look, w, h int) frame.Block {
	t := &p.Snap.Traffic
	box := frame.Box{Title: l.S.Title.Paint("events") + l.sep() + frame.Rate(t.Rate) + l.label("/s") + l.sep() + l.label("since start ") + frame.Count(t.Events),
		Focus: true, Note: l.S.Key.Paint("esc") + l.label(" back")}
	names, head := w-2-43, "    ev/s    count   of all    bytes    each"
	if w < eventsPageWide-20 {
		names, head = w-2-35, "    ev/s    count   of all    bytes"
	}
	lines := []string{l.label(frame.Fit(" type", names) + head)}
	if len(t.Types) == 0 {
		lines = append(lines, l.label(" none yet"))
	}
	room := max(1, h-3)
	first := min(max(0, p.Scroll), max(0, len(t.Types)-room))
	for _, v := range t.Types[first:min(len(t.Types), first+room)] {
		each := uint64(0)
		if v.Count > 0 {
			each = v.Bytes / v.Count
		}
		text := frame.Fit(" "+frame.Clean(v.Type), names) + frame.Right(frame.Rate(v.Rate), 8) + frame.Right(frame.Count(v.Count), 9) +
			frame.Right(percent(int64(v.Count), int64(max(t.Events, 1))), 9) + frame.Right(frame.Bytes(v.Bytes), 9)
		if names == w-2-43 {
			text += frame.Right(frame.Bytes(each), 8)
		}
		lines = append(lines, text)
	}
	if left := len(t.Types) - first - room; left > 0 {
		box.Foot = l.label("and " + strconv.Itoa(left) + " more " + l.G.Down)
	}
	return box.Draw(frame.NewBlock(lines, w-2, h-2), l.S, l.G)
}

// filter is what the filter of MESSAGE_UPDATE has saved, or why it is off.
func (p EventsPage) filter(l Look, w int) []string {
	f := &p.Snap.Filter
	if !f.On {
		return filterOff(l, f, w, 3)
	}
	return []string{
		l.S.OK.Paint(l.G.OK) + l.label(" on: updates that only unfurl a link stay here"),
		row(l, "kept away", keptAway(l, f)),
		row(l, "saved", frame.Bytes(f.Bytes)+l.label(", ")+savedOfAll(l, p.Snap)),
		row(l, "remembers", frame.Grouped(int64(f.Known))+l.label(" of at most ")+frame.Grouped(int64(f.Capacity))+l.label(" messages")),
	}
}

// filterOff is why the filter is off, the reason in at most n lines.
func filterOff(l Look, f *ops.Filter, w, n int) []string {
	lines := []string{l.S.Strong.Paint("off") + l.label(": every MESSAGE_UPDATE is passed on")}
	for _, line := range frame.Wrap(frame.Clean(f.Why), w, n) {
		lines = append(lines, l.label(line))
	}
	return lines
}

// filterBrief is the filter in two lines.
func (p EventsPage) filterBrief(l Look, w int) []string {
	f := &p.Snap.Filter
	if !f.On {
		return filterOff(l, f, w, 1)
	}
	return []string{
		row(l, "kept away", keptAway(l, f)),
		row(l, "saved", frame.Bytes(f.Bytes)+l.label(", ")+savedOfAll(l, p.Snap)+l.label(", remembers ")+frame.Count(f.Known)),
	}
}

// keptAway is how many updates the filter has kept away, and of how many.
func keptAway(l Look, f *ops.Filter) string {
	return l.S.Strong.Paint(frame.Grouped(int64(f.Dropped))) + l.label(", ") + percent(int64(f.Dropped), int64(max(f.Seen, 1))) +
		l.label(" of ") + frame.Grouped(int64(f.Seen)) + l.label(" MESSAGE_UPDATEs")
}

// savedOfAll is what that is of everything that was received.
func savedOfAll(l Look, s *ops.Snapshot) string {
	return percent(int64(s.Filter.Dropped), int64(max(s.Traffic.Events, 1))) + l.label(" of events, ") +
		percent(int64(s.Filter.Bytes), int64(max(s.Traffic.Bytes, 1))) + l.label(" of bytes")
}

// hooks are those that are set, in at most n lines: what panicked is said first,
// with what it was called for.
func (p EventsPage) hooks(l Look, w, n int) []string {
	if len(p.Snap.Hooks) == 0 {
		return []string{l.label("none are set")}
	}
	var bad, good []string
	for i := range p.Snap.Hooks {
		k := &p.Snap.Hooks[i]
		text := frame.Fit(frame.Clean(k.Name), 13) + frame.Right(frame.Count(k.Calls), 7) + l.label(" calls  ")
		if k.Panics == 0 {
			good = append(good, text+l.label("no panic"))
			continue
		}
		bad = append(bad, frame.Cut(text+l.S.Warn.Bold().Paint(l.G.Warn+" "+frame.Plural(int(k.Panics), "panic"))+l.label(", "+l.ago(k.LastAt)+" ago"), w))
		for _, line := range frame.Wrap(frame.Clean(k.Last)+" ("+frame.Clean(k.LastWhen)+")", w-2, 2) {
			bad = append(bad, "  "+l.S.Warn.Paint(line))
		}
	}
	lines := append(bad, good...)
	if len(lines) > max(n, 1) {
		lines = append(lines[:max(n-1, 0)], l.label("and more"))
	}
	return lines
}
