package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// wheelLines is how far one notch of the wheel scrolls.
const wheelLines = 3

// doubleClick is how soon a second click at the same place must come to open what
// the first has selected.
const doubleClick = 400 * time.Millisecond

// clicked is the last click.
type clicked struct {
	x, y int
	at   time.Time
}

// twice reports whether a click is the second one at its place. A third is the first
// again.
func (m *model) twice(at tea.Mouse) bool {
	last, now := m.clicked, m.now()
	m.clicked = clicked{at.X, at.Y, now}
	if last.at.IsZero() || last.x != at.X || last.y != at.Y || now.Sub(last.at) > doubleClick {
		return false
	}
	m.clicked = clicked{}
	return true
}

// click selects what is under the mouse, gives a panel the keys, takes a divider, or
// runs the action on a line of actions; the second of two opens what the first has
// selected. Dialogs and questions are answered by keys alone: a stray click must not
// confirm anything.
func (m *model) click(at tea.Mouse) tea.Cmd {
	if at.Button != tea.MouseLeft || m.dialogs.Len() > 0 || m.confirm != nil {
		return nil
	}
	double := m.twice(at)
	if m.finding.kind != finderNone {
		return m.clickFinder(at.X, at.Y)
	}
	l := m.layout
	m.dirty = true
	held := m.grab(at, double)
	switch {
	case held && !l.log.has(at.X, at.Y):
	case l.keys.has(at.X, at.Y):
		return m.clickSpan(m.spans, at.X)
	case l.tabs.has(at.X, at.Y):
		return m.clickSpan(m.tabSpans, at.X)
	case l.alert.has(at.X, at.Y) && len(m.alerts) > 0:
		return m.runAction(m.byID("alert"))
	case l.sinks.has(at.X, at.Y), l.sinksLine.has(at.X, at.Y), l.storeLine.has(at.X, at.Y):
		return m.runAction(m.byID("sinks"))
	case l.log.has(at.X, at.Y) && m.page != pageLog:
		m.focus = focusLog
		m.relayout()
	default:
		return m.clickRow(at, double)
	}
	return nil
}

// clickRow selects the cell or row under the mouse, and opens it after the second
// click.
func (m *model) clickRow(at tea.Mouse, double bool) tea.Cmd {
	cmd, hit := m.selectAt(at.X, at.Y)
	if !hit || !double {
		return cmd
	}
	return tea.Batch(cmd, m.runAction(m.byID("open")))
}

// selectAt selects what is at a cell of the page, if anything that can be selected is.
func (m *model) selectAt(x, y int) (cmd tea.Cmd, hit bool) {
	l := m.layout
	if l.shards.has(x, y) {
		return m.clickShard(x-l.shards.X-1, y-l.shards.Y-1)
	}
	if m.snap == nil || !l.whole.has(x, y) {
		return nil, false
	}
	x, y = x-l.whole.X, y-l.whole.Y
	switch {
	case m.page == pageSinks:
		i, ok := m.sinksPage().At(x, y, l.whole.W, l.whole.H)
		if ok {
			m.selectSink(i)
		}
		return nil, ok
	case m.page == pageShards:
		_, row := m.shardTable().At(y, l.whole.H)
		return m.clickTable(x, y), row
	case m.page == pageActions:
		row, ok := m.actionsPage().At(y, l.whole.H)
		if ok {
			m.selectDeed(row)
		}
		return nil, ok
	case m.onWorkers():
		return nil, m.clickWorker(x, y)
	}
	return nil, false
}

func (m *model) clickShard(x, y int) (tea.Cmd, bool) {
	m.focus = focusShards
	m.relayout()
	i, ok := m.layout.grid.At(x, y)
	if !ok {
		return nil, false
	}
	return moving(func(m *model) { m.selectIndex(m.worstIn(m.layout.grid.Bucket(i))) })(m), true
}

// wheel scrolls what is under the mouse, or the dialog that is open.
func (m *model) wheel(at tea.Mouse) tea.Cmd {
	down, key := 0, ""
	switch at.Button {
	case tea.MouseWheelUp:
		down, key = -1, "up"
	case tea.MouseWheelDown:
		down, key = 1, "down"
	default:
		return nil
	}
	m.dirty = true
	if d := m.dialogs.Top(); d != nil {
		if len(d.Items) == 0 {
			d.Handle(key, m.now())
		}
		return nil
	}
	if m.finding.kind != finderNone {
		return m.finderKey(key, "")
	}
	return moving(func(m *model) { m.wheelPage(at, down) })(m)
}

// wheelPage scrolls what is under the mouse on a page.
func (m *model) wheelPage(at tea.Mouse, down int) {
	l := m.layout
	switch {
	case l.log.has(at.X, at.Y):
		m.log.scroll(-down*wheelLines, m.logHeight())
	case l.shards.has(at.X, at.Y):
		m.step(0, down)
	case !l.whole.has(at.X, at.Y):
	case m.page == pageLetters:
		m.moveLetters(down * wheelLines)
	case m.page == pageSinks:
		m.stepSink(down)
	case m.onWorkers():
		m.stepWorker(down * wheelLines)
	case m.page == pageEvents:
		m.scrollTypes(down * wheelLines)
	case m.page == pageShards:
		m.stepTable(down * wheelLines)
	case m.page == pageActions:
		m.stepDone(down * wheelLines)
	}
}
