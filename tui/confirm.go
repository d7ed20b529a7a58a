package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// confirm is a question on the message line: one key does it, every other leaves
// it. That key is never the one that has led to the question, so that a key held
// down cannot answer its own question.
type confirm struct {
	question string
	key      string // that does it
	yes      func(m *model) tea.Cmd
}

// The keys that answer a question with yes: the second where the first has opened it.
const (
	yesKey      = "y"
	otherYesKey = "enter"
)

// ask puts a question.
func (m *model) ask(question string, yes func(m *model) tea.Cmd) {
	m.confirm = &confirm{question: m.keyed(question), key: yesKey, yes: yes}
	if m.opening == yesKey {
		m.confirm.key = otherYesKey
	}
	m.dirty = true
}

func (m *model) confirmKey(key string) tea.Cmd {
	c := m.confirm
	m.confirm, m.dirty = nil, true
	if key == c.key {
		return m.grant(gradeYes, func() tea.Cmd { return c.yes(m) })
	}
	m.say(screen.ToneQuiet, "left as it is")
	return nil
}
