package tui

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// workers is what the pages of the workers hold on to: the cursor stays on a
// worker by its id, wherever its row goes.
type workers struct {
	id    int
	order screen.WorkerOrder
}

// onWorkers reports whether the page is about workers.
func (m *model) onWorkers() bool { return m.page == pageWorkers || m.page == pageWorker }

// workerRows are the workers on show in the order of their rows.
func (m *model) workerRows() []ops.Worker {
	if m.snap == nil {
		return nil
	}
	return screen.SortWorkers(m.snap.Workers, m.workers.order)
}

// workerIndex is where the selected worker stands among the rows; the first if
// it has gone.
func (m *model) workerIndex(rows []ops.Worker) int {
	for i := range rows {
		if rows[i].ID == m.workers.id {
			return i
		}
	}
	return 0
}

// selectedWorker is the selected worker of a snapshot; nil if it has gone.
func (m *model) selectedWorker(s *ops.Snapshot) *ops.Worker {
	if s == nil {
		return nil
	}
	for i := range s.Workers {
		if s.Workers[i].ID == m.workers.id {
			return &s.Workers[i]
		}
	}
	return nil
}

func (m *model) workersPage() screen.WorkersPage {
	rows := m.workerRows()
	return screen.WorkersPage{Snap: m.snap, Workers: rows, Order: m.workers.order, Cursor: m.workerIndex(rows)}
}

func (m *model) workerPage() screen.WorkerPage {
	p := screen.WorkerPage{Worker: m.selectedWorker(m.snap), Workers: len(m.snap.Workers), Placement: m.snap.Fleet.Placement,
		Marked: m.sel.marked, Actions: m.hints(func(a *action) bool { return a.worker })}
	if p.Worker == nil {
		return p
	}
	for i, id := range p.Worker.Shards {
		if at := indexOf(m.snap.Shards, id); at >= 0 {
			p.Shards = append(p.Shards, m.snap.Shards[at])
		}
		if id == m.sel.id {
			p.Cursor = i
		}
	}
	return p
}

// openWorkers turns to the page of the workers, or back from it. It begins with
// the one on top.
func openWorkers(m *model) {
	if m.onWorkers() {
		m.turnTo(pageDash)
		return
	}
	turnToWorkers(m)
}

func turnToWorkers(m *model) {
	if rows := m.workerRows(); len(rows) > 0 {
		m.workers.id = rows[0].ID
	}
	m.turnTo(pageWorkers)
}

// openWorker opens the worker under the cursor; the cursor of the shards goes to
// the worst of its own.
func (m *model) openWorker() {
	rows := m.workerRows()
	if len(rows) == 0 {
		return
	}
	w := &rows[m.workerIndex(rows)]
	m.workers.id = w.ID
	if s := m.selected(); s == nil || !holds(w, s.ID) {
		m.selectWorst(w)
	}
	m.turnTo(pageWorker)
}

func holds(w *ops.Worker, shard int) bool {
	for _, id := range w.Shards {
		if id == shard {
			return true
		}
	}
	return false
}

func (m *model) selectWorst(w *ops.Worker) {
	best := -1
	for _, id := range w.Shards {
		at := indexOf(m.shards(), id)
		if at >= 0 && (best < 0 || screen.Worse(m.shards()[at].State, m.shards()[best].State)) {
			best = at
		}
	}
	if best >= 0 {
		m.selectIndex(best)
	}
}

// stepWorker moves the cursor by rows: over workers, or over the shards of one.
func (m *model) stepWorker(by int) {
	if m.page == pageWorker {
		p := m.workerPage()
		if len(p.Shards) > 0 {
			m.selectID(p.Shards[min(max(p.Cursor+by, 0), len(p.Shards)-1)].ID)
		}
		return
	}
	rows := m.workerRows()
	if len(rows) == 0 {
		return
	}
	m.workers.id = rows[min(max(m.workerIndex(rows)+by, 0), len(rows)-1)].ID
	m.dirty = true
}

// workerRoom is how many rows a page of the workers shows.
func (m *model) workerRoom() int {
	if m.page == pageWorker {
		return m.workerPage().Rows(m.layout.whole.W, m.layout.whole.H)
	}
	return m.workersPage().Rows(m.layout.whole.H)
}

// clickWorker puts the cursor on the row under the mouse, if there is one.
func (m *model) clickWorker(x, y int) bool {
	w, h := m.layout.whole.W, m.layout.whole.H
	if m.page == pageWorker {
		p := m.workerPage()
		i, ok := p.At(x, y, w, h)
		if ok {
			m.selectID(p.Shards[i].ID)
		}
		return ok
	}
	p := m.workersPage()
	i, ok := p.At(y, h)
	if ok {
		m.workers.id = p.Workers[i].ID
	}
	return ok
}

// target is the worker that an action is about, as it is now: on the pages of
// the workers the one selected, elsewhere that of the selected shard.
func (m *model) targetWorker() *ops.Worker {
	if m.live == nil {
		return nil
	}
	if m.onWorkers() {
		return m.selectedWorker(m.live)
	}
	s := m.selected()
	if s == nil {
		return nil
	}
	for i := range m.live.Workers {
		if holds(&m.live.Workers[i], s.ID) {
			return &m.live.Workers[i]
		}
	}
	return nil
}

// resumable are how many shards of a worker a restart is about, and how many of
// those have no session and identify.
func (m *model) resumable(w *ops.Worker) (up, identify int) {
	for _, id := range w.Shards {
		s := m.shardByID(id)
		if s == nil || down(s) != "" {
			continue
		}
		up++
		if s.SessionSince.IsZero() {
			identify++
		}
	}
	return up, identify
}

func canRestartWorker(m *model) (bool, string) {
	w := m.targetWorker()
	if w == nil {
		return false, "no worker is selected"
	}
	up, _ := m.resumable(w)
	return up > 0, "all shards of worker " + strconv.Itoa(w.ID) + " are stopped or have failed: {stop} starts them"
}

// askRestartWorker asks before every shard of a worker reconnects.
func askRestartWorker(m *model) tea.Cmd {
	w := m.targetWorker()
	id := w.ID
	up, identify := m.resumable(w)
	name := "worker " + strconv.Itoa(id)
	facts := []dialog.Fact{
		{Label: "shards", Value: ops.Ranges(w.Shards)},
		{Label: "reconnect", Value: frame.Plural(up, "shard"), Note: frame.Plural(w.Guilds, "guild")},
		{Label: "costs", Value: frame.Plural(identify, "session start"), Note: "sessions are resumed"},
		{Label: "queue", Value: frame.Plural(w.Queue.Depth, "event") + " waiting", Note: "stay and are delivered"},
	}
	if n := len(w.Shards) - up; n > 0 {
		facts = append(facts, dialog.Fact{Label: "left out", Value: frame.Plural(n, "shard"), Note: "stopped or failed"})
	}
	m.open(&dialog.Dialog{
		ID: "restart-worker", Title: "Restart " + name, Opener: "B", Facts: facts,
		Body: []string{"Every shard of the worker closes its connection and resumes its session; no event is lost, what comes " +
			"meanwhile is replayed. The other workers go on."},
		Buttons: []dialog.Button{dialog.Cancel(), {ID: "yes", Label: "Restart the worker", Key: "y"}},
	}, func(m *model) tea.Cmd {
		return m.perform("restart of "+name, ops.Command{Kind: ops.CommandRestart, Workers: []int{id}})
	})
	return nil
}
