package tui

import (
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// deeds are the actions on show, the newest first.
func (m *model) deeds() []ops.Action {
	if m.snap == nil {
		return nil
	}
	return m.snap.Actions
}

// actionsPage holds on to the action under the cursor by its id, while newer ones
// push it down.
func (m *model) actionsPage() screen.ActionsPage {
	p := screen.ActionsPage{Actions: m.deeds()}
	for i := range p.Actions {
		if p.Actions[i].ID == m.deed {
			p.Cursor = i
		}
	}
	return p
}

// stepDone moves the cursor of the actions. On top it stays with the newest.
func (m *model) stepDone(by int) {
	p := m.actionsPage()
	m.selectDeed(p.Cursor + by)
}

func (m *model) selectDeed(row int) {
	all := m.deeds()
	m.dirty, m.deed = true, 0
	if row = min(row, len(all)-1); row > 0 {
		m.deed = all[row].ID
	}
}

// openDeed shows an action in full.
func (m *model) openDeed() {
	p := m.actionsPage()
	if len(p.Actions) == 0 {
		return
	}
	a := p.Actions[p.Cursor]
	facts := []dialog.Fact{
		{Label: "time", Value: a.At.Format("2006-01-02 15:04:05")},
		{Label: "who", Value: a.By},
		{Label: "what", Value: a.What},
		{Label: "state", Value: a.State.String(), Note: frame.Duration(a.Took)},
	}
	if a.Result != "" {
		facts = append(facts, dialog.Fact{Label: "result", Value: a.Result})
	}
	m.open(&dialog.Dialog{ID: "deed", Title: "Action", Opener: "enter", Facts: facts}, nil)
}
