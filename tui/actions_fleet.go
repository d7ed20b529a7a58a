package tui

import (
	"fmt"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// fleetActions steer the sinks and the fleet as a whole.
func fleetActions() []action {
	return []action{
		{id: "pause", title: "hold or release deliveries to a sink", keys: []string{"p"}, group: groupAct,
			engine: true, bar: true, name: pauseName, enabled: hasSink, run: askPause},
		{id: "flush", title: "deliver what waits for a retry now", keys: []string{"P"}, group: groupAct,
			engine: true, enabled: hasHeldSink, run: askFlush},
		{id: "reshard", title: "reshard the fleet", short: "reshard", keys: []string{"R"}, group: groupAct, bar: true, run: openReshard},
	}
}

func (m *model) sinks() []ops.Sink {
	if m.live == nil {
		return nil
	}
	return m.live.Sinks
}

func hasSink(m *model) (bool, string) { return len(m.sinks()) > 0, "no sink is configured" }

func held(s ops.Sink) bool { return s.State == ops.SinkPaused || s.State == ops.SinkRefused }

func hasHeldSink(m *model) (bool, string) {
	for _, s := range m.sinks() {
		if held(s) || s.State == ops.SinkRetrying {
			return true, ""
		}
	}
	return false, "every sink delivers"
}

func pauseName(m *model) string {
	if s := m.sinks(); len(s) == 1 && held(s[0]) {
		return "release"
	}
	return "hold"
}

// askPause asks about the only sink, or which one.
func askPause(m *model) tea.Cmd { return m.pickSink("p", nil, (*model).askPauseOf) }

func (m *model) askPauseOf(s ops.Sink) {
	if held(s) {
		m.ask("release deliveries to "+frame.Clean(s.Name)+"? "+frame.Plural(s.Depth, "event")+" waiting.", m.release(s))
		return
	}
	name := s.Name
	m.ask("hold deliveries to "+frame.Clean(name)+"? Events queue up until p releases them.", func(m *model) tea.Cmd {
		return m.perform("hold of "+name, ops.Command{Kind: ops.CommandPauseSink, Sink: name})
	})
}

func (m *model) release(s ops.Sink) func(m *model) tea.Cmd {
	return func(m *model) tea.Cmd {
		return m.perform("release of "+s.Name, ops.Command{Kind: ops.CommandResumeSink, Sink: s.Name})
	}
}

func askFlush(m *model) tea.Cmd {
	waits := func(s ops.Sink) string {
		if held(s) || s.State == ops.SinkRetrying {
			return ""
		}
		return "delivers"
	}
	return m.pickSink("P", waits, func(m *model, s ops.Sink) {
		m.ask("try "+frame.Clean(s.Name)+" now? "+frame.Plural(s.Depth, "event")+" waiting.", m.release(s))
	})
}

// pickSink goes on with the only sink that is possible, or with the one that is
// chosen from a list.
func (m *model) pickSink(opener string, not func(ops.Sink) string, then func(*model, ops.Sink)) tea.Cmd {
	var items []dialog.Item
	var fit []ops.Sink
	for _, s := range m.sinks() {
		item := dialog.Item{ID: s.Name, Text: s.Name, Note: s.State.String() + ", " + frame.Count(s.Depth) + " queued"}
		if not != nil && not(s) != "" {
			item.Off, item.Note = true, not(s)
		} else {
			fit = append(fit, s)
		}
		items = append(items, item)
	}
	if len(fit) == 1 {
		then(m, fit[0])
		return nil
	}
	m.openChoice(&dialog.Dialog{ID: "sink", Title: "Which sink?", Items: items, Opener: opener}, func(m *model, id string) {
		for _, s := range m.sinks() {
			if s.Name == id {
				then(m, s)
			}
		}
	})
	return nil
}

// openReshard says what the fleet has and what Discord recommends, and whether
// it can be changed.
func openReshard(m *model) tea.Cmd {
	d := &dialog.Dialog{ID: "reshard", Title: "Reshard", Opener: "R"}
	if m.live == nil {
		d.Body = []string{"The engine has not answered yet."}
		m.open(d, nil)
		return nil
	}
	r, f := m.live.Reshard, m.live.Fleet
	recommended := "not known yet"
	if r.Recommended > 0 {
		recommended = strconv.Itoa(r.Recommended)
	}
	fullest := 0
	for i := range m.live.Shards {
		fullest = max(fullest, m.live.Shards[i].Guilds)
	}
	d.Facts = []dialog.Fact{
		{Label: "shards now", Value: strconv.Itoa(f.Total)},
		{Label: "recommended", Value: recommended, Note: "by Discord"},
		{Label: "fullest shard", Value: fmt.Sprintf("%d of 2500 guilds", fullest), Note: fmt.Sprintf("%d %%", fullest*100/2500)},
	}
	d.Warning = "Not possible: " + r.Reason
	if r.Supported {
		d.Warning = "This console cannot start it; use gatehouse ctl reshard."
	}
	m.open(d, nil)
	return nil
}
