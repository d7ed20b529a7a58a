package dialog

import (
	"slices"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// The widest a dialog gets, in cells.
const widest = 76

// Draw is the dialog as a block that fits into w×h cells. It brings Scroll into
// the range that the size allows.
func (d *Dialog) Draw(s *style.Sheet, g *style.Glyphs, w, h int) frame.Block {
	inner := min(widest, w-8)
	lines := d.lines(s, g, inner)
	buttons := slices.Concat(d.fields(s, g, inner), d.word(s, g, inner), d.buttons(s, inner))
	if barred := d.barred(s, g, inner); len(barred)+len(buttons)+8 <= h {
		buttons = append(barred, buttons...)
	} else { // on a small screen they are scrolled with the rest, and come first
		lines = append(barred, lines...)
	}
	room := max(1, h-6-len(buttons))
	if (d.Warning != "" || len(d.Fields) > 0 || d.Typing != "" || len(d.Barred) > 0) && len(lines) > room {
		// What must not be overlooked is worth more than the space around it.
		lines = slices.DeleteFunc(lines, func(line string) bool { return line == "" })
	}
	height := min(len(lines), room)
	d.Scroll = min(d.Scroll, len(lines)-height)
	if len(d.Items) > 0 {
		d.follow(len(lines), height)
	}
	foot := d.foot(s, g, len(lines), height)
	body := append([]string{""}, lines[d.Scroll:d.Scroll+height]...)
	body = append(body, "")
	body = append(body, buttons...)
	for i := range body {
		body[i] = "  " + body[i]
	}
	block := frame.NewBlock(body, inner+4, len(body))
	box := frame.Box{Title: s.Title.Paint(frame.Clean(d.Title)), Foot: foot, Focus: true}
	if len(d.Buttons) == 0 {
		box.Note = s.Key.Paint("esc") + s.Dim.Paint(" close")
	}
	out := box.Draw(block, s, g)
	for i, line := range out.Lines {
		out.Lines[i] = s.Surface(line)
	}
	return out
}

// foot says that there is more than is in sight, and how to get there.
func (d *Dialog) foot(s *style.Sheet, g *style.Glyphs, total, height int) string {
	if total <= height {
		return ""
	}
	foot := s.Dim.Paint("up/down scroll")
	if len(d.Fields) > 0 { // the arrows go from field to field
		foot = s.Dim.Paint("pgup/pgdown scroll")
	}
	if d.Scroll+height < total {
		foot = s.Dim.Paint("more "+g.Down) + "  " + foot
	}
	return foot
}

// follow keeps the chosen item, which is among the last lines, in view.
func (d *Dialog) follow(total, height int) {
	at := total - len(d.Items) + d.Choice
	d.Scroll = min(d.Scroll, at)
	d.Scroll = max(d.Scroll, at-height+1, 0)
}

func (d *Dialog) lines(s *style.Sheet, g *style.Glyphs, w int) []string {
	var out []string
	for _, p := range d.Body {
		for _, line := range frame.Wrap(frame.Clean(p), w, 12) {
			out = append(out, s.Text.Paint(line))
		}
	}
	if len(d.Body) > 0 && len(d.Facts)+len(d.Items) > 0 {
		out = append(out, "")
	}
	table, warnings := d.table(s, g, w), d.warnings(s, g, w)
	if d.WarnFirst {
		table, warnings = warnings, table
	}
	out = append(out, table...)
	if len(table) > 0 && len(warnings) > 0 || len(warnings) > 0 && len(d.Body) > 0 && len(d.Facts)+len(d.Items) == 0 {
		out = append(out, "")
	}
	return append(append(out, warnings...), d.items(s, g, w)...)
}

// warnings are the paragraphs that must not be overlooked.
func (d *Dialog) warnings(s *style.Sheet, g *style.Glyphs, w int) []string {
	var out []string
	for _, text := range append([]string{d.Warning}, d.Warnings...) {
		if text != "" {
			out = append(out, signed(s.Warn, g.Warn, text, w)...)
		}
	}
	return out
}

// signed is a paragraph of w cells with a sign before its first line.
func signed(paint style.Style, sign, text string, w int) []string {
	var out []string
	for i, line := range frame.Wrap(frame.Clean(text), w-2, 8) {
		if i > 0 {
			sign = frame.Blank(frame.Width(sign))
		}
		out = append(out, paint.Paint(sign+" "+line))
	}
	return out
}

// barred are the reasons why the dangerous button does not work.
func (d *Dialog) barred(s *style.Sheet, g *style.Glyphs, w int) []string {
	if len(d.Barred) == 0 {
		return nil
	}
	var out []string
	for _, text := range d.Barred {
		out = append(out, signed(s.Critical, g.Critical, text, w)...)
	}
	return append(out, "")
}

func (d *Dialog) table(s *style.Sheet, g *style.Glyphs, w int) []string {
	label := 0
	for _, f := range d.Facts {
		label = max(label, frame.Width(f.Label))
	}
	var out []string
	for _, f := range d.Facts {
		if f.Heading != "" {
			if len(out) > 0 {
				out = append(out, "")
			}
			out = append(out, s.Strong.Paint(f.Heading))
			continue
		}
		out = append(out, d.fact(s, f, label, w)...)
		if f.Bar != nil {
			out = append(out, frame.Blank(label+2)+f.Bar.draw(s, g, w-label-2))
		}
	}
	return out
}

// draw is the bar in w cells.
func (b *Bar) draw(s *style.Sheet, g *style.Glyphs, w int) string {
	paint := s.Queue
	if b.Alarm {
		paint = s.Warn
	}
	full := []rune(frame.Gauge(b.Part, b.Whole, w, g))
	if b.Mark <= 0 || b.Whole <= 0 || len(full) == 0 {
		return paint.Paint(string(full))
	}
	at := int(min(b.Mark*int64(w)/b.Whole, int64(w-1)))
	return paint.Paint(string(full[:at])) + s.Strong.Paint(g.Vertical) + paint.Paint(string(full[at+1:]))
}

// fact is a line of the table; what is too long goes on below its value.
func (d *Dialog) fact(s *style.Sheet, f Fact, label, w int) []string {
	name, value, note := s.Dim, s.Text, s.Dim
	if d.Keys {
		name = s.Key
	}
	if f.Off {
		name, value = s.Dim, s.Dim
	}
	text := frame.Clean(f.Value)
	if f.Note != "" {
		text += "  " + frame.Clean(f.Note)
	}
	var out []string
	for i, line := range frame.Wrap(text, w-label-2, 6) {
		head := frame.Blank(label)
		if i == 0 {
			head = frame.Fit(f.Label, label)
			if plain, rest, ok := strings.Cut(line, "  "); ok && f.Note != "" {
				line = value.Paint(plain) + "  " + note.Paint(rest)
				out = append(out, name.Paint(head)+"  "+line)
				continue
			}
		}
		out = append(out, name.Paint(head)+"  "+value.Paint(line))
	}
	return out
}

func (d *Dialog) items(s *style.Sheet, g *style.Glyphs, w int) []string {
	if len(d.Items) == 0 {
		return nil
	}
	out := []string{}
	for i, item := range d.Items {
		note := ""
		if item.Note != "" {
			note = "  " + frame.Clean(item.Note)
		}
		text := frame.Clean(item.Text)
		switch {
		case i == d.Choice:
			out = append(out, s.Selection.Paint(frame.Fit(" "+g.Right+" "+text+note, w)))
		case item.Off, item.Dim:
			out = append(out, s.Dim.Paint(frame.Fit("   "+text+note, w)))
		default:
			out = append(out, frame.Fit("   "+text+s.Dim.Paint(note), w))
		}
	}
	return out
}

// word is where the word that arms the dialog is typed.
func (d *Dialog) word(s *style.Sheet, g *style.Glyphs, w int) []string {
	if d.Typing == "" || len(d.Barred) > 0 {
		return nil
	}
	line := s.Dim.Paint("type ") + s.Strong.Paint(frame.Clean(d.Typing)) + s.Dim.Paint(" to go on: ") +
		s.Accent.Paint(frame.Clean(d.typed)) + s.Key.Paint(g.Cursor)
	if d.armed() {
		line += s.OK.Paint(" " + g.OK)
	}
	return []string{frame.Cut(line, w), ""}
}

// keyOf is the key that presses a button; where something is typed, letters are
// letters.
func (d *Dialog) keyOf(b Button) string {
	switch {
	case d.Typing == "":
		return b.Key
	case !b.Danger:
		return "esc"
	default:
		return "enter"
	}
}

// buttons are the answers, in as many rows as it takes; the one in focus is
// reversed.
func (d *Dialog) buttons(s *style.Sheet, w int) []string {
	if len(d.Buttons) == 0 {
		return nil
	}
	const gap = "    "
	var rows []string
	row := ""
	for i := range d.Buttons {
		text := d.button(s, i)
		if row != "" && frame.Width(row)+len(gap)+frame.Width(text) > w {
			rows = append(rows, row)
			row = ""
		}
		if row != "" {
			row += gap
		}
		row += text
	}
	return append(rows, row, "")
}

func (d *Dialog) button(s *style.Sheet, i int) string {
	b := d.Buttons[i]
	text := " " + b.Label + " "
	switch {
	case i == d.Focus && d.Active >= len(d.Fields):
		text = s.Selection.Paint(text)
	case b.Danger && !d.armed():
		text = s.Dim.Paint(text)
	case b.Danger:
		text = s.Critical.Paint(text)
	}
	if key := d.keyOf(b); key != "" {
		text += s.Dim.Paint(" ") + s.Key.Paint(key)
	}
	return text
}
