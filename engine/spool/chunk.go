package spool

import (
	"slices"
	"sort"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// A chunk is full with so many events or so many bytes of them.
const (
	chunkEvents = 1024
	chunkBytes  = 512 << 10
)

// entry is one place in the log.
type entry struct {
	pos   uint64
	ev    event.Event
	block *block // holds ev.Data; nil for a gap marker and once nobody waits
	gap   *gap   // what a gap marker stands for; nil for an event
	// waits has the bit of each cursor that has not acknowledged it, held of
	// those that have it in hand.
	waits, held uint64
	origin      origin
}

// origin says how an event has come into the log.
type origin uint8

const (
	ours    origin = iota // its shard has appended it, in the session that it has now
	foreign               // it stands in for one that its shard's session has not brought: no part of the progress
	again                 // it was put in by hand: no part of the progress either, and it has no age
)

// chunk is a run of consecutive places. It is open, sealed, saved, or on disk
// alone, in that order; and gone once nobody waits for any of it.
type chunk struct {
	first, next uint64  // positions [first, next)
	entries     []entry // by position, those done with may be left out; nil if on disk alone
	pending     []int32 // entries that each cursor waits for
	live        int     // entries that some cursor waits for
	events      int     // of those, events: the others are gap markers
	noise       int     // of those, noise
	bytes       int64   // event.Event.Size of those
	held        int     // items in sinks' hands
	oldest      time.Time
	newest      time.Time // of what has an age; zero if nothing has
	groups      groups    // what it counts, while it is on disk alone
	done        []span    // acknowledged out of turn since it was written

	saved   bool   // all that is waited for is in the file
	name    string // of the file, once it may be there
	size    int64  // of the file
	counted bool   // the file is in all sums
	filed   int64  // event.Event.Size of the events in the file
	level   uint8  // how often it has been joined
	front   int    // entries before it are done with

	busy   bool // the tender works on it without the lock
	shut   bool // being joined: its entries cannot be handed out
	dirty  bool // less waits in it, or another gap marker, than its file says
	wanted bool // a cursor is waiting for it to be read back
	gone   bool // nobody waits for it any more

	blind   bool      // its file has never been read: what it counts is a guess
	fails   int       // how often its file could not be read, in a row
	retryAt time.Time // not to be read again before
}

// span is positions [from, to) that the cursors of some bits do not wait for.
type span struct {
	from, to uint64
	bits     uint64
}

// resident reports whether the entries are in memory.
func (c *chunk) resident() bool { return c.entries != nil }

// at is the entry at a position; nil if it is not in memory.
func (c *chunk) at(pos uint64) *entry {
	i := c.index(pos)
	if i == len(c.entries) || c.entries[i].pos != pos {
		return nil
	}
	return &c.entries[i]
}

// index is that of the first entry at a position or after it.
func (c *chunk) index(pos uint64) int {
	if len(c.entries) == 0 || pos <= c.entries[0].pos {
		return 0
	}
	// Without holes, which is the rule, there is nothing to search.
	if i := pos - c.entries[0].pos; i < uint64(len(c.entries)) && c.entries[i].pos == pos {
		return int(i)
	}
	return sort.Search(len(c.entries), func(i int) bool { return c.entries[i].pos >= pos })
}

// firstWaiting is the first entry that somebody waits for; nil if there is none.
func (c *chunk) firstWaiting() *entry {
	for ; c.front < len(c.entries); c.front++ {
		if e := &c.entries[c.front]; e.waits != 0 {
			return e
		}
	}
	return nil
}

// full reports whether another event has to begin the next chunk.
func (c *chunk) full() bool {
	return c.next-c.first >= chunkEvents || c.bytes >= chunkBytes
}

// after is the first chunk that reaches beyond a position; its index is that of
// no chunk if there is none.
func (l *Log) after(pos uint64) int {
	// A reader at the end of the log is the rule.
	if n := len(l.chunks); n == 0 || l.chunks[n-1].next <= pos {
		return n
	} else if l.chunks[n-1].first <= pos {
		return n - 1
	}
	return sort.Search(len(l.chunks), func(i int) bool { return l.chunks[i].next > pos })
}

// begin opens a chunk at the end of the log.
func (l *Log) begin() *chunk {
	c := &chunk{first: l.tail, next: l.tail, entries: l.spares().takeList(), pending: make([]int32, len(l.cursors))}
	l.chunks = append(l.chunks, c)
	l.open = c
	return c
}

// settle ends an entry for which nobody waits any more.
func (l *Log) settle(c *chunk, e *entry) {
	if e.gap == nil {
		l.leave(c, e)
		l.uncount(c, e)
	}
	*e = entry{pos: e.pos}
	c.live--
	if c.live == 0 {
		l.retire(c)
	}
}

// uncount takes an event out of all sums, and its data out of memory.
func (l *Log) uncount(c *chunk, e *entry) {
	size := int64(e.ev.Size())
	c.events--
	c.bytes -= size
	l.events--
	l.bytes -= size
	if !c.saved {
		l.fresh -= size
	}
	if isNoise(e.ev.Type) {
		c.noise--
		l.noise--
	}
	l.arena.release(e.block)
	e.block = nil
	l.cfg.Budget.add(-1, -size)
}

// retire forgets a chunk for which nobody waits any more. The open one goes on.
func (l *Log) retire(c *chunk) {
	l.isSafer()
	if c == l.open {
		c.first, c.entries, c.front = l.tail, c.entries[:0], 0
		c.next, c.newest = l.tail, time.Time{}
		return
	}
	c.gone = true
	i := l.after(c.first)
	l.chunks = slices.Delete(l.chunks, i, i+1)
	l.empty(c)
	if !c.busy { // whoever works on it sees that it is gone
		l.discard(c)
	}
}

// discard has the file of a chunk that is gone deleted, which may be there even
// if it could not be written.
func (l *Log) discard(c *chunk) {
	if c.name == "" {
		return
	}
	if c.counted {
		l.addFile(-1, -c.size)
	}
	l.trash = append(l.trash, c.name)
	c.name, c.counted = "", false
	l.kick()
}

// addFile books a file of this log, or with -1 and a negative size its end.
func (l *Log) addFile(n int, bytes int64) {
	l.files += n
	l.disk += bytes
	l.cfg.Budget.addFile(n, bytes)
}
