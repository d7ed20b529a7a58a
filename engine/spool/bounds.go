package spool

import "time"

// makeRoom drops what the bounds demand so that an event of size bytes fits,
// and reports whether it does now. l.mu is held.
func (l *Log) makeRoom(size int64, now time.Time) bool {
	b := &l.cfg.Bounds
	if b.Age > 0 {
		l.expire(now.Add(-b.Age))
	}
	for l.full(size) {
		if b.Policy == Block || !l.giveWay() {
			// What remains is being delivered at this moment; with a policy
			// that drops, one event over the bound beats a shard that waits.
			return b.Policy != Block || l.depth == 0
		}
	}
	return true
}

// full reports whether something has to give way for an event of size bytes.
func (l *Log) full(size int64) bool {
	return l.cfg.Budget.over(&l.cfg.Bounds, size) &&
		!l.cfg.Budget.fair(&l.cfg.Bounds, l.depth+1, l.bytes+size)
}

// expire drops undelivered events that are too old.
func (l *Log) expire(before time.Time) {
	for p, ok := l.firstWaiting(); ok && l.at(p).ev.Received.Before(before); p, ok = l.firstWaiting() {
		l.drop(p, "too old")
	}
}

// giveWay drops one event and reports whether there was one to drop.
func (l *Log) giveWay() bool {
	p, ok := l.firstWaiting()
	if !ok {
		return false
	}
	if l.cfg.Bounds.Policy == DropNoise && l.noise > 0 {
		if q, found := l.firstNoise(p); found {
			p = q
		}
	}
	l.drop(p, "the queue is full")
	return true
}

// firstWaiting is the oldest event that is in no sink's hands: those under way
// cannot be taken back.
func (l *Log) firstWaiting() (Position, bool) {
	p := max(l.base, l.waitFrom, l.leastRead())
	for ; p < l.tail; p++ {
		if l.at(p).block != nil {
			break
		}
	}
	// What lies before p stays empty, so that the next look starts here.
	l.waitFrom = p
	for ; p < l.tail; p++ {
		if l.droppable(p) {
			return p, true
		}
	}
	return 0, false
}

// leastRead is how far the slowest cursor has read.
func (l *Log) leastRead() Position {
	least := l.tail
	for _, c := range l.cursors {
		least = min(least, c.read)
	}
	return least
}

// droppable reports whether an event is still there and in no sink's hands.
func (l *Log) droppable(p Position) bool {
	e := l.at(p)
	if e.block == nil {
		return false
	}
	for _, c := range l.cursors {
		if e.waits&c.bit != 0 && p < c.read {
			return false
		}
	}
	return true
}

// firstNoise is the oldest noise that can be dropped, from a position on. It
// never looks twice at what it has passed.
func (l *Log) firstNoise(from Position) (Position, bool) {
	for p := max(from, l.noiseFrom); p < l.tail; p++ {
		if e := l.at(p); e.block != nil && isNoise(e.ev.Type) && l.droppable(p) {
			l.noiseFrom = p + 1
			return p, true
		}
	}
	l.noiseFrom = l.tail
	return 0, false
}

func (l *Log) drop(p Position, why string) {
	e := l.at(p)
	for _, c := range l.cursors {
		if e.waits&c.bit != 0 {
			c.depth--
			c.dropped++
		}
	}
	l.drops++
	if l.cfg.Dropped != nil {
		l.cfg.Dropped(&e.ev, why)
	}
	l.free(p)
}
