package spool

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// Policy says what a full log does with the next event.
type Policy uint8

// The policies.
const (
	DropOldest Policy = iota // the oldest event that no sink has begun to deliver makes room
	DropNoise                // PRESENCE_UPDATE and TYPING_START go first, then the oldest
	Block                    // the shard waits, and so does Discord
)

// Bounds limit the logs of a [Budget] together. Zero means no limit.
type Bounds struct {
	Events int
	Bytes  int64 // counted by event.Event.Size
	Age    time.Duration
	Policy Policy
}

// Config is what a log is made of.
type Config struct {
	Bounds Bounds
	Budget *Budget // shared by the logs that the bounds are for; nil for this one alone
	// Dropped is told of events that gave way, with the log's lock held: it
	// must be quick and not call back. It may be nil.
	Dropped func(e *event.Event, why string)
}

// ErrGap is returned by [Log.Append] for an event behind one that found no room.
var ErrGap = errors.New("an earlier event of the session found no room in the queue")

// Position is an event's place in its log, counted from 0.
type Position uint64

// entry is one place in the log.
type entry struct {
	ev    event.Event
	block *block // nil once the data is gone
	// waits has the bit of each cursor that has not acknowledged it.
	waits uint64
}

// Log is one worker's queue.
type Log struct {
	cfg Config

	mu       sync.Mutex
	arena    arena
	ring     []entry  // of positions [base, tail); its length is a power of two
	base     Position // the entry here holds data, unless the log is empty
	tail     Position
	depth    int // events that hold data
	bytes    int64
	noise    int // events in the log that DropNoise would drop
	appends  uint64
	drops    uint64
	cursors  []*Cursor
	progress map[int]*shardProgress // by shard
	// waitFrom and noiseFrom are where the search for events to drop goes on.
	waitFrom  Position
	noiseFrom Position
}

// smallRing is how many places an empty log keeps; largeRing is from where on
// it gives places back when it has run empty.
const (
	smallRing = 64
	largeRing = 8192
)

// New returns an empty log.
func New(cfg Config) *Log {
	if cfg.Budget == nil {
		cfg.Budget = new(Budget)
	}
	cfg.Budget.logs.Add(1)
	return &Log{cfg: cfg, ring: make([]entry, smallRing), progress: make(map[int]*shardProgress)}
}

// Stats are a log's figures.
type Stats struct {
	Depth    int
	Bytes    int64
	Appended uint64
	Dropped  uint64
	Oldest   time.Time // zero if empty
}

// Stats are the log's present figures.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Stats{Depth: l.depth, Bytes: l.bytes, Appended: l.appends, Dropped: l.drops}
	if l.base < l.tail {
		s.Oldest = l.at(l.base).ev.Received
	}
	return s
}

func (l *Log) at(p Position) *entry { return &l.ring[int(p)&(len(l.ring)-1)] }

// Append copies the event, its data included, to the end of the log. A full
// log that blocks makes it wait, until there is room or ctx ends; it reports
// whether it waited. If ctx ends the wait, no later event of the session is
// taken either, with [ErrGap]: it would pass the one that a RESUME has to bring
// again. An event that no sink wants is not kept.
func (l *Log) Append(ctx context.Context, ev *event.Event) (waited bool, err error) {
	l.mu.Lock()
	if p := l.progress[ev.ShardID]; p != nil && p.gap && p.session == ev.ID.Session {
		l.mu.Unlock()
		return false, ErrGap
	}
	l.appends++
	waits := l.wanted(ev)
	if waits == 0 {
		l.note(ev.ID, ev.ShardID, false)
		l.mu.Unlock()
		return false, nil
	}
	size := int64(ev.Size())
	if !l.makeRoom(size, ev.Received) {
		waited = true
		if err := l.awaitRoom(ctx, size, ev.Received); err != nil {
			l.present(ev.ID.Session, ev.ShardID).gap = true
			l.mu.Unlock()
			return true, err
		}
	}
	l.push(ev, size, waits)
	for _, c := range l.cursors {
		if waits&c.bit != 0 {
			c.depth++
			c.cfg.Wake()
		}
	}
	l.mu.Unlock()
	return waited, nil
}

// wanted has the bit of each cursor whose sink takes the event.
func (l *Log) wanted(ev *event.Event) uint64 {
	var waits uint64
	for _, c := range l.cursors {
		if c.cfg.Wants == nil || c.cfg.Wants(ev) {
			waits |= c.bit
		}
	}
	return waits
}

// awaitRoom gives up the lock until there is room. Whatever leaves any log of
// the budget may have made it.
func (l *Log) awaitRoom(ctx context.Context, size int64, now time.Time) error {
	for {
		room := l.cfg.Budget.wait()
		if l.makeRoom(size, now) {
			l.cfg.Budget.waited()
			return nil
		}
		l.mu.Unlock()
		var err error
		select {
		case <-room:
		case <-ctx.Done():
			err = ctx.Err()
		}
		l.cfg.Budget.waited()
		l.mu.Lock()
		if err != nil {
			return err
		}
	}
}

func (l *Log) push(ev *event.Event, size int64, waits uint64) {
	if int(l.tail-l.base) == len(l.ring) {
		l.grow()
	}
	e := l.at(l.tail)
	e.ev = *ev
	e.ev.Data, e.block = l.arena.put(ev.Data)
	e.waits = waits
	l.note(ev.ID, ev.ShardID, true)
	l.tail++
	l.depth++
	l.bytes += size
	l.cfg.Budget.add(size)
	if isNoise(ev.Type) {
		l.noise++
	}
}

func (l *Log) grow() {
	ring := make([]entry, 2*len(l.ring))
	for p := l.base; p < l.tail; p++ {
		ring[int(p)&(len(ring)-1)] = *l.at(p)
	}
	l.ring = ring
}

// free drops an event's data and, if it was the first, moves the base on.
func (l *Log) free(p Position) {
	e := l.at(p)
	size := int64(e.ev.Size())
	l.depth--
	l.bytes -= size
	l.cfg.Budget.free(size)
	if isNoise(e.ev.Type) {
		l.noise--
	}
	l.done(&e.ev)
	l.arena.release(e.block)
	*e = entry{}
	for l.base < l.tail && l.at(l.base).block == nil {
		l.base++
	}
	if l.base == l.tail && len(l.ring) >= largeRing {
		l.ring = make([]entry, smallRing)
	}
}

// isNoise reports whether an event is one of those that a bot misses least.
func isNoise(eventType string) bool {
	return eventType == "PRESENCE_UPDATE" || eventType == "TYPING_START"
}
