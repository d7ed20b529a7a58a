package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// rowsHold is how long the rows of the table keep their places, whatever the
// figures do, so that they can be read and hit. Moving the cursor prolongs it.
const rowsHold = 3 * time.Second

// shardTable is the table's order, and the order of the rows as it was last made.
type shardTable struct {
	order    screen.ShardOrder
	reversed bool
	rows     []int // indices of shards
	made     time.Time
	shards   int // of which the rows were made
}

// tableActions are about the table of the shards.
func tableActions() []action {
	return []action{
		{id: "reverse", title: "shards: the other way round", short: "reverse", keys: []string{"V"}, group: groupLook, enabled: onTable,
			run: moving(func(m *model) { m.table.reversed = !m.table.reversed; m.orderShards() })},
		{id: "mark-all", title: "mark all shards that the filter picks, or none", short: "mark all", keys: []string{"*"}, group: groupAct,
			enabled: hasShard, run: plain(markAll)},
	}
}

func onTable(m *model) (bool, string) {
	return m.page == pageShards, "only on the table of the shards: {page-shards} shows it"
}

// nextOrder changes the order of the page's rows.
func nextOrder(m *model) tea.Cmd {
	if m.page == pageWorkers {
		m.workers.order = m.workers.order.Next()
		m.dirty = true
		return nil
	}
	return m.orderBy(m.table.order.Next())
}

// orderBy orders the table; by the order that it has, the other way round.
func (m *model) orderBy(o screen.ShardOrder) tea.Cmd {
	return moving(func(m *model) {
		m.table.reversed = m.table.order == o && !m.table.reversed
		m.table.order = o
		m.orderShards()
	})(m)
}

func canOrder(m *model) (bool, string) {
	return m.page == pageWorkers || m.page == pageShards, "only on the pages of shards and workers: {page-shards} and {page-workers} show them"
}

// markAll marks every shard that the filter picks; if all are, none.
func markAll(m *model) {
	all := true
	var ids []int
	for i := range m.shards() {
		if m.filter.match == nil || m.filter.match[i] {
			id := m.shards()[i].ID
			ids = append(ids, id)
			all = all && m.sel.marked[id]
		}
	}
	for _, id := range ids {
		if all {
			delete(m.sel.marked, id)
		} else {
			m.sel.marked[id] = true
		}
	}
}

// orderShards makes the rows anew. The cursor stays on its shard; if that has no
// row, it goes to the first.
func (m *model) orderShards() {
	t, shards := &m.table, m.shards()
	t.rows, t.made, t.shards = t.rows[:0], m.now(), len(shards)
	found := false
	for i := range shards {
		if m.filter.match == nil || m.filter.match[i] {
			t.rows = append(t.rows, i)
			found = found || i == m.sel.index
		}
	}
	screen.SortShards(shards, t.rows, t.order, t.reversed, m.snap.At)
	if !found && len(t.rows) > 0 {
		m.selectIndex(t.rows[0])
	}
	m.dirty = true
}

// settleTable makes the rows anew when their time has come.
func (m *model) settleTable() {
	if m.page != pageShards || m.snap == nil {
		return
	}
	if m.table.shards != len(m.shards()) || m.now().Sub(m.table.made) >= rowsHold {
		m.orderShards()
	}
}

// stepTable moves the cursor by rows.
func (m *model) stepTable(by int) {
	t := &m.table
	if len(t.rows) == 0 {
		return
	}
	at := 0
	for i, index := range t.rows {
		if index == m.sel.index {
			at = i
		}
	}
	t.made = m.now()
	m.selectIndex(t.rows[min(max(at+by, 0), len(t.rows)-1)])
}

func (m *model) shardTable() screen.ShardTable {
	return screen.ShardTable{
		Shards: m.snap.Shards, Rows: m.table.rows, Total: m.snap.Fleet.Total, Order: m.table.order, Reversed: m.table.reversed,
		Cursor: m.sel.index, Marked: m.sel.marked, Filter: m.filter.active.String(), Matches: m.filter.matches,
	}
}

// clickTable selects the shard under the mouse, or orders by the column of the
// heading.
func (m *model) clickTable(x, y int) tea.Cmd {
	t, w, h := m.shardTable(), m.layout.whole.W, m.layout.whole.H
	if y == 1 {
		if o, ok := t.OrderAt(x, w); ok {
			return m.orderBy(o)
		}
		return nil
	}
	index, ok := t.At(y, h)
	if !ok {
		return nil
	}
	return moving(func(m *model) { m.table.made = m.now(); m.selectIndex(index) })(m)
}
