package tui

import (
	"cmp"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// alertActions are about what needs a person.
func alertActions() []action {
	return []action{
		{id: "alert", title: "show where the alert comes from, then the next alert", short: "alert", keys: []string{"a"}, group: groupMove,
			enabled: func(m *model) (bool, string) { return len(m.alerts) > 0, "there are no alerts" }, run: moving((*model).nextAlert)},
		{id: "alerts", title: "list all alerts, seen ones too; enter goes where it comes from", short: "alerts", keys: []string{"!"}, group: groupMove,
			enabled: func(m *model) (bool, string) { return m.snap != nil && len(m.snap.Alerts) > 0, "there are no alerts" },
			run:     plain((*model).openAlerts)},
		{id: "ack", title: "acknowledge the alert: off the line until it ends or gets worse", short: "seen", keys: []string{"K"}, group: groupAct,
			engine: true, drains: true, aliases: []string{"seen"},
			enabled: func(m *model) (bool, string) { return len(m.alerts) > 0, "no alert is on show" },
			run:     func(m *model) tea.Cmd { return m.acknowledge(m.alerts[m.alertIndex()]) },
			arg:     ackArgument()},
	}
}

// ackArgument is the alert that is acknowledged.
func ackArgument() *argument {
	return &argument{
		name: "alert", optional: true,
		hint: func(*model) string { return "the id of an alert" },
		complete: func(m *model, _ string) (all []completion) {
			for _, a := range m.alerts {
				all = append(all, completion{value: a.ID, note: a.Text})
			}
			return all
		},
		run: func(m *model, text string) (tea.Cmd, error) { return m.acknowledge(ops.Alert{ID: text}), nil },
	}
}

// acknowledge takes an alert off the line of every console.
func (m *model) acknowledge(a ops.Alert) tea.Cmd {
	return m.perform("acknowledging "+a.ID, ops.Command{Kind: ops.CommandAck, Alert: a.ID})
}

// alertIndex is where the alert on show stands among those that nobody has
// acknowledged; the most urgent if it has gone.
func (m *model) alertIndex() int {
	return max(0, slices.IndexFunc(m.alerts, func(a ops.Alert) bool { return a.ID == m.alert }))
}

// nextAlert goes to where the alert on show comes from; where one is there already,
// the next alert comes on show.
func (m *model) nextAlert() {
	at := m.alertIndex()
	if m.alert != "" && m.atAlert(m.alerts[at]) {
		at = (at + 1) % len(m.alerts)
	}
	m.showAlert(m.alerts[at])
}

// atAlert reports whether what an alert is about is under the cursor.
func (m *model) atAlert(a ops.Alert) bool {
	if a.Shard >= 0 {
		s := m.selected()
		return s != nil && s.ID == a.Shard
	}
	page, ok := alertPage(a)
	return !ok || m.page == page
}

// alertPage is the page that an alert leads to; false for those that lead to a shard,
// which is on every page that shows shards.
func alertPage(a ops.Alert) (page, bool) {
	if a.Shard >= 0 {
		return 0, false
	}
	p, ok := map[string]page{
		"shards": pageShards, "sinks": pageSinks, "events": pageEvents, "reshard": pageReshard, "workers": pageWorkers,
		"identify": pageBudget, "logs": pageLog,
	}[a.Page]
	return p, ok
}

// showAlert puts an alert on the line and the cursor where it comes from, and says
// what can be done there.
func (m *model) showAlert(a ops.Alert) {
	m.alert = a.ID
	if a.Shard >= 0 {
		if !m.selectID(a.Shard) {
			m.say(screen.ToneQuiet, "the alert's shard is not held by this process")
		}
		return
	}
	if a.Sink != "" {
		m.sink = a.Sink
	}
	if p, ok := alertPage(a); ok && m.page != p {
		m.turnTo(p)
	}
	if hint := alertHint(a); hint != "" {
		m.say(screen.ToneQuiet, hint)
	}
}

// alertHint is what can be done about an alert.
func alertHint(a ops.Alert) string {
	kind, _, _ := strings.Cut(a.ID, "/")
	if a.Sink != "" {
		kind = "sink"
	}
	switch kind {
	case "identify":
		return "about the identify budget: {budget} shows it, {allow} lets identifies go on that the breaker has stopped"
	case "reshard":
		return "about the number of shards: {reshard} shows the reshard, or plans one"
	case "guilds":
		return "about guilds that have not come: {events} shows which"
	case "hook":
		return "about a hook: {events} shows what it panicked on; the engine goes on as without it"
	case "sink":
		return "about the sink " + frame.Clean(a.Sink) + ": {sinks} shows it, {pause} holds or releases it, {flush} tries it now"
	default:
		return ""
	}
}

// openAlerts lists all alerts, those that somebody has acknowledged last.
func (m *model) openAlerts() {
	d := &dialog.Dialog{ID: "alerts", Title: "Alerts", Opener: "alerts", Buttons: []dialog.Button{{ID: "go", Label: "Go there"}, {Label: "Close", Key: "esc"}}}
	if a := m.byID("ack"); len(a.keys) > 0 && !m.opt.ReadOnly {
		d.Buttons = slices.Insert(d.Buttons, 1, dialog.Button{ID: "ack", Label: "Acknowledge", Key: a.keys[0], Stays: true})
	}
	list := slices.Concat(m.alerts, seenAlerts(m.snap.Alerts))
	d.Choice = m.alertIndex()
	fill := func() {
		d.Items, d.Body = nil, []string{list[d.Choice].Text}
		for _, a := range list {
			d.Items = append(d.Items, m.alertItem(a))
		}
	}
	fill()
	m.openWith(d, func(m *model, out dialog.Outcome) (cmd tea.Cmd) {
		a := &list[d.Choice]
		switch {
		case out.Button == "go":
			return moving(func(m *model) { m.showAlert(*a) })(m)
		case out.Button == "ack" && a.AckedAt.IsZero():
			a.AckedAt, a.AckedBy = m.now(), m.opt.User
			cmd = m.acknowledge(*a)
		}
		fill()
		return cmd
	})
}

// alertItem is an alert in the list.
func (m *model) alertItem(a ops.Alert) dialog.Item {
	sign := m.glyphs.Warn
	if a.Level == ops.AlertCritical {
		sign = m.glyphs.Critical
	}
	text := sign + " " + frame.Age(m.now().Sub(a.Since)) + "  "
	if !a.AckedAt.IsZero() {
		text += "seen by " + cmp.Or(a.AckedBy, "somebody") + "  "
	}
	return dialog.Item{ID: a.ID, Text: text + a.Text, Dim: !a.AckedAt.IsZero()}
}

// unseenAlerts are those that nobody has acknowledged, the most urgent first.
func unseenAlerts(all []ops.Alert) []ops.Alert {
	return screen.SortAlerts(slices.DeleteFunc(slices.Clone(all), func(a ops.Alert) bool { return !a.AckedAt.IsZero() }))
}

// seenAlerts are those that somebody has acknowledged.
func seenAlerts(all []ops.Alert) []ops.Alert {
	return slices.DeleteFunc(slices.Clone(all), func(a ops.Alert) bool { return a.AckedAt.IsZero() })
}
