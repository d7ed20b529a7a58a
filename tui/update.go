package tui

import (
	tea "charm.land/bubbletea/v2"
)

// Update takes in one message. It never does IO: whatever takes time comes back
// as a command.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tickMsg:
		cmd = m.tick()
	case pullMsg:
		cmd = m.pulled(msg)
	case acceptedMsg:
		cmd = m.accepted(msg)
	case endedMsg:
		cmd = m.ended(msg)
	case sentMsg:
		cmd = m.sentOut(msg)
	case planMsg:
		m.planned(msg)
	case planTickMsg:
		cmd = m.planTick(msg)
	case themeMsg:
		cmd = m.rethemed(msg.theme)
	case savedMsg:
		m.savedSnapshot(msg)
	case placeMsg:
		cmd = m.placed(msg)
	case lettersMsg:
		m.tookLetters(msg)
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
		m.relayout()
	case tea.KeyPressMsg:
		cmd = m.key(msg)
	case tea.PasteMsg:
		m.paste(msg.Content)
	case tea.MouseClickMsg:
		cmd = m.click(msg.Mouse())
	case tea.MouseMotionMsg:
		m.dragTo(msg.Mouse())
	case tea.MouseReleaseMsg:
		m.letGo()
	case tea.MouseWheelMsg:
		cmd = m.wheel(msg.Mouse())
	case tea.FocusMsg:
		m.pull.focused = true
		cmd = m.pullNow()
	case tea.BlurMsg:
		m.pull.focused = false
	}
	return m, cmd
}
