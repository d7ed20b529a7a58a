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
		{id: "palette", title: "commands: search all actions, run them with arguments", short: "run", keys: []string{":"}, group: groupQuit, bar: true, pin: true,
			run: plain(func(m *model) { m.openFinder(finderPalette) })},
		{id: "help", title: "help: every key and command, searched by typing", short: "help", aliases: []string{"keys"}, keys: []string{"?"}, group: groupQuit, bar: true, pin: true,
			run: plain(func(m *model) { m.openFinder(finderHelp) })},
		{id: "quit", title: "quit", aliases: []string{"q", "exit"}, keys: []string{"q"}, group: groupQuit, bar: true, pin: true, run: func(m *model) tea.Cmd { return m.askQuit("q") }},
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

// openThemes lets the operator choose a theme; each shows as it is passed.
func (m *model) openThemes() {
	d := &dialog.Dialog{ID: "theme", Title: "Theme", Opener: "t"}
	loaded := map[string]themes.Theme{}
	names := m.opt.Library.Names()
	for _, name := range names {
		t, err := m.opt.Library.Load(name)
		if err != nil {
			d.Items = append(d.Items, dialog.Item{ID: name, Text: name, Note: "broken: " + err.Error(), Off: true})
			continue
		}
		loaded[name] = t
		d.Items = append(d.Items, dialog.Item{ID: name, Text: t.Title, Note: name})
	}
	d.Choice = max(0, slices.Index(names, strings.ToLower(m.theme.Name)))
	m.openWith(d, func(m *model, out dialog.Outcome) tea.Cmd {
		switch {
		case out.Moved:
			if t, ok := loaded[d.Items[d.Choice].ID]; ok { // a broken one has nothing to show
				m.restyle(t)
			}
		case out.Choice != "":
			m.chosen = loaded[out.Choice]
			m.restyle(m.chosen)
			m.say(screen.ToneGood, "theme "+out.Choice+"; tui.theme: "+out.Choice+" in the configuration keeps it")
		default:
			m.restyle(m.chosen)
		}
		return nil
	})
}
