package screen

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// SortAlerts returns the alerts in the order of their urgency: critical before
// warnings, the newest first.
func SortAlerts(alerts []ops.Alert) []ops.Alert {
	out := slices.Clone(alerts)
	slices.SortStableFunc(out, func(a, b ops.Alert) int {
		if a.Level != b.Level {
			return cmp.Compare(b.Level, a.Level)
		}
		return b.Since.Compare(a.Since)
	})
	return out
}

// Alert is the second line: the alert at index at of the sorted ones that nobody has
// seen, or, if there is none, a quiet word about the engine. The line is always
// there, so that nothing jumps when trouble begins.
func Alert(l Look, s *ops.Snapshot, sorted []ops.Alert, at, w int) string {
	if len(sorted) == 0 {
		return frame.Fit(quiet(l, s, w), w)
	}
	at = min(max(at, 0), len(sorted)-1)
	a := sorted[at]
	paint, sign := l.S.Warn, l.G.Warn
	if a.Level == ops.AlertCritical {
		paint, sign = l.S.Critical, l.G.Critical
	}
	right := l.label("since " + l.ago(a.Since))
	if len(sorted) > 1 {
		right += l.sep() + strconv.Itoa(at+1) + l.label(" of ") + strconv.Itoa(len(sorted))
	}
	right += l.sep() + l.Press("alert") + l.label(" show")
	if w >= ackFrom {
		right += l.sep() + l.Press("ack") + l.label(" seen")
	}
	right = "  " + right + " "
	if frame.Width(right) > w/2 {
		right = ""
	}
	return frame.Ends(" "+paint.Paint(sign+" "+frame.Clean(a.Text)), right, w)
}

// ackFrom is the width from which the line of the alert has room for the key that
// acknowledges it.
const ackFrom = 150

// headerFull is the width from which the first line has room for all figures.
const headerFull = 120

func quiet(l Look, s *ops.Snapshot, w int) string {
	if s == nil {
		return ""
	}
	if s.Phase == ops.PhaseDraining {
		return " " + drainText(l, s)
	}
	if run := s.Reshard.Now; run != nil {
		return reshardQuiet(l, run)
	}
	if text := loadLine(l, &s.Load, w-2); text != "" {
		return " " + text
	}
	parts := []string{" " + l.S.OK.Paint(l.G.OK) + l.label(" no alerts")}
	if n := len(s.Alerts); n > 0 { // all of them seen
		parts = []string{" " + l.S.Warn.Paint(l.G.Warn) + l.label(" "+frame.Plural(n, "alert")+" seen, ") + l.Press("alerts") + l.label(" lists")}
	}
	if w < headerFull {
		parts = append(parts, frame.Count(s.Fleet.Guilds)+l.label(" guilds"), identifyFigure(l, s.Identify, true))
	}
	if !s.StartedAt.IsZero() {
		parts = append(parts, l.label("up "+l.ago(s.StartedAt)))
	}
	if f := s.Fleet; f.Total > 0 {
		held := f.Last - f.First + 1
		text := "all " + strconv.Itoa(f.Total) + " shards"
		if held != f.Total {
			text = "shards " + strconv.Itoa(f.First) + "-" + strconv.Itoa(f.Last) + " of " + strconv.Itoa(f.Total)
		}
		parts = append(parts, l.label(text))
	}
	if n := len(s.Workers); n > 0 {
		parts = append(parts, l.label(frame.Plural(n, "worker")))
	}
	parts = append(parts, absent(l, s.Fleet)...)
	if w >= headerFull && s.Identify.Known {
		parts = append(parts, identifyRest(l, s.Identify))
	}
	return strings.Join(parts, l.sep())
}

// absent are the guilds that are not there.
func absent(l Look, f ops.Fleet) []string {
	var parts []string
	if n := f.Unavailable; n > 0 {
		parts = append(parts, l.S.Warn.Paint(frame.Plural(n, "guild")+" unavailable"))
	}
	if n := f.Loading; n > 0 {
		parts = append(parts, l.label(frame.Plural(n, "guild")+" loading"))
	}
	return parts
}

// drainText says how far a drain has come, and what it waits for.
func drainText(l Look, s *ops.Snapshot) string {
	text := l.S.Warn.Bold().Paint("draining") + l.label(": the shards are closed, ")
	n := waiting(s.Sinks)
	if n == 0 {
		return text + l.label("nothing waits any more, Gatehouse exits")
	}
	text += l.S.Strong.Paint(frame.Plural(n, "event")) + l.label(" left")
	d := deepest(s.Sinks)
	if !delivers(d) {
		return text + l.label(", waits for ") + l.S.Warn.Bold().Paint(frame.Clean(d.Name)+", "+d.State.String())
	}
	if t := trendOf(d); t.backlog() {
		text += ", " + t.paint(l).Paint(t.brief(d))
	}
	return text + l.label(", then Gatehouse exits")
}
