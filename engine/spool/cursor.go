package spool

import (
	"errors"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// MaxCursors is how many sinks a log can serve.
const MaxCursors = 64

// ErrTooManyCursors is returned by [Log.Open] beyond [MaxCursors].
var ErrTooManyCursors = errors.New("a queue serves at most 64 sinks")

// CursorConfig is what a cursor is made of. Both functions are called with the
// log's lock held: they must be quick and must not call back.
type CursorConfig struct {
	// Wants says whether the sink takes an event; nil takes all.
	Wants func(*event.Event) bool
	// Wake is told that there is more to read. Required.
	Wake func()
}

// Cursor is one sink's place in a log.
type Cursor struct {
	log *Log
	cfg CursorConfig
	bit uint64

	read    Position // next to be handed out
	low     Position // nothing below it waits for this sink
	depth   int      // events that this sink has not acknowledged
	dropped uint64
}

// Open adds a cursor at the end of the log.
func (l *Log) Open(cfg CursorConfig) (*Cursor, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.cursors) == MaxCursors {
		return nil, ErrTooManyCursors
	}
	c := &Cursor{log: l, cfg: cfg, bit: 1 << len(l.cursors), read: l.tail, low: l.tail}
	l.cursors = append(l.cursors, c)
	return c, nil
}

// Item is an event in a sink's hands.
type Item struct {
	Pos   Position
	Event event.Event // Data is valid until the item is acknowledged
}

// Next appends the next events for this sink, at most limit, to dst. Each is
// handed out once and stays in the log until [Cursor.Ack].
func (c *Cursor) Next(dst []Item, limit int) []Item {
	l := c.log
	l.mu.Lock()
	defer l.mu.Unlock()
	for c.read = max(c.read, l.base); c.read < l.tail && limit > 0; c.read++ {
		if e := l.at(c.read); e.waits&c.bit != 0 {
			dst = append(dst, Item{Pos: c.read, Event: e.ev})
			limit--
		}
	}
	return dst
}

// Ack says that the sink has done with the events, in whatever order.
func (c *Cursor) Ack(positions ...Position) {
	l := c.log
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range positions {
		if p < l.base || p >= c.read {
			continue
		}
		e := l.at(p)
		if e.waits&c.bit == 0 {
			continue
		}
		e.waits &^= c.bit
		c.depth--
		if e.waits == 0 {
			l.free(p)
		}
	}
}

// CursorStats are a cursor's figures.
type CursorStats struct {
	Depth   int       // events that the sink has not acknowledged
	Oldest  time.Time // when the oldest of them was received; zero if none
	Dropped uint64    // events that gave way before the sink had them
}

// Stats are the cursor's present figures.
func (c *Cursor) Stats() CursorStats {
	l := c.log
	l.mu.Lock()
	defer l.mu.Unlock()
	s := CursorStats{Depth: c.depth, Dropped: c.dropped}
	for c.low = max(c.low, l.base); c.low < l.tail; c.low++ {
		if e := l.at(c.low); e.waits&c.bit != 0 {
			s.Oldest = e.ev.Received
			break
		}
	}
	return s
}
