package spool

import (
	"context"
	"errors"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// MaxCursors is how many sinks a log can serve.
const MaxCursors = 64

// ErrTooManyCursors is returned by [Log.Open] beyond [MaxCursors].
var ErrTooManyCursors = errors.New("a queue serves at most 64 sinks")

// CursorConfig is what a cursor is made of. The functions must not call back into the
// log. Early and Wake are called with its lock held, and must be quick.
type CursorConfig struct {
	// Name is the sink's: by it a later run finds what waited for the sink.
	Name string
	// Wants says whether the sink takes an event; nil takes all. It is called by
	// several goroutines at a time, and mostly without the log's lock.
	Wants func(*event.Event) bool
	// Early says whether an event may overtake what is queued before it, by
	// way of [Cursor.NextEarly]; nil lets none.
	Early func(*event.Event) bool
	// Wake is told that there is more to read. Required.
	Wake func()
}

// Cursor is one sink's place in a log.
type Cursor struct {
	log    *Log
	cfg    CursorConfig
	n      int
	bit    uint64
	orphan bool // its sink is not configured: it keeps what an earlier run left

	read    uint64 // next to be handed out
	low     uint64 // nothing below it waits for this sink
	aheadTo uint64 // up to here it has had chunks read back
	starved bool   // it can go on once a chunk has been read back or saved
	depth   int    // events and gap markers that this sink has not acknowledged
	dropped uint64

	earlyQueue []Position // what may overtake, in order
	again      []Position // what another hand let go, in order
}

// Open adds a cursor at the end of the log, at any time. If something waits for a
// sink of that name that was not configured any more, the cursor begins with that.
func (l *Log) Open(cfg CursorConfig) (*Cursor, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.cursor(cfg.Name); c != nil && c.orphan {
		c.renew(cfg)
		return c, nil
	}
	if len(l.cursors) == MaxCursors {
		return nil, ErrTooManyCursors
	}
	n := len(l.cursors)
	c := &Cursor{log: l, cfg: cfg, n: n, bit: 1 << n, read: l.tail, low: l.tail}
	l.cursors = append(l.cursors, c)
	l.seat()
	for _, ch := range l.chunks {
		ch.pending = append(ch.pending, 0)
	}
	return c, nil
}

// Reads reports whether the cursor is one of a log's.
func (c *Cursor) Reads(l *Log) bool { return c.log == l }

// Position is an event's place in its log. Its zero value is no place.
type Position struct {
	chunk *chunk
	pos   uint64
}

// Item is an event in a sink's hands.
type Item struct {
	Pos   Position
	Event event.Event // Data is valid until the item is acknowledged
}

// Next appends the next events for this sink, at most limit, to dst. Each is
// handed out once and stays in the log until [Cursor.Ack]. What has to be read
// back from the store first comes later: the cursor is woken then.
func (c *Cursor) Next(dst []Item, limit int) []Item {
	l := c.log
	l.mu.Lock()
	defer l.mu.Unlock()
	c.starved = false
	dst, limit = c.nextAgain(dst, limit)
	for limit > 0 {
		i := l.after(c.read)
		if i == len(l.chunks) {
			break
		}
		ch := l.chunks[i]
		if ch.pending[c.n] == 0 {
			c.read = ch.next
			continue
		}
		if !l.readable(ch) {
			c.starved = true
			break
		}
		n := len(dst)
		dst = c.from(ch, dst, limit)
		limit -= len(dst) - n
	}
	c.readAhead()
	return dst
}

// readable reports whether a chunk's entries can be handed out now.
func (l *Log) readable(ch *chunk) bool {
	return ch.resident() && !ch.shut && (!l.strict || ch.saved || l.tender.faulty())
}

// from hands out what a chunk has for this cursor, at most limit.
func (c *Cursor) from(ch *chunk, dst []Item, limit int) []Item {
	for i := ch.index(c.read); i < len(ch.entries); i++ {
		e := &ch.entries[i]
		if e.waits&c.bit == 0 || e.held&c.bit != 0 {
			continue
		}
		if limit == 0 {
			c.read = e.pos
			return dst
		}
		dst = c.hand(dst, ch, e)
		limit--
	}
	c.read = ch.next
	return dst
}

// hand puts an event into the sink's hands.
func (c *Cursor) hand(dst []Item, ch *chunk, e *entry) []Item {
	e.held |= c.bit
	ch.held++
	dst = append(dst, Item{Pos: Position{ch, e.pos}, Event: e.ev})
	if e.gap != nil {
		dst[len(dst)-1].Event.Data = e.gap.frame(&e.ev)
	}
	return dst
}

// How much is read back before it is needed.
const aheadChunks = 3

// readAhead asks for the chunks that this cursor will need next: the first in any
// case, those behind it if there is room.
func (c *Cursor) readAhead() {
	l := c.log
	if l.cfg.Store == nil {
		return
	}
	for i, n := l.after(c.read), 0; i < len(l.chunks) && n < aheadChunks; i++ {
		ch := l.chunks[i]
		if ch.pending[c.n] == 0 {
			continue
		}
		if n > 0 && l.cfg.Budget.overMemory(&l.cfg.Bounds, l.cfg.Bounds.Memory/2) {
			return
		}
		n++
		c.aheadTo = max(c.aheadTo, ch.next)
		l.want(ch)
	}
}

// want has a chunk read back.
func (l *Log) want(c *chunk) {
	if !c.resident() && !c.wanted {
		c.wanted = true
		l.tender.wanted = append(l.tender.wanted, c)
		l.kick()
	}
}

// longestEarly bounds the list of events that may overtake. What falls off its
// front comes in its turn, and is stale long before.
const longestEarly = 4096

func (c *Cursor) queueEarly(p Position) {
	if len(c.earlyQueue) == longestEarly {
		c.earlyQueue = append(c.earlyQueue[:0], c.earlyQueue[longestEarly/2:]...)
	}
	c.earlyQueue = append(c.earlyQueue, p)
}

// NextEarly is Next for the events that may overtake: each is handed out by one
// of the two.
func (c *Cursor) NextEarly(dst []Item, limit int) []Item {
	if c.cfg.Early == nil {
		return dst
	}
	l := c.log
	l.mu.Lock()
	defer l.mu.Unlock()
	done := 0
	for ; done < len(c.earlyQueue) && limit > 0; done++ {
		p := c.earlyQueue[done]
		e := p.chunk.at(p.pos)
		if e == nil || e.waits&c.bit == 0 || e.held&c.bit != 0 || p.pos < c.read || e.gap != nil {
			continue
		}
		if !l.readable(p.chunk) {
			break
		}
		dst = c.hand(dst, p.chunk, e)
		limit--
	}
	c.earlyQueue = append(c.earlyQueue[:0], c.earlyQueue[done:]...)
	return dst
}

// Ack says that the sink has done with the events, in whatever order.
func (c *Cursor) Ack(positions ...Position) {
	l := c.log
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range positions {
		e := p.chunk.at(p.pos)
		if e == nil || e.waits&e.held&c.bit == 0 {
			continue
		}
		e.waits &^= c.bit
		e.held &^= c.bit
		p.chunk.held--
		p.chunk.pending[c.n]--
		c.depth--
		if p.pos >= c.read {
			p.chunk.overtaken(p.pos, c.bit)
		}
		switch {
		case e.waits == 0:
			l.settle(p.chunk, e)
		case e.held == 0:
			l.unhand(p.pos)
		}
	}
}

// overtaken notes that a cursor has acknowledged a position out of turn. A file
// that was written before does not say so.
func (c *chunk) overtaken(pos, bit uint64) {
	if !c.saved && !c.busy {
		return
	}
	if n := len(c.done); n > 0 && c.done[n-1].to == pos && c.done[n-1].bits == bit {
		c.done[n-1].to++
		return
	}
	c.done = append(c.done, span{pos, pos + 1, bit})
}

// Put appends events for this sink alone, such as dead letters that are to be
// tried again, and waits until they are acknowledged or stored, or ctx ends. A
// full log takes them all the same, and they do not grow too old. It fails with
// [ErrForgotten] if the log is not there any more.
func (c *Cursor) Put(ctx context.Context, events ...event.Event) error {
	l := c.log
	l.mu.Lock()
	if l.end != going {
		l.mu.Unlock()
		return ErrForgotten
	}
	for i := range events {
		l.push(&events[i], c.bit, again)
	}
	last := l.tail
	if l.cfg.Store != nil {
		l.hurry()
	}
	l.mu.Unlock()
	return l.safe(ctx, last)
}

// CursorStats are a cursor's figures.
type CursorStats struct {
	Depth   int       // events and gap markers that the sink has not acknowledged
	Oldest  time.Time // when the oldest of them was received; zero if none
	Dropped uint64    // events that gave way before the sink had them
}

// Stats are the cursor's present figures.
func (c *Cursor) Stats() CursorStats {
	l := c.log
	l.mu.Lock()
	defer l.mu.Unlock()
	return CursorStats{Depth: c.depth, Dropped: c.dropped, Oldest: c.oldest()}
}

// Depth is the number of events and gap markers that the sink has not
// acknowledged.
func (c *Cursor) Depth() int {
	c.log.mu.Lock()
	defer c.log.mu.Unlock()
	return c.depth
}

// oldest is when the oldest event that waits for this sink was received.
func (c *Cursor) oldest() time.Time {
	ch, e := c.lowest()
	switch {
	case e != nil:
		return e.ev.Received
	case ch != nil:
		return ch.oldest
	default:
		return time.Time{}
	}
}

// lowest is the first place that waits for this sink: in a chunk that is on disk
// alone, the chunk without the entry.
func (c *Cursor) lowest() (*chunk, *entry) {
	l := c.log
	for i := l.after(c.low); i < len(l.chunks); i++ {
		ch := l.chunks[i]
		if ch.pending[c.n] == 0 {
			continue
		}
		c.low = max(c.low, ch.first)
		if !ch.resident() {
			c.low = max(c.low, min(c.read, ch.next-1))
			return ch, nil
		}
		for j := ch.index(c.low); j < len(ch.entries); j++ {
			if e := &ch.entries[j]; e.waits&c.bit != 0 {
				c.low = e.pos
				return ch, e
			}
		}
	}
	c.low = l.tail
	return nil, nil
}
