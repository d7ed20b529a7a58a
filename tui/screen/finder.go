package screen

import (
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// Finder is a list that is searched by typing: the palette and the help.
type Finder struct {
	Title         string
	Prompt        string // before what is typed
	Before, After string // what is typed, before and after the cursor
	Ghost         string // dim, after it: what may come
	Rows          []FinderRow
	Cursor        int    // index of the chosen row; -1 for none
	Empty         string // in the place of rows
	Error         string // what is wrong with what was typed
	Foot          string // what the keys do
	Wrap          bool   // rows take as many lines as their texts
	Most          int    // cells that it is wide at most
	NameWidth     int    // of the column of names
}

// FinderRow is one thing that can be chosen. A row with a Heading begins a section.
type FinderRow struct {
	Heading string
	Name    string
	At      []int // runes of Name that were searched for
	Text    string
	Words   []string // parts of Text that were searched for
	Right   string   // at the right end
	Reason  string   // why it cannot be chosen now; empty if it can
}

// finderAbove are the lines above the first row: border, input, blank.
const finderAbove = 3

// finderView is the part of the rows that is in sight.
type finderView struct {
	inner, room int
	wrong       []string
	lines       []string
	rows        []int // of each line, the row that it is of; -1 for none
	first, last int
}

func (f Finder) view(l Look, w, h int) finderView {
	v := finderView{inner: max(min(f.Most, w-6), 8)}
	height := max(min(h-8, 14), 3)
	if f.Wrap {
		height = max(h-8, 3)
	}
	v.wrong = f.wrong(l, v.inner)
	v.room = max(1, height-max(0, len(v.wrong)-1))
	var from, to int
	v.lines, v.rows, from, to = f.lines(l, v.inner)
	if f.Cursor >= 0 && to > v.room {
		v.first = min(max(0, to-v.room), from)
	}
	v.last = min(len(v.lines), v.first+v.room)
	return v
}

// At is the row at a cell of a screen of w×h cells on which the finder is centred;
// false if there is none.
func (f Finder) At(l Look, x, y, w, h int) (row int, ok bool) {
	v := f.view(l, w, h)
	wide, high := v.inner+4, finderAbove+v.room+max(1, len(v.wrong))+1
	x, y = x-(w-wide)/2, y-max(0, (h-high)/2)
	at := v.first + y - finderAbove
	if x < 1 || x >= wide-1 || y < finderAbove || at >= v.last || v.rows[at] < 0 {
		return 0, false
	}
	return v.rows[at], true
}

// Draw is the finder for a screen of w×h cells.
func (f Finder) Draw(l Look, w, h int) frame.Block {
	v := f.view(l, w, h)
	inner := v.inner
	body := append([]string{f.input(l, inner), ""}, v.lines[v.first:v.last]...)
	for len(body) < v.room+2 {
		body = append(body, "")
	}
	if len(v.wrong) == 0 {
		v.wrong = []string{f.foot(l, inner, len(v.lines)-v.last)}
	}
	body = append(body, v.wrong...)
	for i := range body {
		body[i] = " " + body[i]
	}
	box := frame.Box{Title: l.S.Title.Paint(f.Title), Note: l.S.Key.Paint("esc") + l.label(" close"), Focus: true}
	out := box.Draw(frame.NewBlock(body, inner+2, len(body)), l.S, l.G)
	for i, line := range out.Lines {
		out.Lines[i] = l.S.Surface(line)
	}
	return out
}

// input is the line that is typed into; its cursor stays in sight.
func (f Finder) input(l Look, w int) string {
	before, after := frame.Clean(f.Before), frame.Clean(f.After)
	for frame.Width(f.Prompt+before)+min(frame.Width(after), w/4)+1 > w {
		_, before, _ = cutRune(before)
	}
	text := l.S.Accent.Paint(f.Prompt+before) + l.S.Key.Paint(l.G.Cursor) + l.S.Accent.Paint(after)
	if f.Ghost != "" {
		text += l.label(" " + frame.Clean(f.Ghost))
	}
	return frame.Cut(text, w)
}

func cutRune(s string) (first rune, rest string, ok bool) {
	for i, r := range s {
		if i > 0 {
			return first, s[i:], true
		}
		first = r
	}
	return first, "", s != ""
}

// wrong is what is wrong with what was typed; none if nothing is.
func (f Finder) wrong(l Look, w int) []string {
	if f.Error == "" {
		return nil
	}
	lines := frame.Wrap(l.G.Bad+" "+frame.Clean(f.Error), w, 3)
	for i := range lines {
		lines[i] = l.S.Critical.Paint(lines[i])
	}
	return lines
}

// foot is the line at the bottom: what the keys do, and how much is below.
func (f Finder) foot(l Look, w, below int) string {
	more := ""
	if below > 0 {
		more = l.label(strconv.Itoa(below) + " more " + l.G.Down)
	}
	return frame.Ends(l.label(f.Foot), more, w)
}

// lines are those of all rows, which row each is of, and where the ones of the
// chosen row begin and end.
func (f Finder) lines(l Look, w int) (all []string, rows []int, from, to int) {
	if len(f.Rows) == 0 {
		return []string{l.label(frame.Cut(f.Empty, w))}, []int{-1}, 0, 0
	}
	add := func(row int, lines ...string) {
		for _, line := range lines {
			all, rows = append(all, line), append(rows, row)
		}
	}
	for i := range f.Rows {
		r := &f.Rows[i]
		if r.Heading != "" {
			if len(all) > 0 {
				add(-1, "")
			}
			add(-1, l.S.Strong.Paint(r.Heading))
			continue
		}
		start := len(all)
		add(i, f.row(l, r, w, i == f.Cursor)...)
		if i == f.Cursor {
			from, to = start, len(all)
		}
	}
	return all, rows, from, to
}

// row is a row in w cells.
func (f Finder) row(l Look, r *FinderRow, w int, chosen bool) []string {
	right := frame.Clean(r.Right)
	if right != "" {
		right = "  " + right
	}
	text := frame.Clean(r.Text)
	name := min(f.NameWidth, w/2)
	room := w - name - 4 - frame.Width(right)
	if why := "not now: " + frame.Clean(r.Reason); r.Reason != "" && !f.Wrap && frame.Width(text+why)+4 > room {
		text = why // what it does, its name says
	} else if r.Reason != "" {
		text += "  (" + why + ")"
	}
	lines := []string{frame.Cut(text, room)}
	if f.Wrap {
		lines = frame.Wrap(text, room, 8)
	}
	var out []string
	for i, line := range lines {
		label, at, end := r.Name, r.At, right
		if i > 0 {
			label, at, end = "", nil, ""
		}
		out = append(out, f.line(l, r, label, at, line, end, name, room, chosen))
	}
	return out
}

// line is one line of a row.
func (f Finder) line(l Look, r *FinderRow, label string, at []int, text, right string, name, room int, chosen bool) string {
	if chosen {
		mark := " "
		if label != "" {
			mark = l.G.Right
		}
		return l.S.Selection.Paint(mark + " " + frame.Fit(label, name) + "  " + frame.Fit(text, room) + right)
	}
	paint, value := l.S.Key, l.S.Text
	if r.Reason != "" {
		paint, value = l.S.Dim, l.S.Dim
	}
	return "  " + marked(paint, l.S.Accent, label, at, name) + "  " + frame.Fit(emphasised(value, l.S.Accent, text, r.Words), room) + l.label(right)
}

// marked paints a text of w cells, some of its runes so that they are seen.
func marked(paint, found style.Style, text string, at []int, w int) string {
	hit := map[int]bool{}
	for _, i := range at {
		hit[i] = true
	}
	var sb strings.Builder
	for i, r := range []rune(frame.Clean(text)) {
		if hit[i] {
			sb.WriteString(found.Bold().Paint(string(r)))
		} else {
			sb.WriteString(paint.Paint(string(r)))
		}
	}
	return frame.Fit(sb.String(), w)
}

// emphasised paints a text, the first place of each word so that it is seen.
func emphasised(paint, found style.Style, text string, words []string) string {
	low := strings.ToLower(text)
	if len(low) != len(text) {
		return paint.Paint(text)
	}
	hit := make([]bool, len(text))
	any := false
	for _, word := range words {
		if i := strings.Index(low, strings.ToLower(word)); i >= 0 && word != "" {
			any = true
			for k := range len(word) {
				hit[i+k] = true
			}
		}
	}
	if !any {
		return paint.Paint(text)
	}
	var sb strings.Builder
	for i := 0; i < len(text); {
		j := i
		for j < len(text) && hit[j] == hit[i] {
			j++
		}
		if hit[i] {
			sb.WriteString(found.Bold().Paint(text[i:j]))
		} else {
			sb.WriteString(paint.Paint(text[i:j]))
		}
		i = j
	}
	return sb.String()
}
