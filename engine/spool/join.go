package spool

import (
	"errors"
	"slices"
)

// Small files, as a quiet worker makes them every second, are joined: so many of
// a level make one of the next, as long as it is no larger than a full chunk.
const (
	joinFiles  = 16
	joinEvents = 4 * chunkEvents
	neverJoin  = 255 // the level of a file that cannot be
	joinSpan   = 16  // one part of so many of the greatest age may be in a file
)

// join makes one file of the last small ones and reports whether it has.
func (l *Log) join() bool {
	l.mu.Lock()
	run := l.joinable()
	for _, c := range run {
		c.shut, c.busy = true, true
	}
	l.mu.Unlock()
	if run == nil {
		return false
	}
	j, err := l.joined(run)
	if err == nil {
		j.size, err = l.write(j.name)
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	l.endImage()
	for _, c := range run {
		c.shut, c.busy = false, false
	}
	switch {
	case err == nil:
		l.healed()
		l.replace(run, j)
	case j == nil:
		// They stay apart: nothing depends on it.
		l.cfg.Logger.Warn("small files of the queue could not be joined", "error", err)
	default:
		l.failed(err)
		l.trash = append(l.trash, j.name) // it may be there all the same
	}
	for _, c := range run {
		if c.gone {
			l.discard(c)
		}
	}
	l.wakeStarved()
	return err == nil
}

// joinable are the last saved chunks, if there are enough small ones that nobody
// reads or has in hand.
func (l *Log) joinable() []*chunk {
	end := l.firstUnsaved()
	if end < joinFiles || l.tender.faulty() {
		return nil
	}
	run := l.chunks[end-joinFiles : end]
	var bytes int64
	for _, c := range run {
		bytes += c.size
		if c.level != run[0].level || c.level == neverJoin || c.held > 0 || c.dirty || c.wanted || c.busy || l.beingRead(c) {
			return nil
		}
	}
	last := run[joinFiles-1]
	if bytes > chunkBytes || last.next-run[0].first > joinEvents {
		return nil
	}
	// They expire together.
	if age := l.cfg.Bounds.Age; age > 0 && last.newest.Sub(run[0].oldest) > age/joinSpan {
		return nil
	}
	return slices.Clone(run)
}

// beingRead reports whether a cursor is in a chunk, or soon will be.
func (l *Log) beingRead(c *chunk) bool {
	for i, cur := range l.cursors {
		if c.pending[i] > 0 && (cur.read > c.first || c.first < cur.aheadTo) {
			return true
		}
	}
	return false
}

// errNotWhole says that files are better left apart.
var errNotWhole = errors.New("one of them is not whole")

// joined reads the files of chunks and takes the image of the chunk that is to be
// in their place. It is nil if they cannot be joined.
func (l *Log) joined(run []*chunk) (*chunk, error) {
	j := &chunk{first: run[0].first, next: run[len(run)-1].next, level: run[0].level + 1, saved: true}
	j.name = chunkName(l.cfg.Prefix, j.first, j.next)
	l.mu.Lock() // a sink may come or go
	names := l.names()
	l.mu.Unlock()
	l.tender.image.begin(j.first, j.next, j.level, names)
	for _, c := range run {
		if err := l.joinOne(j, c); err != nil {
			l.mu.Lock()
			c.level = neverJoin
			l.mu.Unlock()
			return nil, err
		}
	}
	return j, nil
}

// joinOne adds what somebody waits for in a chunk, from its file if it is on disk
// alone.
func (l *Log) joinOne(j, c *chunk) error {
	l.mu.Lock()
	if c.resident() {
		l.imageOf(c)
		j.filed += c.bytes
		l.mu.Unlock()
		return nil
	}
	l.mu.Unlock()
	file, err := l.get(c.name, c.size, 0)
	l.tender.image.files = append(l.tender.image.files, file)
	if err != nil {
		return err
	}
	first, next, _ := parseChunkName(c.name)
	s, entries, err := readFile(file, first, next, l.spares().takeList())
	defer l.spares().giveList(entries)
	if err != nil {
		return errors.Join(errNotWhole, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	bits := l.bits(s.Sinks)
	for i := range entries {
		e := &entries[i]
		e.waits = l.stillWaits(c, e.pos, translate(e.waits, bits))
		if e.waits == 0 || e.pos < c.first || e.pos >= c.next {
			continue
		}
		if e.gap == nil {
			j.filed += int64(e.ev.Size())
		}
		l.tender.image.take(e)
	}
	return nil
}

// replace puts the joined chunk in the place of its parts. l.mu is held.
func (l *Log) replace(run []*chunk, j *chunk) {
	if slices.ContainsFunc(run, func(c *chunk) bool { return c.gone || c.dirty }) {
		l.trash = append(l.trash, j.name)
		return
	}
	j.counted = true
	l.addFile(1, j.size)
	j.pending = make([]int32, len(l.cursors))
	warm := !slices.ContainsFunc(run, func(c *chunk) bool { return !c.resident() })
	if warm {
		j.entries = l.spares().takeList()
	}
	for _, c := range run {
		if warm {
			l.move(j, c)
		} else {
			l.cool(c)
			j.groups.add(c.groups)
		}
		j.live += c.live
		j.events += c.events
		j.noise += c.noise
		j.bytes += c.bytes
		for i := range c.pending {
			j.pending[i] += c.pending[i]
		}
		j.span(c)
		c.gone = true
	}
	i := l.after(run[0].first)
	l.chunks = slices.Replace(l.chunks, i, i+len(run), j)
	if warm {
		l.warm(j)
	}
}

// move moves the entries of a chunk to the end of another.
func (l *Log) move(to, c *chunk) {
	for i := range c.entries {
		if e := &c.entries[i]; e.waits != 0 {
			to.entries = append(to.entries, *e)
			e.block = nil
		}
	}
	bytes := c.bytes
	c.bytes = 0
	l.empty(c)
	c.bytes = bytes
}

// span has the times of a part count for the whole.
func (c *chunk) span(part *chunk) {
	if c.oldest.IsZero() || part.oldest.Before(c.oldest) {
		c.oldest = part.oldest
	}
	if part.newest.After(c.newest) {
		c.newest = part.newest
	}
}
