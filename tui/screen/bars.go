package screen

import (
	"strings"

	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// Span is the stretch of the key bar that belongs to an action, end excluded.
type Span struct {
	From, To int
	ID       string
}

// word is the shortest way to say what the action does.
func (h Hint) word() string {
	if h.Short != "" {
		return h.Short
	}
	return h.Title
}

// KeyBar is the bottom line: as many hints as fit, then those that are pinned to
// the right end, then a note. It also says where each hint stands, for the mouse.
func KeyBar(l Look, hints []Hint, note string, w int) (string, []Span) {
	var free, pinned []Hint
	for _, h := range hints {
		if h.Pinned {
			pinned = append(pinned, h)
		} else {
			free = append(free, h)
		}
	}
	right, rightSpans := hintRow(l, pinned, w)
	if tail := " " + l.label(note) + " "; note != "" && frame.Width(right)+frame.Width(tail) < w/2 {
		right += tail
	}
	left, spans := hintRow(l, free, w-frame.Width(right))
	at := w - frame.Width(right)
	for _, s := range rightSpans {
		spans = append(spans, Span{From: s.From + at, To: s.To + at, ID: s.ID})
	}
	return l.S.Surface(frame.Ends(left, right, w)), spans
}

// hintRow writes the hints that fit into w cells, each with a blank on both sides.
func hintRow(l Look, hints []Hint, w int) (string, []Span) {
	var sb strings.Builder
	var spans []Span
	used := 0
	for _, h := range hints {
		title := h.word()
		n := frame.Width(h.Key) + 1 + frame.Width(title)
		if used+n+2 > w {
			break
		}
		text := l.label(h.Key + " " + title)
		if h.Enabled {
			text = l.S.Key.Paint(h.Key) + " " + title
		}
		sb.WriteString(" " + text + " ")
		spans = append(spans, Span{From: used + 1, To: used + 1 + n, ID: h.ID})
		used += n + 2
	}
	return sb.String(), spans
}

// Tone is how a message is meant.
type Tone uint8

// The tones.
const (
	ToneQuiet Tone = iota
	ToneGood
	ToneBad
	ToneAsk // waits for an answer
)

// Message is the line above the key bar: a question, a result, or what is being typed.
type Message struct {
	Tone  Tone
	Text  string
	Input string // what is being typed, after Text
	Note  string // at the right end
}

// Draw is the message as one line of w cells.
func (m Message) Draw(l Look, w int) string {
	text := frame.Clean(m.Text)
	switch m.Tone {
	case ToneGood:
		text = l.S.OK.Paint(l.G.OK + " " + text)
	case ToneBad:
		text = l.S.Critical.Paint(l.G.Bad + " " + text)
	case ToneAsk:
		text = l.S.Warn.Bold().Paint(text)
	default:
		text = l.label(text)
	}
	if m.Input != "" || m.Tone == ToneAsk {
		text += m.Input
	}
	note := ""
	if m.Note != "" {
		note = "  " + m.Note + " "
	}
	if frame.Width(note) > w/2 {
		note = ""
	}
	return frame.Ends(" "+text, note, w)
}
