package pipeline

import (
	"sync"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// guildState is what is known of one guild.
type guildState uint8

const (
	guildLoading     guildState = iota // announced by READY, not seen yet
	guildAvailable                     // its GUILD_CREATE has come
	guildUnavailable                   // Discord reports an outage
	guildStates
	// guildUnknown is that of any other.
	guildUnknown = guildStates
)

// Guilds knows the guilds of one shard. It outlives the shard's sessions: a
// RESUME brings no READY, and a new READY tells all of them anew. It is safe for
// concurrent use.
type Guilds struct {
	mu      sync.Mutex
	changes uint64
	told    bool // a READY has told all of them
	states  map[uint64]guildState
	counts  [guildStates]int
	history history
}

// Started takes the guilds that the READY of a session announces: those it does not
// name were left while we were away, and all others are loaded anew.
func (g *Guilds) Started(session uint64, ids []uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.told = true
	g.states = make(map[uint64]guildState, len(ids))
	g.counts = [guildStates]int{}
	g.changes++
	for _, id := range ids {
		g.set(id, guildLoading)
	}
	g.history.begin(session, 0, true)
}

// Known are the guilds of a shard by what is known of them.
type Known struct {
	Available   []uint64 `json:"available"`
	Unavailable []uint64 `json:"unavailable,omitempty"`
	Loading     []uint64 `json:"loading,omitempty"`
	// For what has changed: the guilds that were left, unless it lists all there are.
	Gone []uint64 `json:"gone,omitempty"`
	All  bool     `json:"all,omitempty"`
}

// Known lists the guilds, in no order.
func (g *Guilds) Known() Known {
	g.mu.Lock()
	defer g.mu.Unlock()
	return *known(g.states)
}

// Changes counts the changes so far, and again when they can be saved, to see
// whether there was one.
func (g *Guilds) Changes() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.changes
}

// Counts are the numbers of guilds by state.
func (g *Guilds) Counts() (available, unavailable, loading int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.counts[guildAvailable], g.counts[guildUnavailable], g.counts[guildLoading]
}

// Lacks reports whether the bot is certainly not in a guild. What an earlier run
// knew may have been saved too early to be sure.
func (g *Guilds) Lacks(id uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, known := g.states[id]
	return g.told && !known
}

// Holding is what is known of a guild.
type Holding uint8

// What can be known of a guild.
const (
	HoldsNot         Holding = iota // it is not one of the shard's
	HoldsLoading                    // announced by READY, not seen yet
	HoldsAvailable                  // its GUILD_CREATE has come
	HoldsUnavailable                // Discord reports an outage
	HoldsUnsure                     // nothing, and no READY has told all of them
)

// Holding is what is known of a guild.
func (g *Guilds) Holding(id uint64) Holding {
	g.mu.Lock()
	defer g.mu.Unlock()
	state, known := g.states[id]
	switch {
	case !known && g.told:
		return HoldsNot
	case !known: // what an earlier run knew may have been saved too early
		return HoldsUnsure
	}
	return [guildStates]Holding{HoldsLoading, HoldsAvailable, HoldsUnavailable}[state]
}

// Out takes note of outages that began before the session did: READY does not
// tell them from guilds that are still to come.
func (g *Guilds) Out(ids []uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, id := range ids {
		if state, known := g.states[id]; known && state == guildLoading {
			g.set(id, guildUnavailable)
		}
	}
}

// Any is one of the guilds that are there, or else of those that are still to
// come; 0 if there is none.
func (g *Guilds) Any() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	coming := uint64(0)
	for id, state := range g.states {
		switch state {
		case guildAvailable:
			return id
		case guildLoading:
			coming = id
		}
	}
	return coming
}

// Classify follows a dispatch and says what it means if it is about a guild as
// such (Discord docs, Gateway events: GUILD_CREATE, GUILD_DELETE).
func (g *Guilds) Classify(eventType string, f *discord.Frame) event.Kind {
	switch {
	case f.Guild == 0:
		return event.KindNone
	case eventType == "GUILD_CREATE":
		return g.created(f)
	case eventType == "GUILD_DELETE":
		return g.deleted(f)
	}
	return event.KindNone
}

func (g *Guilds) created(f *discord.Frame) event.Kind {
	told, unavailable := discord.GuildUnavailable(f.Data)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.history.seq = f.Seq
	was, known := g.states[f.Guild]
	if unavailable {
		g.set(f.Guild, guildUnavailable)
		return event.KindNone
	}
	g.set(f.Guild, guildAvailable)
	switch {
	case !known && told:
		// Not a join: those come without the key. It was in an outage that we
		// have not been told of.
		return event.KindAvailable
	case !known:
		return event.KindJoined
	case was == guildLoading:
		return event.KindLoaded
	case was == guildUnavailable:
		return event.KindAvailable
	default:
		return event.KindReplayed
	}
}

func (g *Guilds) deleted(f *discord.Frame) event.Kind {
	_, unavailable := discord.GuildUnavailable(f.Data)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.history.seq = f.Seq
	if unavailable {
		g.set(f.Guild, guildUnavailable)
		return event.KindOutage
	}
	g.set(f.Guild, guildUnknown)
	return event.KindLeft
}

// set changes a guild's state. g.mu is held.
func (g *Guilds) set(id uint64, to guildState) {
	was, known := g.states[id]
	if !known {
		was = guildUnknown
	}
	if was == to {
		return
	}
	g.changes++
	g.history.add(id, was, to)
	if known {
		g.counts[was]--
	}
	if to == guildUnknown {
		delete(g.states, id)
		return
	}
	if g.states == nil {
		g.states = make(map[uint64]guildState)
	}
	g.states[id] = to
	g.counts[to]++
}
