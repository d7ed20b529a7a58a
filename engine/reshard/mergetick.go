package reshard

import (
	"context"
	"fmt"
	"time"
)

// MergeStats are a merge's figures.
type MergeStats struct {
	Both    uint64 // events that have come from both fleets
	OnlyOld uint64 // that the next fleet should have brought, and did not
	OnlyNew uint64 // that the old fleet should have brought, and did not: they were delivered from the next one
	Waiting int    // whose twin has not come yet, from either fleet
	Ahead   int    // of those, that the switch waits for
	Bytes   int64  // of those that wait for delivery
	// Behind are the events for which the old fleet is late: it may have others that
	// the next one was never sent.
	Behind int
	// Overdue are the events of the old fleet for which the next one is late.
	Overdue int
	// AgreedSince is when the streams last differed without a reason, or when the
	// merge began; Differs says how, empty if they never did.
	AgreedSince time.Time
	Differs     string
}

// Stats are the present figures.
func (m *Merge) Stats() MergeStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return MergeStats{
		Both: m.both.Load(), OnlyOld: m.onlyOld.Load(), OnlyNew: m.onlyNew.Load(),
		Waiting: int(m.waiting.Load() + m.ahead.Load()), Ahead: int(m.blocking.Load()), Bytes: m.bytes.Load(), Behind: int(m.late.Load()), Overdue: int(m.overdue.Load()),
		AgreedSince: m.agreed, Differs: m.differs,
	}
}

// differ notes a difference that nothing explains.
func (m *Merge) differ(now time.Time, format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.agreed, m.differs = now, fmt.Sprintf(format, args...)
}

// Tick gives up waiting for twins that do not come: what the old fleet lost is
// delivered from the next one. It is called several times a second, and passes over
// what waits for room in a queue.
func (m *Merge) Tick(ctx context.Context) {
	if m.led.Load() || m.closed.Load() || m.holding.Load() {
		return
	}
	now := m.cfg.Clock.Now()
	most := m.cfg.Settle
	if m.bytes.Load() > m.cfg.MaxBytes {
		most = time.Second
	}
	behind, overdue := 0, 0
	for i := range m.stripes {
		s := &m.stripes[i]
		if !s.lock.try() {
			behind++ // nobody knows
			continue
		}
		for id, g := range s.guilds {
			overdue += m.expire(now, id, g)
			behind += m.rescueLate(ctx, now, most, id, s, g)
			s.tidy(id, g)
		}
		s.lock.give()
	}
	m.late.Store(int64(behind))
	m.overdue.Store(int64(overdue))
}

// expire gives up on twins from the next fleet, and returns how many are overdue. The
// guild's stripe is locked.
func (m *Merge) expire(now time.Time, id uint64, g *guild) (overdue int) {
	l := m.nextOf(id)
	for i := 0; i < len(g.ahead); {
		f := &g.ahead[i]
		age, settle := now.Sub(f.at), m.cfg.Settle
		if !f.expected { // it comes soon, or was never sent
			settle = min(settle, freshFor)
		}
		if age < freshFor {
			break // those behind it are younger
		}
		switch {
		case age > rememberFor || age >= settle && !l.hasBegun(),
			f.missed && l.past(f.at.Add(freshFor)), f.expired && l.past(f.at.Add(m.cfg.Settle)):
			m.catchUp(g, i)
			continue
		case f.passed && l.past(f.at.Add(freshFor)):
			if !f.expired {
				m.lapse(now, id, f)
			}
			m.catchUp(g, i)
			continue
		case f.expired:
		case age >= settle && l.steady(now, settle): // else its RESUME brings it
			m.lapse(now, id, f)
		}
		if f.blocking {
			overdue++
		}
		i++
	}
	return overdue
}

// lapse notes that a twin has not come from the next fleet in time. It may still
// come: a connection can be dead for long before that is seen.
func (m *Merge) lapse(now time.Time, id uint64, f *forwarded) {
	f.expired = true
	if f.blocking {
		f.blocking = false
		m.unblock()
	}
	if f.expected {
		m.onlyOld.Add(1)
		m.differ(now, "%s of guild %d has not come from the next fleet (%s)", f.what, id, now.UTC().Format(time.TimeOnly))
	}
}

// rescueLate gives up on twins from the old fleet, and on those that the next fleet
// should have brought before what is late. It returns how many events of the next
// fleet have waited for long. The guild's stripe is locked.
func (m *Merge) rescueLate(ctx context.Context, now time.Time, most time.Duration, id uint64, s *stripe, g *guild) (behind int) {
	stale := m.restate(ctx, now, g)
	for stale < len(g.late) && now.Sub(g.late[stale].at) > m.cfg.Settle {
		stale++
	}
	if stale > 0 {
		m.forwardStale(ctx, s, g, stale)
	}
	l := m.oldOf(id)
	for i := 0; i < len(g.pending); {
		p := &g.pending[i]
		age := now.Sub(p.at)
		switch {
		case p.rescued && (age > rememberFor || l.past(p.at.Add(m.cfg.Settle))):
			m.forget(g, i)
			continue
		case p.rescued:
		case age > deadFor && l.steady(now, deadFor), age > most && (most < m.cfg.Settle || l.past(p.at.Add(m.cfg.Settle))):
			if l.steady(now, m.cfg.Settle) {
				m.differ(now, "%s of guild %d has not come from the active fleet (%s)", p.ev.Type, id, now.UTC().Format(time.TimeOnly))
			}
			m.rescue(ctx, p)
		default:
			behind += m.behind(now, g.pending[i:])
			return behind // those behind it are younger
		}
		i++
	}
	return 0
}

// restate has a guild that is held back as the old fleet was told of it wait no
// longer, behind what the next fleet had brought by then. It returns 1 if it is to be
// forwarded.
func (m *Merge) restate(ctx context.Context, now time.Time, g *guild) int {
	wait := min(freshFor, m.cfg.Settle)
	if !g.restated() || now.Sub(g.late[0].at) < wait {
		return 0
	}
	n := 0
	for n < len(g.pending) && g.pending[n].at.Before(g.late[0].at.Add(wait)) {
		n++
	}
	m.rescueBefore(ctx, g, n)
	return 1
}

// behind counts the events of the next fleet for which the old one is late.
func (m *Merge) behind(now time.Time, rest []pending) (n int) {
	for i := range rest {
		if !rest[i].rescued && now.Sub(rest[i].at) > freshFor {
			n++
		}
	}
	return n
}

// forwardStale forwards the first n events with which the old fleet followed,
// without waiting for the next one any longer.
func (m *Merge) forwardStale(ctx context.Context, s *stripe, g *guild, n int) {
	first := g.late[:n]
	g.late = append([]kept(nil), g.late[n:]...)
	for i := range first {
		m.ahead.Add(-1)
		m.unblock()
		m.forward(ctx, s, g, &first[i].ev, first[i].key)
		m.old[first[i].ev.ShardID].queued(first[i].ev.ID)
	}
}
