package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// drainSinks is how many sinks the question about a drain names.
const drainSinks = 4

// askDrain asks before the shards are closed for a drain, and says what it costs.
func askDrain(m *model) {
	d := &dialog.Dialog{
		ID: "drain", Title: "Drain the queue and exit?", Opener: "D",
		Body: []string{"Shards close so that they can be resumed, the queue is delivered to its end however long that takes " +
			"(a sink that is down is waited for), then Gatehouse exits."},
		Facts:   m.drainFacts(),
		Warning: "Discord keeps what happens meanwhile for a few minutes only: the bot misses what comes after that.",
		Buttons: []dialog.Button{dialog.Cancel(), {ID: "yes", Label: "Drain and exit", Key: "y", Danger: true}},
	}
	if !m.keepsSessions() {
		d.Body = []string{"Shards close, the queue is delivered to its end however long that takes (a sink that is down is waited " +
			"for), then Gatehouse exits."}
		d.Warning = "No sessions are kept: the bot misses all until the next start, which costs " +
			frame.Plural(len(m.live.Shards), "session start") + "."
	}
	m.open(d, func(m *model) tea.Cmd { return m.perform("drain", ops.Command{Kind: ops.CommandDrain}) })
}

// drainFacts are how much waits for each sink, and how long that will take.
func (m *model) drainFacts() []dialog.Fact {
	var facts []dialog.Fact
	left, orphans := 0, 0
	for i := range m.live.Sinks {
		s := &m.live.Sinks[i]
		switch {
		case s.Orphan:
			orphans += s.Depth
		case len(facts) == drainSinks:
			left++
		default:
			facts = append(facts, dialog.Fact{Label: frame.Cut(frame.Clean(s.Name), 14),
				Value: frame.Plural(s.Depth, "event") + ":", Note: drainNote(s)})
		}
	}
	if left > 0 {
		facts = append(facts, dialog.Fact{Label: "others", Value: frame.Plural(left, "more sink")})
	}
	if orphans > 0 {
		facts = append(facts, dialog.Fact{Label: "not drained", Value: frame.Plural(orphans, "event"), Note: "of sinks that are not configured stay on disk"})
	}
	return append(facts, m.reshardLoss()...)
}

// drainNote is how long the delivery of what waits for a sink takes. Nothing
// new comes in during a drain, so that the whole rate counts.
func drainNote(s *ops.Sink) string {
	switch {
	case s.Depth == 0:
		return "nothing waits"
	case s.State == ops.SinkPaused:
		return "held by an operator: the drain waits until {pause} releases it"
	case s.State == ops.SinkRefused:
		return "held, the bot refused our secret: the drain waits for it"
	case s.State == ops.SinkRetrying:
		return "retrying: the drain waits for it"
	case s.Rate < 0.05:
		return "takes nothing at present: the drain waits for it"
	default:
		span := time.Duration(float64(s.Depth) / s.Rate * float64(time.Second))
		return "about " + frame.Age(max(span, time.Second)) + " at the present " + frame.Rate(s.Rate) + "/s"
	}
}

// draining reports whether the engine is delivering its queue to the end.
func (m *model) draining() bool { return m.live != nil && m.live.Phase == ops.PhaseDraining }
