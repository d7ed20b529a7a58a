package spool

import (
	"maps"
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// reasonAsked is why events are gone that somebody has given up.
const reasonAsked = "given up by an operator"

// toll is what a shard loses.
type toll struct {
	shards   int
	count    int
	from, to time.Time
}

// tolls are those of all shards.
type tolls map[int]*toll

func (all tolls) add(shard, shards, count int, from, to time.Time) {
	t := all[shard]
	if t == nil {
		t = &toll{shards: shards, from: from, to: to}
		all[shard] = t
	}
	t.count += count
	if from.Before(t.from) {
		t.from = from
	}
	if to.After(t.to) {
		t.to = to
	}
}

// Before reports whether a position is before another of the same log.
func (p Position) Before(q Position) bool { return p.pos < q.pos }

// Drop gives up events that wait for this sink, whatever waits for others, and
// returns how many: those in the given positions, which are in its hands and will
// never be delivered, and then the oldest of those that it has not been handed, at
// most limit of all. Behind what waits stands a gap marker for each shard that has
// lost something. more says that some have to be read back from the store first: they
// can be given up a moment later.
func (c *Cursor) Drop(inHand []Position, limit int) (n int, more bool) {
	l := c.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end != going {
		return 0, false
	}
	lost := make(tolls)
	for _, p := range inHand {
		if e := p.chunk.at(p.pos); n < limit && e != nil && e.waits&e.held&c.bit != 0 && e.gap == nil {
			c.giveUp(p.chunk, e, lost)
			n++
		}
	}
	for i := l.after(c.read); i < len(l.chunks) && n < limit; {
		ch := l.chunks[i]
		k, later := c.dropFrom(ch, limit-n, lost)
		n, more = n+k, more || later
		if i < len(l.chunks) && l.chunks[i] == ch { // else it is gone, and the next has its place
			i++
		}
	}
	c.tellOf(lost)
	l.kick()
	return n, more
}

// dropFrom gives up what a chunk has for this cursor and is in nobody's hands; later
// says that it cannot be done yet.
func (c *Cursor) dropFrom(ch *chunk, limit int, lost tolls) (n int, later bool) {
	l := c.log
	switch {
	case ch.pending[c.n] == 0:
		return 0, false
	case ch.shut:
		return 0, true
	case !ch.resident():
		if n = c.dropCold(ch, limit, lost); n == 0 {
			l.want(ch)
		}
		return n, n == 0
	}
	for j := ch.index(c.read); j < len(ch.entries) && n < limit; j++ {
		if e := &ch.entries[j]; e.waits&c.bit != 0 && e.held&c.bit == 0 && e.gap == nil {
			c.giveUp(ch, e, lost)
			n++
		}
	}
	return n, false
}

// giveUp takes one event away from this sink.
func (c *Cursor) giveUp(ch *chunk, e *entry, lost tolls) {
	l := c.log
	at := e.ev.Received.UTC()
	lost.add(e.ev.ShardID, e.ev.Shards, 1, at, at)
	c.take(ch, e)
	e.waits &^= c.bit
	ch.pending[c.n]--
	c.depth--
	c.dropped++
	if e.pos >= c.read {
		ch.overtaken(e.pos, c.bit)
	}
	l.soil(ch)
	switch {
	case e.waits == 0:
		l.drops++
		l.settle(ch, e)
	case e.held == 0:
		l.unhand(e.pos)
	}
}

// dropCold gives up all that a chunk which is on disk alone has for this cursor, and
// returns how much that was: 0 if it has to be read back, since it holds gap markers,
// or more than may go.
func (c *Cursor) dropCold(ch *chunk, limit int, lost tolls) (n int) {
	l := c.log
	for _, g := range ch.groups {
		if g.waits&c.bit == 0 {
			continue
		}
		if n += int(g.events); g.gaps > 0 {
			return 0
		}
	}
	if n > limit || ch.blind || ch.busy {
		return 0
	}
	last := ch.newest
	if last.Before(ch.oldest) {
		last = ch.oldest
	}
	for _, g := range ch.groups {
		if g.waits&c.bit != 0 {
			lost.add(int(g.shard), int(g.shards), int(g.events), ch.oldest.UTC(), last.UTC())
		}
	}
	events := ch.events
	ch.groups = ch.groups.without(c.bit)
	l.recount(ch, ch.groups.tally(len(l.cursors)))
	ch.done = append(ch.done, span{ch.first, ch.next, c.bit})
	c.dropped += uint64(n)
	l.drops += uint64(events - ch.events)
	if ch.live == 0 {
		l.retire(ch)
	}
	return n
}

// tellOf leaves a gap marker for each shard that has lost something, behind all that
// waits, unless an earlier one can speak for it too.
func (c *Cursor) tellOf(lost tolls) {
	l := c.log
	for _, shard := range slices.Sorted(maps.Keys(lost)) {
		t := lost[shard]
		ev := event.Event{
			ID: event.ID{Session: uint64(shard), Seq: -int64(l.tail) - 1}, ShardID: shard, Shards: t.shards, Type: GapType, Received: t.to,
		}
		if !c.orphan && c.cfg.Wants != nil && !c.cfg.Wants(&ev) {
			continue
		}
		g := &gap{Count: t.count, Reason: reasonAsked, From: t.from, To: t.to}
		if key := (gapKey{shard: shard, waits: c.bit, reason: reasonAsked}); !l.merge(nil, l.tail, key, g) {
			l.gaps[key] = l.pushGap(ev, g, c)
		}
	}
}

// pushGap puts a gap marker at the end of the log, for one cursor.
func (l *Log) pushGap(ev event.Event, g *gap, cur *Cursor) Position {
	c := l.open
	if c == nil || c.full() && c.live > 0 {
		c = l.begin()
	}
	if len(c.entries) == 0 || ev.Received.Before(c.oldest) {
		c.oldest = ev.Received
	}
	at := Position{c, l.tail}
	c.entries = append(c.entries, entry{pos: l.tail, ev: ev, gap: g, waits: cur.bit, origin: foreign})
	l.tail++
	c.next = l.tail
	c.live++
	c.pending[cur.n]++
	cur.depth++
	if !cur.orphan && !cur.starved {
		cur.cfg.Wake()
	}
	return at
}
