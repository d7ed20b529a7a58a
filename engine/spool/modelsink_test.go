package spool

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// take hands events to a sink, of the oldest generation that has any.
func (m *model) take() {
	s := m.sink()
	early := m.rnd.IntN(3) == 0
	for g, generation := range s.cursors {
		cursors, left := generation.cursors, 0
		for _, c := range cursors {
			left += c.Depth()
		}
		if left == 0 && g < len(s.cursors)-1 {
			continue
		}
		c := cursors[m.rnd.IntN(len(cursors))]
		var items []Item
		if early {
			items = c.NextEarly(nil, 1+m.rnd.IntN(10))
		} else {
			items = c.Next(nil, 1+m.rnd.IntN(30))
		}
		m.did("%s takes %s of %s (early %v)", s.name, seqs(items), c.log.cfg.Prefix, early)
		for _, it := range items {
			s.hand = append(s.hand, held{c, it})
			m.given(s, &it.Event, early)
			if m.cfg.PersistAfter == 0 && !it.Pos.chunk.saved && !c.log.tender.faulty() {
				m.fail("%s gets %v, which is not on disk", s.name, it.Event.ID)
			}
		}
		return
	}
}

func (m *model) sink() *modelSink {
	names := slices.Sorted(maps.Keys(m.sinks))
	return m.sinks[names[m.rnd.IntN(len(names))]]
}

// given judges what a sink is given.
func (m *model) given(s *modelSink, ev *event.Event, early bool) {
	if ev.Type == GapType {
		return
	}
	e := m.events[ev.ID]
	switch {
	case e == nil:
		m.fail("%s gets %v, which nobody has sent", s.name, ev.ID)
	case ev.ShardID != e.shard || ev.Type != e.typ || !slices.Equal(ev.Data, modelData(e.id, e.size)) || !ev.Received.Equal(e.received):
		m.fail("%s gets %v spoilt", s.name, ev.ID)
	case m.exact() && e.acked[s.name]:
		m.fail("%s gets %v again", s.name, ev.ID)
	case m.exact() && e.dropped[s.name]:
		m.fail("%s gets %v, of which it was said that it was dropped", s.name, ev.ID)
	case slices.ContainsFunc(s.hand[:len(s.hand)-1], func(h held) bool { return h.item.Event.ID == ev.ID }):
		m.fail("%s gets %v and has it in hand", s.name, ev.ID)
	}
	if !e.first[s.name] && !early && !e.late && e.id.Session != letterSession {
		if e.order < s.last[e.shard] {
			m.fail("%s gets %v (%d of shard %d) behind %d", s.name, ev.ID, e.order, e.shard, s.last[e.shard])
		}
		s.last[e.shard] = e.order
	}
	e.first[s.name] = true
}

// ack has a sink acknowledge a part of what it has in hand, in any order.
func (m *model) ack(part float64) {
	s := m.sink()
	m.rnd.Shuffle(len(s.hand), func(i, j int) { s.hand[i], s.hand[j] = s.hand[j], s.hand[i] })
	n := min(int(part*float64(len(s.hand))+0.5), len(s.hand))
	for _, h := range s.hand[:n] {
		m.acked(s, h)
	}
	m.did("%s acknowledges %d of %d", s.name, n, len(s.hand))
	s.hand = slices.Delete(s.hand, 0, n)
}

func (m *model) acked(s *modelSink, h held) {
	if h.item.Event.Type == GapType {
		g, err := parseGap(h.item.Event.Data)
		if err != nil {
			m.fail("gap marker: %v", err)
		}
		s.told += g.Count
	} else {
		e := m.events[h.item.Event.ID]
		e.acked[s.name] = true
		if !slices.Equal(h.item.Event.Data, modelData(e.id, e.size)) {
			m.fail("the data of %v has changed in the hands of %s", e.id, s.name)
		}
	}
	h.cursor.Ack(h.item.Pos)
}

// noteDropped is told by the queue of what it drops. The log's lock is held.
func (m *model) noteDropped(ev *event.Event, why string) {
	e := m.events[ev.ID]
	if e == nil {
		m.lost++
		return
	}
	for name := range e.required {
		if !e.acked[name] && !e.dropped[name] {
			e.dropped[name] = true
			m.all[name].dropped++
		}
	}
	m.did("dropped %v: %s", ev.ID, why)
	m.judgeDrop(why)
}

// judgeDrop looks whether something had to be dropped: about, because other logs
// go on meanwhile, and more than one is dropped at a time.
func (m *model) judgeDrop(why string) {
	const most = 200_096 // the largest event
	b, q := &m.cfg.Bounds, &m.queue.budget
	full := b.Events > 0 && int(q.events.Load())+1+b.Events/slack >= b.Events ||
		b.Bytes > 0 && max(q.bytes.Load(), q.disk.Load())+most+b.Bytes/slack >= b.Bytes
	if why == reasonFull && !full || why == reasonOld && b.Age == 0 || why == reasonMemory && !m.faults {
		m.fail("dropped (%s) with %d events, %d bytes, %d on disk", why, q.events.Load(), q.bytes.Load(), q.disk.Load())
	}
	if b.Policy == Block && why != reasonOld {
		m.fail("dropped (%s), though the queue blocks", why)
	}
}

// put puts a letter back into the queue, for one sink.
func (m *model) put() {
	s := m.sink()
	m.letters++
	e := &issued{
		id: event.ID{Session: letterSession, Seq: m.letters}, shard: m.rnd.IntN(4), typ: "LETTER", size: 100, received: epoch.Add(-time.Hour),
		required: map[string]bool{}, acked: make(map[string]bool), dropped: make(map[string]bool), first: make(map[string]bool),
	}
	m.events[e.id] = e
	cursors := s.cursors[len(s.cursors)-1].cursors
	c := cursors[m.rnd.IntN(len(cursors))]
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := c.Put(ctx, m.event(e)) // it does not wait here
	e.required[s.name] = true
	if !m.exact() && err != nil {
		delete(e.required, s.name)
	}
	m.did("letter %v for %s: %v", e.id, s.name, err)
}

// discard gives up what waits for an orphan.
func (m *model) discard() {
	for _, o := range m.queue.Stats().Orphans {
		n := m.queue.Discard(o.Sink)
		m.did("discard %d of %s", n, o.Sink)
		if n != o.Depth {
			m.fail("%d of %s discarded, %d were there", n, o.Sink, o.Depth)
		}
		for _, e := range m.events {
			delete(e.required, o.Sink)
		}
		m.all[o.Sink].told, m.all[o.Sink].dropped = 0, 0
		if m.queue.Stats().Orphans != nil && m.queue.Stats().Orphans[0].Sink == o.Sink {
			m.fail("%s is still there", o.Sink)
		}
	}
}

// verify checks all sums.
func (m *model) verify(files bool) {
	var events, nfiles int
	var bytes, memory, disk int64
	logs := m.logs()
	if m.next != nil {
		logs = append(logs, m.queue.Logs(m.next.number)...)
		m.verifyNext()
	}
	for _, l := range logs {
		if err := l.check(); err != nil {
			m.fail("%s: %v", l.cfg.Prefix, err)
		}
		if files {
			if err := l.checkFiles(m.store); err != nil {
				m.fail("%s: %v", l.cfg.Prefix, err)
			}
		}
		s := l.Stats()
		events, bytes, memory, disk, nfiles = events+s.Depth, bytes+s.Bytes, memory+s.Memory, disk+s.Disk, nfiles+s.Files
	}
	s := m.queue.Stats()
	if s.Events != events || s.Bytes != bytes || s.Memory != memory || s.Disk != disk || s.Files != nfiles {
		m.fail("the queue says %+v; its logs have %d events, %d bytes, %d in memory, %d on disk in %d files", s, events, bytes, memory, disk, nfiles)
	}
}

// end has every sink take everything, and looks whether it was everything.
func (m *model) end() {
	m.stop()
	m.start(modelSinks)
	for round := 0; ; round++ {
		if round == 2000 {
			m.fail("the queue does not run empty: %+v", m.queue.Stats())
		}
		m.wait(300 * time.Millisecond)
		for _, l := range m.logs() {
			l.work()
		}
		left := 0
		for shard, s := range m.shards {
			m.replay(shard)
			left += len(s.events) - s.read
		}
		for _, s := range m.sinks {
			left += m.drain(s)
		}
		m.verify(false)
		if left == 0 {
			break
		}
	}
	m.settleUp()
}

// drain has a sink take and acknowledge what it can, and reports what is left.
func (m *model) drain(s *modelSink) (left int) {
	for _, generation := range s.cursors {
		for _, c := range generation.cursors {
			for _, it := range c.Next(nil, 1000) {
				s.hand = append(s.hand, held{c, it})
				m.given(s, &it.Event, false)
			}
			for _, h := range s.hand {
				m.acked(s, h)
			}
			s.hand = nil
			left += c.Depth()
		}
		if left > 0 {
			break
		}
	}
	return left
}

// settleUp looks what has become of every event.
func (m *model) settleUp() {
	m.store.during = nil
	for _, e := range m.events {
		for name := range e.required {
			if !e.acked[name] && !e.dropped[name] {
				m.fail("%s has never had %v (%d of shard %d, %s)", name, e.id, e.order, e.shard, e.typ)
			}
		}
	}
	for name, s := range m.all {
		if m.exact() && s.told != s.dropped {
			m.fail("%s: %d events were dropped, gap markers tell of %d", name, s.dropped, s.told)
		}
	}
	m.clock.Advance(5 * time.Second)
	for _, l := range m.logs() {
		l.finish()
	}
	if s := m.queue.Stats(); s.Events != 0 || s.Bytes != 0 || s.Memory != 0 || s.Disk != 0 || s.Files != 0 || m.lost > 0 {
		m.fail("an empty queue says %+v, %d events were lost", s, m.lost)
	}
	for name := range m.store.files {
		if name != metaName {
			m.fail("%s is left over", name)
		}
	}
}
