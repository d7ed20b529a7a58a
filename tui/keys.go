package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
)

// key answers a key press. The topmost of dialog, question, palette and filter hears it;
// else the registry does.
func (m *model) key(msg tea.KeyPressMsg) tea.Cmd {
	key := msg.String()
	if m.layout.mode == modeTiny && m.dialogs.Len() == 0 {
		return m.tinyKey(key)
	}
	switch {
	case m.dialogs.Len() > 0:
		return m.dialogKey(key)
	case m.confirm != nil:
		return m.confirmKey(key)
	case m.finding.kind != finderNone:
		return m.finderKey(key, msg.Text)
	case m.filter.editing:
		m.filterKey(key, msg.Text)
		return nil
	}
	if a := m.byKey(key); a != nil {
		m.opening = key
		return a.attempt(m)
	}
	return nil
}

// tinyKey is what works on a screen too small to show questions: leaving, with
// the same care as elsewhere.
func (m *model) tinyKey(key string) tea.Cmd {
	a := m.byKey(key)
	quits := a != nil && (a.id == "quit" || a.id == "interrupt")
	switch {
	case m.confirm != nil && key != "ctrl+c":
		return m.confirmKey(key)
	case m.confirm != nil, quits && m.opt.Attached:
		return m.leave(leaveStop)
	case quits:
		m.ask("stop the engine? y", func(m *model) tea.Cmd { return m.leave(leaveStop) })
	}
	return nil
}

// paste takes text into the form or the filter that is being typed; elsewhere
// pasted text would be a string of keys nobody meant.
func (m *model) paste(text string) {
	text = strings.Join(strings.Fields(text), " ")
	if d := m.dialogs.Top(); d != nil {
		if then := m.answers[d]; d.Insert(text) && then != nil {
			m.dirty = true
			then(m, dialog.Outcome{Edited: true})
		}
		return
	}
	switch {
	case m.confirm != nil:
	case m.finding.kind != finderNone:
		m.finderKey("", text)
	case m.filter.editing:
		m.filterKey("", text)
	}
}
