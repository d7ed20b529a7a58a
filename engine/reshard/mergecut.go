package reshard

import (
	"cmp"
	"context"
	"slices"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// Standing is how far a shard of the next fleet is when that begins to lead.
type Standing struct {
	Shard   int
	Session uint64 // digest of its id, as in event.ID
	Seq     int64  // of its last event
	// Open are the events up to Seq that have been led by [Merge.Cut], ascending:
	// all others have been delivered from the old fleet, or are none of the bot's.
	Open []int64
}

// Hold has the old fleet's events kept from now on instead of forwarded. It fails
// with ctx's error, and then holds nothing, while one that is being forwarded waits
// for room in its queue.
func (m *Merge) Hold(ctx context.Context) error {
	if err := m.lockAll(ctx); err != nil {
		return err
	}
	defer m.unlock(stripes)
	m.holding.Store(true)
	m.spoilt.Store(false)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.caught = make(chan struct{})
	m.tellCaughtUp()
	return nil
}

// CaughtUp is closed when, after [Merge.Hold], the next fleet has brought all that
// was forwarded.
func (m *Merge) CaughtUp() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.caught
}

// keep keeps an event of the old fleet.
func (m *Merge) keep(ev *event.Event, key uint64) {
	k := m.copyOf(ev, key)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = append(m.kept, k)
}

// keeps reports whether an event of the old fleet is kept that is equal.
func (m *Merge) keeps(guild, key uint64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.kept, func(k kept) bool { return k.ev.Guild == guild && k.key == key })
}

// Release gives a hold up: what was kept is forwarded as if it came now.
func (m *Merge) Release(ctx context.Context) {
	if m.lockAll(ctx) != nil {
		return // the fleets are being closed, and what is kept comes again
	}
	defer m.unlock(stripes)
	m.release(ctx)
}

// release is Release with all stripes locked.
func (m *Merge) release(ctx context.Context) {
	for _, k := range m.endHold() {
		m.old[k.ev.ShardID].queued(k.ev.ID) // its place in the order is now
		m.lead(ctx, m.stripe(k.ev.Guild), &k.ev, k.key)
	}
}

// endHold returns what was kept.
func (m *Merge) endHold() []kept {
	m.holding.Store(false)
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.kept
	m.kept, m.caught = nil, nil
	return all
}

// Cut has the next fleet lead from now on. At one instant between events of either
// fleet it calls before, leads what has come from the next fleet alone, in the order
// in which it came, and forgets what was kept of the old one: it comes from the next
// fleet. It returns how the next fleet's shards stand; false, without having done
// anything, if the hold was in vain: a shard of the next fleet has lost its session.
func (m *Merge) Cut(ctx context.Context, before func()) ([]Standing, bool) {
	if m.lockAll(ctx) != nil {
		return nil, false
	}
	defer m.unlock(stripes)
	if m.spoilt.Load() {
		return nil, false
	}
	before()
	for _, p := range m.takePending() {
		m.cfg.Outlet.Lead(ctx, &p.ev)
		if at := &m.standing[p.ev.ShardID]; at.Session == p.ev.ID.Session {
			at.Open = append(at.Open, p.ev.ID.Seq)
		}
		m.letGo(&p)
	}
	m.led.Store(true)
	m.endHold()
	for i := range m.old {
		m.old[i].end()
	}
	var out []Standing
	for _, at := range m.standing {
		if at.Session != 0 {
			slices.Sort(at.Open)
			out = append(out, at)
		}
	}
	return out, true
}

// takePending returns what has come from the next fleet
// alone and waits for delivery, in order. All stripes are locked.
func (m *Merge) takePending() []pending {
	var all []pending
	for i := range m.stripes {
		s := &m.stripes[i]
		for _, g := range s.guilds {
			for _, p := range g.pending {
				if !p.rescued {
					all = append(all, p)
				}
			}
			// What is ahead may still meet its twin, and so may what was rescued.
			g.pending, g.late = slices.DeleteFunc(g.pending, func(p pending) bool { return !p.rescued }), nil
		}
	}
	slices.SortFunc(all, func(a, b pending) int { return cmp.Compare(a.n, b.n) })
	return all
}

// Close ends the merge with the old fleet in the lead: what has come from the next
// one alone is forgotten, the old one is going to bring it. It waits until ctx ends
// for an event that waits for room in its queue.
func (m *Merge) Close(ctx context.Context) {
	if m.lockAll(ctx) != nil {
		m.closed.Store(true)
		return
	}
	defer m.unlock(stripes)
	defer m.closed.Store(true)
	for i := range m.stripes {
		s := &m.stripes[i]
		for _, g := range s.guilds {
			m.forwardStale(ctx, s, g, len(g.late))
		}
	}
	m.release(ctx)
	for _, p := range m.takePending() {
		m.letGo(&p)
	}
}
