package tui

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// tab is a page with a number.
type tab struct {
	id          string // of the action that turns to it
	name, short string
	title       string // for the help
	page        page
	open        func(m *model) // nil for turning the page
	aliases     []string       // what the palette calls it as well
}

// tabs are the numbered pages, from 1 on.
func tabs() []tab {
	return []tab{
		{id: "page-overview", name: "overview", short: "over", title: "overview: figures, alerts, grid, curves, log", page: pageDash, aliases: []string{"overview"}},
		{id: "page-shards", name: "shards", short: "shards", title: "shards: a table, worst first", page: pageShards, aliases: []string{"shards"}},
		{id: "page-sinks", name: "sinks", short: "sinks", title: "sinks and queue", page: pageSinks, open: turnToSinks},
		{id: "page-events", name: "events", short: "events", title: "events by type, rules, guilds", page: pageEvents},
		{id: "page-reshard", name: "reshard", short: "reshard", title: "reshard: plan, progress, history", page: pageReshard},
		{id: "page-workers", name: "workers", short: "work", title: "workers", page: pageWorkers, open: turnToWorkers},
		{id: "page-identify", name: "identify", short: "ident", title: "identifies: budget, forecast, breaker", page: pageBudget, aliases: []string{"identify"}},
		{id: "page-logs", name: "logs", short: "logs", title: "log alone", page: pageLog, aliases: []string{"logs"}},
		{id: "page-actions", name: "actions", short: "acts", title: "actions: who did what, and how it came out", page: pageActions, aliases: []string{"actions"}},
	}
}

// pageTurns turn to the numbered pages.
func pageTurns() []action {
	var all []action
	for i, t := range tabs() {
		all = append(all, action{
			id: t.id, title: t.title, short: t.name, keys: []string{strconv.Itoa(i + 1)}, group: groupPages,
			run: moving(func(m *model) { m.turnToTab(t) }), aliases: t.aliases,
		})
	}
	return append(all, action{id: "page", title: "turn to a page by its number or name", group: groupPages, arg: pageArgument()})
}

func (m *model) turnToTab(t tab) {
	if t.open != nil && m.page != t.page {
		t.open(m)
		return
	}
	m.turnTo(t.page)
}

// tabOf is the numbered page that a page belongs to.
func (m *model) tabOf(p page) int {
	switch p {
	case pageDrawer:
		return m.tabOf(m.beneath)
	case pageLetters:
		p = pageSinks
	case pageWorker:
		p = pageWorkers
	case pageGrid, pageCharts:
		p = pageDash
	}
	for i, t := range tabs() {
		if t.page == p {
			return i
		}
	}
	return 0
}

// trail is the way to what is on show, from its numbered page on.
func (m *model) trail() []string {
	out := []string{tabs()[m.tabOf(m.page)].name}
	worker := "worker " + strconv.Itoa(m.workers.id)
	switch m.page {
	case pageGrid:
		out = append(out, "grid")
	case pageCharts:
		out = append(out, "curves")
	case pageWorker:
		out = append(out, worker)
	case pageLetters:
		out = append(out, m.letters.sink, "dead letters")
	case pageDrawer:
		if m.beneath == pageWorker {
			out = append(out, worker)
		}
		if s := m.selected(); s != nil {
			out = append(out, "shard "+strconv.Itoa(s.ID))
		}
	}
	return out
}

// tabLine is the line of the pages.
func (m *model) tabLine(look screen.Look) frame.Block {
	var all []screen.Tab
	for _, t := range tabs() {
		a := m.byID(t.id)
		tab := screen.Tab{ID: t.id, Name: t.name, Short: t.short}
		if len(a.keys) > 0 {
			tab.Key = a.written()
		}
		all = append(all, tab)
	}
	line, spans := screen.Tabs(look, all, m.tabOf(m.page), m.trail(), m.w)
	m.tabSpans = spans
	return frame.Block{W: m.w, Lines: []string{line}}
}

// clickSpan runs the action that stands at a column.
func (m *model) clickSpan(spans []screen.Span, x int) tea.Cmd {
	for _, s := range spans {
		if x >= s.From && x < s.To {
			return m.runAction(m.byID(s.ID))
		}
	}
	return nil
}
