package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// steerActions are about all shards, what is under way, and the engine as a whole.
func steerActions() []action {
	return []action{
		{id: "restart-all", title: "restart all shards by resume, one after the other or at once", short: "restart all", keys: []string{"Z"}, group: groupAct,
			engine: true, aliases: []string{"rolling"}, enabled: canRestartAll, run: plain(askRestartAll)},
		{id: "cancel", title: "cancel a rolling restart, or a re-identify of many, before the next shard", short: "cancel", keys: []string{"b"}, group: groupAct,
			engine: true, drains: true, enabled: canCancel, run: plain(askCancel)},
		{id: "drop", title: "drop what waits for a sink: the events are gone, gap markers stay", short: "drop backlog", group: groupQueue,
			engine: true, sink: true, drains: true, enabled: canDrop, run: plain(askDrop), arg: dropArgument()},
		{id: "dump", title: "dump: write state, log, configuration and goroutines into a file", group: groupQuit,
			engine: true, drains: true, run: func(m *model) tea.Cmd { return m.perform("dump", ops.Command{Kind: ops.CommandDump}) }},
		{id: "loglevel", title: "log level of the engine: what is written into the log at all", group: groupLog,
			engine: true, drains: true, run: plain(askLogLevel), arg: logLevelArgument()},
	}
}

// notDroppable says why nothing of a sink can be dropped, in words that follow its
// name; empty if it can.
func notDroppable(s ops.Sink) string {
	switch {
	case s.Orphan:
		return "is not configured any more: {discard} discards what waits for it"
	case s.Depth == 0:
		return "has no backlog"
	}
	return ""
}

func canDrop(m *model) (bool, string) { return m.fitting(notDroppable, "nothing waits") }

// askDrop has the number of events typed that are to go.
func askDrop(m *model) { m.pickSink("drop", notDroppable, (*model).askDropOf) }

func (m *model) askDropOf(s ops.Sink) {
	events := frame.Grouped(int64(s.Depth)) + " events"
	if s.Depth == 1 {
		events = "1 event"
	}
	name := frame.Cut(frame.Clean(s.Name), 24)
	m.confirmCommand(&dialog.Dialog{
		ID: "drop", Title: "Drop " + events + " of " + name + "?", Opener: "drop", Typing: strconv.Itoa(s.Depth),
		Body: []string{"The oldest events that wait for the sink are given up, at most this many: what has come since is kept. " +
			"The bot gets a gap marker for each shard that has lost some."},
		Facts: []dialog.Fact{
			{Label: "sink", Value: s.Name, Note: s.State.String()},
			{Label: "oldest", Value: frame.Age(s.Lag), Note: "waits since then"},
			{Label: "in flight", Value: strconv.Itoa(s.InFlight), Note: "are delivered all the same"},
		},
		Warning: "Nothing brings them back. To keep them, hold the sink ({pause}), or let it catch up.",
		Buttons: []dialog.Button{dialog.Cancel(), {ID: "yes", Label: "Drop " + events, Danger: true}},
	}, "drop of "+events+" of "+s.Name, ops.Command{Kind: ops.CommandDrop, Sink: s.Name, Events: s.Depth})
}

// dropArgument is the sink whose backlog goes.
func dropArgument() *argument {
	return &argument{
		name: "sink", optional: true,
		complete: func(m *model, _ string) (all []completion) {
			for _, s := range m.sinks() {
				c := completion{value: s.Name, note: frame.Plural(s.Depth, "event") + " waiting"}
				if why := notDroppable(s); why != "" {
					c.off, c.note = true, m.keyed(why)
				}
				all = append(all, c)
			}
			return all
		},
		run: func(m *model, text string) (tea.Cmd, error) {
			i := slices.IndexFunc(m.sinks(), func(s ops.Sink) bool { return s.Name == text })
			if i < 0 {
				return nil, fmt.Errorf("drop: there is no sink %q", text)
			}
			s := m.sinks()[i]
			if why := notDroppable(s); why != "" {
				return nil, fmt.Errorf("drop: %s %s", s.Name, m.keyed(why))
			}
			m.askDropOf(s)
			return nil, nil
		},
	}
}

// askLogLevel lets a level be chosen.
func askLogLevel(m *model) {
	d := &dialog.Dialog{ID: "loglevel", Title: "Log level of the engine", Opener: "loglevel",
		Body: []string{"The least level that is logged, until the configuration changes it."}}
	for i, l := range levels() {
		item := dialog.Item{ID: l.String(), Text: l.String()}
		if l == m.live.LogLevel {
			item.Note, d.Choice = "now", i
		}
		d.Items = append(d.Items, item)
	}
	m.openWith(d, func(m *model, out dialog.Outcome) tea.Cmd {
		for _, l := range levels() {
			if out.Closed && l.String() == out.Choice && l != m.live.LogLevel {
				return m.setLogLevel(l)
			}
		}
		return nil
	})
}

func (m *model) setLogLevel(l ops.Level) tea.Cmd {
	return m.perform("log level "+l.String(), ops.Command{Kind: ops.CommandLogLevel, Level: l})
}

// logLevelArgument is the level.
func logLevelArgument() *argument {
	return &argument{
		name: "level", optional: true,
		hint:     func(*model) string { return strings.Join(levelNames(), ", ") },
		complete: func(*model, string) []completion { return values(levelNames()...) },
		run: func(m *model, text string) (tea.Cmd, error) {
			for _, l := range levels() {
				if strings.EqualFold(l.String(), text) {
					return m.setLogLevel(l), nil
				}
			}
			return nil, fmt.Errorf("loglevel: %q is not one; allowed: %s", text, strings.Join(levelNames(), ", "))
		},
	}
}
