package screen

import (
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// Log is what the log pane shows.
type Log struct {
	Lines  []ops.LogLine // oldest first
	Back   int           // how many lines the end of the pane is before the newest
	New    int           // lines that came since scrolling back
	Level  ops.Level
	Shard  int    // only this shard's lines; -1 for all
	Find   string // in lower case, what every line holds; empty for nothing
	Wrap   bool
	Full   bool // the whole screen: no side borders, so that text can be copied
	Focus  bool
	Follow bool
	Error  string // why there are no new lines
}

// Draw is the pane of w×h cells. Only lines that are seen are styled.
func (v Log) Draw(l Look, w, h int) frame.Block {
	if v.Full {
		note := v.note(l)
		if v.New == 0 && v.Error == "" && w >= 110 {
			note += l.label("  the mouse is the terminal's: select to copy")
		}
		head := frame.Ends(" "+v.title(l), note+" ", w)
		body := frame.NewBlock(v.visible(l, w, h-1), w, h-1)
		return frame.Stack(frame.Block{W: w, Lines: []string{l.S.Surface(head)}}, body)
	}
	box := frame.Box{Title: v.title(l), Note: v.note(l), Focus: v.Focus}
	lines := v.visible(l, w-4, h-2)
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return box.Draw(frame.NewBlock(lines, w-2, h-2), l.S, l.G)
}

// title carries the switches, always visible.
func (v Log) title(l Look) string {
	on := func(b bool) string {
		if b {
			return l.S.OK.Paint(l.G.State[ops.ShardReady])
		}
		return l.label(l.G.State[ops.ShardConnecting])
	}
	text := l.S.Title.Paint("log") + "  " + l.label("follow ") + on(v.Follow) + l.label("  level ") + v.Level.String()
	if v.Full {
		text += l.label("  wrap ") + on(v.Wrap)
	}
	if v.Shard >= 0 {
		text += "  " + l.S.Accent.Paint("shard "+strconv.Itoa(v.Shard)+" only")
	}
	if v.Find != "" {
		text += "  " + l.S.Accent.Paint("/"+frame.Cut(frame.Clean(v.Find), 24)) + l.label(" "+strconv.Itoa(len(v.Lines)))
	}
	return text
}

func (v Log) note(l Look) string {
	switch {
	case v.Error != "":
		return l.S.Warn.Paint(frame.Cut(frame.Clean(v.Error), 60))
	case v.New > 0:
		return l.S.Accent.Paint(strconv.Itoa(v.New) + " new " + l.G.Down)
	case v.Full:
		return l.S.Key.Paint("esc") + l.label(" back")
	default:
		return ""
	}
}

// visible is the part that ends Back lines before the newest, filled from the
// bottom up, so that wrapped lines cost nothing outside the pane.
func (v Log) visible(l Look, w, h int) []string {
	end := len(v.Lines) - min(max(v.Back, 0), len(v.Lines))
	var up []string // bottom line first
	for i := end - 1; i >= 0 && len(up) < h; i-- {
		rows := v.entry(l, &v.Lines[i], w)
		for j := len(rows) - 1; j >= 0 && len(up) < h; j-- {
			up = append(up, rows[j])
		}
	}
	if len(up) == 0 && h > 0 {
		if v.Find != "" {
			return []string{l.label("no line at this level holds ") + l.S.Accent.Paint(frame.Clean(v.Find))}
		}
		return []string{l.label("nothing logged at this level yet")}
	}
	lines := make([]string, len(up))
	for i := range up {
		lines[len(up)-1-i] = up[i]
	}
	return lines
}

// entry is one line of the log: time, level, shard, text.
func (v Log) entry(l Look, line *ops.LogLine, w int) []string {
	shard := frame.Blank(6)
	if line.Shard >= 0 {
		shard = shardStyle(l.S, line.Shard).Paint(frame.Fit("s"+strconv.Itoa(line.Shard), 6))
	}
	level := levelStyle(l.S, line.Level)
	head := l.label(l.clock(line.At)+" ") + level.Paint(frame.Fit(line.Level.String(), 6)) + shard
	text := frame.Clean(line.Text)
	room := w - 21
	if room < 8 {
		return []string{frame.Cut(text, w)}
	}
	paint := l.S.Text
	if line.Level >= ops.LevelWarn {
		paint = level
	}
	if !v.Wrap || !v.Full {
		return []string{head + v.found(l, paint, frame.Cut(text, room))}
	}
	var out []string
	for i, part := range frame.Wrap(text, room, 12) {
		if i > 0 {
			head = frame.Blank(21)
		}
		out = append(out, head+v.found(l, paint, strings.TrimRight(part, " ")))
	}
	return out
}

// found is a text with what is looked for brought out.
func (v Log) found(l Look, paint style.Style, text string) string {
	lower := strings.ToLower(text)
	if v.Find == "" || len(lower) != len(text) || !strings.Contains(lower, v.Find) {
		return paint.Paint(text)
	}
	var sb strings.Builder
	for at := 0; ; {
		i := strings.Index(lower[at:], v.Find)
		if i < 0 {
			sb.WriteString(paint.Paint(text[at:]))
			return sb.String()
		}
		end := at + i + len(v.Find)
		sb.WriteString(paint.Paint(text[at : at+i]))
		sb.WriteString(l.S.Selection.Paint(text[at+i : end]))
		at = end
	}
}

func levelStyle(s *style.Sheet, level ops.Level) style.Style {
	switch {
	case level >= ops.LevelError:
		return s.Critical
	case level >= ops.LevelWarn:
		return s.Warn
	case level >= ops.LevelInfo:
		return s.Dim
	default:
		return s.Border
	}
}

// shardStyle gives each shard one of a few colours, always the same.
func shardStyle(s *style.Sheet, id int) style.Style {
	few := []style.Style{s.Accent, s.Latency, s.Queue, s.State[ops.ShardQueued],
		s.State[ops.ShardResuming], s.State[ops.ShardIdentifying]}
	return few[id%len(few)]
}
