package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
)

// answer is what follows from a key in a dialog.
type answer func(m *model, out dialog.Outcome) tea.Cmd

// openWith opens a dialog; then hears every outcome of it. One that a key has
// opened knows which; one that has opened by itself is deaf at first.
func (m *model) openWith(d *dialog.Dialog, then answer) {
	if d.Opener != "" {
		d.Opener = m.opening
	} else {
		d.Deaf = m.now().Add(dialog.DeafFor)
	}
	m.keyedDialog(d)
	m.dialogs.Push(d)
	if then != nil {
		m.answers[d] = then
	}
	m.dirty = true
}

// open opens a dialog whose button "yes" does something; nil for one that only informs.
func (m *model) open(d *dialog.Dialog, yes func(m *model) tea.Cmd) {
	if yes == nil {
		m.openWith(d, nil)
		return
	}
	m.openWith(d, func(m *model, out dialog.Outcome) tea.Cmd {
		if out.Button == "yes" {
			return yes(m)
		}
		return nil
	})
}

// openChoice opens a list; then hears what was chosen.
func (m *model) openChoice(d *dialog.Dialog, then func(m *model, id string)) {
	m.openWith(d, func(m *model, out dialog.Outcome) tea.Cmd {
		if out.Closed && out.Choice != "" {
			then(m, out.Choice)
		}
		return nil
	})
}

// dialogKey gives a key to the topmost dialog.
func (m *model) dialogKey(key string) tea.Cmd {
	d := m.dialogs.Top()
	m.dirty = true
	if key == "ctrl+c" {
		return m.interruptDialog(d)
	}
	out := d.Handle(key, m.now())
	then := m.answers[d]
	if out.Closed {
		m.dialogs.Pop()
		delete(m.answers, d)
	}
	if then == nil || (!out.Closed && !out.Moved && !out.Edited && out.Button == "") {
		return nil
	}
	return m.grant(given(d, out.Button), func() tea.Cmd { return then(m, out) })
}

// interruptDialog is ctrl-c while a dialog is open: over the question whether
// to quit it answers it, over any other it asks that question.
func (m *model) interruptDialog(d *dialog.Dialog) tea.Cmd {
	if d.ID == "quit" {
		return m.leave(leaveStop)
	}
	m.opening = "ctrl+c"
	return m.askQuit("ctrl+c")
}

// keyedDialog writes the keys into a dialog's texts.
func (m *model) keyedDialog(d *dialog.Dialog) {
	d.Warning = m.keyed(d.Warning)
	for _, texts := range [][]string{d.Body, d.Warnings, d.Barred} {
		for i := range texts {
			texts[i] = m.keyed(texts[i])
		}
	}
	for i := range d.Facts {
		d.Facts[i].Value, d.Facts[i].Note = m.keyed(d.Facts[i].Value), m.keyed(d.Facts[i].Note)
	}
	for i := range d.Items {
		d.Items[i].Note = m.keyed(d.Items[i].Note)
	}
}
