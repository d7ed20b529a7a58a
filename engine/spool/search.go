package spool

// search is a way through the log in search of an event that can be dropped.
type search uint8

const (
	oldest      search = iota // any event
	aged                      // any that has an age
	noise                     // any that is noise
	freshOldest               // any that is in memory alone
	freshNoise                // noise that is in memory alone
	searches
)

// in reports whether a chunk may hold what is searched for.
func (s search) in(c *chunk) bool {
	switch s {
	case aged:
		return c.events > 0 && !c.newest.IsZero()
	case noise:
		return c.noise > 0
	case freshNoise:
		return c.noise > 0 && !c.saved
	case freshOldest:
		return c.events > 0 && !c.saved
	default:
		return c.events > 0
	}
}

// is reports whether an event is what is searched for.
func (s search) is(e *entry) bool {
	switch {
	case !e.droppable():
		return false
	case s == aged:
		return e.origin != again
	case s == noise || s == freshNoise:
		return isNoise(e.ev.Type)
	default:
		return true
	}
}

// droppable reports whether an event is still there and in no sink's hands: those
// under way cannot be taken back.
func (e *entry) droppable() bool { return e.waits != 0 && e.held == 0 && e.gap == nil }

// find is the first event of a search, from where it last ended: what it has
// passed cannot be dropped. In a chunk that is on disk alone it is the chunk
// without the entry.
func (l *Log) find(s search) (*chunk, *entry) {
	i := l.after(l.from[s])
	if s == freshOldest || s == freshNoise {
		i = max(i, l.firstUnsaved())
	}
	for ; i < len(l.chunks); i++ {
		c := l.chunks[i]
		if !s.in(c) {
			continue
		}
		l.from[s] = max(l.from[s], c.first)
		if !c.resident() || c.shut {
			return c, nil
		}
		for j := c.index(l.from[s]); j < len(c.entries); j++ {
			if e := &c.entries[j]; s.is(e) {
				l.from[s] = e.pos
				return c, e
			}
		}
	}
	l.from[s] = l.tail
	return nil, nil
}

// unhand lets searches find a position again that they may have passed while it
// was in a sink's hands.
func (l *Log) unhand(pos uint64) {
	for s := range l.from {
		l.from[s] = min(l.from[s], pos)
	}
}
