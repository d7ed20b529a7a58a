package screen

import (
	"strings"

	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// Tab is a numbered page.
type Tab struct {
	ID    string // of the action that turns to it
	Key   string // empty if it has none
	Name  string
	Short string // where there is little room
}

// Tabs is the line of the pages, the one on show brought out, with where one is
// within it at the right end. It also says where each tab stands, for the mouse.
func Tabs(l Look, tabs []Tab, current int, trail []string, w int) (string, []Span) {
	crumbs := crumbsText(l, trail)
	for _, short := range []bool{false, true} {
		line, spans := tabRow(l, tabs, current, short)
		if frame.Width(line)+frame.Width(crumbs) <= w {
			return frame.Ends(line, crumbs, w), spans
		}
		if frame.Width(line) <= w && len(trail) < 2 {
			return frame.Fit(line, w), spans
		}
	}
	// Where one is matters more than where one could go.
	line, spans := tabRow(l, tabs, current, true)
	room := max(0, w-frame.Width(crumbs))
	for len(spans) > 0 && spans[len(spans)-1].To > room {
		spans = spans[:len(spans)-1]
	}
	return frame.Ends(frame.Fit(line, room), crumbs, w), spans
}

func tabRow(l Look, tabs []Tab, current int, short bool) (string, []Span) {
	var sb strings.Builder
	var spans []Span
	at := 0
	for i, t := range tabs {
		name := t.Name
		if short {
			name = t.Short
		}
		key := t.Key
		if key != "" {
			key += " "
		}
		n := frame.Width(key) + frame.Width(name) + 1
		if i == current {
			sb.WriteString(l.S.Selection.Paint(" " + key + name))
		} else {
			sb.WriteString(" " + l.S.Key.Paint(key) + l.label(name))
		}
		spans = append(spans, Span{From: at, To: at + n, ID: t.ID})
		at += n
	}
	return sb.String(), spans
}

// crumbsText is the way to what is on show, if that is more than a page.
func crumbsText(l Look, trail []string) string {
	if len(trail) < 2 {
		return ""
	}
	parts := make([]string, len(trail))
	for i, t := range trail {
		parts[i] = l.label(frame.Cut(frame.Clean(t), 28))
		if i == len(trail)-1 {
			parts[i] = l.S.Strong.Paint(frame.Cut(frame.Clean(t), 28))
		}
	}
	return "  " + strings.Join(parts, l.label(" "+l.G.Right+" ")) + " "
}
