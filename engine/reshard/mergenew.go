package reshard

import (
	"context"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// New takes an event of the next fleet, as [Merge.Old] does of the old one.
func (m *Merge) New(ctx context.Context, ev *event.Event, d []byte) (waited bool) {
	if ev.Type == "READY" {
		m.nextBegins(ctx, ev.ShardID)
	}
	s := m.stripe(ev.Guild)
	if !s.lock.take(ctx) {
		return true // the fleet is closed
	}
	defer s.lock.give()
	if m.led.Load() {
		if m.met(s, ev, d) {
			m.cfg.Outlet.Skip(ev)
			return false
		}
		return m.cfg.Outlet.Lead(ctx, ev)
	}
	at := &m.standing[ev.ShardID]
	at.Session, at.Seq = ev.ID.Session, ev.ID.Seq
	if m.closed.Load() || PerSession(ev.Type) || aboutSession(ev.Type) || !m.cfg.Outlet.Mine(ev.Guild) {
		return false
	}
	return m.follow(ctx, s, ev, d)
}

// follow finds the twin of an event of the next fleet, or has it wait for it. s is
// locked.
func (m *Merge) follow(ctx context.Context, s *stripe, ev *event.Event, d []byte) (waited bool) {
	key := m.key(ev, d)
	g := s.of(ev.Guild)
	defer s.tidy(ev.Guild, g)
	if ev.Type == "GUILD_CREATE" {
		s.loaded[ev.Guild] = m.cfg.Clock.Now()
	}
	if m.meet(ev, g, key) {
		return false
	}
	for i := range g.late {
		if g.late[i].key == key {
			if g.restated() {
				m.rescueBefore(ctx, g, len(g.pending))
			}
			return m.forwardLate(ctx, s, g, i+1)
		}
	}
	kind, news := m.meaning(ev, d)
	// What is kept of the old fleet it knows of already, and the bot does not.
	if !news && !m.keeps(ev.Guild, key) {
		return false
	}
	now := m.cfg.Clock.Now()
	m.nextOf(ev.Guild).advance(now)
	p := pending{key: key, at: now, n: m.arrivals.Add(1), ev: *ev}
	p.ev.Data, p.ev.Kind = append([]byte(nil), ev.Data...), kind
	m.waiting.Add(1)
	m.bytes.Add(int64(p.ev.Size()))
	g.pending = append(g.pending, p)
	if !m.holding.Load() && !g.restated() && (m.follows(g, ev.Guild) || m.cfg.Outlet.Held(ev.Guild) == HoldsStale) {
		m.rescueBefore(ctx, g, len(g.pending))
	}
	return false
}

// forwardLate forwards the first n events with which the old fleet followed: the
// next one has brought the last of them, and so all that was before.
func (m *Merge) forwardLate(ctx context.Context, s *stripe, g *guild, n int) (waited bool) {
	twin := g.late[n-1]
	defer m.old[twin.ev.ShardID].queued(twin.ev.ID)
	m.forwardStale(ctx, s, g, n-1)
	g.late = append([]kept(nil), g.late[1:]...)
	m.ahead.Add(-1)
	m.unblock()
	m.both.Add(1)
	return m.cfg.Outlet.Forward(ctx, &twin.ev)
}

// meaning is what an event of the next fleet that the old one has not brought is to
// the bot. news is false for the state of a guild that a session is told of at
// first, and which the bot knows.
func (m *Merge) meaning(ev *event.Event, d []byte) (kind event.Kind, news bool) {
	switch {
	case ev.Type == "GUILD_DELETE":
		held := m.cfg.Outlet.Held(ev.Guild)
		_, outage := discord.GuildUnavailable(d)
		return ev.Kind, held == HoldsAvailable || held == HoldsStale || held == HoldsUnavailable && !outage
	case ev.Kind != event.KindLoaded:
		return ev.Kind, true
	}
	switch m.cfg.Outlet.Held(ev.Guild) {
	case HoldsAvailable:
		return ev.Kind, false
	case HoldsUnavailable:
		return event.KindAvailable, true
	case HoldsStale:
		return ev.Kind, true
	default:
		return event.KindJoined, true
	}
}

// meet reports whether an event of the next fleet is the twin of one that has been
// forwarded, which is forgotten then.
func (m *Merge) meet(ev *event.Event, g *guild, key uint64) bool {
	i := g.twin(key)
	if i < 0 {
		g.pass(ev, len(g.ahead))
		return false
	}
	g.pass(ev, i)
	f := &g.ahead[i]
	if f.expired && f.expected {
		m.onlyOld.Add(^uint64(0))
	}
	m.nextOf(ev.Guild).advance(f.at)
	m.both.Add(1)
	m.catchUp(g, i)
	return true
}

// pass notes that the next fleet has come past the first n events of the old one: it
// brings those of a guild in their order, but for what a session is told of at first.
func (g *guild) pass(ev *event.Event, n int) {
	if ev.Guild == 0 || ev.Kind == event.KindLoaded {
		return
	}
	for i := range n {
		g.ahead[i].passed = true
	}
}

// twin is the first event of the old fleet that is equal, or -1. One whose twin may
// never come stands back: else it took that of the next one that is equal to it, and
// so on.
func (g *guild) twin(key uint64) int {
	back := -1
	for i := range g.ahead {
		switch f := &g.ahead[i]; {
		case f.key != key:
		case !f.missed && !f.passed && !f.expired:
			return i
		case back < 0:
			back = i
		}
	}
	return back
}

// met is meet once the next fleet leads: what it is late with is still not the
// bot's. s is locked.
func (m *Merge) met(s *stripe, ev *event.Event, d []byte) bool {
	g := s.guilds[ev.Guild]
	if g == nil || PerSession(ev.Type) || aboutSession(ev.Type) {
		return false
	}
	defer s.tidy(ev.Guild, g)
	key, now := m.key(ev, d), m.cfg.Clock.Now()
	if i := g.twin(key); i >= 0 && (g.ahead[i].passed || g.ahead[i].missed) && now.Sub(g.ahead[i].at) >= freshFor {
		return false // it is another one that is equal
	}
	return m.meet(ev, g, key)
}

// copyOf keeps an event for later.
func (m *Merge) copyOf(ev *event.Event, key uint64) kept {
	k := kept{ev: *ev, key: key, at: m.cfg.Clock.Now()}
	k.ev.Data = append([]byte(nil), ev.Data...)
	return k
}

// catchUp forgets an event of the old fleet: its twin has come, or will not.
func (m *Merge) catchUp(g *guild, i int) {
	was := g.ahead[i]
	g.ahead = append(g.ahead[:i], g.ahead[i+1:]...)
	m.ahead.Add(-1)
	if was.blocking {
		m.unblock()
	}
}

// unblock notes that the switch waits for one event less.
func (m *Merge) unblock() {
	if m.blocking.Add(-1) > 0 || !m.holding.Load() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tellCaughtUp()
}

// tellCaughtUp tells that nothing blocks. m.mu is held.
func (m *Merge) tellCaughtUp() {
	if m.caught == nil || m.blocking.Load() > 0 {
		return
	}
	select {
	case <-m.caught:
	default:
		close(m.caught)
	}
}

// nextBegins notes a new session of the next fleet: it does not bring what was sent
// before it.
func (m *Merge) nextBegins(ctx context.Context, shard int) {
	now := m.cfg.Clock.Now()
	m.next[shard].restart(now)
	for i := range m.stripes {
		s := &m.stripes[i]
		if !s.lock.take(ctx) {
			return
		}
		if m.holding.Load() { // what is kept of its guilds it may never bring
			m.spoilt.Store(true)
		}
		for id, g := range s.guilds {
			if shardOf(id, m.cfg.NextTotal) != shard {
				continue
			}
			if !m.led.Load() && !m.holding.Load() {
				// What it was to bring before these it has lost: they come first now.
				m.forwardStale(ctx, s, g, len(g.late))
			}
			m.soften(g)
		}
		s.lock.give()
	}
}

// soften has the switch wait for none of a guild's events, whose twins may never
// come.
func (m *Merge) soften(g *guild) {
	for i := range g.ahead {
		f := &g.ahead[i]
		f.missed = true
		if f.blocking {
			f.blocking, f.expected = false, false
			m.unblock()
		}
	}
}
