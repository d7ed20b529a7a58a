package screen

import (
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// Sinks is the panel of the sinks, two lines each, in w×h cells. If they do not
// all fit, those in trouble come first and the rest is counted.
func Sinks(l Look, sinks []ops.Sink, w, h int) frame.Block {
	box := frame.Box{Title: l.S.Title.Paint("sinks")}
	inner, height := w-4, h-2
	var lines []string
	if len(sinks) == 0 {
		lines = append(lines, l.label("none configured: events are not forwarded"))
	}
	each := 2
	if len(sinks)*2 > height {
		each = 1
	}
	shown := troubleFirst(sinks)
	if fit := height / each; len(shown) > fit && fit > 0 {
		box.Foot = l.label("and " + strconv.Itoa(len(shown)-fit) + " more")
		shown = shown[:fit]
	}
	for i := range shown {
		lines = append(lines, SinkLine(l, &shown[i], inner))
		if each == 2 {
			lines = append(lines, sinkSecond(l, &shown[i], inner))
		}
	}
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return box.Draw(frame.NewBlock(lines, w-2, height), l.S, l.G)
}

// troubleFirst puts sinks that do not deliver before the others, in their order.
func troubleFirst(sinks []ops.Sink) []ops.Sink {
	var bad, good []ops.Sink
	for _, s := range sinks {
		if s.State == ops.SinkOK || s.State == ops.SinkIdle {
			good = append(good, s)
		} else {
			bad = append(bad, s)
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

// SinkLine is a sink on one line of at most w cells: sign, name, state, depth,
// lag, rate. Where it is short, the figures on the right give way.
func SinkLine(l Look, s *ops.Sink, w int) string {
	state := min(s.State, ops.SinkRefused)
	paint := l.sinkStyle(state)
	line := paint.Paint(l.G.Sink[state]) + " " + l.S.Strong.Paint(frame.Cut(frame.Clean(s.Name), 14)) + " " +
		paint.Paint(state.String())
	lagPaint := l.S.Text
	if s.Lag >= lagWarn {
		lagPaint = l.S.Warn.Bold()
	}
	for _, part := range []string{
		lagPaint.Paint(frame.Count(s.Depth)) + l.label(" queued"),
		l.label("lag ") + lagPaint.Paint(lag(s.Lag)),
		frame.Rate(s.Rate) + l.label("/s"),
	} {
		if frame.Width(line)+2+frame.Width(part) <= w {
			line += "  " + part
		}
	}
	return frame.Fit(line, w)
}

// sinkSecond is what matters next: of a sink in trouble its error and the next
// try, of a healthy one how fast it answers.
func sinkSecond(l Look, s *ops.Sink, w int) string {
	if trouble := sinkTrouble(l, s); trouble != "" {
		return frame.Fit("  "+trouble, w)
	}
	parts := []string{
		l.label("p50 ") + frame.Latency(s.P50, l.G.Dash) + l.label(" p99 ") + frame.Latency(s.P99, l.G.Dash),
		frame.Count(s.Retries) + l.label(" retries"),
		frame.Count(s.Dropped) + l.label(" dropped"),
	}
	if s.Dropped > 0 {
		parts[2] = l.S.Warn.Paint(frame.Count(s.Dropped) + " dropped")
	}
	if s.Buried > 0 {
		// Where there is no room for all, the retries say least.
		parts[1] = l.S.Warn.Paint(frame.Plural(int(s.Buried), "dead letter"))
	}
	return frame.Fit("  "+strings.Join(parts, "  "), w)
}

func sinkTrouble(l Look, s *ops.Sink) string {
	switch s.State {
	case ops.SinkPaused:
		return l.S.Warn.Paint("held for "+l.ago(s.Since)) + l.label(", events queue up")
	case ops.SinkRefused, ops.SinkRetrying, ops.SinkRejecting:
		text := frame.Clean(s.LastError)
		if !s.NextTry.IsZero() {
			text = "again in " + l.until(s.NextTry) + ": " + text
		}
		return l.S.Warn.Paint(text)
	default:
		return ""
	}
}

// SinksLine is every sink on one line of w cells, for small screens.
func SinksLine(l Look, sinks []ops.Sink, w int) string {
	if len(sinks) == 0 {
		return frame.Fit(l.label(" no sinks configured"), w)
	}
	shown := troubleFirst(sinks)
	line := " " + strings.TrimRight(SinkLine(l, &shown[0], w-1), " ")
	if t := sinkTrouble(l, &shown[0]); t != "" && len(shown) == 1 {
		line += "  " + t
	}
	for i := range shown[1:] {
		s := &shown[i+1]
		line += l.sep() + l.sinkStyle(s.State).Paint(l.G.Sink[min(s.State, ops.SinkRefused)]) + " " + frame.Clean(s.Name) +
			" " + frame.Count(s.Depth)
	}
	return frame.Fit(line, w)
}
