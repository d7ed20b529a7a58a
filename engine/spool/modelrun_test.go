package spool

import (
	"maps"
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// start opens the queue as a new process does, and resumes the sessions.
func (m *model) start(sinks []string) {
	m.inside = true // nobody else is there yet
	defer func() { m.inside = false }()
	m.did("start with %v, layout %d", sinks, m.layout)
	m.cfg.Layout = modelLayouts[m.layout]
	q, err := OpenQueue(m.cfg)
	if err != nil {
		m.fail("open: %v", err)
	}
	m.queue = q
	m.runs++
	per := m.cfg.Layout.PerWorker
	for w := range (m.cfg.Layout.Total + per - 1) / per {
		q.Log(w)
	}
	clear(m.sinks)
	for _, name := range sinks {
		if m.all[name] == nil {
			m.all[name] = &modelSink{name: name, last: make(map[int]int)}
		}
		m.sinks[name] = m.all[name]
		m.sinks[name].cursors, m.sinks[name].hand = nil, nil
	}
	for number, logs := range q.Generations() {
		for _, name := range sinks {
			m.sinks[name].cursors = append(m.sinks[name].cursors, m.open(name, number, logs))
		}
	}
	if err := q.Recover(); err != nil {
		m.fail("recover: %v", err)
	}
	m.resume()
}

// open opens a sink's cursors in the logs of a generation.
func (m *model) open(sink string, number int, logs []*Log) *modelGeneration {
	g := &modelGeneration{number: number}
	for _, l := range logs {
		cfg := CursorConfig{Name: sink, Wants: modelWants(sink), Wake: func() {}}
		if sink == "early" {
			cfg.Early = func(e *event.Event) bool { return e.Type == "INTERACTION_CREATE" }
		}
		c, err := l.Open(cfg)
		if err != nil {
			m.fail("attach: %v", err)
		}
		g.cursors = append(g.cursors, c)
	}
	return g
}

// resume has Discord send again what the saved sessions do not cover.
func (m *model) resume() {
	for shard := range m.cfg.Layout.Total {
		p, ok := m.saved[shard]
		s := m.shards[shard]
		if !ok || s == nil || p.Session != s.session {
			delete(m.shards, shard)
			continue
		}
		m.log(shard).Restore(shard, p, m.queue.Stored(shard, p.Session))
		s.read = int(p.Seq)
		for _, e := range s.events[s.read:] {
			for name := range e.required {
				if m.sinks[name] == nil && !e.acked[name] {
					delete(e.required, name) // it is not known to be for that one any more
				}
			}
		}
		m.replay(shard)
	}
}

// replay appends what a RESUME brings, and reports whether that is all.
func (m *model) replay(shard int) bool {
	s := m.shards[shard]
	for s.read < len(s.events) {
		switch e := s.events[s.read]; {
		case e.passed:
			m.log(shard).Pass(e.id, shard)
		case !m.appendTo(m.log(shard), e):
			return false
		}
		s.read++
	}
	return s.read == len(s.events)
}

func (m *model) log(shard int) *Log { return m.queue.Log(shard / m.cfg.Layout.PerWorker) }

func (m *model) logs() []*Log { return m.queue.all() }

// endSession makes Discord forget a session, with what it still had to send.
func (m *model) endSession(shard int) {
	m.abandon(shard)
	delete(m.shards, shard)
}

// abandon has a session bring nothing any more.
func (m *model) abandon(shard int) {
	if s := m.shards[shard]; s != nil {
		for _, e := range s.events[s.read:] {
			clear(e.required)
		}
	}
}

// keep saves the sessions.
func (m *model) keep() { m.keepOf(m.queue.Present()) }

func (m *model) keepOf(generation int) {
	for _, l := range m.queue.Logs(generation) {
		for shard, p := range l.Progress() {
			if s := m.shards[shard]; s != nil && s.session == p.Session {
				if p.Seq > int64(len(s.events)) {
					m.fail("shard %d is dealt with up to %d of %d", shard, p.Seq, len(s.events))
				}
				m.saved[shard] = p
			}
		}
	}
	m.did("sessions kept: %v", m.saved)
}

// spoil breaks the store, or mends it.
func (m *model) spoil() {
	if m.store.refuse != nil {
		m.did("the store is mended")
		m.store.spoil(func(f *fakeStore) { f.refuse, f.forget = nil, nil })
		return
	}
	kind := m.rnd.IntN(4)
	m.did("the store is broken (%d)", kind)
	m.store.fail(errDisk, [][]string{{"put"}, {"put", "delete"}, {"get"}, {"put", "get", "delete"}}[kind]...)
	if m.rnd.IntN(3) == 0 { // what is written is there, but nobody knows
		m.store.spoil(func(f *fakeStore) {
			f.refuse = func(string, string) error { return nil }
			f.forget = func(string) error { return errDisk }
		})
	}
}

// restart ends the process, in order or not, and starts the next.
func (m *model) restart() {
	layout := m.layout
	if m.rnd.IntN(3) == 0 {
		layout = m.rnd.IntN(len(modelLayouts))
	}
	crash, anew := m.crashes && m.rnd.IntN(3) > 0, modelLayouts[layout].Total != m.cfg.Layout.Total
	if !crash {
		m.stop()
	}
	if anew { // no session can be resumed
		for shard := range m.shards {
			m.endSession(shard)
		}
		clear(m.saved)
	}
	if crash {
		m.crash()
	}
	m.layout = layout
	sinks := slices.Sorted(maps.Keys(m.sinks))
	if m.rnd.IntN(2) == 0 {
		sinks = m.someSinks()
	}
	m.start(sinks)
}

// stop ends the process in order, with a store that works.
func (m *model) stop() {
	m.did("stop")
	m.inside = true
	defer func() { m.inside = false }()
	m.store.spoil(func(f *fakeStore) { f.refuse, f.forget = nil, nil })
	for _, l := range m.logs() {
		l.finish()
	}
	m.keep()
	m.forgetNext()
	m.old = nil
}

// crash ends the process at the n-th write to the store, or now. Of a session that
// has ended, what was in memory is gone.
func (m *model) crash() {
	m.inside = true
	defer func() { m.inside = false }()
	m.forgetNext()
	m.old = nil
	lost := m.lost
	m.store.spoil(func(f *fakeStore) { f.fuse = 1 + m.rnd.IntN(12) })
	m.did("crash")
	if m.rnd.IntN(2) == 0 {
		m.wait(2 * time.Second)
		for _, l := range m.logs() {
			l.work()
		}
	}
	m.lost = lost // the dead store's files are not there
	m.store.spoil(func(f *fakeStore) { f.fuse, f.dead, f.refuse, f.forget = 0, false, nil, nil })
	for _, e := range m.events {
		if s := m.shards[e.shard]; !e.safe && (s == nil || s.session != e.id.Session) {
			clear(e.required)
		}
	}
	for _, s := range m.all { // what was dropped before may come after all
		clear(s.last)
	}
}
