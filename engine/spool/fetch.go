package spool

import (
	"errors"
	"io/fs"
	"slices"
	"time"
)

// tries is how often a file is read before it is given up, in the course of about
// a minute: a disk may be away for a while.
const tries = 8

// firstRetry is the time until the second try, which doubles.
const firstRetry = 500 * time.Millisecond

// fetch reads back the next chunk that a cursor waits for and reports whether
// there may be more.
func (l *Log) fetch() bool {
	l.mu.Lock()
	now := l.cfg.Clock.Now()
	t := &l.tender
	t.wanted = slices.DeleteFunc(t.wanted, func(c *chunk) bool {
		c.wanted = !c.gone && !c.resident()
		return !c.wanted
	})
	i := slices.IndexFunc(t.wanted, func(c *chunk) bool { return !now.Before(c.retryAt) })
	if i < 0 {
		l.mu.Unlock()
		return false
	}
	c, last := t.wanted[i], i == len(t.wanted)-1
	l.mu.Unlock()
	return l.load(c) || !last
}

// load reads a chunk back into memory and reports whether that was done with, be
// it that the file is damaged. If not, it is to be tried again later.
func (l *Log) load(c *chunk) bool {
	l.mu.Lock()
	if c.gone || c.resident() {
		l.mu.Unlock()
		return true
	}
	c.busy = true
	name, size := c.name, c.size
	l.mu.Unlock()

	file, err := l.get(name, size, 0)
	if err != nil && l.patient(c, err) {
		l.spares().giveBuffer(file)
		return false
	}
	first, next, _ := parseChunkName(name)
	s, entries, bad := readFile(file, first, next, l.spares().takeList())
	if err == nil {
		err = bad
	}
	if err != nil {
		l.giveUp(name, err)
	}
	l.copyData(entries)
	l.spares().giveBuffer(file)

	l.mu.Lock()
	defer l.mu.Unlock()
	c.busy, c.wanted = false, false
	l.attach(c, &s, entries)
	if c.gone {
		l.empty(c)
		l.discard(c)
		return true
	}
	l.reconcile(c, err != nil)
	if !c.gone {
		l.warm(c)
		l.wakeFor(c)
	}
	return true
}

// copyData puts the data of entries, which is a part of a file, into blocks of
// their own. It needs no lock.
func (l *Log) copyData(entries []entry) {
	a := arena{spare: l.spares()}
	for i := range entries {
		if e := &entries[i]; e.gap == nil {
			e.ev.Data, e.block = a.put(e.ev.Data)
		}
	}
}

// get reads a file of about a size, or its beginning.
func (l *Log) get(name string, size int64, limit int) ([]byte, error) {
	defer l.begins()()
	file, err := l.cfg.Store.Get(name, l.spares().takeBuffer(size), limit)
	l.health().read.Add(uint64(len(file)))
	return file, err
}

// patient notes that a chunk's file could not be read, and reports whether it is
// to be tried again. While nothing can be written either, it always is.
func (l *Log) patient(c *chunk, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	c.fails++
	if c.fails >= tries && !l.tender.faulty() {
		return false
	}
	c.retryAt = l.cfg.Clock.Now().Add(firstRetry << min(c.fails-1, tries-2))
	l.cfg.Logger.Error("a file of the queue cannot be read: it is tried again", "file", c.name, "tries", c.fails, "error", err)
	c.busy = false
	if c.gone {
		l.discard(c)
	}
	return true
}

// giveUp puts a file aside that cannot be read, or not as a whole.
func (l *Log) giveUp(name string, err error) {
	l.cfg.Logger.Error("a file of the queue is damaged: what can be read of it is delivered, and a copy is put aside",
		"file", name, "error", err)
	if err := l.cfg.Store.SetAside(name); err != nil {
		l.cfg.Logger.Error("the damaged file cannot be put aside", "file", name, "error", err)
	}
	l.health().damaged.Add(1)
}

// attach puts what was read of a chunk's file in its place. l.mu is held.
func (l *Log) attach(c *chunk, s *summary, entries []entry) {
	bits := l.bits(s.Sinks)
	list := entries[:0]
	for i := range entries {
		e := &entries[i]
		if s.Sinks == nil {
			e.waits = l.wanted(&e.ev) // all that can be known
		} else {
			e.waits = translate(e.waits, bits)
		}
		e.waits = l.stillWaits(c, e.pos, e.waits)
		if e.waits == 0 || e.pos < c.first || e.pos >= c.next || c.gone {
			if e.block != nil {
				l.arena.release(e.block)
			}
			continue
		}
		list = append(list, *e)
	}
	clear(entries[len(list):])
	l.addCold(-c.bytes)
	c.entries, c.front = list, 0
}

// bits are the cursors' bits by the order of sinks in a file.
func (l *Log) bits(sinks []string) []uint64 {
	out := make([]uint64, len(sinks))
	for i, name := range sinks {
		if cur := l.cursor(name); cur != nil {
			out[i] = cur.bit
		}
	}
	return out
}

// translate turns a record's bits into those of cursors.
func translate(waits uint64, bits []uint64) (out uint64) {
	for i, bit := range bits {
		if waits>>i&1 != 0 {
			out |= bit
		}
	}
	return out
}

// stillWaits leaves out the cursors that have acknowledged a position since its
// file was written.
func (l *Log) stillWaits(c *chunk, pos uint64, waits uint64) uint64 {
	for _, cur := range l.cursors {
		if pos < cur.read {
			waits &^= cur.bit
		}
	}
	for _, d := range c.done {
		if pos >= d.from && pos < d.to {
			waits &^= d.bits
		}
	}
	return waits
}
