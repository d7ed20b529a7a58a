package tui

import (
	"cmp"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// finding is a list that is searched by typing: the palette or the help. Its rows
// are made anew for every key and every frame, so that they are as things stand.
type finding struct {
	kind  finderKind
	line  dialog.Line
	pick  pick
	moved bool   // a row was chosen by the arrows: enter takes it, whatever is typed
	err   string // what was wrong with what enter has tried

	past  []string // commands of this session, the oldest first
	back  int      // how many of them one has gone back; 0 for none
	draft string   // what was typed before that
}

// pick is the chosen row. Rows come and go with what is live, so it is known by
// what it does, and never by its place.
type pick struct{ action, value string }

type finderKind uint8

const (
	finderNone finderKind = iota
	finderPalette
	finderHelp
)

// pastKeep is how many commands the palette remembers.
const pastKeep = 100

// finderJump is how far page-up and page-down go, in rows.
const finderJump = 10

// found is a row, and what choosing it does.
type found struct {
	a     *action // nil for a heading
	name  string  // by which it was found
	value string  // its argument, where values are listed
	row   screen.FinderRow
}

// openFinder opens the palette or the help.
func (m *model) openFinder(kind finderKind) {
	f := &m.finding
	f.kind, f.back, f.draft = kind, 0, ""
	f.line = dialog.Line{}
	m.edited()
}

func (m *model) closeFinder() {
	m.finding.kind, m.finding.err = finderNone, ""
	m.dirty = true
}

// edited chooses the row that enter takes after something was typed: the best
// one, but none where what is typed counts as it is.
func (m *model) edited() {
	f := &m.finding
	f.err, f.moved, f.pick, m.dirty = "", false, pick{}, true
	if f.line.Text() != "" && !m.typesValue() {
		rows := m.foundRows()
		f.choose(rows, m.bestRow(rows))
	}
}

// bestRow is the row that fits best what is typed. In the palette it is the first;
// the help keeps its sections.
func (m *model) bestRow(rows []found) int {
	best, most := nextRow(rows, -1, 1), 0
	if m.finding.kind != finderHelp {
		return best
	}
	for i := range rows {
		if rows[i].a == nil {
			continue
		}
		if name, score, _ := rows[i].a.fits(m.finding.line.Text()); name != "" && score > most {
			best, most = i, score
		}
	}
	return best
}

// choose takes a row of the list.
func (f *finding) choose(rows []found, at int) {
	f.pick = pick{}
	if at >= 0 && at < len(rows) && rows[at].a != nil {
		f.pick = pick{rows[at].a.id, rows[at].value}
	}
}

// chosen is where the chosen row is now; -1 if there is none.
func (f *finding) chosen(rows []found) int {
	for i := range rows {
		if rows[i].a != nil && rows[i].a.id == f.pick.action && rows[i].value == f.pick.value {
			return i
		}
	}
	return -1
}

// foundRows are the rows as they are now.
func (m *model) foundRows() []found {
	if m.finding.kind == finderHelp {
		return m.helpRows()
	}
	return m.paletteRows()
}

// nextRow is the row that is n rows on, without headings; as far as there are any.
func nextRow(rows []found, at, n int) int {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for i := at + step; i >= 0 && i < len(rows) && n > 0; i += step {
		if rows[i].a != nil {
			at, n = i, n-1
		}
	}
	return at
}

// finderKey answers a key while the palette or the help is open.
func (m *model) finderKey(key, text string) tea.Cmd {
	f := &m.finding
	m.dirty = true
	switch key {
	case "esc":
		m.closeFinder()
	case "ctrl+c":
		m.opening = key
		return m.askQuit(key)
	case "enter":
		return m.enterFinder()
	case "tab":
		m.completeRow()
	case "up", "down", "pgup", "pgdown", "ctrl+p", "ctrl+n":
		m.moveFinder(key)
	default:
		if f.kind == finderHelp && f.line.Text() == "" && m.isHelp(key) {
			m.closeFinder()
			return nil
		}
		if f.line.Key(key, text) {
			f.back = 0
			m.edited()
		}
	}
	return nil
}

// isHelp reports whether a key is one of the help itself: again, it closes it.
func (m *model) isHelp(key string) bool {
	a := m.byKey(key)
	return a != nil && a.id == "help"
}

// moveFinder moves over the rows. Above the first are the commands of before.
func (m *model) moveFinder(key string) {
	f := &m.finding
	rows := m.foundRows()
	by := map[string]int{"up": -1, "down": 1, "pgup": -finderJump, "pgdown": finderJump}[key]
	at := f.chosen(rows)
	top := at <= nextRow(rows, -1, 1)
	switch {
	case f.kind == finderPalette && (key == "ctrl+p" || key == "up" && top):
		m.recall(1)
		return
	case f.kind == finderPalette && (key == "ctrl+n" || key == "down" && f.back > 0):
		m.recall(-1)
		return
	case by == 0 || len(rows) == 0:
		return
	}
	f.choose(rows, nextRow(rows, at, by))
	f.moved, f.err = true, ""
}

// recall goes through the commands of before, back being positive.
func (m *model) recall(by int) {
	f := &m.finding
	if f.back == 0 {
		f.draft = f.line.Text()
	}
	next := min(max(f.back+by, 0), len(f.past))
	if next == f.back {
		return
	}
	f.back = next
	text := f.draft
	if next > 0 {
		text = f.past[len(f.past)-next]
	}
	f.line.Set(text)
	m.edited()
}

// remember puts a command behind those of before.
func (f *finding) remember(command string) {
	if n := len(f.past); n > 0 && f.past[n-1] == command {
		return
	}
	f.past = append(f.past, command)
	if n := len(f.past) - pastKeep; n > 0 {
		f.past = append([]string(nil), f.past[n:]...)
	}
}

// completeRow takes the chosen row, or the first, into the line.
func (m *model) completeRow() {
	f := &m.finding
	rows := m.foundRows()
	at := f.chosen(rows)
	if at < 0 {
		at = nextRow(rows, -1, 1)
	}
	if f.kind != finderPalette || at < 0 || at >= len(rows) {
		return
	}
	text := cmp.Or(rows[at].name, rows[at].a.id)
	if rows[at].value != "" {
		text += " " + rows[at].value
	} else if rows[at].a.arg != nil {
		text += " "
	}
	f.line.Set(text)
	m.edited()
}

// enterFinder runs what is chosen, or what is typed.
func (m *model) enterFinder() tea.Cmd {
	f := &m.finding
	rows := m.foundRows()
	var chosen *found
	if at := f.chosen(rows); at >= 0 {
		chosen = &rows[at]
	}
	a, value, wrong := m.meant(chosen)
	switch {
	case wrong != "":
		f.err = wrong
		return nil
	case a == nil:
		m.closeFinder()
		return nil
	case value == "" && a.arg != nil && !a.arg.optional && !m.typesValue():
		f.kind = finderPalette // from the help, too
		f.line.Set(a.id + " ")
		m.edited()
		return nil
	}
	return m.command(a, value)
}

// command runs an action with its argument and closes the finder; if it cannot
// be done, it says why instead.
func (m *model) command(a *action, value string) tea.Cmd {
	f := &m.finding
	m.opening = ""
	if len(a.keys) > 0 {
		m.opening = a.keys[0]
	}
	kind := f.kind
	f.kind = finderNone // what it opens lies on the page
	cmd, err := m.runWith(a, value)
	if err != nil {
		f.kind, f.err = kind, m.keyed(err.Error())
		return nil
	}
	f.err = ""
	if kind == finderPalette {
		text := a.id
		if value != "" {
			text += " " + value
		}
		f.remember(text)
	}
	m.dirty = true
	return cmd
}

// clickFinder runs the row under the mouse. What it runs asks as it asks for a key.
func (m *model) clickFinder(x, y int) tea.Cmd {
	at, ok := m.finder().At(m.look(), x, y, m.w, m.h)
	if !ok {
		return nil
	}
	m.dirty = true
	m.finding.choose(m.foundRows(), at)
	m.finding.moved = true
	return m.enterFinder()
}

// finder is the palette or the help as it is drawn.
func (m *model) finder() screen.Finder {
	f := &m.finding
	rows := m.foundRows()
	out := screen.Finder{Cursor: f.chosen(rows), Error: f.err}
	out.Before, out.After = f.line.Halves()
	for i := range rows {
		out.Rows = append(out.Rows, rows[i].row)
	}
	if f.kind == finderHelp {
		m.dressHelp(&out)
	} else {
		m.dressPalette(&out)
	}
	return out
}
