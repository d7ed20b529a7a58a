package spool

// group counts the entries of a chunk that are alike: one shard's, waited for by
// the same cursors. It is what is known of a chunk that is on disk alone.
type group struct {
	shard, shards       int32
	waits               uint64
	events, gaps, noise int32
	bytes               int64 // event.Event.Size of the events
}

// groups are a chunk's. There are few: shards, times the sets of sinks that wait.
type groups []group

// of is the group of a shard and a set of cursors, made if it is not there.
func (g *groups) of(shard, shards int32, waits uint64) *group {
	for i := range *g {
		if h := &(*g)[i]; h.shard == shard && h.waits == waits {
			return h
		}
	}
	*g = append(*g, group{shard: shard, shards: shards, waits: waits})
	return &(*g)[len(*g)-1]
}

// count adds an entry.
func (g *groups) count(e *entry) {
	h := g.of(int32(e.ev.ShardID), int32(e.ev.Shards), e.waits)
	if e.gap != nil {
		h.gaps++
		return
	}
	h.events++
	h.bytes += int64(e.ev.Size())
	if isNoise(e.ev.Type) {
		h.noise++
	}
}

// add adds other groups to these. Those that nobody waits for are left out.
func (g *groups) add(others groups) {
	for i := range others {
		o := &others[i]
		if o.waits == 0 {
			continue
		}
		h := g.of(o.shard, o.shards, o.waits)
		h.events += o.events
		h.gaps += o.gaps
		h.noise += o.noise
		h.bytes += o.bytes
	}
}

// groupsOf are the groups of the entries that somebody waits for.
func groupsOf(entries []entry) (g groups) {
	for i := range entries {
		if e := &entries[i]; e.waits != 0 {
			g.count(e)
		}
	}
	return g
}

// without are the groups once nobody waits for a chunk in the name of some
// cursors.
func (g groups) without(waits uint64) (out groups) {
	for i := range g {
		g[i].waits &^= waits
	}
	out.add(g)
	return out
}

// events is how many events of a shard a cursor waits for.
func (g groups) events(shard int32, bit uint64) (n int) {
	for i := range g {
		if g[i].shard == shard && g[i].waits&bit != 0 {
			n += int(g[i].events)
		}
	}
	return n
}

// tally is what a chunk counts.
type tally struct {
	live, events, noise int
	bytes               int64
	pending             []int32
}

// tally is what the groups count, for so many cursors.
func (g groups) tally(cursors int) tally {
	t := tally{pending: make([]int32, cursors)}
	for i := range g {
		h := &g[i]
		t.live += int(h.events + h.gaps)
		t.events += int(h.events)
		t.noise += int(h.noise)
		t.bytes += h.bytes
		for n := range t.pending {
			if h.waits>>n&1 != 0 {
				t.pending[n] += h.events + h.gaps
			}
		}
	}
	return t
}

// recount makes a chunk that is not in memory, or has just been read back, and all
// sums, say what a tally says.
func (l *Log) recount(c *chunk, t tally) {
	l.events += t.events - c.events
	l.bytes += t.bytes - c.bytes
	l.noise += t.noise - c.noise
	l.cfg.Budget.add(t.events-c.events, t.bytes-c.bytes)
	if !c.resident() {
		l.addCold(t.bytes - c.bytes)
	}
	for i, cur := range l.cursors {
		cur.depth += int(t.pending[i] - c.pending[i])
	}
	c.live, c.events, c.noise, c.bytes, c.pending = t.live, t.events, t.noise, t.bytes, t.pending
}
