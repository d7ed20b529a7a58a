package spool

import "time"

// A file is written again without what is done with if that is more than so many
// bytes, and more than one of so many parts of it.
const (
	wasteBytes = 8 << 10
	wasteShare = 2
)

// slack is the part of a bound down to which events are dropped at once, so that
// a file is not read and written again for each.
const slack = 64

// trimSteps is how much is trimmed at a time, a step being a chunk that is read
// back or dropped from: more than is saved meanwhile.
const trimSteps = 4

// trim drops what the bounds demand and is on disk alone: it is read back, and
// gap markers take its place. It reports whether there may be more.
func (l *Log) trim() (more bool) {
	for range trimSteps {
		if more = l.trimStep(); !more {
			break
		}
	}
	return more
}

func (l *Log) trimStep() bool {
	l.mu.Lock()
	now := l.cfg.Clock.Now()
	c, s, why := l.toTrim(now)
	if c == nil || now.Before(c.retryAt) {
		l.tender.trim = c != nil
		l.mu.Unlock()
		return false
	}
	if !c.resident() {
		l.mu.Unlock()
		return l.load(c)
	}
	if why != "" {
		l.trimChunk(c, s, why, now)
	}
	again := c.gone || !c.dirty && why != ""
	l.mu.Unlock()
	// Its file shrinks at once, or the next chunk would have to give way too.
	return again || l.rewrite(c)
}

// toTrim is the chunk from which something has to be dropped, or with no reason
// why, from whose file all that is done with.
func (l *Log) toTrim(now time.Time) (c *chunk, s search, why string) {
	b := &l.cfg.Bounds
	if b.Age > 0 {
		if c, e := l.find(aged); c != nil && tooOld(c, e, now.Add(-b.Age)) {
			return c, aged, reasonOld
		}
	}
	drops := b.Policy != Block
	if drops && l.full(0, 0) {
		c, _, s = l.next()
		return c, s, reasonFull
	}
	if !l.overDisk() || l.tender.faulty() {
		return nil, 0, ""
	}
	if c = l.wasteful(); c != nil || !drops {
		return c, 0, ""
	}
	if c, _, s = l.next(); c != nil && c.saved {
		return c, s, reasonFull
	}
	return nil, 0, ""
}

// trimChunk drops events of a chunk, all that are too old, or as many as the
// bounds demand.
func (l *Log) trimChunk(c *chunk, s search, why string, now time.Time) {
	b := &l.cfg.Bounds
	for i := 0; i < len(c.entries); i++ {
		e := &c.entries[i]
		if !s.is(e) || why == reasonOld && !e.ev.Received.Before(now.Add(-b.Age)) {
			continue
		}
		l.drop(c, e, why)
		if why == reasonFull && !l.full(b.Events/slack, b.Bytes/slack) && !l.overDisk() {
			return
		}
	}
}

// wasteful is the chunk in whose file most is done with; nil if none is worth to
// be written again.
func (l *Log) wasteful() (worst *chunk) {
	most := int64(wasteBytes)
	for _, c := range l.chunks[:l.firstUnsaved()] {
		if waste := c.filed - c.bytes; waste > most && waste > c.size/wasteShare {
			most, worst = waste, c
		}
	}
	return worst
}
