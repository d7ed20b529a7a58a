package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// pipelineActions are about workers, events, rules and the configuration.
func pipelineActions() []action {
	return []action{
		{id: "workers", title: "workers: shards, load, queue and lag of each", short: "workers", keys: []string{"W"}, group: groupAct, bar: true, run: plain(openWorkers)},
		{id: "restart-worker", title: "restart the whole worker by resume", short: "restart worker", keys: []string{"B"}, group: groupAct,
			engine: true, worker: true, enabled: canRestartWorker, run: askRestartWorker},
		{id: "order", title: "the next order of the rows: worst first, by id, …", short: "order", keys: []string{"O"}, group: groupLook,
			enabled: canOrder, run: nextOrder},
		{id: "events", title: "events by type, edits kept away, guilds loading, hooks", short: "events", keys: []string{"E"}, group: groupLook,
			run: plain(func(m *model) { m.typesScroll = 0; m.toggle(pageEvents) })},
		{id: "rules", title: "rules of a sink, with what each kept away", short: "rules", keys: []string{"v"}, group: groupQueue,
			enabled: func(m *model) (bool, string) { return m.fitting(noRules, "no sink has rules") }, run: plain(openRules), arg: sinkArgument(noRules, asks((*model).openRulesOf))},
		{id: "reload", title: "read the configuration again: rules, sinks, presence, filter, log level, theme", short: "reload", keys: []string{"ctrl+r"},
			group: groupAct, engine: true, run: plain(askReload)},
	}
}

// noRules says why the rules of a sink cannot be shown; empty if they can.
func noRules(s ops.Sink) string {
	if len(s.Rules) == 0 {
		return "has no rules: it takes every event"
	}
	return ""
}

// openRules shows the rules of a sink in full.
func openRules(m *model) { m.pickSink("v", noRules, (*model).openRulesOf) }

func (m *model) openRulesOf(s ops.Sink) {
	d := &dialog.Dialog{ID: "rules", Title: "Rules of " + frame.Cut(frame.Clean(s.Name), 24), Opener: "v",
		Body: []string{"Asked in this order; " + frame.Grouped(int64(s.Filtered)) + " events kept away since start. Gatehouse's own notices pass, " +
			"unless events.drop names them."}}
	for _, r := range screen.RuleFacts(&s) {
		d.Facts = append(d.Facts, dialog.Fact{Label: r.Key, Value: r.Text, Note: r.Cost})
		if r.Fault != "" {
			d.Facts = append(d.Facts, dialog.Fact{Label: "   faults", Value: r.Fault})
		}
	}
	m.open(d, nil)
}

// askReload asks before the configuration is read again.
func askReload(m *model) {
	m.ask("reload the configuration, as far as it can change?", func(m *model) tea.Cmd {
		return m.perform("reload of the configuration", ops.Command{Kind: ops.CommandReload})
	})
}

// scrollTypes moves the list of types on the page of the events.
func (m *model) scrollTypes(by int) {
	if m.snap == nil {
		return
	}
	last := m.eventsPage().Last(m.look(), m.layout.whole.W, m.layout.whole.H)
	m.typesScroll = min(max(m.typesScroll+by, 0), last)
	m.dirty = true
}

func (m *model) eventsPage() screen.EventsPage {
	return screen.EventsPage{Snap: m.snap, Scroll: m.typesScroll}
}
