package spool

import (
	"slices"
	"sort"
	"time"
)

// firstUnsaved is the index of the first chunk that is not saved; those behind it
// are not either.
func (l *Log) firstUnsaved() int {
	return sort.Search(len(l.chunks), func(i int) bool { return !l.chunks[i].saved })
}

// due is the next chunk that is to be saved now; nil if there is none.
func (l *Log) due(now time.Time) *chunk {
	if l.cfg.Store == nil || l.tender.waits(now) {
		return nil
	}
	i := l.firstUnsaved()
	if i == len(l.chunks) {
		return nil
	}
	c := l.chunks[i]
	e := c.firstWaiting()
	if e == nil || c.busy {
		return nil
	}
	if l.strict || c.first < l.tender.urgent || !e.ev.Received.After(now.Add(-l.cfg.PersistAfter)) {
		return c
	}
	return nil
}

// save writes the next chunk that is due and reports whether there may be more.
func (l *Log) save() bool {
	l.mu.Lock()
	c := l.due(l.cfg.Clock.Now())
	if c == nil {
		l.mu.Unlock()
		return false
	}
	if c == l.open {
		l.open = nil
	}
	c.name = chunkName(l.cfg.Prefix, c.first, c.next)
	filed, done := l.copyOf(c)
	l.mu.Unlock()
	size, err := l.write(c.name)

	l.mu.Lock()
	defer l.mu.Unlock()
	l.letGo(c)
	if err != nil {
		l.failed(err)
		c.done = append(done, c.done...)
	} else {
		l.healed()
		l.saved(c, size)
		c.filed = filed
	}
	if c.gone {
		l.discard(c)
	}
	return err == nil
}

// saved notes that a chunk is on disk. l.mu is held.
func (l *Log) saved(c *chunk, size int64) {
	c.size, c.counted = size, true
	l.addFile(1, size)
	if c.gone {
		return
	}
	for i := c.front; i < len(c.entries); i++ {
		if e := &c.entries[i]; e.waits != 0 {
			l.leave(c, e)
		}
	}
	c.saved = true
	l.isSafer()
	l.fresh -= c.bytes
	l.warm(c)
	for l.crowded(0) && l.evict() {
	}
	if l.strict {
		l.wakeFor(c)
	}
}

// copyOf takes a chunk's image, and returns the bytes of events in it. What has
// been acknowledged out of turn is not in it: done is that, if it is not written
// after all. l.mu is held.
func (l *Log) copyOf(c *chunk) (filed int64, done []span) {
	c.busy = true
	l.tender.image.begin(c.first, c.next, c.level, l.names())
	l.imageOf(c)
	filed, done, c.done = c.bytes, c.done, nil
	return filed, done
}

// imageOf adds what somebody waits for in a chunk to the image, which holds its
// data fast. l.mu is held.
func (l *Log) imageOf(c *chunk) {
	im := &l.tender.image
	var last *block
	for i := c.front; i < len(c.entries); i++ {
		e := &c.entries[i]
		if e.waits == 0 {
			continue
		}
		im.take(e)
		if e.block != nil && e.block != last {
			last = e.block
			last.live++
			im.pinned = append(im.pinned, last)
		}
	}
}

// letGo ends what copyOf has begun. l.mu is held.
func (l *Log) letGo(c *chunk) {
	c.busy = false
	l.endImage()
}

// endImage forgets the image, but for its room, and lets its data go. l.mu is held.
func (l *Log) endImage() {
	im := &l.tender.image
	for _, b := range im.pinned {
		l.arena.release(b)
	}
	for _, f := range im.files {
		l.spares().giveBuffer(f)
	}
	clear(im.entries)
	clear(im.pinned)
	clear(im.files)
	*im = image{entries: im.entries[:0], pinned: im.pinned[:0], files: im.files[:0]}
}

// names are the cursors' names, by their bits.
func (l *Log) names() []string {
	out := make([]string, len(l.cursors))
	for i, cur := range l.cursors {
		out[i] = cur.cfg.Name
	}
	return out
}

// write puts the image into the store and returns its size.
func (l *Log) write(name string) (size int64, err error) {
	im := &l.tender.image
	file, err := im.encode(l.spares().takeBuffer(im.bound()))
	defer l.spares().giveBuffer(file)
	if err != nil {
		return 0, err
	}
	return int64(len(file)), l.put(name, file)
}

// put writes a file.
func (l *Log) put(name string, file []byte) error {
	l.mu.Lock()
	l.rescue(name)
	l.mu.Unlock()
	defer l.begins()()
	if err := l.cfg.Store.Put(name, file); err != nil {
		return err
	}
	l.health().written.Add(uint64(len(file)))
	return nil
}

// saveDirty writes chunks again in which less waits than their files say, or other
// gap markers.
func (l *Log) saveDirty(now bool) {
	l.mu.Lock()
	t := &l.tender
	at := l.cfg.Clock.Now()
	if t.waits(at) || !now && (len(t.dirty) == 0 || at.Sub(t.dirtiedAt) < dirtyEvery) {
		l.mu.Unlock()
		return
	}
	t.dirtiedAt = at
	dirty := slices.DeleteFunc(t.dirty, func(c *chunk) bool { return c.gone })
	t.dirty, t.tell = nil, false
	l.mu.Unlock()
	for i, c := range dirty {
		if i > 0 {
			l.save() // what is due does not wait for all of them
		}
		if !l.rewrite(c) {
			l.mu.Lock()
			t.dirty, t.tell = append(t.dirty, dirty[i+1:]...), true
			l.mu.Unlock()
			return
		}
	}
}

// rewrite replaces a chunk's file and reports whether that, if it is still
// needed, went well.
func (l *Log) rewrite(c *chunk) bool {
	l.mu.Lock()
	c.dirty = false
	if c.gone || !c.saved || !c.resident() {
		l.mu.Unlock()
		return true
	}
	filed, done := l.copyOf(c)
	l.mu.Unlock()
	size, err := l.write(c.name)

	l.mu.Lock()
	defer l.mu.Unlock()
	l.letGo(c)
	if err != nil {
		l.failed(err)
		c.done = append(done, c.done...)
		if !c.gone {
			l.soil(c)
		}
	} else {
		l.healed()
		l.addFile(0, size-c.size)
		c.size, c.filed = size, filed
	}
	if c.gone {
		l.discard(c)
	}
	return err == nil
}
