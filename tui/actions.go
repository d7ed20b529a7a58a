package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// action is one thing that the operator can do. The registry of actions is the
// single source of the key bar, the help, the drawer's hints, the keys and the
// mouse.
type action struct {
	id     string
	title  string
	short  string   // for the key bar; empty for title
	keys   []string // as Bubble Tea names them; the first is shown. None: from help and palette alone
	show   string   // how the keys are written; empty for the first one
	group  group
	engine bool // changes the engine: not in a read-only console
	bar    bool // on the key bar
	pin    bool // at its right end
	drawer bool // in the drawer
	sink   bool // beside a sink's figures
	budget bool // beside the figures of the identify budget
	// reshard: beside the figures of the reshard under way.
	reshard bool
	worker  bool // beside a worker's figures
	drains  bool // possible while the engine drains

	// name is what it does in the present state, for bar and drawer; nil for short or title.
	name func(m *model) string
	// enabled says whether it is possible now, and if not, why; nil for always.
	enabled func(m *model) (bool, string)
	// run does it; nil if it needs its argument.
	run func(m *model) tea.Cmd

	aliases []string  // what the palette calls it beside its id
	arg     *argument // what it can be told in the palette; nil for nothing
}

// group is a section of the help.
type group string

const (
	groupPages group = "Pages"
	groupAct   group = "Act"
	groupQueue group = "Sinks and queue"
	groupMove  group = "Move"
	groupLook  group = "Look"
	groupLog   group = "Log"
	groupQuit  group = "Console"
)

func groups() []group {
	return []group{groupPages, groupAct, groupQueue, groupMove, groupLook, groupLog, groupQuit}
}

// registry is every action, in the order of help and key bar.
func registry() []action {
	var all []action
	for _, part := range [][]action{
		pageTurns(), shardActions(), steerActions(), queueActions(), alertActions(), moveActions(), budgetActions(), reshardActions(),
		pipelineActions(), tableActions(), pastActions(), copyActions(), lookActions(), logActions(), consoleActions(),
	} {
		all = append(all, part...)
	}
	return all
}

// plain makes a run of a function that starts no task.
func plain(f func(m *model)) func(m *model) tea.Cmd {
	return func(m *model) tea.Cmd {
		f(m)
		m.dirty = true
		return nil
	}
}

// byKey finds the action of a key; nil if the key has none.
func (m *model) byKey(key string) *action {
	for i := range m.actions {
		for _, k := range m.actions[i].keys {
			if k == key {
				return &m.actions[i]
			}
		}
	}
	return nil
}

// byID finds an action; nil if there is none.
func (m *model) byID(id string) *action {
	for i := range m.actions {
		if m.actions[i].id == id {
			return &m.actions[i]
		}
	}
	return nil
}

// possible says whether an action can be done now, and if not, why.
func (m *model) possible(a *action) (bool, string) {
	if a.engine {
		if ok, why := m.steerable(a.drains); !ok {
			return false, why
		}
	}
	if a.enabled == nil {
		return true, ""
	}
	return a.enabled(m)
}

// steerable says whether the engine takes commands now, and if not, why; drains
// is for those that it takes while it drains.
func (m *model) steerable(drains bool) (bool, string) {
	switch {
	case m.opt.ReadOnly:
		return false, "this console is read-only"
	case m.live == nil:
		return false, "the engine has not answered yet"
	case m.live.Phase >= ops.PhaseStopping:
		return false, "the engine is " + m.live.Phase.String()
	case m.live.Phase == ops.PhaseDraining && !drains:
		return false, "the engine drains: its shards are closed, and it exits when the queue is empty"
	default:
		return true, ""
	}
}

// runAction runs an action for the mouse or the palette, as by its first key.
func (m *model) runAction(a *action) tea.Cmd {
	m.opening = ""
	if len(a.keys) > 0 {
		m.opening = a.keys[0]
	}
	return a.attempt(m)
}

// attempt runs the action, or says why it cannot be done.
func (a *action) attempt(m *model) tea.Cmd {
	if ok, why := m.possible(a); !ok {
		m.say(screen.ToneBad, a.title+": "+why)
		return nil
	}
	return a.run(m)
}

// hint is an action as it stands.
func (m *model) hint(a *action) screen.Hint {
	ok, why := m.possible(a)
	h := screen.Hint{ID: a.id, Key: a.written(), Title: a.title, Short: a.short, Enabled: ok, Reason: m.keyed(why), Pinned: a.pin}
	if a.name != nil {
		h.Short = a.name(m)
	}
	return h
}

// written is how the action's keys are shown: without one, what to type for it.
func (a *action) written() string {
	switch {
	case a.show != "":
		return a.show
	case len(a.keys) == 0:
		return ":" + a.id
	}
	return a.keys[0]
}

// hints are the actions that a place shows.
func (m *model) hints(where func(a *action) bool) []screen.Hint {
	var out []screen.Hint
	for i := range m.actions {
		if where(&m.actions[i]) {
			out = append(out, m.hint(&m.actions[i]))
		}
	}
	return out
}
