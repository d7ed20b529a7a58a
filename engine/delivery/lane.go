package delivery

import (
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// windowOf is how many events of one worker a sink takes in hand: enough for
// full batches of many shards, and little against the bounds of a queue, which
// cannot drop what is in hand. A shard whose deliveries fail holds up the others
// of its worker only beyond it.
func windowOf(batch int) int { return min(max(32*batch, 256), 4096) }

// source is one worker's queue, as this sink reads it.
type source struct {
	cursor *spool.Cursor
	more   atomic.Bool // there may be events to read: it stands in the runner's list
	window int         // most events in lanes
	held   int         // events in lanes
	full   bool        // it left the list because the window was full
	lanes  map[int]*lane
}

// lane is one shard's events on their way to the sink, in order.
type lane struct {
	src     *source
	shard   int
	items   []spool.Item // from head on they wait, or are under way
	head    int
	busy    bool      // its first events are being delivered
	queued  bool      // it stands in the runner's ready list
	attempt int       // failed deliveries of the first event
	retryAt time.Time // not before this; zero if it may go at once
	single  int       // so many of its first events go one by one
}

// ready reports whether the lane may be delivered from now.
func (l *lane) ready() bool {
	return !l.busy && !l.queued && l.retryAt.IsZero() && l.head < len(l.items)
}

// first is up to n of the lane's events.
func (l *lane) first(n int) []spool.Item {
	return l.items[l.head:min(l.head+n, len(l.items))]
}

// smallLane is the most places that an empty lane keeps.
const smallLane = 64

// pop takes the first n events off the lane.
func (l *lane) pop(n int) {
	clear(l.items[l.head : l.head+n])
	l.head += n
	l.single = max(l.single-n, 0)
	switch {
	case l.head == len(l.items) && cap(l.items) > smallLane:
		l.items, l.head = nil, 0
	case l.head == len(l.items):
		l.items, l.head = l.items[:0], 0
	case l.head > smallLane && 2*l.head > len(l.items):
		rest := copy(l.items, l.items[l.head:])
		clear(l.items[rest:])
		l.items, l.head = l.items[:rest], 0
	}
}

// fill reads from the queue into the lanes and returns those that became
// ready. more says that the source is to be read again.
func (s *source) fill(buf []spool.Item, ready []*lane) (_ []spool.Item, _ []*lane, more bool) {
	room := s.window - s.held
	if room == 0 {
		s.full = true
		return buf, ready, false
	}
	s.more.Store(false)
	buf = s.cursor.Next(buf[:0], room)
	s.held += len(buf)
	for i := range buf {
		l := s.lane(buf[i].Event.ShardID)
		l.items = append(l.items, buf[i])
		if l.ready() {
			l.queued = true
			ready = append(ready, l)
		}
	}
	more = len(buf) == room && !s.more.Swap(true)
	clear(buf)
	return buf, ready, more
}

func (s *source) lane(shard int) *lane {
	l := s.lanes[shard]
	if l == nil {
		l = &lane{src: s, shard: shard}
		s.lanes[shard] = l
	}
	return l
}
