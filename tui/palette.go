package tui

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/fuzzy"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// paletteValues is how many values of an argument the palette lists.
const paletteValues = 200

// What a command is worth beyond the letters that fit.
const (
	asNumber = 300 // what is typed is the id of a shard or a guild
	asKey    = 200 // or the command's key
	asName   = 30  // it was found by its name, not in its title
	asSame   = 3   // and by its own, not by another one
)

// called is the action of a name; nil if there is none.
func (m *model) called(name string) *action {
	for i := range m.actions {
		if m.actions[i].named(name) {
			return &m.actions[i]
		}
	}
	return nil
}

// typing takes what is typed apart: the action that it begins with, if that takes
// an argument, and the argument.
func (m *model) typing() (a *action, value string, ok bool) {
	name, value, spaced := strings.Cut(strings.TrimLeft(m.finding.line.Text(), " :"), " ")
	if !spaced {
		return nil, "", false
	}
	a = m.called(name)
	return a, strings.TrimSpace(value), a != nil && a.arg != nil
}

// typesValue reports whether an argument is being typed.
func (m *model) typesValue() bool {
	if m.finding.kind != finderPalette {
		return false
	}
	_, _, ok := m.typing()
	return ok
}

// paletteRows are the commands that what is typed may mean, the likeliest first;
// or the values of the command that is typed.
func (m *model) paletteRows() []found {
	if a, value, ok := m.typing(); ok {
		return m.valueRows(a, value)
	}
	return m.commandRows(strings.TrimSpace(strings.TrimLeft(m.finding.line.Text(), " :")))
}

// ranked is a row with how well it fits.
type ranked struct {
	found
	score int
}

func byScore(rows []ranked) []found {
	slices.SortStableFunc(rows, func(a, b ranked) int { return cmp.Compare(b.score, a.score) })
	out := make([]found, len(rows))
	for i := range rows {
		out[i] = rows[i].found
	}
	return out
}

func (m *model) commandRows(pattern string) []found {
	var rows []ranked
	if a := m.numbered(pattern); a != nil {
		rows = append(rows, ranked{found{a: a, value: pattern, row: screen.FinderRow{Name: a.id + " " + pattern, Text: a.title}}, asNumber})
	}
	for i := range m.actions {
		a := &m.actions[i]
		if a.group == "" || a.id == "palette" {
			continue
		}
		name, score, at := a.fits(pattern)
		if name == "" {
			continue
		}
		row := m.finderRow(a, name)
		row.At, row.Words = at, strings.Fields(pattern)
		rows = append(rows, ranked{found{a: a, name: name, row: row}, score})
	}
	return byScore(rows)
}

// guildDigits is the least length of a guild's id: no shard has one as long.
const guildDigits = 15

// numbered is the action that a number alone is short for: the shard with that id, or
// where the guild is; nil if it is neither.
func (m *model) numbered(text string) *action {
	if _, err := strconv.ParseUint(text, 10, 64); err != nil {
		return nil
	}
	if len(text) >= guildDigits {
		return m.byID("where")
	}
	if _, err := m.shardID(text); err == nil {
		return m.byID("shard")
	}
	return nil
}

// fits is the name by which an action fits best what was typed, how well, and
// which letters of the name do; no name if it does not fit. Letters here and there
// make a name, but not a title.
func (a *action) fits(pattern string) (name string, score int, at []int) {
	if slices.Contains(a.keys, pattern) {
		return a.id, asKey, nil
	}
	for i, n := range append([]string{a.id}, a.aliases...) {
		worth, where, ok := fuzzy.Match(pattern, n)
		worth += asName
		if i == 0 {
			worth += asSame
		}
		if ok && (name == "" || worth > score) {
			name, score, at = n, worth, where
		}
	}
	worth, _, ok := fuzzy.Match(pattern, a.title)
	if ok && contains(a.title, pattern) && (name == "" || worth > score) {
		name, score, at = a.id, worth, nil
	}
	return name, score, at
}

// contains reports whether every word of a pattern is in a text, in any case.
func contains(text, pattern string) bool {
	text = strings.ToLower(text)
	for _, word := range strings.Fields(strings.ToLower(pattern)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// finderRow is an action as a row of the palette, by one of its names.
func (m *model) finderRow(a *action, name string) screen.FinderRow {
	h := m.hint(a)
	row := screen.FinderRow{Name: name, Text: h.Title}
	if len(a.keys) > 0 {
		row.Right = a.written()
	}
	if a.arg != nil {
		row.Name += " <" + a.arg.name + ">"
	}
	row.Reason = h.Reason
	if h.Enabled {
		row.Reason = ""
	}
	return row
}

// valueRows are the values of an argument that fit what is typed of it.
func (m *model) valueRows(a *action, typed string) []found {
	if a.arg.complete == nil {
		return nil
	}
	var rows []ranked
	for _, c := range a.arg.complete(m, typed) {
		score, at, ok := fuzzy.Match(typed, c.value)
		if !ok {
			continue
		}
		row := screen.FinderRow{Name: c.value, At: at, Text: c.note}
		if c.off {
			row.Reason, row.Text = c.note, ""
		}
		rows = append(rows, ranked{found{a: a, value: c.value, row: row}, score})
	}
	out := byScore(rows)
	return out[:min(len(out), paletteValues)]
}

// meant is what enter runs: the row that is chosen, or what is typed.
func (m *model) meant(chosen *found) (a *action, value, wrong string) {
	f := &m.finding
	text := strings.TrimSpace(strings.TrimLeft(f.line.Text(), " :"))
	if f.kind == finderHelp || chosen != nil && f.moved {
		if chosen == nil && text != "" {
			return nil, "", "nothing here is about \"" + text + "\""
		}
		return chosen.get()
	}
	if a, value, ok := m.typing(); ok {
		return a, value, ""
	}
	name, rest, _ := strings.Cut(text, " ")
	exact := m.called(name)
	switch {
	case text == "":
		return nil, "", ""
	case exact != nil && rest == "":
		return exact, "", ""
	case chosen != nil:
		return chosen.get()
	case exact != nil:
		return exact, rest, "" // it says that it takes nothing
	}
	return nil, "", m.unknownCommand(name)
}

func (r *found) get() (a *action, value, wrong string) {
	if r == nil {
		return nil, "", ""
	}
	return r.a, r.value, ""
}

func (m *model) unknownCommand(name string) string {
	if _, err := strconv.Atoi(name); err == nil {
		_, err = m.shardID(name)
		return err.Error()
	}
	var names []string
	for i := range m.actions {
		names = append(append(names, m.actions[i].id), m.actions[i].aliases...)
	}
	text := "\"" + name + "\" is not a command"
	if near := fuzzy.Nearest(name, names); near != "" {
		return text + "; did you mean " + near + "?"
	}
	return text + "; clear the line (ctrl+u) to see all of them"
}

// dressPalette adds to the rows what the palette says around them.
func (m *model) dressPalette(out *screen.Finder) {
	out.Title, out.Prompt, out.Most, out.NameWidth = "Commands", ":", 96, 24
	out.Foot = "enter runs it  tab completes  " + "up/down choose, above: commands of before"
	out.Empty = "nothing fits"
	a, value, ok := m.typing()
	if !ok {
		return
	}
	out.Title = frame.Cut(a.title, 60)
	out.Empty = a.needs(m)
	if a.arg.optional && value == "" {
		out.Ghost = "<" + a.arg.name + ">, or nothing"
	} else if value == "" {
		out.Ghost = "<" + a.arg.name + ">"
	}
	if a.arg.hint != nil {
		out.Foot = frame.Clean(a.arg.hint(m))
	}
}
