package delivery

import (
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// lane is one shard's events on their way to the sink, in order. Those that may
// overtake have a lane of their own.
type lane struct {
	src     *source
	early   bool
	shard   int
	items   []waiting // from head on they wait, or are under way
	head    int
	busy    bool      // its first events are being delivered
	queued  bool      // it stands in the runner's ready list
	attempt int       // failed deliveries of the first event
	retryAt time.Time // not before this; zero if it may go at once
	single  int       // so many of its first events go one by one
}

// waiting is an event in a lane, with the window that it takes room of.
type waiting struct {
	spool.Item
	in *intake
}

// laneQueue is lanes that may be delivered from, those of interactions first.
type laneQueue struct{ early, rest []*lane }

func (q *laneQueue) empty() bool { return len(q.early)+len(q.rest) == 0 }

func (q *laneQueue) push(l *lane) {
	l.queued = true
	if l.early {
		q.early = append(q.early, l)
	} else {
		q.rest = append(q.rest, l)
	}
}

// first is the lane whose turn it is.
func (q *laneQueue) first() *lane {
	if len(q.early) > 0 {
		return q.early[0]
	}
	return q.rest[0]
}

// pop takes the first lane out.
func (q *laneQueue) pop() {
	list := &q.rest
	if len(q.early) > 0 {
		list = &q.early
	}
	(*list)[0].queued = false
	(*list)[0] = nil
	*list = (*list)[1:]
}

// remove takes lanes out.
func (q *laneQueue) remove(which func(*lane) bool) {
	q.early, q.rest = slices.DeleteFunc(q.early, which), slices.DeleteFunc(q.rest, which)
}

// ready reports whether the lane may be delivered from now.
func (l *lane) ready() bool {
	return !l.busy && !l.queued && !l.src.gone && l.retryAt.IsZero() && l.head < len(l.items)
}

// first is up to n of the lane's events.
func (l *lane) first(n int) []waiting {
	return l.items[l.head:min(l.head+n, len(l.items))]
}

// smallLane is the most places that an empty lane keeps.
const smallLane = 64

// pop takes the first n events off the lane.
func (l *lane) pop(n int) {
	for i := range l.items[l.head : l.head+n] {
		l.items[l.head+i].in.held--
	}
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
