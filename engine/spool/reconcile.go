package spool

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// reconcile makes the sums say what was read back of a chunk. What is missing of a
// damaged one gets gap markers. l.mu is held.
func (l *Log) reconcile(c *chunk, damaged bool) {
	want, have := c.groups, groupsOf(c.entries)
	l.recount(c, have.tally(len(l.cursors)))
	c.groups, c.fails, c.retryAt = nil, 0, time.Time{}
	if damaged {
		c.live++ // so that it outlives its last event
		l.tellLost(c, want, have)
		l.lose(c, l.missing(c, want, have))
		l.soil(c) // what is left gets a file that is whole
		c.live--
	}
	c.blind = false
	if c.live == 0 {
		l.retire(c)
	}
}

// loss is events of a shard that some cursors would have had, and have lost.
type loss struct {
	shard, shards int32
	waits         uint64
	count         int
	from          uint64 // the cursors' next place, and the file's first
}

// missing is what a chunk should have, and has not, by shard and by the cursors
// that miss the same number.
func (l *Log) missing(c *chunk, want, have groups) (out []loss) {
	done := make(map[int32]bool)
	for _, g := range want {
		if done[g.shard] {
			continue
		}
		done[g.shard] = true
		start := len(out)
		for _, cur := range l.cursors {
			n := want.events(g.shard, cur.bit) - have.events(g.shard, cur.bit)
			if n <= 0 {
				continue
			}
			i := slices.IndexFunc(out[start:], func(m loss) bool { return m.count == n })
			if i < 0 {
				i = len(out) - start
				out = append(out, loss{shard: g.shard, shards: g.shards, count: n, from: c.first})
			}
			m := &out[start+i]
			m.waits |= cur.bit
			m.from = max(m.from, cur.read)
		}
	}
	return out
}

// lose books events of a damaged chunk that cannot be read, and leaves gap
// markers, as near to their places as can be known. Those that have the least
// choice of a place get theirs first.
func (l *Log) lose(c *chunk, lost []loss) {
	slices.SortStableFunc(lost, func(a, b loss) int { return cmp.Compare(b.from, a.from) })
	for _, m := range lost {
		for _, cur := range l.cursors {
			if m.waits&cur.bit != 0 {
				cur.dropped += uint64(m.count)
			}
		}
		pos := m.from
		for i := c.index(pos); i < len(c.entries) && c.entries[i].pos == pos; i++ {
			pos++
		}
		if pos < c.next { // there are as many free places as events are lost
			l.insertGap(c, pos, &m)
		}
	}
}

// insertGap puts a gap marker at a free place of a chunk that is in memory.
func (l *Log) insertGap(c *chunk, pos uint64, m *loss) {
	ev := lostEvent(c, m.shard, m.shards, pos)
	i := c.index(pos)
	c.entries = slices.Insert(c.entries, i, entry{pos: pos})
	c.live++
	g := &gap{Count: m.count, Reason: reasonLost, From: c.oldest.UTC(), To: c.oldest.UTC()}
	if c.newest.After(c.oldest) {
		g.To = c.newest.UTC()
	}
	if c.blind {
		g.Reason = reasonBlind
	}
	l.leaveGap(c, &c.entries[i], ev, g, m.waits, true)
}

// lostEvent is that of a gap marker for what is lost.
func lostEvent(c *chunk, shard, shards int32, pos uint64) event.Event {
	return event.Event{
		ID: event.ID{Session: uint64(shard), Seq: -int64(pos) - 1}, ShardID: int(shard), Shards: int(shards),
		Type: GapType, Received: c.oldest,
	}
}

// tellLost counts each lost event once, however many sinks would have had it.
func (l *Log) tellLost(c *chunk, want, have groups) {
	const anybody = math.MaxUint64
	told := make(map[int32]bool)
	for _, g := range want {
		if told[g.shard] {
			continue
		}
		told[g.shard] = true
		ev := lostEvent(c, g.shard, g.shards, c.first)
		for range want.events(g.shard, anybody) - have.events(g.shard, anybody) {
			l.drops++
			if l.cfg.Dropped != nil {
				l.cfg.Dropped(&ev, reasonLost)
			}
		}
	}
}
