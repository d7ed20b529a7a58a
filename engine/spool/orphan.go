package spool

import "slices"

// adoptOrphans opens cursors for sinks that are not configured any more but for
// which something waits.
func (l *Log) adoptOrphans(all []found, ix index) {
	for i := range all {
		f := &all[i]
		for n, name := range f.s.Sinks {
			p := ix.Sinks[name]
			if p.low() >= f.next || l.cursor(name) != nil || f.s.waiting(n) == 0 {
				continue
			}
			if len(l.cursors) == MaxCursors {
				l.cfg.Logger.Error("events of a sink that is not configured any more are given up: there are too many sinks", "sink", name)
				continue
			}
			n := len(l.cursors)
			l.cursors = append(l.cursors, &Cursor{log: l, n: n, bit: 1 << n, orphan: true, cfg: CursorConfig{Name: name}})
		}
	}
}

// waiting is how many records of a file waited for its n-th sink.
func (s *summary) waiting(n int) (records int) {
	for _, g := range s.Groups {
		if g.Waits>>n&1 != 0 {
			records += int(g.Events + g.Gaps)
		}
	}
	return records
}

// cursor is that of a sink; nil if it has none.
func (l *Log) cursor(sink string) *Cursor {
	for _, c := range l.cursors {
		if c.cfg.Name == sink {
			return c
		}
	}
	return nil
}

// forsake gives up all that waits for an orphan and reports how much that was.
func (l *Log) forsake(sink string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.cursor(sink)
	if c == nil || !c.orphan {
		return 0
	}
	n := c.depth
	c.read = l.tail
	for _, ch := range slices.Clone(l.chunks) {
		if ch.resident() {
			c.depth -= int(ch.pending[c.n])
			ch.pending[c.n] = 0
			l.forsakeEntries(c, ch)
			continue
		}
		ch.groups = ch.groups.without(c.bit)
		l.recount(ch, ch.groups.tally(len(l.cursors)))
		if ch.live == 0 {
			l.retire(ch)
		}
	}
	l.tender.indexedAt = l.tender.indexedAt.Add(-indexEvery)
	l.kick()
	return n
}

// forsakeEntries takes an orphan's bit off the entries of a chunk.
func (l *Log) forsakeEntries(c *Cursor, ch *chunk) {
	for i := 0; i < len(ch.entries); i++ {
		if e := &ch.entries[i]; e.waits&c.bit != 0 {
			c.take(ch, e)
			if e.waits &^= c.bit; e.waits == 0 {
				l.settle(ch, e)
			}
		}
	}
}
