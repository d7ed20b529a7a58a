package tui

import (
	"strings"

	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// helpRows are all actions by sections, with the keys in effect, as far as they
// have every word that is typed.
func (m *model) helpRows() []found {
	pattern := m.finding.line.Text()
	var rows []found
	for _, g := range groups() {
		var section []found
		for i := range m.actions {
			a := &m.actions[i]
			if a.group != g {
				continue
			}
			row := m.helpRow(a)
			if contains(strings.Join([]string{row.Name, a.id, row.Text, strings.Join(a.aliases, " "), string(g)}, " "), pattern) {
				row.Words = strings.Fields(pattern)
				section = append(section, found{a: a, row: row})
			}
		}
		if len(section) > 0 {
			rows = append(append(rows, found{row: screen.FinderRow{Heading: string(g)}}), section...)
		}
	}
	return rows
}

func (m *model) helpRow(a *action) screen.FinderRow {
	row := m.finderRow(a, a.id)
	row.Name, row.Right = a.allKeys(), ""
	if a.arg != nil || row.Name == "" {
		row.Right = ":" + a.id
	}
	if a.arg != nil {
		row.Right += " <" + a.arg.name + ">"
	}
	if row.Name == "" { // it is typed
		row.Name = m.keyOf("palette")
	}
	return row
}

// allKeys are the action's keys; empty if it has none.
func (a *action) allKeys() string {
	if a.show != "" {
		return a.show
	}
	return strings.Join(a.keys, " ")
}

// dressHelp adds to the rows what the help says around them.
func (m *model) dressHelp(out *screen.Finder) {
	out.Title, out.Prompt, out.Wrap, out.Most, out.NameWidth = "Help", "/", true, 110, 0
	out.Empty = "nothing is about that"
	out.Ghost = "type to search"
	if out.Before+out.After != "" {
		out.Ghost = ""
	}
	out.Foot = "enter runs it  " + "up/down choose  " + m.keyOf("palette") + " commands"
	for _, r := range out.Rows {
		out.NameWidth = max(out.NameWidth, frame.Width(r.Name))
	}
	out.NameWidth = min(out.NameWidth, 16)
}
