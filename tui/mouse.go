package tui

import (
	tea "charm.land/bubbletea/v2"
)

// wheelLines is how far one notch of the wheel scrolls.
const wheelLines = 3

// click selects the shard or sink under the mouse, gives a panel the keys, or
// runs the action on the key bar. Dialogs and questions are answered by keys alone: a
// stray click must not confirm anything.
func (m *model) click(at tea.Mouse) tea.Cmd {
	if at.Button != tea.MouseLeft || m.dialogs.Len() > 0 || m.confirm != nil {
		return nil
	}
	if m.finding.kind != finderNone {
		return m.clickFinder(at.X, at.Y)
	}
	l := m.layout
	m.dirty = true
	switch {
	case l.keys.has(at.X, at.Y):
		return m.clickSpan(m.spans, at.X)
	case l.tabs.has(at.X, at.Y):
		return m.clickSpan(m.tabSpans, at.X)
	case l.alert.has(at.X, at.Y) && len(m.alerts) > 0:
		return m.runAction(m.byID("alert"))
	case l.shards.has(at.X, at.Y):
		return m.clickShard(at.X-l.shards.X-1, at.Y-l.shards.Y-1)
	case l.sinks.has(at.X, at.Y), l.sinksLine.has(at.X, at.Y), l.storeLine.has(at.X, at.Y):
		return m.runAction(m.byID("sinks"))
	case m.page == pageSinks && m.snap != nil:
		if i, ok := m.sinksPage().At(at.X-l.whole.X, at.Y-l.whole.Y, l.whole.W, l.whole.H); ok {
			m.selectSink(i)
		}
	case m.page == pageShards && m.snap != nil && l.whole.has(at.X, at.Y):
		return m.clickTable(at.X-l.whole.X, at.Y-l.whole.Y)
	case m.page == pageActions && l.whole.has(at.X, at.Y):
		if row, ok := m.actionsPage().At(at.Y-l.whole.Y, l.whole.H); ok {
			m.selectDeed(row)
		}
	case m.onWorkers() && m.snap != nil && l.whole.has(at.X, at.Y):
		m.clickWorker(at.X-l.whole.X, at.Y-l.whole.Y)
	case l.log.has(at.X, at.Y) && m.page != pageLog:
		m.focus = focusLog
		m.relayout()
	}
	return nil
}

func (m *model) clickShard(x, y int) tea.Cmd {
	m.focus = focusShards
	m.relayout()
	i, ok := m.layout.grid.At(x, y)
	if !ok {
		return nil
	}
	return moving(func(m *model) { m.selectIndex(m.worstIn(m.layout.grid.Bucket(i))) })(m)
}

// wheel scrolls the log, or the dialog that is open.
func (m *model) wheel(at tea.Mouse) {
	by, key := 0, ""
	switch at.Button {
	case tea.MouseWheelUp:
		by, key = wheelLines, "up"
	case tea.MouseWheelDown:
		by, key = -wheelLines, "down"
	default:
		return
	}
	m.dirty = true
	if d := m.dialogs.Top(); d != nil {
		if len(d.Items) == 0 {
			d.Handle(key, m.now())
		}
		return
	}
	switch {
	case m.finding.kind != finderNone:
		m.finderKey(key, "")
		return
	case m.page == pageLetters:
		m.moveLetters(-by)
	case m.onWorkers():
		m.stepWorker(-by)
	case m.page == pageEvents:
		m.scrollTypes(-by)
	case m.page == pageShards:
		m.stepTable(-by)
	case m.page == pageActions:
		m.stepDone(-by)
	}
	if !m.layout.log.empty() {
		m.log.scroll(by, m.logHeight())
	}
}
