package pipeline

import (
	"maps"
	"sort"
)

// mostChanges is how many changes of a shard's guilds are remembered. The oldest are
// forgotten first: a crash may then tell the kinds of a few events wrong.
const mostChanges = 8192

// guildChange is what an event has done to a guild.
type guildChange struct {
	seq      int64 // of the event
	guild    uint64
	was, now guildState
}

// history is what has happened to a shard's guilds since they were saved. After a
// crash Discord sends everything again that has not been dealt with, and it is to
// find the guilds as it found them the first time.
type history struct {
	session uint64        // digest of the session's id
	seq     int64         // of the last event about a guild
	settled int64         // up to here every event had been dealt with when Since was asked last
	past    int           // of changes, the first ones that were settled then
	whole   bool          // what was saved is of another session, or too long ago for changes
	changes []guildChange // in order
}

// begin forgets all, for a session that stands at an event.
func (h *history) begin(session uint64, seq int64, whole bool) {
	*h = history{session: session, seq: seq, settled: seq, whole: whole, changes: h.changes[:0]}
}

// add takes note of a change.
func (h *history) add(guild uint64, was, now guildState) {
	if len(h.changes) == mostChanges {
		h.forget(mostChanges / 2)
		h.whole = true
	}
	h.changes = append(h.changes, guildChange{h.seq, guild, was, now})
}

// forget drops the first n changes.
func (h *history) forget(n int) {
	h.changes = append(h.changes[:0], h.changes[n:]...)
	h.past = max(h.past-n, 0)
}

// until is how many of the changes come from events up to one.
func (h *history) until(seq int64) int {
	return sort.Search(len(h.changes), func(i int) bool { return h.changes[i].seq > seq })
}

// Since is what has changed since the guilds were saved with [Guilds.Saved], by the
// events of a session up to one; all before it have been dealt with. It is nil if
// nothing has, if the session is not the present one, or if that were more than most
// changes. It is saved together with the event's number.
func (g *Guilds) Since(session uint64, seq int64, most int) *Known {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := &g.history
	if h.session != session {
		return nil
	}
	n := h.until(seq)
	if n > h.past { // they can be saved now
		g.changes += uint64(n - h.past)
	}
	h.settled, h.past = seq, n
	switch {
	case h.whole && len(g.states) <= most:
		k := known(g.before(n))
		k.All = true
		return k
	case h.whole || n == 0 || n > most:
		return nil
	}
	last := make(map[uint64]guildState, n)
	for _, c := range h.changes[:n] {
		last[c.guild] = c.now
	}
	return known(last)
}

// before is how the guilds stood before all changes but the first n. g.mu is held.
func (g *Guilds) before(n int) map[uint64]guildState {
	states := maps.Clone(g.states)
	for i := len(g.history.changes) - 1; i >= n; i-- {
		if c := &g.history.changes[i]; c.was == guildUnknown {
			delete(states, c.guild)
		} else {
			states[c.guild] = c.was
		}
	}
	return states
}

// Saved is what is to be saved of a session's guilds: how they stood at the event
// that [Guilds.Since] was asked for last. It is false if the session is not the
// present one.
func (g *Guilds) Saved(session uint64) (Known, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := &g.history
	if h.session != session {
		return Known{}, false
	}
	n := h.until(h.settled)
	states := g.before(n)
	h.forget(n)
	h.whole = false
	return *known(states), true
}

// Restore takes over what an earlier run knew when its session is resumed at an
// event: what it saved, and what had changed since; nil for nothing.
func (g *Guilds) Restore(session uint64, seq int64, saved Known, since *Known) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if since == nil || !since.All {
		saved.each(g.set)
	}
	g.history.begin(session, seq, since != nil && since.All)
	if since != nil {
		since.each(g.set)
	}
}

// known lists guilds by state.
func known(states map[uint64]guildState) *Known {
	k := &Known{}
	for id, state := range states {
		switch state {
		case guildAvailable:
			k.Available = append(k.Available, id)
		case guildUnavailable:
			k.Unavailable = append(k.Unavailable, id)
		case guildLoading:
			k.Loading = append(k.Loading, id)
		default:
			k.Gone = append(k.Gone, id)
		}
	}
	return k
}

// each calls do with every guild that is listed.
func (k *Known) each(do func(id uint64, state guildState)) {
	for state, ids := range [...][]uint64{
		guildLoading: k.Loading, guildAvailable: k.Available, guildUnavailable: k.Unavailable, guildUnknown: k.Gone,
	} {
		for _, id := range ids {
			do(id, guildState(state))
		}
	}
}

// Len is how many guilds are listed.
func (k *Known) Len() int {
	return len(k.Available) + len(k.Unavailable) + len(k.Loading) + len(k.Gone)
}
