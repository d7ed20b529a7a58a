package tui

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/themes"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// consoleActions are about the console itself.
func consoleActions() []action {
	return []action{
		{id: "journal", title: "what was done from here, and how it came out", short: "history", keys: []string{"H"}, group: groupQuit, run: plain((*model).openJournal)},
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

// quitLag is the lag from which the seconds that a stop leaves may not suffice.
const quitLag = 2 * time.Second

// askQuit asks before the engine is stopped. Where the engine is another
// process, leaving costs nothing and is not asked about.
func (m *model) askQuit(opener string) tea.Cmd {
	if m.opt.Attached {
		return m.leave(leaveStop)
	}
	d := &dialog.Dialog{
		ID: "quit", Title: "Stop Gatehouse?", Opener: opener,
		Body: []string{"The engine stops with the console: every shard closes and ends its session, and the bot gets " +
			"what is queued if it takes it within seconds."},
		Facts:   m.quitFacts(),
		Warning: "The bot gets no events until Gatehouse runs again, and misses those in between.",
		Buttons: []dialog.Button{dialog.Cancel(), {ID: "stop", Label: "Stop and quit", Key: "y", Danger: true}},
	}
	if m.keepsSessions() {
		d.Body = []string{"The engine stops with the console: every shard closes so that its session can be resumed, and the " +
			"bot gets what is queued if it takes it within seconds."}
		d.Warning = "The bot gets no events until Gatehouse runs again. What it missed comes then, if that is within minutes: " +
			"Discord does not keep sessions for longer."
	}
	if m.opt.CanDetach {
		d.Buttons = slices.Insert(d.Buttons, 1, dialog.Button{ID: "detach", Label: "Leave it running", Key: "d"})
	}
	m.openWith(d, func(m *model, out dialog.Outcome) tea.Cmd {
		switch out.Button {
		case "stop":
			return m.leave(leaveStop)
		case "detach":
			return m.leave(leaveDetach)
		}
		return nil
	})
	return nil
}

// keepsSessions reports whether the engine's next start resumes its sessions.
func (m *model) keepsSessions() bool { return m.live != nil && m.live.KeepsSessions }

// quitFacts are what a stop costs as things stand.
func (m *model) quitFacts() []dialog.Fact {
	if m.live == nil {
		return nil
	}
	queued := dialog.Fact{Label: "queued", Value: frame.Plural(m.live.Traffic.Depth, "event")}
	next := dialog.Fact{Label: "next start", Value: "resumes", Note: "if within minutes"}
	shards := len(m.live.Shards)
	if !m.live.KeepsSessions {
		next = dialog.Fact{Label: "next start", Value: "costs " + frame.Plural(shards, "session start")}
	}
	if m.live.Traffic.Lag >= quitLag {
		queued.Note = "lost, unless the bot takes them at once"
		if m.live.KeepsSessions {
			queued.Note = "what the bot does not take at once comes again"
		}
	}
	return []dialog.Fact{queued, next}
}

func (m *model) leave(how leaving) tea.Cmd {
	m.leaving = how
	return tea.Quit
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

// openJournal lists the results of the operator's actions, the newest first.
func (m *model) openJournal() {
	d := &dialog.Dialog{ID: "journal", Title: "Done from this console", Opener: "H"}
	if len(m.journal) == 0 {
		d.Body = []string{"Nothing yet."}
	}
	for _, e := range slices.Backward(m.journal) {
		d.Facts = append(d.Facts, dialog.Fact{Label: e.at.Format("15:04:05"), Value: e.text})
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
	before := m.theme
	m.openWith(d, func(m *model, out dialog.Outcome) tea.Cmd {
		switch {
		case out.Moved:
			m.restyle(loaded[d.Items[d.Choice].ID])
		case out.Choice != "":
			m.restyle(loaded[out.Choice])
			m.say(screen.ToneGood, "theme "+out.Choice)
		default:
			m.restyle(before)
		}
		return nil
	})
}
