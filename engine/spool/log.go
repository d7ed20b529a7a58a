package spool

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
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
	Bytes  int64 // counted by event.Event.Size, wherever the events are; and of files
	Memory int64 // the part of Bytes that may be in memory
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

	Store  Store  // below the log; nil for memory alone
	Prefix string // of the log's names in the store, with a slash at its end
	// PersistAfter is how long an event may wait before it is stored. With 0
	// it is stored before it is handed out.
	PersistAfter time.Duration
	Clock        clock.Clock  // required with a store
	Logger       *slog.Logger // nil discards
}

// ErrGap is returned by [Log.Append] for an event behind one that found no room.
var ErrGap = errors.New("an earlier event of the session found no room in the queue")

// ErrForgotten is returned for a log of a generation that [Queue.Forget] has
// dropped.
var ErrForgotten = errors.New("the queue of that layout was empty, and is not there any more")

// ending says whether a log is still there.
type ending uint8

const (
	going     ending = iota
	withdrawn        // it takes what is appended, and nothing comes of it
	forgotten        // it takes nothing any more
)

// Log is one worker's queue.
type Log struct {
	cfg    Config
	strict bool          // events are stored before they are handed out
	kicked chan struct{} // holds one: there may be work for the tender

	mu       sync.Mutex
	arena    arena
	chunks   []*chunk // by position; all but the last few are saved
	open     *chunk   // the last one, if events are still added to it
	hot      []*chunk // those saved ones that are in memory, by position
	tail     uint64   // of the next event
	events   int      // that some cursor waits for
	bytes    int64    // of those
	cold     int64    // of those on disk alone
	fresh    int64    // of those in memory alone
	noise    int      // events that are noise
	files    int      // of chunks
	disk     int64    // bytes of those
	appends  uint64
	drops    uint64
	cursors  []*Cursor
	judges   atomic.Pointer[judges] // of those that are no orphans
	progress map[int]*shardProgress // by shard
	gaps     map[gapKey]Position    // the last gap marker of each kind
	from     [searches]uint64       // where each search for events to drop goes on
	tender   tender
	trash    []string         // files that nobody needs any more
	past     map[string]place // of sinks that an earlier run had, and which wait for nothing
	apart    bool             // its generation is not promoted: nothing reaches the store, and nothing waits for it
	end      ending
	safer    chan struct{} // closed when less is in memory alone; nil if nobody waits for it
}

// New returns an empty log.
func New(cfg Config) *Log {
	if cfg.Budget == nil {
		cfg.Budget = new(Budget)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Budget.logs.Add(1)
	return &Log{
		cfg:      cfg,
		strict:   cfg.Store != nil && cfg.PersistAfter == 0,
		kicked:   make(chan struct{}, 1),
		arena:    arena{spare: &cfg.Budget.spares},
		progress: make(map[int]*shardProgress),
		gaps:     make(map[gapKey]Position),
	}
}

func (l *Log) spares() *spares { return &l.cfg.Budget.spares }

func (l *Log) health() *health { return &l.cfg.Budget.health }

// kick tells the tender that there may be work.
func (l *Log) kick() {
	select {
	case l.kicked <- struct{}{}:
	default:
	}
}

// Stats are a log's figures.
type Stats struct {
	Depth    int   // events that some sink waits for
	Bytes    int64 // of those
	Memory   int64 // of those in memory
	Disk     int64 // of files
	Files    int
	Appended uint64
	Dropped  uint64
	Oldest   time.Time // zero if empty
}

// Stats are the log's present figures.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Stats{
		Depth: l.events, Bytes: l.bytes, Memory: l.memory(), Disk: l.disk, Files: l.files,
		Appended: l.appends, Dropped: l.drops,
	}
	if len(l.chunks) > 0 && l.chunks[0].live > 0 {
		s.Oldest = l.chunks[0].oldest
		if e := l.chunks[0].firstWaiting(); e != nil {
			s.Oldest = e.ev.Received
		}
	}
	return s
}

// Append copies the event, its data included, to the end of the log. A full
// log that blocks makes it wait, until there is room or ctx ends; it reports
// whether it waited. If ctx ends the wait, no later event of the session is
// taken either, with [ErrGap]: it would pass the one that a RESUME has to bring
// again. An event that no sink wants, or that is in the log already since a run
// before this one, is not kept: what that run has stored is known by the highest
// number of each session, so the events of a session come in their order.
func (l *Log) Append(ctx context.Context, ev *event.Event) (waited bool, err error) {
	waits, by := l.judged(ev)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end != going {
		return false, l.ended()
	}
	p := l.progress[ev.ShardID]
	if p != nil && p.session != ev.ID.Session {
		p = nil
	}
	if p != nil && p.gap {
		return false, ErrGap
	}
	l.appends++
	if p != nil && ev.ID.Seq > 0 && ev.ID.Seq <= p.stored {
		p.seq = max(p.seq, ev.ID.Seq)
		return false, nil
	}
	waits = l.still(ev, waits, by)
	if waits == 0 {
		l.note(p, ev, false)
		return false, nil
	}
	if waited, err = l.room(ctx, ev); err != nil {
		l.present(ev.ID.Session, ev.ShardID).gap = true
		return true, err
	}
	if l.end != going {
		return waited, l.ended()
	}
	if waited {
		p = nil // others may have gone on meanwhile
	}
	l.push(ev, waits, ours)
	l.note(p, ev, true)
	return waited, nil
}

// AppendForeign is [Log.Append] for an event that stands in for one that the
// shard's own session has not brought: its id is of another session. It has its
// place in the shard's order and counts for nothing in its progress. It is stored
// at once, since no RESUME of the shard brings it again.
func (l *Log) AppendForeign(ctx context.Context, ev *event.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.foreign(ctx, ev); err != nil {
		return err
	}
	if l.cfg.Store != nil {
		l.hurry()
	}
	return nil
}

// AppendNotice is [Log.AppendForeign] for what need not be stored at once.
func (l *Log) AppendNotice(ctx context.Context, ev *event.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.foreign(ctx, ev)
}

// foreign appends an event that is not of the shard's session. l.mu is held.
func (l *Log) foreign(ctx context.Context, ev *event.Event) error {
	if l.end != going {
		return l.ended()
	}
	l.appends++
	waits := l.wanted(ev)
	if waits == 0 {
		return nil
	}
	if _, err := l.room(ctx, ev); err != nil {
		return err
	}
	if l.end != going {
		return l.ended()
	}
	l.push(ev, waits, foreign)
	return nil
}

// ended is what appending to a log comes to that is not there any more.
func (l *Log) ended() error {
	if l.end == forgotten {
		return ErrForgotten
	}
	return nil
}

// push puts an event at the end, for the cursors whose bits are set.
func (l *Log) push(ev *event.Event, waits uint64, from origin) {
	c := l.open
	if c == nil || c.full() && c.live > 0 {
		c = l.begin()
	}
	if len(c.entries) == 0 || ev.Received.Before(c.oldest) {
		c.oldest = ev.Received
	}
	if from != again && ev.Received.After(c.newest) {
		c.newest = ev.Received
	}
	if n := len(c.entries); n < cap(c.entries) {
		c.entries = c.entries[:n+1]
	} else {
		c.entries = append(c.entries, entry{})
	}
	e := &c.entries[len(c.entries)-1]
	e.ev = *ev
	e.ev.Data, e.block = l.arena.put(ev.Data)
	e.pos, e.gap, e.waits, e.held, e.origin = l.tail, nil, waits, 0, from
	l.tail++
	c.next = l.tail
	c.live++
	l.count(c, e)
	l.announce(c, e)
}

// count adds an event to all sums.
func (l *Log) count(c *chunk, e *entry) {
	size := int64(e.ev.Size())
	c.events++
	c.bytes += size
	l.events++
	l.bytes += size
	l.fresh += size
	if isNoise(e.ev.Type) {
		c.noise++
		l.noise++
	}
	l.cfg.Budget.add(1, size)
}

// announce tells the cursors of a new event.
func (l *Log) announce(c *chunk, e *entry) {
	for i, cur := range l.cursors {
		if e.waits&cur.bit == 0 {
			continue
		}
		c.pending[i]++
		cur.depth++
		early := cur.cfg.Early != nil && cur.cfg.Early(&e.ev)
		if early {
			cur.queueEarly(Position{c, e.pos})
		}
		// One that waits for the disk has enough to wait for.
		if (!l.strict || l.tender.faulty()) && (early || !cur.starved) && !cur.orphan {
			cur.cfg.Wake()
		}
	}
	if l.strict {
		l.kick()
	}
}

// isNoise reports whether an event is one of those that a bot misses least.
func isNoise(eventType string) bool {
	return eventType == "PRESENCE_UPDATE" || eventType == "TYPING_START"
}
