package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// sinkNames are the sinks for which not says nothing, in words.
func (m *model) sinkNames(not func(ops.Sink) string) string {
	var names []string
	for _, s := range m.sinks() {
		if not(s) == "" {
			names = append(names, frame.Clean(s.Name))
		}
	}
	if len(names) == 0 {
		return "none at present"
	}
	return strings.Join(names, ", ")
}

// sinkArgument is the name of a sink. It goes on with then, as after the choice
// from a list.
func sinkArgument(not func(ops.Sink) string, then func(m *model, s ops.Sink) tea.Cmd) *argument {
	return &argument{
		name: "sink", optional: true,
		hint: func(m *model) string { return m.sinkNames(not) },
		complete: func(m *model, _ string) []completion {
			var out []completion
			for _, s := range m.sinks() {
				c := completion{value: s.Name, note: s.State.String() + ", " + frame.Count(s.Depth) + " queued"}
				if why := not(s); why != "" {
					c.off, c.note = true, why
				}
				out = append(out, c)
			}
			return out
		},
		run: func(m *model, text string) (tea.Cmd, error) {
			for _, s := range m.sinks() {
				if s.Name != text {
					continue
				}
				if why := not(s); why != "" {
					return nil, fmt.Errorf("%s %s", s.Name, why)
				}
				return then(m, s), nil
			}
			return nil, fmt.Errorf("%q is not a sink; allowed: %s", text, m.sinkNames(not))
		},
	}
}

// asks makes a sink's question what follows from its name.
func asks(f func(m *model, s ops.Sink)) func(m *model, s ops.Sink) tea.Cmd {
	return func(m *model, s ops.Sink) tea.Cmd {
		f(m, s)
		return nil
	}
}
