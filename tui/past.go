package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// past is the history that the curves show. The engine keeps it; the console has
// the last answer alone.
type past struct {
	span ops.HistoryRange
	have *ops.History
	at   time.Time // when it came
}

// pastActions are about the curves.
func pastActions() []action {
	return []action{
		{id: "range", title: "curves over the last 5 min, 1 h or 24 h", short: "range", keys: []string{"T"}, group: groupLook,
			arg: rangeArgument(), run: func(m *model) tea.Cmd { return m.showRange(m.past.span.Next()) }},
		{id: "curves", title: "all curves, large: events, queue, latency, bytes, lag", short: "curves", keys: []string{"C"}, group: groupLook,
			run: moving(func(m *model) { m.toggle(pageCharts) })},
	}
}

// showRange changes how far back the curves reach.
func (m *model) showRange(r ops.HistoryRange) tea.Cmd {
	m.past = past{span: r}
	m.dirty = true
	return m.refetch()
}

// rangeArgument is a range.
func rangeArgument() *argument {
	var names []string
	for _, r := range ops.HistoryRanges() {
		names = append(names, r.String())
	}
	return &argument{
		name: "range", optional: true,
		hint:     func(*model) string { return "5m, 1h or 24h" },
		complete: func(*model, string) []completion { return values(names...) },
		run: func(m *model, text string) (tea.Cmd, error) {
			r, err := ops.ParseHistoryRange(text)
			if err != nil {
				return nil, err
			}
			return m.showRange(r), nil
		},
	}
}

// pastEvery is how often a history is asked for at most, and pastRarely how often
// one whose steps are long.
const (
	pastEvery  = time.Second
	pastRarely = 5 * time.Second
)

// wantsPast reports whether a history is in sight, and older than it should be.
func (m *model) wantsPast() bool {
	if m.layout.charts.empty() && m.page != pageCharts && m.page != pageSinks {
		return false
	}
	every := min(max(pastEvery, m.past.span.Step()/2), pastRarely)
	if m.pull.calm >= calmPulls {
		every = pastRarely
	}
	return m.past.have == nil || m.now().Sub(m.past.at) >= every
}

// take keeps a history of the range that is shown.
func (p *past) take(h *ops.History, now time.Time) {
	if h != nil && h.Range == p.span {
		p.have, p.at = h, now
	}
}

func (m *model) curves() screen.Curves {
	return screen.Curves{Snap: m.snap, History: m.past.have, Range: m.past.span, Key: m.byID("range").written()}
}
