package dialog

import (
	"slices"
	"unicode/utf8"

	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// Field is one entry of a form: a choice, which left and right change, or a line
// of text.
type Field struct {
	Label   string
	Options []string // to choose from; none for a text
	Choice  int      // index of the chosen option
	Line    Line     // the text
	Hint    string   // dim, in the place of a text that is empty
	Off     bool     // has no effect now; still takes keys
}

// field is the one that has the keys; nil while a button has the focus.
func (d *Dialog) field() *Field {
	if d.Active >= len(d.Fields) {
		return nil
	}
	return &d.Fields[d.Active]
}

// Insert puts text that was pasted into the field that has the keys, and reports
// whether there is one that takes it.
func (d *Dialog) Insert(text string) bool {
	f := d.field()
	return f != nil && len(f.Options) == 0 && f.Line.Insert(text)
}

// form answers a key where there are fields. Enter goes on to the next field, and
// after the last to the first button, so that a key held down sends nothing.
func (d *Dialog) form(key string) Outcome {
	f := d.field()
	switch key {
	case "tab", "down":
		d.walk(1)
		return Outcome{}
	case "shift+tab", "up":
		d.walk(-1)
		return Outcome{}
	case "pgup", "pgdown":
		return d.move(key)
	}
	switch {
	case f == nil:
		return d.formButton(key)
	case key == "enter" && d.Enter != "":
		return d.press(slices.IndexFunc(d.Buttons, func(b Button) bool { return b.ID == d.Enter }))
	case key == "enter":
		d.walk(1)
		return Outcome{}
	case len(f.Options) == 0:
		return Outcome{Edited: f.Line.Key(key, typed(key))}
	case key == "right" || key == "space":
		f.Choice = (f.Choice + 1) % len(f.Options)
	case key == "left":
		f.Choice = (f.Choice + len(f.Options) - 1) % len(f.Options)
	default:
		return Outcome{}
	}
	return Outcome{Edited: true}
}

// formButton answers a key while a button has the focus.
func (d *Dialog) formButton(key string) Outcome {
	switch key {
	case "enter":
		return d.press(d.Focus)
	case "right":
		d.turn(1)
	case "left":
		d.turn(-1)
	}
	for i, b := range d.Buttons {
		if b.Key != "" && b.Key == key && key != d.Opener {
			return d.press(i)
		}
	}
	return Outcome{}
}

// walk goes from field to field and on to the buttons, in a circle.
func (d *Dialog) walk(by int) {
	n := len(d.Fields) + len(d.Buttons)
	at := d.Active
	if at >= len(d.Fields) {
		at = len(d.Fields) + d.Focus
	}
	at = (at + by + n) % n
	d.Active, d.Focus = min(at, len(d.Fields)), max(0, at-len(d.Fields))
}

// typed is the text that a key types: keys with a name of several letters of
// ASCII type none.
func typed(key string) string {
	switch {
	case key == "space":
		return " "
	case utf8.RuneCountInString(key) == 1:
		return key
	case key != "" && key[0] >= utf8.RuneSelf: // several at once, from an input method
		return key
	default:
		return ""
	}
}

// fields are the lines of the form.
func (d *Dialog) fields(s *style.Sheet, g *style.Glyphs, w int) []string {
	if len(d.Fields) == 0 {
		return nil
	}
	label := 0
	for i := range d.Fields {
		label = max(label, frame.Width(d.Fields[i].Label))
	}
	var out []string
	for i := range d.Fields {
		f := &d.Fields[i]
		name := s.Dim
		if i == d.Active {
			name = s.Key
		}
		out = append(out, name.Paint(frame.Fit(f.Label, label))+"  "+f.draw(s, g, w-label-2, i == d.Active))
	}
	if d.Busy != "" {
		out = append(out, s.Accent.Paint(frame.Cut(frame.Clean(d.Busy), w)))
	}
	return append(out, "")
}

// draw is a field of w cells; one that has the keys shows what they do.
func (f *Field) draw(s *style.Sheet, g *style.Glyphs, w int, active bool) string {
	paint := s.Text
	if f.Off {
		paint = s.Dim
	}
	if len(f.Options) > 0 {
		text := frame.Cut(frame.Clean(f.Options[f.Choice]), w-6)
		if !active {
			return "  " + paint.Paint(text)
		}
		return s.Key.Paint(g.Left) + s.Selection.Paint(" "+text+" ") + s.Key.Paint(g.Right)
	}
	before, after := f.Line.Halves()
	before, after = frame.Clean(before), frame.Clean(after)
	switch {
	case !active && before == "":
		return "  " + s.Dim.Paint(frame.Cut(f.Hint, w-2))
	case !active:
		return "  " + paint.Paint(frame.Cut(before+after, w-2))
	case before+after == "":
		return "  " + s.Key.Paint(g.Cursor) + s.Dim.Paint(frame.Cut(f.Hint, w-3))
	}
	before = tail(before, w-4-min(frame.Width(after), w/4))
	return frame.Cut("  "+s.Accent.Paint(before)+s.Key.Paint(g.Cursor)+s.Accent.Paint(after), w)
}

// tail is the end of a text that is too long for w cells, so that its cursor
// stays in sight.
func tail(text string, w int) string {
	for frame.Width(text) > max(w, 1) {
		_, n := utf8.DecodeRuneInString(text)
		text = text[n:]
	}
	return text
}
