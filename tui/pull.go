package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Limits of a pull.
const (
	pullTimeout  = 2 * time.Second
	slowInterval = time.Second // while nothing moves, or nobody looks
	staleAfter   = 2 * time.Second
	calmPulls    = 4 // pulls without change after which nothing moves
)

// refreshSteps are the intervals that + and - go through.
func refreshSteps() []time.Duration {
	return []time.Duration{100 * time.Millisecond, DefaultRefresh, 500 * time.Millisecond,
		time.Second, 2 * time.Second, 5 * time.Second}
}

// pulling is the state of the asking for snapshots.
type pulling struct {
	refresh time.Duration
	focused bool // the terminal has not said that it lost the focus
	calm    int  // pulls in a row that brought nothing new
	busy    bool // one is under way
	again   bool // ask again as soon as it is back
	asked   time.Time
	got     time.Time // when the last good answer came
	err     error     // of the last one
}

// interval is the time to the next tick.
func (p *pulling) interval() time.Duration {
	if !p.focused || p.calm >= calmPulls {
		return max(p.refresh, slowInterval)
	}
	return p.refresh
}

type tickMsg struct{}

// request is what a pull shall bring beside the snapshot.
type request struct {
	shard     int // detail of this shard; -1 for none
	log       ops.LogQuery
	known     uint64 // highest line of the log that the console has seen
	force     bool   // ask for the log even if there is nothing new
	operation []*operation
	past      bool // ask for the history of the range
	span      ops.HistoryRange
	guilds    *ops.GuildQuery // of the shard whose page is on show; nil for none
	shardLog  *ops.LogQuery   // likewise
	shardLast uint64          // up to which line its log is known
}

// pullMsg is what a pull brought.
type pullMsg struct {
	req       request
	snap      *ops.Snapshot
	err       error
	detail    *ops.ShardDetail
	detailErr error
	log       *ops.LogPage
	logErr    error
	progress  []ops.Progress
	past      *ops.History // nil if it was not asked for, or not answered; likewise below
	guilds    *ops.GuildPage
	shardLog  *ops.LogPage
}

// tick asks for a snapshot, unless one is still on its way, and sets the next tick.
func (m *model) tick() tea.Cmd {
	now := m.now()
	if m.toast.expire(now) || m.stale(now) != "" {
		m.dirty = true
	}
	return tea.Batch(m.after(m.pull.interval(), tickMsg{}), m.pullNow())
}

// pullNow asks for a snapshot at once; while one is on its way, the next
// follows on its heels only if something new is wanted.
func (m *model) pullNow() tea.Cmd {
	if m.pull.busy {
		return nil
	}
	m.pull.busy, m.pull.again, m.pull.asked = true, false, m.now()
	req := m.wanted()
	return m.tasks.do(func(ctx context.Context) tea.Msg { return fetch(ctx, m.opt.Operator, req) })
}

// refetch asks for what a key has just made necessary, such as another shard's detail.
func (m *model) refetch() tea.Cmd {
	m.pull.again = m.pull.busy
	return m.pullNow()
}

func (m *model) wanted() request {
	req := request{shard: -1, operation: append([]*operation(nil), m.running...)}
	if s := m.selected(); s != nil && !m.layout.drawer.empty() {
		req.shard = s.ID
	}
	req.log, req.known, req.force = m.log.query()
	req.span, req.past = m.past.span, m.wantsPast()
	if s := m.selected(); s != nil && m.page == pageDrawer {
		req.guilds, req.shardLog, req.shardLast = m.shardAll.wanted(s.ID, m.now())
	}
	return req
}

// fetch asks the operator. It runs in a task; the deadline covers all of it.
func fetch(ctx context.Context, o ops.Operator, req request) pullMsg {
	ctx, cancel := context.WithTimeout(ctx, pullTimeout)
	defer cancel()
	out := pullMsg{req: req}
	if out.snap, out.err = o.Snapshot(ctx); out.err != nil {
		return out
	}
	if req.shard >= 0 {
		out.detail, out.detailErr = o.Shard(ctx, req.shard)
	}
	if req.force || out.snap.LastLog > req.known {
		page, err := o.Log(ctx, req.log)
		out.log, out.logErr = &page, err
	}
	if req.past {
		out.past, _ = o.History(ctx, req.span) // the curves stay as they are
	}
	out.ofShard(ctx, o)
	for _, op := range req.operation {
		out.progress = append(out.progress, op.handle.Progress())
	}
	return out
}

// ofShard asks for what the page of a shard shows.
func (p *pullMsg) ofShard(ctx context.Context, o ops.Operator) {
	if p.req.guilds != nil {
		if page, err := o.Guilds(ctx, *p.req.guilds); err == nil {
			p.guilds = &page
		}
	}
	if q := p.req.shardLog; q != nil && (p.snap.LastLog > p.req.shardLast || p.req.shardLast == 0) {
		if page, err := o.Log(ctx, *q); err == nil {
			p.shardLog = &page
		}
	}
}

// pulled takes in what a pull brought.
func (m *model) pulled(msg pullMsg) tea.Cmd {
	m.pull.busy, m.pull.err = false, msg.err
	m.dirty = true
	if msg.err == nil {
		m.pull.got = m.now()
		m.took(msg)
	}
	// The first snapshot tells which shard is selected; its detail follows at once.
	if want := m.wanted().shard; msg.err == nil && want >= 0 && want != msg.req.shard {
		m.pull.again = true
	}
	if m.pull.again {
		return m.pullNow()
	}
	return nil
}

func (m *model) took(msg pullMsg) {
	if m.live != nil && !moved(m.live, msg.snap) && len(m.running) == 0 {
		m.pull.calm++
	} else {
		m.pull.calm = 0
	}
	m.live = msg.snap
	m.flow.take(msg.snap)
	m.watch(msg.snap)
	for i, op := range msg.req.operation {
		op.progress = msg.progress[i]
	}
	m.noticeEnd()
	if !m.frozen.IsZero() {
		return
	}
	m.show(msg.snap)
	m.detail.take(msg)
	m.past.take(msg.past, m.now())
	m.shardAll.take(&msg, m.now())
	if msg.log != nil {
		m.log.take(msg.req.log, *msg.log, msg.logErr)
	}
}

// show puts a snapshot on the screen.
func (m *model) show(s *ops.Snapshot) {
	before := m.shards()
	m.snap = s
	m.alerts = unseenAlerts(s.Alerts)
	m.sel.settle(s.Shards)
	m.filter.apply(s.Shards, m.now())
	m.settleTable()
	if len(before) != len(s.Shards) || (len(before) > 0 && before[0].ID != s.Shards[0].ID) {
		m.relayout()
	}
}

// moved reports whether anything but ages has changed between two snapshots.
func moved(a, b *ops.Snapshot) bool {
	return a.Traffic.Events != b.Traffic.Events || a.Fleet != b.Fleet || a.Phase != b.Phase ||
		a.LastLog != b.LastLog || a.Traffic.Depth != b.Traffic.Depth || len(unseenAlerts(a.Alerts)) != len(unseenAlerts(b.Alerts)) || len(a.Alerts) != len(b.Alerts) ||
		a.Identify.Sent != b.Identify.Sent || a.Identify.Breaker.Open != b.Identify.Breaker.Open || a.Commands != b.Commands ||
		a.Load.Guilds != b.Load.Guilds || a.Load.Loaded != b.Load.Loaded || len(a.Load.Missing) != len(b.Load.Missing) ||
		a.Reshard.Now != nil || b.Reshard.Now != nil ||
		a.Store.Fault != b.Store.Fault || a.Store.Disk != b.Store.Disk
}

// stale says how old the figures are if they are older than they should be.
func (m *model) stale(now time.Time) string {
	if m.pull.got.IsZero() {
		if m.pull.err != nil {
			return "no answer from the engine"
		}
		return ""
	}
	age := now.Sub(m.pull.got)
	if age < max(staleAfter, 2*m.pull.interval()) {
		return ""
	}
	return "STALE for " + age.Truncate(time.Second).String()
}

// detail is what the drawer knows beyond the snapshot.
type detail struct {
	shard  int
	have   *ops.ShardDetail
	failed string
}

func (d *detail) take(msg pullMsg) {
	if msg.req.shard < 0 {
		return
	}
	d.shard, d.have, d.failed = msg.req.shard, msg.detail, ""
	if msg.detailErr != nil {
		d.have, d.failed = nil, msg.detailErr.Error()
	}
}

// of is the detail of a shard; nil if it is that of another.
func (d *detail) of(id int) *ops.ShardDetail {
	if d.have == nil || d.shard != id {
		return nil
	}
	return d.have
}
