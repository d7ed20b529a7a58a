package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// quitLag is the lag from which the seconds that a stop leaves may not suffice.
const quitLag = 2 * time.Second

// askQuit asks before the engine is stopped. Where the engine is another
// process, leaving costs nothing and is not asked about.
func (m *model) askQuit(opener string) tea.Cmd {
	if m.opt.Attached {
		return m.leave(leaveStop)
	}
	d := &dialog.Dialog{
		ID: "quit", Title: "Stop Gatehouse?", Opener: opener, Body: []string{m.quitBody()}, Facts: m.quitFacts(), Warning: m.quitWarning(),
		Buttons: []dialog.Button{dialog.Cancel(), {ID: "stop", Label: "Stop and quit", Key: "y", Danger: true}},
	}
	if m.draining() {
		d.Title = "Stop before the drain has ended?"
		d.Buttons[0].Label = "Go on draining"
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

// keepsQueue reports whether what is queued outlives the engine.
func (m *model) keepsQueue() bool { return m.live != nil && m.live.Store.OnDisk }

// faulty reports whether there is a disk and it takes nothing.
func (m *model) faulty() bool { return m.keepsQueue() && m.live.Store.Fault != "" }

// quitBody is what a stop does.
func (m *model) quitBody() string {
	text := "The engine stops with the console: every shard closes and ends its session. "
	switch {
	case m.draining():
		text = "The shards are closed already. "
	case m.keepsSessions():
		text = "The engine stops with the console: every shard closes so that its session can be resumed. "
	}
	switch {
	case m.faulty():
		return text + "What is on disk stays there, and the next start delivers it; the disk takes no more."
	case m.keepsQueue():
		return text + "What the bot does not take within seconds stays on disk, and the next start delivers it."
	}
	return text + "The bot gets what is queued if it takes it within seconds."
}

// quitWarning is what a stop costs however well it goes.
func (m *model) quitWarning() string {
	if m.keepsSessions() {
		return "The bot gets no events until Gatehouse runs again. What happens meanwhile comes then, if that is within minutes: " +
			"Discord does not keep sessions for longer."
	}
	return "The bot gets no events until Gatehouse runs again, and misses those in between."
}

// quitFacts are what a stop costs as things stand.
func (m *model) quitFacts() []dialog.Fact {
	if m.live == nil {
		return nil
	}
	depth := m.live.Traffic.Depth
	for i := range m.live.Sinks {
		if !m.live.Sinks[i].Orphan {
			depth = max(depth, m.live.Sinks[i].Depth)
		}
	}
	queued := dialog.Fact{Label: "queued", Value: frame.Plural(depth, "event"), Note: m.quitNote(depth)}
	if m.draining() {
		queued.Label = "not delivered"
	}
	next := dialog.Fact{Label: "next start", Value: "resumes", Note: "if within minutes"}
	if !m.keepsSessions() {
		next = dialog.Fact{Label: "next start", Value: "costs " + frame.Plural(len(m.live.Shards), "session start")}
	}
	facts := append([]dialog.Fact{queued, next}, m.reshardLoss()...)
	if m.faulty() {
		facts = append(facts, dialog.Fact{Label: "disk", Value: "takes nothing: " + m.live.Store.Fault})
	}
	return facts
}

// reshardLoss says that the reshard under way ends with the engine.
func (m *model) reshardLoss() []dialog.Fact {
	run := m.resharding()
	if run == nil {
		return nil
	}
	if run.Phase >= ops.ReshardSwitch {
		return []dialog.Fact{{Label: "reshard", Value: fleets(run) + " is about to be done:", Note: "the next start has the fleet that leads by then"}}
	}
	return []dialog.Fact{{Label: "reshard", Value: fleets(run) + " ends:", Note: "the next fleet and its " + identifies(screen.ReshardSpent(run)) + " are gone"}}
}

// quitNote is what becomes of what the bot does not take in time.
func (m *model) quitNote(depth int) string {
	faulty := m.faulty()
	switch {
	case depth == 0:
		return ""
	case m.keepsQueue() && !faulty:
		return "kept on disk, delivered by the next start"
	case !faulty && m.live.Traffic.Lag < quitLag:
		return "" // on its way, not waiting
	case faulty && m.keepsSessions():
		return "what is not on disk yet comes again, if the next start is within minutes"
	case faulty:
		return "what is not on disk yet is lost"
	case m.keepsSessions():
		return "what the bot does not take at once comes again, if the next start is within minutes"
	default:
		return "lost, unless the bot takes them at once"
	}
}

func (m *model) leave(how leaving) tea.Cmd {
	m.leaving = how
	return tea.Quit
}
