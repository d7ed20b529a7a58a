package tui

import (
	tea "charm.land/bubbletea/v2"
)

// split is how far the dividers of the overview were dragged, for this session.
type split struct {
	side int // cells that the drawer is wider than by itself
	log  int // lines that the log is higher, which the curves are lower
}

// The least that dragging leaves of a panel, in cells and lines.
const (
	leastShards = 40
	leastDrawer = 34
	leastCharts = 5
	leastLog    = 4
)

// divider is a border that can be dragged.
type divider uint8

const (
	dividerNone divider = iota
	dividerSide         // between shards and drawer
	dividerLog          // between the curves and the log
)

// dividerAt is the divider at a cell: both borders that touch there belong to it.
func (l *layout) dividerAt(x, y int) divider {
	switch {
	case l.shards.empty() || l.drawer.empty():
		return dividerNone
	case (x == l.drawer.X || x == l.drawer.X-1) && l.drawer.has(l.drawer.X, y):
		return dividerSide
	case (y == l.log.Y || y == l.log.Y-1) && l.log.has(x, l.log.Y):
		return dividerLog
	default:
		return dividerNone
	}
}

// dragging is a divider that the mouse holds.
type dragging struct {
	what   divider
	x, y   int // where it was taken
	before split
}

// grab takes the divider under the mouse, or puts it back where it belongs after a
// double click. It reports whether there is one.
func (m *model) grab(at tea.Mouse, double bool) bool {
	what := m.layout.dividerAt(at.X, at.Y)
	switch {
	case what == dividerNone:
		return false
	case double && what == dividerSide:
		m.split.side = 0
	case double:
		m.split.log = 0
	default:
		m.drag = dragging{what: what, x: at.X, y: at.Y, before: m.split}
		return true
	}
	m.drag = dragging{}
	m.relayout()
	return true
}

// dragTo moves the divider that is held.
func (m *model) dragTo(at tea.Mouse) {
	switch m.drag.what {
	case dividerSide:
		m.split.side = m.drag.before.side + m.drag.x - at.X
	case dividerLog:
		m.split.log = m.drag.before.log + m.drag.y - at.Y
	default:
		return
	}
	m.relayout()
}

// letGo lets go of the divider. What is kept is how far it went, not how far it
// was pulled.
func (m *model) letGo() {
	if m.drag.what == dividerNone {
		return
	}
	m.drag = dragging{}
	now := m.layout
	given := m.split
	m.split = split{}
	m.relayout()
	m.split = given
	if !now.drawer.empty() && !m.layout.drawer.empty() && !m.layout.charts.empty() {
		m.split = split{side: now.drawer.W - m.layout.drawer.W, log: now.log.H - m.layout.log.H}
	}
	m.relayout()
}
