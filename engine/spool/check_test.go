package spool

import (
	"fmt"
	"math/bits"
	"reflect"
	"slices"
)

// check recounts everything a log counts, and reports what is not as it says.
func (l *Log) check() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := checker{l: l, blocks: make(map[*block]int), live: make(map[int]int), depth: make([]int, len(l.cursors))}
	for i, ch := range l.chunks {
		c.place(i, ch)
		if ch.resident() {
			c.entries(ch)
		} else {
			c.cold(ch)
		}
		c.add(ch)
	}
	for _, b := range l.tender.image.pinned {
		c.blocks[b]++
	}
	c.sums()
	c.cursors()
	c.searches()
	for b, n := range c.blocks {
		c.same("live of a block", b.live, n)
	}
	return c.err
}

// checker is a recount under way.
type checker struct {
	l                   *Log
	err                 error
	blocks              map[*block]int
	live                map[int]int // events in memory alone of each shard's session
	depth               []int
	sum                 tally
	memory, fresh, disk int64
	files               int
	hot                 []*chunk
	reachedUnsaved      bool
}

func (c *checker) wrong(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

func (c *checker) same(what string, says, is any) {
	if !reflect.DeepEqual(says, is) {
		c.wrong("%s: says %v, is %v", what, says, is)
	}
}

func (c *checker) place(i int, ch *chunk) {
	l := c.l
	if ch.first >= ch.next && ch != l.open || i > 0 && l.chunks[i-1].next > ch.first {
		c.wrong("chunk %d of %d: positions [%d,%d)", i, len(l.chunks), ch.first, ch.next)
	}
	if ch.gone || ch.live == 0 && ch != l.open {
		c.wrong("chunk [%d,%d) is still there: gone %v, live %d", ch.first, ch.next, ch.gone, ch.live)
	}
	if ch == l.open && i != len(l.chunks)-1 {
		c.wrong("the open chunk is not the last")
	}
	if ch.saved && c.reachedUnsaved {
		c.wrong("chunk [%d,%d) is saved behind one that is not", ch.first, ch.next)
	}
	c.reachedUnsaved = c.reachedUnsaved || !ch.saved
	if ch.saved && (!ch.counted || ch.name == "") {
		c.wrong("chunk [%d,%d) is saved without a file", ch.first, ch.next)
	}
	if ch.dirty && l.tender.busySince.Load() == 0 && !slices.Contains(l.tender.dirty, ch) {
		c.wrong("chunk [%d,%d) is dirty and nobody knows", ch.first, ch.next)
	}
}

// entries recounts a chunk that is in memory.
func (c *checker) entries(ch *chunk) {
	l := c.l
	memory, held := int64(0), 0
	for i := range ch.entries {
		e := &ch.entries[i]
		if e.pos < ch.first || e.pos >= ch.next || i > 0 && e.pos <= ch.entries[i-1].pos {
			c.wrong("entry at %d in [%d,%d)", e.pos, ch.first, ch.next)
		}
		if e.held&^e.waits != 0 || e.waits>>len(l.cursors) != 0 {
			c.wrong("entry %d: held %b, waits %b", e.pos, e.held, e.waits)
		}
		held += bits.OnesCount64(e.held)
		if e.waits == 0 {
			if e.block != nil || e.gap != nil || e.ev.Data != nil {
				c.wrong("entry %d is done with and keeps something", e.pos)
			}
			continue
		}
		if i < ch.front {
			c.wrong("entry %d waits before the front", e.pos)
		}
		for _, cur := range l.cursors {
			if e.waits&cur.bit != 0 && e.held&cur.bit == 0 && e.pos < cur.read {
				c.wrong("entry %d has been passed by %s and was not handed out", e.pos, cur.cfg.Name)
			}
		}
		if e.gap != nil {
			if e.gap.Count <= 0 {
				c.wrong("gap marker %d stands for %d", e.pos, e.gap.Count)
			}
			continue
		}
		c.blocks[e.block]++
		memory += int64(e.ev.Size())
		if p := l.progress[e.ev.ShardID]; !ch.saved && e.origin == ours && p != nil && p.session == e.ev.ID.Session && e.ev.ID.Seq > 0 {
			c.live[e.ev.ShardID]++
		}
	}
	t := groupsOf(ch.entries).tally(len(l.cursors))
	c.same("tally of a chunk", tallyOf(ch), t)
	c.same("memory of a chunk", ch.bytes, memory)
	c.memory += memory
	c.same("held of a chunk", ch.held, held)
	if !ch.saved {
		c.fresh += memory
	} else {
		c.hot = append(c.hot, ch)
	}
}

func tallyOf(ch *chunk) tally { return tally{ch.live, ch.events, ch.noise, ch.bytes, ch.pending} }

// cold checks a chunk that is on disk alone.
func (c *checker) cold(ch *chunk) {
	if !ch.saved || ch.held != 0 {
		c.wrong("chunk [%d,%d) is on disk alone: saved %v, held %d", ch.first, ch.next, ch.saved, ch.held)
	}
	c.same("tally of a cold chunk", tallyOf(ch), ch.groups.tally(len(c.l.cursors)))
}

func (c *checker) add(ch *chunk) {
	c.sum.events += ch.events
	c.sum.noise += ch.noise
	c.sum.bytes += ch.bytes
	for i, n := range ch.pending {
		c.depth[i] += int(n)
	}
	if ch.saved {
		c.files++
		c.disk += ch.size
	}
}

func (c *checker) sums() {
	l := c.l
	c.same("events", l.events, c.sum.events)
	c.same("bytes", l.bytes, c.sum.bytes)
	c.same("noise", l.noise, c.sum.noise)
	c.same("memory", l.memory(), c.memory)
	c.same("fresh", l.fresh, c.fresh)
	if l.tender.busySince.Load() == 0 { // else a file may be written for a chunk that is gone
		c.same("files", l.files, c.files)
		c.same("disk", l.disk, c.disk)
	}
	if !slices.Equal(l.hot, c.hot) {
		c.wrong("%d chunks are hot, the list has %d", len(c.hot), len(l.hot))
	}
	for shard, p := range l.progress {
		c.same("live of a shard", p.live, c.live[shard])
	}
}

func (c *checker) cursors() {
	for i, cur := range c.l.cursors {
		c.same("depth of "+cur.cfg.Name, cur.depth, c.depth[i])
		if cur.read > c.l.tail {
			c.wrong("cursor %s is at %d, beyond the tail %d", cur.cfg.Name, cur.read, c.l.tail)
		}
		for _, ch := range c.l.chunks {
			for j := range ch.entries {
				if e := &ch.entries[j]; e.waits&cur.bit != 0 && e.pos < cur.low {
					c.wrong("cursor %s: %d waits below its low, %d", cur.cfg.Name, e.pos, cur.low)
				}
			}
			if !ch.resident() && ch.pending[i] > 0 && ch.next <= cur.low {
				c.wrong("cursor %s: chunk [%d,%d) waits below its low, %d", cur.cfg.Name, ch.first, ch.next, cur.low)
			}
		}
	}
}

// searches checks that no search has passed what it looks for.
func (c *checker) searches() {
	for s := range searches {
		for _, ch := range c.l.chunks {
			if !s.in(ch) {
				continue
			}
			if !ch.resident() && ch.next <= c.l.from[s] && s != aged { // what is left may have no age
				c.wrong("search %d is at %d and has passed chunk [%d,%d)", s, c.l.from[s], ch.first, ch.next)
			}
			for j := range ch.entries {
				if e := &ch.entries[j]; s.is(e) && e.pos < c.l.from[s] {
					c.wrong("search %d is at %d and has passed %d", s, c.l.from[s], e.pos)
				}
			}
		}
	}
}

// checkFiles reads the files of chunks and compares what waits in them with what
// the log says. The store must be at rest.
func (l *Log) checkFiles(f *fakeStore) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.chunks {
		if !c.saved || c.dirty || c.blind {
			continue
		}
		f.mu.Lock()
		file, ok := f.files[c.name]
		f.mu.Unlock()
		if !ok {
			return fmt.Errorf("chunk [%d,%d) is saved as %s, which is not there", c.first, c.next, c.name)
		}
		first, next, _ := parseChunkName(c.name)
		s, entries, err := readFile(file, first, next, nil)
		if err != nil {
			return err
		}
		var have groups
		for i := range entries {
			e := &entries[i]
			if e.waits = l.stillWaits(c, e.pos, translate(e.waits, l.bits(s.Sinks))); !c.resident() && e.waits != 0 && e.pos >= c.first {
				have.count(e)
			}
			if c.resident() {
				l.checkEntry(c, e, &err)
			}
		}
		if !c.resident() && !reflect.DeepEqual(have.tally(len(l.cursors)), tallyOf(c)) {
			err = fmt.Errorf("%s: what waits in the file is %+v, the log says %+v", c.name, have.tally(len(l.cursors)), tallyOf(c))
		}
		if c.size != int64(len(file)) || c.filed != s.bytes() {
			err = fmt.Errorf("%s: %d bytes, %d of events; the log says %d, %d", c.name, len(file), s.bytes(), c.size, c.filed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkEntry compares a record, as it would be read back, with its entry: what a
// cursor has in hand behind it may still wait in the file.
func (l *Log) checkEntry(c *chunk, e *entry, err *error) {
	var waits uint64
	if have := c.at(e.pos); have != nil {
		waits = l.stillWaits(c, e.pos, have.waits)
	}
	if waits != e.waits {
		*err = fmt.Errorf("%s: %d waits for %b in the file, for %b in memory", c.name, e.pos, e.waits, waits)
	}
}
