package discordtest

import "slices"

// fleet is every living session of one shard total.
type fleet struct {
	total  int
	shards [][]*session
	size   int
}

// fleets route events: each session gets the guilds its own total selects.
// Sessions of several totals, and several of one shard, exist side by side.
type fleets []*fleet

// add makes a session receive events.
func (f *fleets) add(s *session) {
	at := slices.IndexFunc(*f, func(x *fleet) bool { return x.total == s.total })
	if at < 0 {
		*f = append(*f, &fleet{total: s.total, shards: make([][]*session, s.total)})
		at = len(*f) - 1
	}
	x := (*f)[at]
	x.shards[s.shard] = append(x.shards[s.shard], s)
	x.size++
}

// remove ends that.
func (f *fleets) remove(s *session) {
	for at, x := range *f {
		if x.total != s.total {
			continue
		}
		before := len(x.shards[s.shard])
		x.shards[s.shard] = slices.DeleteFunc(x.shards[s.shard], func(y *session) bool { return y == s })
		x.size -= before - len(x.shards[s.shard])
		if x.size == 0 {
			*f = slices.Delete(*f, at, at+1)
		}
		return
	}
}

// of appends the sessions that a guild belongs to.
func (f fleets) of(w *world, guild uint32, into []*session) []*session {
	for _, x := range f {
		into = append(into, x.shards[w.shardOf(guild, x.total)]...)
	}
	return into
}
