package screen

import (
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// history is the newest transitions, newest first, in at most n lines.
func (d Drawer) history(l Look, w, n int) []string {
	if d.Detail == nil || len(d.Detail.History) == 0 || n < 2 {
		return nil
	}
	lines := []string{l.label("history")}
	all := d.Detail.History
	for i := len(all) - 1; i >= 0 && len(lines) < n; i-- {
		lines = append(lines, transition(l, all[i], w))
	}
	return lines
}

func transition(l Look, t ops.Transition, w int) string {
	text := l.label(l.clock(t.At)+" ") + l.state(t.To) + " " + frame.Fit(t.To.String(), 11)
	if t.Reason != "" {
		text += l.label(" " + frame.Clean(t.Reason))
	}
	return frame.Cut(text, w)
}

// actionLines are what can be done: the possible actions first, then the others
// with their reasons.
func actionLines(l Look, hints []Hint, w int) []string {
	var possible []string
	for _, a := range hints {
		if a.Enabled {
			possible = append(possible, l.S.Key.Paint(a.Key)+" "+a.word())
		}
	}
	out := append(flow(possible, w), impossible(l, hints, w)...)
	if len(out) == 0 {
		return nil
	}
	rule := l.S.Border.Paint(strings.Repeat(l.G.Horizontal, w))
	return append([]string{rule}, out...)
}

// impossible names the actions that are not possible, those with the same
// reason together.
func impossible(l Look, hints []Hint, w int) []string {
	var reasons []string
	by := map[string][]string{}
	for _, a := range hints {
		if a.Enabled {
			continue
		}
		if by[a.Reason] == nil {
			reasons = append(reasons, a.Reason)
		}
		by[a.Reason] = append(by[a.Reason], a.Key+" "+a.word())
	}
	var out []string
	for _, reason := range reasons {
		for _, line := range frame.Wrap(strings.Join(by[reason], ", ")+": "+reason, w, 2) {
			out = append(out, l.label(line))
		}
	}
	return out
}

// flow puts parts side by side, in as many lines of w cells as it takes.
func flow(parts []string, w int) []string {
	var out []string
	line := ""
	for _, p := range parts {
		if line != "" && frame.Width(line)+2+frame.Width(p) > w {
			out = append(out, line)
			line = ""
		}
		if line != "" {
			line += "  "
		}
		line += p
	}
	if line != "" {
		out = append(out, line)
	}
	return out
}
