package spool

import (
	"slices"
	"sort"
	"time"
)

// empty takes a chunk's entries out of memory.
func (l *Log) empty(c *chunk) {
	if i := l.hotIndex(c); i < len(l.hot) && l.hot[i] == c {
		l.hot = slices.Delete(l.hot, i, i+1)
	}
	for i := range c.entries {
		if b := c.entries[i].block; b != nil {
			l.arena.release(b)
		}
	}
	if c.entries != nil {
		l.addCold(c.bytes)
		l.spares().giveList(c.entries)
	}
	c.entries, c.front = nil, 0
}

// addCold books bytes that are on disk alone from now on, or with a negative
// figure those that are not any more.
func (l *Log) addCold(bytes int64) {
	if bytes != 0 {
		l.cold += bytes
		l.cfg.Budget.addCold(bytes)
	}
}

// memory is the bytes of events in memory.
func (l *Log) memory() int64 { return l.bytes - l.cold }

// cool leaves a saved chunk on disk alone.
func (l *Log) cool(c *chunk) {
	if c.resident() {
		c.groups = groupsOf(c.entries)
		c.setTimes()
	}
	l.empty(c)
}

// setTimes makes the times of a chunk those of what waits in it.
func (c *chunk) setTimes() {
	c.oldest, c.newest = time.Time{}, time.Time{}
	for i := range c.entries {
		e := &c.entries[i]
		if e.waits == 0 {
			continue
		}
		if at := e.ev.Received; c.oldest.IsZero() || at.Before(c.oldest) {
			c.oldest = at
		}
		if e.origin != again && e.gap == nil && e.ev.Received.After(c.newest) {
			c.newest = e.ev.Received
		}
	}
}

// hotIndex is where a chunk stands, or would stand, among the hot ones.
func (l *Log) hotIndex(c *chunk) int {
	return sort.Search(len(l.hot), func(i int) bool { return l.hot[i].first >= c.first })
}

// warm notes that a saved chunk is in memory, and could leave it.
func (l *Log) warm(c *chunk) {
	if i := l.hotIndex(c); i == len(l.hot) || l.hot[i] != c {
		l.hot = slices.Insert(l.hot, i, c)
	}
}

// evict takes the chunk out of memory that will be needed last, and reports
// whether there was one. What was read ahead of a cursor goes only if nothing
// else can, and what it needs next never does.
func (l *Log) evict() bool {
	for _, needed := range [...]func(*chunk) bool{l.neededSoon, l.neededNext} {
		for _, c := range slices.Backward(l.hot) {
			if c.bytes > 0 && c.held == 0 && !c.dirty && !c.busy && !needed(c) {
				l.cool(c)
				return true
			}
		}
	}
	return false
}

// neededSoon reports whether a cursor has had the chunk read ahead.
func (l *Log) neededSoon(c *chunk) bool {
	for i, cur := range l.cursors {
		if c.pending[i] > 0 && c.first < cur.aheadTo && c.next > cur.read {
			return true
		}
	}
	return false
}

// neededNext reports whether a cursor that is read has come to the chunk.
func (l *Log) neededNext(c *chunk) bool {
	for i, cur := range l.cursors {
		if c.pending[i] == 0 || c.first >= cur.aheadTo || c.next <= cur.read {
			continue
		}
		j := l.after(cur.read)
		for ; l.chunks[j].pending[i] == 0; j++ {
		}
		if l.chunks[j] == c {
			return true
		}
	}
	return false
}
