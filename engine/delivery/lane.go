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
	l.src.ready++
	if l.early {
		q.early = append(q.early, l)
	} else {
		q.rest = append(q.rest, l)
	}
}

// next is the first lane that may go; nil if none may.
func (q *laneQueue) next(may func(*lane) bool) *lane {
	for _, list := range [...][]*lane{q.early, q.rest} {
		for _, l := range list {
			if may(l) {
				return l
			}
		}
	}
	return nil
}

// take takes a lane out.
func (q *laneQueue) take(l *lane) {
	l.queued = false
	l.src.ready--
	list := &q.rest
	if l.early {
		list = &q.early
	}
	if i := slices.Index(*list, l); i > 0 {
		*list = slices.Delete(*list, i, i+1)
		return
	}
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
