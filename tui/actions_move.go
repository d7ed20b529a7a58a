package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// pageRows is how far page-up and page-down go in the grid, in rows.
const pageRows = 5

// moveActions move the cursor, or scroll the log while it has the keys.
func moveActions() []action {
	return []action{
		mover("left", -1, 0, 0), mover("right", 1, 0, 0), mover("up", 0, -1, 1), mover("down", 0, 1, -1),
		{id: "pgup", title: "up by five rows; in the log by a page", keys: []string{"pgup"}, group: groupMove, run: plain(func(m *model) { m.page5(-1) })},
		{id: "pgdown", title: "down by five rows; in the log by a page", keys: []string{"pgdown"}, group: groupMove, run: plain(func(m *model) { m.page5(1) })},
		{id: "first", title: "first shard, oldest line", keys: []string{"home", "g"}, show: "home g", group: groupMove, run: plain(func(m *model) { m.edge(false) })},
		{id: "last", title: "last shard, newest line", keys: []string{"end", "G"}, show: "end G", group: groupMove, run: plain(func(m *model) { m.edge(true) })},
		{id: "previd", title: "previous shard by id", keys: []string{","}, group: groupMove, run: moving(func(m *model) { m.selectIndex(max(0, m.sel.index-1)) })},
		{id: "nextid", title: "next shard by id", keys: []string{"."}, group: groupMove, run: moving(func(m *model) { m.selectIndex(min(len(m.shards())-1, m.sel.index+1)) })},
		{id: "shard", title: "go to a shard by its id", group: groupMove, enabled: hasShard, arg: shardArgument()},
		{id: "next", title: "next shard in trouble, or that the filter picks", short: "next trouble", keys: []string{"n"}, group: groupMove, bar: true,
			run: moving(func(m *model) { m.seekOrSay(1) })},
		{id: "prev", title: "previous one", keys: []string{"N"}, group: groupMove, run: moving(func(m *model) { m.seekOrSay(-1) })},
		{id: "open", title: "open what is under the cursor: shard, worker, sink, dead letter, action", short: "open", keys: []string{"enter"}, group: groupMove, bar: true,
			enabled: canOpen, run: drillIn},
		{id: "back", title: "back: page, then marks, then filter", keys: []string{"esc"}, group: groupMove, run: plain((*model).back)},
		{id: "focus", title: "keys to the shards or to the log; on a shard's page, its next part", keys: []string{"tab", "shift+tab"}, show: "tab", group: groupMove, run: plain((*model).switchFocus)},
	}
}

func canOpen(m *model) (bool, string) {
	switch m.page {
	case pageSinks:
		return canList(m)
	case pageLetters:
		return m.letters.selected() != nil, "there is no dead letter"
	case pageWorkers:
		return m.snap != nil && len(m.snap.Workers) > 0, "there are no workers yet"
	case pageWorker:
		return len(m.workerPage().Shards) > 0, "the worker has gone"
	case pageShards:
		return len(m.table.rows) > 0, "no shard passes the filter"
	case pageActions:
		return len(m.deeds()) > 0, "nothing has been done yet"
	case pageBudget, pageReshard, pageEvents:
		return false, "there is nothing to open here"
	default:
		return hasShard(m)
	}
}

// drillIn opens what is under the cursor.
func drillIn(m *model) tea.Cmd {
	switch m.page {
	case pageSinks:
		return askLetters(m)
	case pageLetters:
		m.openEvent()
		m.dirty = true
		return nil
	case pageWorkers:
		return moving((*model).openWorker)(m)
	case pageActions:
		m.openDeed()
		m.dirty = true
		return nil
	default:
		return moving(func(m *model) {
			if m.page != pageDrawer {
				m.beneath = m.page
			}
			m.turnTo(pageDrawer)
		})(m)
	}
}

// mover is an arrow key. The help shows the four as one.
func mover(key string, dx, dy, scroll int) action {
	a := action{id: key, title: "move " + key, keys: []string{key}, run: moving(func(m *model) {
		switch {
		case m.page == pageLetters:
			m.moveLetters(dy)
		case m.page == pageSinks:
			m.stepSink(dy)
		case m.onWorkers():
			m.stepWorker(dy)
		case m.page == pageEvents:
			m.scrollTypes(dy)
		case m.page == pageShards:
			m.stepTable(dy)
		case m.page == pageActions:
			m.stepDone(dy)
		case m.page == pageBudget, m.page == pageReshard: // no shard is in sight
		case m.log.focus:
			m.log.scroll(scroll, m.logHeight())
		default:
			m.step(dx, dy)
		}
	})}
	if key == "left" {
		a.title, a.show, a.group = "move over the shards; in the log, scroll", "arrows", groupMove
	}
	return a
}

// moving is for actions that may put the cursor on another shard: its detail is
// asked for at once.
func moving(f func(m *model)) func(m *model) tea.Cmd {
	return func(m *model) tea.Cmd {
		before, page := m.sel.id, m.page
		f(m)
		m.dirty = true
		if m.sel.id == before && m.page == page {
			return nil
		}
		return m.refetch()
	}
}

func (m *model) page5(by int) {
	switch {
	case m.page == pageLetters:
		m.moveLetters(by * m.eventHeight())
		return
	case m.page == pageSinks:
		m.stepSink(by * pageRows)
		return
	case m.onWorkers():
		m.stepWorker(by * m.workerRoom())
		return
	case m.page == pageEvents:
		m.scrollTypes(by * pageRows)
		return
	case m.page == pageShards:
		m.stepTable(by * m.shardTable().Room(m.layout.whole.H))
		return
	case m.page == pageActions:
		m.stepDone(by * pageRows)
		return
	case m.page == pageBudget, m.page == pageReshard:
		return
	case m.log.focus:
		m.log.scroll(-by*m.logHeight(), m.logHeight())
		return
	}
	for range pageRows {
		m.step(0, by)
	}
}

func (m *model) edge(last bool) {
	const far = 1 << 30
	by := -far
	if last {
		by = far
	}
	switch {
	case m.page == pageLetters:
		m.moveLetters(by)
	case m.page == pageSinks:
		m.stepSink(by)
	case m.onWorkers():
		m.stepWorker(by)
	case m.page == pageEvents:
		m.scrollTypes(by)
	case m.page == pageShards:
		m.stepTable(by)
	case m.page == pageActions:
		m.stepDone(by)
	case m.page == pageBudget, m.page == pageReshard:
	case m.log.focus && last:
		m.log.scroll(-logKeep, m.logHeight())
	case m.log.focus:
		m.log.scroll(logKeep, m.logHeight())
	case last:
		m.selectIndex(len(m.shards()) - 1)
	default:
		m.selectIndex(0)
	}
}

func (m *model) seekOrSay(by int) {
	switch {
	case m.seek(by):
	case m.filter.match != nil:
		m.say(screen.ToneQuiet, "no shard passes the filter")
	default:
		m.say(screen.ToneGood, "every shard is ready")
	}
}

// turnTo changes the page.
func (m *model) turnTo(p page) {
	m.page = p
	m.relayout()
	if p == pageShards && m.snap != nil {
		m.orderShards()
	}
}

// back undoes one thing: the page, the scrolling, the marks, the filter.
func (m *model) back() {
	switch {
	case m.page == pageLetters:
		m.closeLetters()
	case m.page == pageWorker:
		m.turnTo(pageWorkers)
	case m.page == pageDrawer && m.shardAll.find != "":
		m.shardAll.search("")
	case m.page == pageDrawer && m.beneath != pageDash:
		beneath := m.beneath
		m.beneath = pageDash
		m.turnTo(beneath)
	case m.log.focus && m.log.find != "":
		m.log.search("")
	case m.page == pageShards && (len(m.sel.marked) > 0 || !m.filter.active.Empty()):
		m.unpick()
	case m.page != pageDash:
		m.turnTo(pageDash)
	case m.log.focus && m.log.back > 0:
		m.log.scroll(-logKeep, m.logHeight())
	case m.log.focus:
		m.switchFocus()
	default:
		m.unpick()
	}
}

// unpick forgets the marks; if there are none, the filter.
func (m *model) unpick() {
	if len(m.sel.marked) > 0 {
		clear(m.sel.marked)
		return
	}
	_ = m.setFilter("") // the empty filter is always valid
}

func (m *model) switchFocus() {
	if m.page == pageDrawer {
		m.shardAll.tab = m.shardAll.tab.Next()
		return
	}
	if m.focus = focusLog - m.focus; m.layout.log.empty() {
		m.focus = focusShards
	}
	m.relayout()
}

// logHeight is how many lines of the log are in sight.
func (m *model) logHeight() int {
	if m.page == pageLog {
		return max(1, m.layout.log.H-1)
	}
	return max(1, m.layout.log.H-2)
}
