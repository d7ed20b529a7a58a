package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/themes"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// consoleActions are about the console itself.
func consoleActions() []action {
	return []action{
		{id: "journal", title: "actions: who did what, and how it came out", short: "actions", keys: []string{"H"}, group: groupQuit, run: plain(func(m *model) { m.toggle(pageActions) })},
		{id: "help", title: "help", keys: []string{"?"}, group: groupQuit, bar: true, pin: true, run: plain((*model).openHelp)},
		{id: "quit", title: "quit", keys: []string{"q"}, group: groupQuit, bar: true, pin: true, run: func(m *model) tea.Cmd { return m.askQuit("q") }},
		{id: "interrupt", title: "quit; twice, without a question", keys: []string{"ctrl+c"}, group: groupQuit,
			run: func(m *model) tea.Cmd { return m.askQuit("ctrl+c") }},
		{id: "suspend", title: "does nothing: suspending would stop the shards' heartbeats", keys: []string{"ctrl+z"}, group: groupQuit,
			run: plain(func(m *model) {
				m.say(screen.ToneBad, "not suspended: the shards' heartbeats would stop")
			})},
	}
}

// openStopped opens by itself, so it is deaf at first.
func (m *model) openStopped() {
	m.openWith(&dialog.Dialog{
		ID: "stopped", Title: "The engine has stopped", Deaf: m.now().Add(dialog.DeafFor),
		Body:    []string{"No shard is connected any more. The log says why."},
		Buttons: []dialog.Button{{Label: "Look around", Key: "n"}, {ID: "quit", Label: "Quit", Key: "y"}},
	}, func(m *model, out dialog.Outcome) tea.Cmd {
		if out.Button == "quit" {
			return m.leave(leaveStop)
		}
		return nil
	})
}

// openHelp lists every action as it stands now.
func (m *model) openHelp() {
	d := &dialog.Dialog{ID: "help", Title: "Keys", Keys: true, Opener: "?"}
	for _, g := range groups() {
		d.Facts = append(d.Facts, dialog.Fact{Heading: string(g)})
		for _, h := range m.hints(func(a *action) bool { return a.group == g }) {
			note := ""
			if !h.Enabled {
				note = "(not now: " + h.Reason + ")"
			}
			d.Facts = append(d.Facts, dialog.Fact{Label: h.Key, Value: h.Title, Note: note, Off: !h.Enabled})
		}
	}
	m.open(d, nil)
}

// openThemes lets the operator choose a theme; each shows as it is passed.
func (m *model) openThemes() {
	d := &dialog.Dialog{ID: "theme", Title: "Theme", Opener: "t"}
	loaded := map[string]themes.Theme{}
	for _, name := range themes.Names() {
		t, err := themes.Load(name)
		if err != nil {
			m.say(screen.ToneBad, err.Error())
			return
		}
		loaded[name] = t
		d.Items = append(d.Items, dialog.Item{ID: name, Text: t.Title, Note: name})
	}
	d.Choice = max(0, slices.Index(themes.Names(), strings.ToLower(m.theme.Name)))
	m.openWith(d, func(m *model, out dialog.Outcome) tea.Cmd {
		switch {
		case out.Moved:
			m.restyle(loaded[d.Items[d.Choice].ID])
		case out.Choice != "":
			m.chosen = loaded[out.Choice]
			m.restyle(m.chosen)
			m.say(screen.ToneGood, "theme "+out.Choice)
		default:
			m.restyle(m.chosen)
		}
		return nil
	})
}
