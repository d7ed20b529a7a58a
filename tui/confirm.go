package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// confirm is a question on the message line: y does it, every other key leaves
// it. Keys that open such questions are never y, so that a key held down
// cannot answer its own question.
type confirm struct {
	question string
	yes      func(m *model) tea.Cmd
}

// ask puts a question.
func (m *model) ask(question string, yes func(m *model) tea.Cmd) {
	m.confirm = &confirm{question: m.keyed(question), yes: yes}
	m.dirty = true
}

func (m *model) confirmKey(key string) tea.Cmd {
	c := m.confirm
	m.confirm, m.dirty = nil, true
	if key == "y" {
		return c.yes(m)
	}
	m.say(screen.ToneQuiet, "left as it is")
	return nil
}
