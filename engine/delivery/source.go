package delivery

import (
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// windowOf is how many events of one worker a sink takes in hand: enough for
// full batches of many shards, and little against the bounds of a queue, which
// cannot drop what is in hand. A shard whose deliveries fail holds up the others
// of its worker only beyond it.
func windowOf(batch int) int { return min(max(32*batch, 256), 4096) }

// source is one worker's queue, as this sink reads it.
type source struct {
	cursor     *spool.Cursor
	generation int
	apart      bool        // it came while the runner ran, and has not been admitted
	gated      bool        // it is not read, because an earlier generation is not empty
	gone       bool        // it has been detached
	listed     bool        // it stands in the runner's list; under that one's lock
	more       atomic.Bool // there may be events to read, and the runner knows
	urgent     atomic.Bool // some of them overtake
	ready      int         // lanes that could be delivered from
	busy       int         // deliveries under way
	tookAt     time.Time   // when the last one began
	ordinary   intake
	early      intake // with a window of 0 if nothing overtakes
	// lanes and earlyLanes are by shard. An interaction that comes the ordinary
	// way, as many do after an outage, goes to the others all the same.
	lanes, earlyLanes map[int]*lane
}

// intake is one of the two ways out of a queue. A flood in one leaves the other
// open.
type intake struct {
	window int  // most events in lanes that have come this way
	held   int  // events in lanes that have
	full   bool // it is not read before one of them has left
}

// reopens reports whether a full window has room again, once.
func (in *intake) reopens() bool {
	was := in.full
	in.full = in.full && in.held >= in.window
	return was && !in.full
}

// wakeFor has a source read that has something new. The queue's lock is held.
// One that is not read because its window is full stays out of the list, unless
// what is new overtakes.
func (r *Runner) wakeFor(s *source) {
	if s.urgent.Load() && s.urgent.Swap(false) || !s.more.Swap(true) {
		r.enlist(s)
		r.nudge()
	}
}

// enlist has a source read by the next goroutine that looks for work.
func (r *Runner) enlist(s *source) {
	r.listMu.Lock()
	defer r.listMu.Unlock()
	if !s.listed {
		s.listed = true
		r.list = append(r.list, s)
	}
}

// nextSource takes a source off the list; nil if it is empty.
func (r *Runner) nextSource() *source {
	r.listMu.Lock()
	defer r.listMu.Unlock()
	if len(r.list) == 0 {
		return nil
	}
	last := len(r.list) - 1
	s := r.list[last]
	r.list, s.listed = r.list[:last], false
	return s
}

// readSources moves what has been appended since into the lanes. r.mu is held.
func (r *Runner) readSources() {
	if r.open < r.newest {
		r.openNext()
	}
	for s := r.nextSource(); s != nil; s = r.nextSource() {
		if s.apart || s.gone {
			continue
		}
		r.readEarly(s)
		if s.generation > r.open {
			s.gated = true
			continue
		}
		r.readOrdinary(s)
	}
}

// readEarly reads what overtakes, up to its window. r.mu is held.
func (r *Runner) readEarly(s *source) {
	in := &s.early
	if room := in.window - in.held; room > 0 {
		r.buf = s.cursor.NextEarly(r.buf[:0], room)
		r.sort(s, in)
	}
	in.full = in.window > 0 && in.held >= in.window
}

// readOrdinary reads the rest, up to its window. r.mu is held.
func (r *Runner) readOrdinary(s *source) {
	in := &s.ordinary
	if room := in.window - in.held; room > 0 {
		s.more.Store(false)
		r.buf = s.cursor.Next(r.buf[:0], room)
		r.sort(s, in)
	}
	if in.full = in.held >= in.window; in.full {
		s.more.Store(true) // nobody need wake it: it comes back by itself
	}
}

// sort puts what was read into the lanes. r.mu is held.
func (r *Runner) sort(s *source, in *intake) {
	in.held += len(r.buf)
	for i := range r.buf {
		ev := &r.buf[i].Event
		l := s.lane(ev.ShardID, r.cfg.Priority && ev.Type == event.TypeInteraction)
		l.items = append(l.items, waiting{r.buf[i], in})
		r.enqueue(l)
	}
	clear(r.buf)
}

func (s *source) lane(shard int, early bool) *lane {
	lanes := s.lanes
	if early {
		lanes = s.earlyLanes
	}
	l := lanes[shard]
	if l == nil {
		l = &lane{src: s, shard: shard, early: early}
		lanes[shard] = l
	}
	return l
}

// overtakes reports whether what is delivered from the lane goes past something
// that has waited longer.
func (l *lane) overtakes() bool {
	if !l.early {
		return false
	}
	s := l.src
	behind := s.lanes[l.shard]
	return s.gated || s.ordinary.full || behind != nil && len(behind.items) > behind.head
}
