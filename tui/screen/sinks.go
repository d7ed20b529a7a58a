package screen

import (
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// The lines of the panel that belong to the queue and its disk: those it always
// has, and those it takes where the sinks leave room.
const (
	storeRows     = 3
	storeRowsMost = 5
)

// sinkRowsMost is how many lines a sink gets where there is room.
const sinkRowsMost = 3

// Sinks is the panel of the sinks, and of the queue and the disk below them, in
// w×h cells. If the sinks do not all fit, those in trouble come first and the
// rest is counted.
func Sinks(l Look, s *ops.Snapshot, w, h int) frame.Block {
	box := frame.Box{Title: l.S.Title.Paint("sinks and queue")}
	inner, height := w-4, h-2
	lines, left := sinkList(l, s.Sinks, inner, max(1, height-storeRows))
	room := height - len(lines)
	store := storeLines(l, s, inner, min(room, storeRowsMost))
	for range room - len(store) {
		lines = append(lines, "")
	}
	if left > 0 {
		box.Foot = l.label("and " + frame.Plural(left, "more sink"))
	}
	lines = append(lines, store...)
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return box.Draw(frame.NewBlock(lines, w-2, height), l.S, l.G)
}

// sinkList is as many sinks as fit into room lines, and how many do not. Those
// that are not configured any more come last, a line each.
func sinkList(l Look, sinks []ops.Sink, w, room int) (lines []string, left int) {
	if len(sinks) == 0 {
		return []string{l.label("none configured: events are not forwarded")}, 0
	}
	shown, orphans := apart(troubleFirst(sinks))
	each := 1
	if n := len(shown); n > 0 {
		each = min(max((room-len(orphans))/n, 1), sinkRowsMost)
	}
	for i := range shown {
		if len(lines)+each > room {
			left++
			continue
		}
		lines = append(lines, sinkRows(l, &shown[i], w, each)...)
	}
	for i := range orphans {
		if len(lines) >= room {
			left++
			continue
		}
		lines = append(lines, orphanLine(l, &orphans[i], w))
	}
	return lines, left
}

// apart separates the sinks that are configured from those that are not any more.
func apart(sinks []ops.Sink) (configured, orphans []ops.Sink) {
	for i := range sinks {
		if sinks[i].Orphan {
			orphans = append(orphans, sinks[i])
		} else {
			configured = append(configured, sinks[i])
		}
	}
	return configured, orphans
}

// troubleFirst puts sinks that do not deliver before the others, in their order.
func troubleFirst(sinks []ops.Sink) []ops.Sink {
	var bad, good []ops.Sink
	for i := range sinks {
		if delivers(&sinks[i]) {
			good = append(good, sinks[i])
		} else {
			bad = append(bad, sinks[i])
		}
	}
	return append(bad, good...)
}

func (l Look) sinkStyle(s ops.SinkState) style.Style {
	switch s {
	case ops.SinkOK:
		return l.S.OK
	case ops.SinkIdle:
		return l.S.Dim
	case ops.SinkRefused:
		return l.S.Critical
	default:
		return l.S.Warn.Bold()
	}
}

// sinkSign is a sink's sign in its colour.
func (l Look) sinkSign(s *ops.Sink) string {
	if s.Orphan {
		return l.S.Warn.Bold().Paint(l.G.Orphan)
	}
	state := min(s.State, ops.SinkRefused)
	return l.sinkStyle(state).Paint(l.G.Sink[state])
}

// SinkLine is a sink on one line of w cells: sign, name, state, depth, where
// that goes, lag, rate. Where it is short, the figures on the right give way.
func SinkLine(l Look, s *ops.Sink, w int) string {
	if s.Orphan {
		return orphanLine(l, s, w)
	}
	state := min(s.State, ops.SinkRefused)
	head := l.sinkSign(s) + " " + l.S.Strong.Paint(frame.Cut(frame.Clean(s.Name), 14)) + " " + l.sinkStyle(state).Paint(state.String())
	lagPaint := l.S.Text
	if s.Lag >= lagWarn {
		lagPaint = l.S.Warn.Bold()
	}
	parts := []string{head, lagPaint.Paint(frame.Count(s.Depth)) + l.label(" queued")}
	if t := trendOf(s); t.backlog() {
		text := TrendText(s)
		if frame.Width(parts[0])+frame.Width(parts[1])+frame.Width(text)+4 > w {
			text = t.brief(s)
		}
		parts = append(parts, t.paint(l).Paint(text))
	}
	parts = append(parts, l.label("lag ")+lagPaint.Paint(lag(s.Lag)))
	if delivers(s) {
		parts = append(parts, frame.Rate(s.Rate)+l.label("/s"))
	}
	return frame.Fit(fitParts(parts, "  ", w), w)
}

// orphanLine is a sink that is not configured any more, and what can be done.
func orphanLine(l Look, s *ops.Sink, w int) string {
	head := l.sinkSign(s) + " " + l.S.Strong.Paint(frame.Cut(frame.Clean(s.Name), 14)) + " " + l.S.Warn.Bold().Paint("not configured")
	return frame.Fit(fitParts([]string{head, frame.Count(s.Depth) + l.label(" wait on disk"),
		l.label("configure it again, or discard")}, "  ", w), w)
}

// sinkRows is a sink in n lines: itself, what it lost or how fast it answers,
// and of one in trouble why, and when it is tried again.
func sinkRows(l Look, s *ops.Sink, w, n int) []string {
	lines := []string{SinkLine(l, s, w)}
	losses, trouble := sinkLosses(l, s), sinkTrouble(l, s)
	switch {
	case n == 1:
		return lines
	case trouble == "":
		lines = append(lines, "  "+fitParts(append(losses, sinkSpeed(l, s)...), "  ", w-2))
	case n == 2:
		// What was lost is in the losses of the queue too, but not whose.
		if next := nextTry(l, s); next != "" {
			trouble = l.S.Warn.Paint(next+": ") + trouble
		}
		if len(losses) > 0 {
			trouble = losses[0] + "  " + trouble
		}
		lines = append(lines, "  "+frame.Cut(trouble, w-2))
	default:
		parts := append([]string{l.S.Warn.Paint(nextTry(l, s))}, losses...)
		parts = append(parts, frame.Count(s.Retries)+l.label(" retries"))
		lines = append(lines, "  "+frame.Cut(trouble, w-2), "  "+fitParts(parts, "  ", w-2))
	}
	for i := range lines {
		lines[i] = frame.Fit(lines[i], w)
	}
	return lines
}

// sinkSpeed is how fast a sink answers, and what it cost.
func sinkSpeed(l Look, s *ops.Sink) []string {
	parts := []string{
		l.label("p50 ") + frame.Latency(s.P50, l.G.Dash) + l.label(" p99 ") + frame.Latency(s.P99, l.G.Dash),
		frame.Count(s.Retries) + l.label(" retries"),
	}
	if s.Dropped == 0 {
		parts = append(parts, l.label("0 dropped"))
	}
	if s.Early > 0 {
		parts = append(parts, frame.Count(s.Early)+l.label(" overtook"))
	}
	return parts
}

// sinkLosses are what a sink did not get, or not in time; none if it got all.
func sinkLosses(l Look, s *ops.Sink) []string {
	var out []string
	add := func(n uint64, text string) {
		if n > 0 {
			out = append(out, l.S.Warn.Paint(text))
		}
	}
	add(s.Dropped, frame.Count(s.Dropped)+" dropped")
	add(uint64(max(s.Letters, 0)), frame.Plural(s.Letters, "dead letter"))
	add(s.Late+s.Expired, "interactions: "+frame.Count(s.Late)+" late, "+frame.Count(s.Expired)+" expired")
	return out
}

// sinkTrouble is why a sink does not deliver; empty if it does.
func sinkTrouble(l Look, s *ops.Sink) string {
	switch s.State {
	case ops.SinkPaused:
		return l.S.Warn.Paint("held for "+l.ago(s.Since)) + l.label(", events queue up")
	case ops.SinkRefused, ops.SinkRetrying, ops.SinkRejecting:
		return l.S.Warn.Paint(frame.Clean(s.LastError))
	default:
		return ""
	}
}

// nextTry is when a sink is tried again; empty if that is not set.
func nextTry(l Look, s *ops.Sink) string {
	if s.NextTry.IsZero() {
		return ""
	}
	return "again in " + l.until(s.NextTry)
}

// SinksLine is every sink on one line of w cells, for small screens.
func SinksLine(l Look, sinks []ops.Sink, w int) string {
	if len(sinks) == 0 {
		return frame.Fit(l.label(" no sinks configured"), w)
	}
	shown, orphans := apart(troubleFirst(sinks))
	shown = append(shown, orphans...)
	rest := ""
	for i := range shown[1:] {
		s := &shown[i+1]
		rest += l.sep() + l.sinkSign(s) + " " + frame.Cut(frame.Clean(s.Name), 14) + " " + frame.Count(s.Depth)
	}
	if frame.Width(rest) > w/2 {
		rest = l.sep() + l.label("and "+strconv.Itoa(len(shown)-1)+" more")
	}
	line := " " + strings.TrimRight(SinkLine(l, &shown[0], w-1-frame.Width(rest)), " ")
	if t := sinkTrouble(l, &shown[0]); t != "" && len(shown) == 1 {
		line += "  " + t
	}
	return frame.Fit(line+rest, w)
}
