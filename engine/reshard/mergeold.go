package reshard

import (
	"bytes"
	"context"
	"slices"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// Old takes an event of the old fleet. d is its `d`; both are valid during the
// call. It reports whether it had to wait for room in a queue.
func (m *Merge) Old(ctx context.Context, ev *event.Event, d []byte) (waited bool) {
	if ev.Type == "READY" {
		m.oldBegins(ctx, ev.ShardID)
	}
	key := uint64(0)
	if !PerSession(ev.Type) && !aboutSession(ev.Type) {
		key = m.key(ev, d)
	}
	s := m.stripe(ev.Guild)
	if !s.lock.take(ctx) {
		m.old[ev.ShardID].withhold(ev.ID)
		return true
	}
	defer s.lock.give()
	switch {
	case PerSession(ev.Type):
		return m.cfg.Outlet.Forward(ctx, ev)
	case m.closed.Load():
		if m.delivered(s, ev, key) {
			m.cfg.Outlet.Pass(ev)
			return false
		}
		return m.cfg.Outlet.Forward(ctx, ev)
	case m.led.Load(): // it comes from the next fleet
		m.old[ev.ShardID].withhold(ev.ID)
		return false
	case m.holding.Load():
		m.old[ev.ShardID].withhold(ev.ID)
		m.keep(ev, key)
		return false
	}
	return m.lead(ctx, s, ev, key)
}

// delivered reports whether an event of the old fleet has been delivered from the next
// one, once that is gone. s is locked.
func (m *Merge) delivered(s *stripe, ev *event.Event, key uint64) bool {
	g := s.guilds[ev.Guild]
	if g == nil || aboutSession(ev.Type) {
		return false
	}
	defer s.tidy(ev.Guild, g)
	i := slices.IndexFunc(g.pending, func(p pending) bool { return p.rescued && p.key == key })
	if i < 0 || m.cfg.Clock.Now().Sub(g.pending[i].at) > rememberFor {
		return false
	}
	m.forget(g, i)
	return true
}

// lead forwards an event of the old fleet, unless its twin has been delivered. s is
// locked.
func (m *Merge) lead(ctx context.Context, s *stripe, ev *event.Event, key uint64) (waited bool) {
	if aboutSession(ev.Type) {
		return m.cfg.Outlet.Forward(ctx, ev)
	}
	g := s.of(ev.Guild)
	defer s.tidy(ev.Guild, g)
	for i := range g.pending {
		if g.pending[i].key != key {
			continue
		}
		rescued := g.pending[i].rescued
		m.old[ev.ShardID].advance(g.pending[i].at)
		if !rescued && g.restated() {
			m.rescueBefore(ctx, g, i)
			m.forwardStale(ctx, s, g, len(g.late))
		}
		m.forget(g, i)
		m.both.Add(1)
		if rescued {
			m.onlyNew.Add(^uint64(0))
			m.cfg.Outlet.Pass(ev)
			return false
		}
		return m.cfg.Outlet.Forward(ctx, ev)
	}
	follows := m.follows(g, ev.Guild)
	if follows && ev.Kind == event.KindLoaded && m.covers(s, ev.Guild) {
		// The bot has been told of all that happened in the guild since, and this
		// comes behind some of it.
		m.cfg.Outlet.Pass(ev)
		return false
	}
	if follows {
		m.old[ev.ShardID].withhold(ev.ID)
		g.late = append(g.late, m.copyOf(ev, key))
		m.ahead.Add(1)
		m.blocking.Add(1)
		return false
	}
	return m.forward(ctx, s, g, ev, key)
}

// forward forwards an event of the old fleet, and remembers it. s is locked.
func (m *Merge) forward(ctx context.Context, s *stripe, g *guild, ev *event.Event, key uint64) (waited bool) {
	f := forwarded{key: key, at: m.cfg.Clock.Now(), what: ev.Type}
	m.old[ev.ShardID].advance(f.at)
	m.ahead.Add(1)
	if ev.Kind != event.KindLoaded && m.nextOf(ev.Guild).hasBegun() {
		loaded, told := s.loaded[ev.Guild]
		f.blocking = true
		f.expected = (told && f.at.Sub(loaded) >= freshFor || ev.Guild == 0) && m.old[ev.ShardID].steady(f.at, freshFor)
		m.blocking.Add(1)
	}
	g.ahead = append(g.ahead, f)
	return m.cfg.Outlet.Forward(ctx, ev)
}

// follows reports whether the old fleet does not lead in a guild: it has lost a
// session just now.
func (m *Merge) follows(g *guild, id uint64) bool {
	return len(g.late) > 0 || m.oldOf(id).restartedWithin(m.cfg.Clock.Now(), m.cfg.Settle)
}

// restated reports whether a guild is held back as a new session of the old fleet was
// told of it: what the next fleet brings meanwhile may have happened before that, and
// has to come before it then.
func (g *guild) restated() bool { return len(g.late) > 0 && restates(&g.late[0].ev) }

// restates reports whether an event tells how a guild is, as a session is told at
// first, rather than what has happened in it.
func restates(ev *event.Event) bool {
	return ev.Kind == event.KindLoaded || ev.Type == "GUILD_DELETE" && bytes.Contains(ev.Data, []byte(`"unavailable":true`))
}

// rescueBefore delivers the first n events of the next fleet that still wait: the old
// one has come past them.
func (m *Merge) rescueBefore(ctx context.Context, g *guild, n int) {
	for i := range n {
		m.rescue(ctx, &g.pending[i])
	}
}

// covers reports whether the next fleet has brought all that happened in a guild for
// a while. s is locked.
func (m *Merge) covers(s *stripe, id uint64) bool {
	now := m.cfg.Clock.Now()
	loaded, told := s.loaded[id]
	return told && now.Sub(loaded) >= m.cfg.Settle && m.nextOf(id).steady(now, m.cfg.Settle)
}

// oldBegins notes a new session of the old fleet. What it has lost is delivered
// from the next one, beginning with what is there.
func (m *Merge) oldBegins(ctx context.Context, shard int) {
	m.old[shard].restart(m.cfg.Clock.Now())
	if m.led.Load() || m.closed.Load() {
		return
	}
	for i := range m.stripes {
		s := &m.stripes[i]
		if !s.lock.take(ctx) {
			return
		}
		for id, g := range s.guilds {
			// During a hold, what is kept comes before it.
			if shardOf(id, m.cfg.Total) != shard || m.holding.Load() {
				continue
			}
			m.rescueBefore(ctx, g, len(g.pending))
		}
		s.lock.give()
	}
}

// rescue delivers an event of the next fleet in the old one's place. The stripe is
// locked.
func (m *Merge) rescue(ctx context.Context, p *pending) {
	if p.rescued {
		return
	}
	m.cfg.Outlet.Rescue(ctx, &p.ev)
	m.onlyNew.Add(1)
	m.letGo(p)
	p.rescued = true
}

// letGo forgets the bytes of an event that waits no more.
func (m *Merge) letGo(p *pending) {
	if !p.rescued {
		m.waiting.Add(-1)
		m.bytes.Add(-int64(p.ev.Size()))
		p.ev.Data = nil
	}
}

// forget drops a pending event.
func (m *Merge) forget(g *guild, i int) {
	m.letGo(&g.pending[i])
	g.pending = append(g.pending[:i], g.pending[i+1:]...)
}
