package tui

import (
	"slices"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// selection is the cursor and the marked shards. The cursor holds on to a shard
// id, so that nothing under it changes when the fleet does.
type selection struct {
	index  int // into Snapshot.Shards
	id     int
	marked map[int]bool // by id
}

// settle finds the cursor's shard again in a new list, and forgets marks of
// shards that are gone.
func (s *selection) settle(shards []ops.Shard) {
	at := indexOf(shards, s.id)
	if at < 0 {
		at = min(max(s.index, 0), len(shards)-1)
	}
	s.put(shards, at)
	for id := range s.marked {
		if indexOf(shards, id) < 0 {
			delete(s.marked, id)
		}
	}
}

func (s *selection) put(shards []ops.Shard, index int) {
	if index < 0 || index >= len(shards) {
		s.index = 0
		return
	}
	s.index, s.id = index, shards[index].ID
}

// indexOf is the index of a shard id, or -1. Snapshots hold ids without holes.
func indexOf(shards []ops.Shard, id int) int {
	if len(shards) == 0 {
		return -1
	}
	if i := id - shards[0].ID; i >= 0 && i < len(shards) && shards[i].ID == id {
		return i
	}
	return -1
}

// selected is the shard under the cursor; nil if there are none.
func (m *model) selected() *ops.Shard {
	shards := m.shards()
	if m.sel.index >= len(shards) {
		return nil
	}
	return &shards[m.sel.index]
}

// selectIndex puts the cursor on an index.
func (m *model) selectIndex(i int) {
	m.sel.put(m.shards(), i)
	m.dirty = true
}

// selectID puts the cursor on a shard, if it is there.
func (m *model) selectID(id int) bool {
	at := indexOf(m.shards(), id)
	if at >= 0 {
		m.selectIndex(at)
	}
	return at >= 0
}

// step moves the cursor by cells and rows of the grid. Where several shards
// share a cell, it comes to rest on the worst of them.
func (m *model) step(dx, dy int) {
	g := m.layout.grid
	if g.Cols == 0 {
		g.Cols, g.Per, g.N = 1, 1, len(m.shards())
	}
	next := g.Step(m.sel.index, dx, dy)
	if next != m.sel.index {
		next = m.worstIn(g.Bucket(next))
	}
	m.selectIndex(next)
}

func (m *model) worstIn(from, to int) int {
	shards, best := m.shards(), from
	for i := from; i < min(to, len(shards)); i++ {
		if screen.Worse(shards[i].State, shards[best].State) {
			best = i
		}
	}
	return best
}

// seek goes to the next shard in a direction that a filter picks, or, without
// one, that is not ready. It goes round, and reports false if there is none.
func (m *model) seek(by int) bool {
	shards := m.shards()
	for k := 1; k <= len(shards); k++ {
		i := ((m.sel.index+by*k)%len(shards) + len(shards)) % len(shards)
		if m.filter.wants(i, &shards[i], m.snap.At) {
			m.selectIndex(i)
			return true
		}
	}
	return false
}

// targets are the ids that an action on shards is about: the marked ones, or
// the one under the cursor.
func (m *model) targets() []int {
	var ids []int
	for id := range m.sel.marked {
		ids = append(ids, id)
	}
	if s := m.selected(); len(ids) == 0 && s != nil {
		ids = append(ids, s.ID)
	}
	slices.Sort(ids)
	return ids
}

// shardByID finds a shard in the newest snapshot, which is what actions are
// judged by even while the display is frozen.
func (m *model) shardByID(id int) *ops.Shard {
	if m.live == nil {
		return nil
	}
	at := indexOf(m.live.Shards, id)
	if at < 0 {
		return nil
	}
	return &m.live.Shards[at]
}
