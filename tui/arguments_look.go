package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// filterArgument is the filter itself.
func filterArgument() *argument {
	return &argument{
		name: "filter", optional: true,
		hint: func(*model) string { return "such as state:resuming, !ready, id:0-63, lat>200; off for none" },
		run: func(m *model, text string) (tea.Cmd, error) {
			if text == "off" {
				text = ""
			}
			if err := m.setFilter(text); err != nil {
				return nil, err
			}
			return moving((*model).toFirstMatch)(m), nil
		},
	}
}

// toFirstMatch takes the cursor to a shard that the filter picks, unless it is
// on one.
func (m *model) toFirstMatch() {
	f := &m.filter
	if f.matches > 0 && !f.match[min(m.sel.index, len(f.match)-1)] {
		m.seek(1)
	}
}

// levels are the levels of the log, from the talkative to the quiet.
func levels() []ops.Level {
	return []ops.Level{ops.LevelDebug, ops.LevelInfo, ops.LevelWarn, ops.LevelError}
}

func levelNames() []string {
	var names []string
	for _, l := range levels() {
		names = append(names, l.String())
	}
	return names
}

// levelArgument is the least level of the lines on show.
func levelArgument() *argument {
	return &argument{
		name: "level", optional: true,
		hint:     func(*model) string { return strings.Join(levelNames(), ", ") },
		complete: func(*model, string) []completion { return values(levelNames()...) },
		run: func(m *model, text string) (tea.Cmd, error) {
			for _, l := range levels() {
				if strings.EqualFold(l.String(), text) {
					return relog(func(m *model) { m.log.ask(l, m.log.shard) })(m), nil
				}
			}
			return nil, fmt.Errorf("level: %q is not one; allowed: %s", text, strings.Join(levelNames(), ", "))
		},
	}
}
