package spool

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// modelFleet is shards of one layout, with the generation of their queues.
type modelFleet struct {
	number, layout int
	shards         map[int]*modelShard
	orders         map[int]int
	cursors        map[string]*modelGeneration // of a fleet to come
}

// modelGeneration is a sink's cursors in a generation, by log.
type modelGeneration struct {
	number  int
	cursors []*Cursor
}

func (f *modelFleet) worker(shard int) int { return shard / modelLayouts[f.layout].PerWorker }

// reshard takes a step towards another layout, or back.
func (m *model) reshard() {
	switch n := m.rnd.IntN(12); {
	case m.next == nil && n < 3:
		m.extend()
	case m.next == nil && n < 6:
		m.late()
	case n < 6:
		m.sendNext()
	case n < 7:
		m.cut()
	case n < 8:
		m.forget()
	case n < 9:
		m.secure()
	case n < 10:
		m.standIn()
	case m.next != nil && n < 11:
		m.promote()
	case m.next != nil && m.rnd.IntN(2) == 0:
		m.did("withdraw %d", m.next.number)
		m.queue.Withdraw(m.next.number)
		m.forgetNext()
	}
}

// extend makes the queues of another fleet, or of one like the present one.
func (m *model) extend() {
	n := &modelFleet{
		layout: m.rnd.IntN(len(modelLayouts)), shards: make(map[int]*modelShard), orders: make(map[int]int),
		cursors: make(map[string]*modelGeneration),
	}
	l := modelLayouts[n.layout]
	n.number = m.queue.Extend(l)
	m.queue.LogOf(n.number, (l.Total-1)/l.PerWorker)
	for name := range m.sinks {
		n.cursors[name] = m.open(name, n.number, m.queue.Logs(n.number))
	}
	for shard := range 6 {
		n.orders[shard] = m.orders[shard] + 1_000_000
	}
	m.next = n
	m.did("extend to layout %d as %d", n.layout, n.number)
}

// sendNext has a shard of the fleet to come receive events. Some of them the
// present one brings too, in another session.
func (m *model) sendNext() {
	n := m.next
	if n == nil {
		return
	}
	for range 1 + m.rnd.IntN(6) {
		shard := m.rnd.IntN(modelLayouts[n.layout].Total)
		s := n.shards[shard]
		if s == nil {
			s = &modelShard{session: m.newSession()}
			n.shards[shard] = s
		}
		n.orders[shard]++
		e := m.issue(event.ID{Session: s.session, Seq: int64(len(s.events) + 1)}, shard, n.orders[shard])
		e.passed = m.rnd.IntN(2) == 0
		s.events = append(s.events, e)
	}
}

// cut appends what the fleet to come alone has brought, and reports whether there
// was room.
func (m *model) cut() bool {
	if m.next == nil {
		return false
	}
	for _, shard := range slices.Sorted(maps.Keys(m.next.shards)) {
		s := m.next.shards[shard]
		for ; s.read < len(s.events); s.read++ {
			e := s.events[s.read]
			if e.passed {
				continue
			}
			if !m.appendTo(m.queue.LogOf(m.next.number, m.next.worker(shard)), e) {
				return false
			}
			m.require(e)
		}
	}
	return true
}

// promote has the fleet to come take over.
func (m *model) promote() {
	safe := m.secure()
	if !safe && m.rnd.IntN(3) > 0 || !m.cut() {
		return
	}
	n := m.next
	for shard, s := range n.shards {
		if len(s.events) > 0 {
			m.queue.LogOf(n.number, n.worker(shard)).Pass(s.events[len(s.events)-1].id, shard)
		}
	}
	for shard := range m.shards {
		m.abandon(shard)
	}
	clear(m.saved)
	m.old = &modelFleet{number: m.queue.Present(), layout: m.layout, shards: m.shards}
	m.shards, m.orders, m.layout, m.next = n.shards, n.orders, n.layout, nil
	m.cfg.Layout = modelLayouts[n.layout]
	m.keepOf(n.number) // the commit: the next start comes back on this fleet
	if m.crashes && m.rnd.IntN(3) == 0 {
		m.did("a crash between the commit and the promotion of %d", n.number)
		m.crash()
		m.start(slices.Sorted(maps.Keys(m.sinks)))
		return
	}
	m.queue.Promote(n.number)
	for name, g := range n.cursors {
		m.sinks[name].cursors = append(m.sinks[name].cursors, g)
	}
	m.did("promote %d, all stored before: %v", n.number, safe)
}

// forgetNext forgets a fleet to come, of which nothing may remain.
func (m *model) forgetNext() {
	if m.next == nil {
		return
	}
	for _, s := range m.next.shards {
		for _, e := range s.events {
			for name := range e.dropped {
				m.all[name].dropped--
			}
			delete(m.events, e.id)
		}
	}
	m.next = nil
}

// late has a shard of the fleet before bring something after all.
func (m *model) late() {
	if m.old == nil {
		return
	}
	shards := slices.Sorted(maps.Keys(m.old.shards))
	if len(shards) == 0 {
		return
	}
	shard := shards[m.rnd.IntN(len(shards))]
	s := m.old.shards[shard]
	e := m.issue(event.ID{Session: s.session, Seq: int64(len(s.events) + 1)}, shard, 0)
	e.late = true
	if m.appendTo(m.queue.LogOf(m.old.number, m.old.worker(shard)), e) {
		s.events = append(s.events, e)
		m.require(e)
	}
}

// standIn has an event of another fleet's session stand in for one that a shard's
// session has not brought.
func (m *model) standIn() {
	shard := m.rnd.IntN(m.cfg.Layout.Total)
	if s := m.shards[shard]; s != nil && !m.replay(shard) {
		return
	}
	m.orders[shard]++
	e := m.issue(event.ID{Session: m.newSession(), Seq: 1 + m.rnd.Int64N(1000)}, shard, m.orders[shard])
	e.foreign = true
	if m.appendTo(m.log(shard), e) {
		m.require(e)
	}
}

// secure has everything stored, and reports whether it is.
func (m *model) secure() bool {
	inside := m.inside
	m.inside = true
	defer func() { m.inside = inside }()
	for _, l := range m.logs() {
		l.secure()
		l.work()
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := m.queue.Secure(ctx)
	m.did("secure: %v", err)
	if err != nil {
		if !m.faults {
			m.fail("secure: %v", err)
		}
		return false
	}
	for _, e := range m.events {
		e.safe = e.safe || e.run == m.runs && !m.isNext(e)
	}
	return true
}

func (m *model) isNext(e *issued) bool {
	if m.next == nil {
		return false
	}
	s := m.next.shards[e.shard]
	return s != nil && s.session == e.id.Session
}

// work lets all tenders work. What stands in for another event is stored then,
// however long others may wait.
func (m *model) work() {
	m.did("work")
	var due []*issued
	for _, e := range m.events {
		if e.foreign && e.run == m.runs && !e.safe {
			due = append(due, e)
		}
	}
	for _, l := range m.logs() {
		l.work()
	}
	if m.faults {
		return
	}
	for _, l := range m.logs() {
		for _, c := range l.chunks[l.firstUnsaved():] {
			for i := range c.entries {
				e := &c.entries[i]
				if e.waits != 0 && e.origin == foreign && slices.ContainsFunc(due, func(d *issued) bool { return d.id == e.ev.ID }) {
					m.fail("%v stands in for another and is in memory alone", e.ev.ID)
				}
			}
		}
	}
	for _, e := range due {
		e.safe = true
	}
}

// forget drops generations that are empty.
func (m *model) forget() {
	if m.store.refuse != nil || m.store.forget != nil || m.inside {
		return
	}
	logs := make(map[int][]*Log)
	for number, l := range m.queue.Generations() {
		logs[number] = l
	}
	for _, number := range m.queue.Forget() {
		m.did("forget %d", number)
		m.inside = true
		for _, l := range logs[number] {
			if s := l.Stats(); s.Depth != 0 || s.Bytes != 0 || number == m.queue.Present() {
				m.fail("%s is forgotten with %+v", l.cfg.Prefix, s)
			}
			l.finish() // as its tender does in the end
			if s := l.Stats(); s.Files != 0 {
				m.fail("%s leaves %+v", l.cfg.Prefix, s)
			}
		}
		m.inside = false
		for _, s := range m.sinks {
			s.cursors = slices.DeleteFunc(s.cursors, func(g *modelGeneration) bool { return g.number == number })
		}
		if m.old != nil && m.old.number == number {
			m.old = nil
		}
	}
}

// verifyNext checks that nothing has come of a fleet to come.
func (m *model) verifyNext() {
	if m.next == nil {
		return
	}
	for _, l := range m.queue.Logs(m.next.number) {
		for name := range m.store.files {
			if strings.HasPrefix(name, l.cfg.Prefix) {
				m.fail("%s is in the store, and generation %d is not promoted", name, m.next.number)
			}
		}
		for _, c := range l.cursors {
			if m.cfg.PersistAfter == 0 && len(c.Next(nil, 1))+len(c.NextEarly(nil, 1)) > 0 {
				m.fail("%s hands out what is not on disk", l.cfg.Prefix)
			}
		}
	}
}
