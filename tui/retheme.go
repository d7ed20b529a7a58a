package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/themes"
)

// themeMsg is a theme that comes from outside, as when the configuration has
// changed.
type themeMsg struct{ theme themes.Theme }

// awaitTheme waits for the next theme from outside; nil if none can come.
func (m *model) awaitTheme() tea.Cmd {
	if m.opt.Themes == nil {
		return nil
	}
	return m.tasks.do(func(ctx context.Context) tea.Msg {
		select {
		case <-ctx.Done():
			return nil
		case t, open := <-m.opt.Themes:
			if !open {
				return nil
			}
			return themeMsg{t}
		}
	})
}

// rethemed takes on a theme from outside. While the operator looks through the
// themes, theirs stays on show, and leaving the list leads to the new one.
func (m *model) rethemed(t themes.Theme) tea.Cmd {
	if _, ok := t.Color(themes.Text); !ok { // not a theme
		return m.awaitTheme()
	}
	m.chosen = t
	if !m.dialogs.Has("theme") {
		m.restyle(t)
	}
	m.mention("theme " + t.Name + ", from the configuration")
	return m.awaitTheme()
}
