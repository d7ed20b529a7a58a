package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// queueActions steer the sinks and what waits for them.
func queueActions() []action {
	return []action{
		{id: "sinks", title: "sinks, queue and disk in full", short: "sinks", keys: []string{"S"}, group: groupQueue, bar: true, run: plain(openSinks)},
		{id: "pause", title: "hold or release deliveries to a sink", keys: []string{"p"}, group: groupQueue,
			engine: true, bar: true, sink: true, drains: true, name: pauseName, enabled: canPause, run: plain(askPause), arg: sinkArgument(notPausable, asks(askPauseNamed))},
		{id: "flush", title: "deliver what waits for a retry now", short: "try now", keys: []string{"P"}, group: groupQueue,
			engine: true, sink: true, drains: true, enabled: canFlush, run: plain(askFlush), arg: sinkArgument(notWaiting, asks((*model).askFlushOf))},
		{id: "letters", title: "dead letters: events that the bot refused", short: "dead letters", keys: []string{"d"}, group: groupQueue,
			sink: true, enabled: canList, run: askLetters, arg: sinkArgument(noLetters, func(m *model, s ops.Sink) tea.Cmd { return m.openLetters(s.Name) })},
		{id: "replay", title: "send dead letters to the bot again", short: "send again", keys: []string{"e"}, group: groupQueue,
			engine: true, sink: true, enabled: canReplay, run: plain(askReplay), arg: sinkArgument(notReplayable, asks((*model).askReplayOf))},
		{id: "discard", title: "discard what waits for a sink that is not configured any more", short: "discard", keys: []string{"X"}, group: groupQueue,
			engine: true, sink: true, enabled: canDiscard, run: plain(askDiscard), arg: sinkArgument(notDiscardable, asks((*model).askDiscardOf))},
		{id: "drain", title: "drain: close the shards, deliver the queue to its end, exit", short: "drain", keys: []string{"D"}, group: groupQueue,
			engine: true, sink: true, run: plain(askDrain)},
	}
}

func held(s ops.Sink) bool { return s.State == ops.SinkPaused || s.State == ops.SinkRefused }

// notPausable, and those below, say why an action cannot be done on a sink, in
// words that follow its name; empty if it can.
func notPausable(s ops.Sink) string {
	if s.Orphan {
		return "is not configured any more"
	}
	return ""
}

func notHeld(s ops.Sink) string {
	if s.Orphan || !held(s) {
		return "is not held"
	}
	return ""
}

func notWaiting(s ops.Sink) string {
	switch {
	case s.Orphan:
		return "is not configured any more"
	case held(s), s.State == ops.SinkRetrying, s.State == ops.SinkRejecting:
		return ""
	default:
		return "delivers"
	}
}

func noLetters(s ops.Sink) string {
	if s.Letters == 0 {
		return "has no dead letters"
	}
	return ""
}

func notReplayable(s ops.Sink) string {
	if s.Orphan {
		return "is not configured any more: nobody would get them"
	}
	return noLetters(s)
}

func notDiscardable(s ops.Sink) string {
	if s.Orphan {
		return ""
	}
	return "is configured"
}

const noHoldInDrain = "the engine drains: to hold a sink would only delay it"

func canPause(m *model) (bool, string) {
	if ok, why := m.fitting(notPausable, "no sink is configured"); !ok {
		return false, why
	}
	if ok, _ := m.fitting(notHeld, ""); m.draining() && !ok {
		return false, noHoldInDrain
	}
	return true, ""
}

func canFlush(m *model) (bool, string)  { return m.fitting(notWaiting, "every sink delivers") }
func canList(m *model) (bool, string)   { return m.fitting(noLetters, "there are none") }
func canReplay(m *model) (bool, string) { return m.fitting(notReplayable, "there are none") }
func canDiscard(m *model) (bool, string) {
	return m.fitting(notDiscardable, "every sink is configured")
}

func pauseName(m *model) string {
	if s := m.selectedSink(); s != nil && (m.onSinks() || len(m.sinks()) == 1) && held(*s) {
		return "release"
	}
	return "hold"
}

// askPause asks about the only sink, or which one.
func askPause(m *model) {
	not := notPausable
	if m.draining() {
		not = notHeld
	}
	m.pickSink("p", not, (*model).askPauseOf)
}

// askPauseNamed is askPauseOf for a sink that was typed.
func askPauseNamed(m *model, s ops.Sink) {
	if m.draining() && !held(s) {
		m.say(screen.ToneBad, "pause: "+noHoldInDrain)
		return
	}
	m.askPauseOf(s)
}

func (m *model) askPauseOf(s ops.Sink) {
	if held(s) {
		m.ask("release deliveries to "+frame.Clean(s.Name)+"? "+frame.Plural(s.Depth, "event")+" waiting.", m.release(s))
		return
	}
	name := s.Name
	m.ask("hold deliveries to "+frame.Clean(name)+"? Events queue up until {pause} releases them.", func(m *model) tea.Cmd {
		return m.perform("hold of "+name, ops.Command{Kind: ops.CommandPauseSink, Sink: name})
	})
}

func (m *model) release(s ops.Sink) func(m *model) tea.Cmd {
	return func(m *model) tea.Cmd {
		return m.perform("release of "+s.Name, ops.Command{Kind: ops.CommandResumeSink, Sink: s.Name})
	}
}

func askFlush(m *model) {
	m.pickSink("P", notWaiting, (*model).askFlushOf)
}

func (m *model) askFlushOf(s ops.Sink) {
	m.ask("try "+frame.Clean(s.Name)+" now? "+frame.Plural(s.Depth, "event")+" waiting.", m.release(s))
}

// askReplay asks whether the dead letters of a sink go to the bot again: all of
// them, or the one under the cursor where there is one.
func askReplay(m *model) { m.pickSink("e", notReplayable, (*model).askReplayOf) }

func (m *model) askReplayOf(s ops.Sink) {
	all := frame.Plural(s.Letters, "dead letter")
	d := &dialog.Dialog{
		ID: "replay", Title: "Send " + all + " again?", Opener: "e",
		Body: []string{"They go to the end of the queue with the ids that they had, so that the bot can tell repeats. " +
			"One that it refuses again is put aside again: mend the cause first."},
		Facts:   []dialog.Fact{{Label: "sink", Value: s.Name, Note: s.State.String()}, {Label: "sends", Value: all}},
		Buttons: []dialog.Button{dialog.Cancel(), {ID: "all", Label: "Send " + frame.Count(s.Letters) + " again", Key: "y"}},
	}
	one := m.letters.selected()
	if m.page == pageLetters && one != nil && m.letters.sink == s.Name {
		d.Facts = append(d.Facts, dialog.Fact{Label: "selected", Value: one.Type, Note: one.ID})
		d.Buttons = append(d.Buttons, dialog.Button{ID: "one", Label: "Only the selected", Key: "o"})
	}
	m.openWith(d, func(m *model, out dialog.Outcome) tea.Cmd {
		c := ops.Command{Kind: ops.CommandReplay, Sink: s.Name}
		switch out.Button {
		case "all":
			return m.perform("replay of "+all+" of "+s.Name, c)
		case "one":
			c.Letters = []string{one.ID}
			return m.perform("replay of "+one.Type+" "+one.ID, c)
		}
		return nil
	})
}

// askDiscard asks for the name of the sink whose events go for good.
func askDiscard(m *model) { m.pickSink("X", notDiscardable, (*model).askDiscardOf) }

func (m *model) askDiscardOf(s ops.Sink) {
	events := frame.Plural(s.Depth, "event")
	word := s.Name
	if word == "" || frame.Clean(word) != word {
		word = "discard" // a name that cannot be typed
	}
	m.open(&dialog.Dialog{
		ID: "discard", Title: "Discard " + events + " of " + frame.Cut(s.Name, 24) + "?", Opener: "X", Typing: word,
		Body:    []string{"The sink is not configured any more: what waits for it is removed from the disk."},
		Warning: "Nothing brings it back.",
		Buttons: []dialog.Button{dialog.Cancel(), {ID: "yes", Label: "Discard", Danger: true}},
	}, func(m *model) tea.Cmd {
		return m.perform("discard of "+events+" of "+s.Name, ops.Command{Kind: ops.CommandDiscard, Sink: s.Name})
	})
}
