package tui

import (
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// page is what fills the body of the screen.
type page uint8

const (
	pageDash    page = iota // everything
	pageDrawer              // the selected shard
	pageGrid                // the shards
	pageLog                 // the log
	pageSinks               // sinks, queue and disk
	pageLetters             // dead letters of a sink
	pageBudget              // identifies
	pageReshard             // the reshard under way, and those that have ended
	pageWorkers             // a row for each worker
	pageWorker              // one of them
	pageEvents              // events by type, filter, guilds, hooks
	pageShards              // a row for each shard
	pageCharts              // all curves
	pageActions             // who did what, and how it came out
)

// mode is how much of the dashboard there is room for.
type mode uint8

const (
	modeTiny    mode = iota // a summary
	modeCompact             // shards, a line of sinks, a line of the queue
	modeMedium              // and the log
	modeFull                // and drawer, curves, sinks and queue
)

// rect is a part of the screen; none if it has no area.
type rect struct{ X, Y, W, H int }

func (r rect) has(x, y int) bool { return x >= r.X && x < r.X+r.W && y >= r.Y && y < r.Y+r.H }

func (r rect) empty() bool { return r.W <= 0 || r.H <= 0 }

// layout is where everything stands. It is computed once per size, page and
// number of shards.
type layout struct {
	mode mode
	page page

	header, tabs, alert           rect
	message, keys                 rect
	shards, drawer, charts, sinks rect
	sinksLine, storeLine, log     rect
	whole                         rect // of a page that is one part

	grid frame.Grid // inside the frame of shards
}

func modeFor(w, h int) mode {
	switch {
	case w < screen.MinWidth || h < screen.MinHeight:
		return modeTiny
	case w < 80 || h < 24:
		return modeCompact
	case w < 120 || h < 30:
		return modeMedium
	default:
		return modeFull
	}
}

// newLayout divides w×h cells. n shards begin with id first; halves says
// whether the glyphs have half blocks.
func newLayout(w, h int, p page, n, first int, halves bool, s split) layout {
	l := layout{mode: modeFor(w, h), page: p}
	if l.mode == modeTiny {
		return l
	}
	l.header, l.alert = rect{0, 0, w, 1}, rect{0, 1, w, 1}
	l.message, l.keys = rect{0, h - 2, w, 1}, rect{0, h - 1, w, 1}
	body := rect{0, 2, w, h - 4}
	if l.mode >= modeMedium { // a line that is missed where there are few
		l.tabs = rect{0, 2, w, 1}
		body = rect{0, 3, w, h - 5}
	}
	switch p {
	case pageDrawer:
		l.drawer = body
	case pageGrid:
		l.shards = body
	case pageLog:
		l.log = body
	case pageSinks, pageLetters, pageBudget, pageReshard, pageWorkers, pageWorker, pageEvents, pageShards, pageActions, pageCharts:
		l.whole = body
	default:
		l.dash(body, s)
	}
	if !l.shards.empty() {
		l.grid = frame.PlanGrid(n, first, l.shards.W-2, l.shards.H-2, halves)
	}
	return l
}

// dash divides the body of the dashboard.
func (l *layout) dash(b rect, s split) {
	switch l.mode {
	case modeCompact:
		l.shards = rect{b.X, b.Y, b.W, b.H - 2}
		l.lines(b)
	case modeMedium:
		logH := max(7, b.H*3/10)
		l.shards = rect{b.X, b.Y, b.W, b.H - 2 - logH}
		l.lines(b)
		l.log = rect{b.X, l.storeLine.Y + 1, b.W, logH}
	default:
		l.full(b, s)
	}
}

// lines puts the lines of sinks and queue below the shards.
func (l *layout) lines(b rect) {
	l.sinksLine = rect{b.X, b.Y + l.shards.H, b.W, 1}
	l.storeLine = rect{b.X, l.sinksLine.Y + 1, b.W, 1}
}

// sinksWidth is the least width at which the sinks' sentences are whole.
const sinksWidth = 60

// full is three floors: shards and drawer, curves and sinks, log.
func (l *layout) full(b rect, s split) {
	side := min(max(b.W*3/10, 46), 60)
	wide := max(side, sinksWidth)
	side = min(max(side+s.side, leastDrawer), b.W-leastShards)
	chartH := min(max((b.H+3)/4, 7), 12)
	logH := min(max(b.H/5, 6), 18)
	top := b.H - chartH - logH
	logH = min(max(logH+s.log, leastLog), chartH+logH-leastCharts)
	chartH = b.H - top - logH
	l.shards = rect{b.X, b.Y, b.W - side, top}
	l.drawer = rect{b.X + b.W - side, b.Y, side, top}
	l.charts = rect{b.X, b.Y + top, b.W - wide, chartH}
	l.sinks = rect{b.X + b.W - wide, b.Y + top, wide, chartH}
	l.log = rect{b.X, b.Y + top + chartH, b.W, logH}
}
