package spool

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

// chunkName is the name of a chunk's file.
func chunkName(prefix string, first, next uint64) string {
	return fmt.Sprintf("%s%016x-%016x.chunk", prefix, first, next)
}

// maxPosition is beyond every position that is ever given out.
const maxPosition = 1 << 62

// parseChunkName is chunkName's inverse, without the prefix.
func parseChunkName(name string) (first, next uint64, ok bool) {
	base, isChunk := strings.CutSuffix(name[strings.LastIndexByte(name, '/')+1:], ".chunk")
	a, b, isRange := strings.Cut(base, "-")
	first, err1 := strconv.ParseUint(a, 16, 64)
	next, err2 := strconv.ParseUint(b, 16, 64)
	ok = isChunk && isRange && errors.Join(err1, err2) == nil && first < next
	return first, next, ok && next-first <= joinEvents && next <= maxPosition
}

// find is a file of an earlier run.
type found struct {
	Stored
	first, next uint64 // of what is taken from it
	s           summary
	doubtful    bool // it is not whole, or not all of it is taken
	blind       bool // nothing is known of what is missing
}

// sessionKey is a shard's session. Shards of several layouts have the same ids.
type sessionKey struct {
	shard   int
	session uint64
}

// recover takes over what an earlier run has left in the store, and notes in
// sessions up to where the events of each are in the queue. It is called once, after the cursors have been
// opened and before anything else.
func (l *Log) recover(files []Stored, sessions map[sessionKey]int64) error {
	ix, err := l.loadIndex()
	if err != nil {
		return err
	}
	var all []found
	for _, f := range l.arrange(files) {
		switch err := l.inspect(&f); {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return err
		}
		all = append(all, f)
		for _, s := range f.s.Sessions {
			key := sessionKey{s.Shard, s.session}
			sessions[key] = max(sessions[key], s.Seq)
		}
	}
	for _, c := range l.adopt(all, ix) {
		l.load(c)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.crowded(0) && l.evict() {
	}
	return nil
}

// arrange sorts files by position. Of those that had been joined when a crash came
// before they could be deleted, only the joined one is kept.
func (l *Log) arrange(files []Stored) []found {
	var all []found
	for _, f := range files {
		if first, next, ok := parseChunkName(f.Name); ok {
			all = append(all, found{Stored: f, first: first, next: next})
		} else if strings.HasSuffix(f.Name, "/"+probeName) {
			l.trash = append(l.trash, f.Name)
		} else if !strings.HasSuffix(f.Name, "/"+indexName) {
			l.cfg.Logger.Warn("a file in the queue's folder is none of its own, and is left alone", "file", f.Name)
		}
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(b.next, a.next))
	})
	kept := all[:0]
	next := uint64(0)
	for _, f := range all {
		if f.next <= next {
			l.trash = append(l.trash, f.Name)
			continue
		}
		if f.first < next { // only what is not in the one before it
			f.first, f.doubtful = next, true
		}
		kept, next = append(kept, f), f.next
	}
	return kept
}

// inspect reads a file's summary. Of a file that cannot be read it guesses one:
// when it is read back it will be seen.
func (l *Log) inspect(f *found) error {
	first, next, _ := parseChunkName(f.Name)
	file, err := l.get(f.Name, headSize, headSize)
	defer func() { l.spares().giveBuffer(file) }()
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return err
	}
	s, text, bad := readHead(file, first, next)
	if err == nil && bad == nil {
		f.s = s
		f.doubtful = f.doubtful || f.Size != s.size(text)
		return nil
	}
	if err == nil {
		l.spares().giveBuffer(file)
		file, err = l.get(f.Name, f.Size, 0)
	}
	s, entries, bad := readFile(file, first, next, nil)
	f.s = s
	f.doubtful = f.doubtful || err == nil && bad != nil
	if s.Sinks == nil {
		f.blind = true
		l.guess(f, entries, err)
	}
	return nil
}

// guess makes up a summary from the records that can be read, and supposes that
// every other place held an event of the worker's first shard.
func (l *Log) guess(f *found, entries []entry, err error) {
	im := image{first: f.first, next: f.next, sinks: l.names()}
	for i := range entries {
		e := &entries[i]
		e.waits = l.wanted(&e.ev)
		im.take(e)
	}
	f.s = *im.summary()
	f.s.Length = f.Size
	now := l.cfg.Clock.Now().UnixMilli()
	f.s.Oldest, f.s.Newest = cmp.Or(f.s.Oldest, now), cmp.Or(f.s.Newest, now)
	shard, shards := l.firstShard()
	f.s.Groups = append(f.s.Groups, groupSummary{
		Shard: shard, Shards: shards, Waits: l.everybody(), Events: int32(int(f.next-f.first) - len(entries)),
	})
	l.cfg.Logger.Error("a file of the queue says nothing of what it holds", "file", f.Name,
		"events_read", len(entries), "events_lost_at_most", int(f.next-f.first)-len(entries), "error", err)
}

// everybody has the bits of all cursors that take events.
func (l *Log) everybody() (bits uint64) {
	for _, cur := range l.cursors {
		if !cur.orphan {
			bits |= cur.bit
		}
	}
	return bits
}

// firstShard is the first of the worker's shards, and the total, as the names of
// its files tell.
func (l *Log) firstShard() (shard, shards int32) {
	_, layout, worker, _ := parsePrefix(l.cfg.Prefix + indexName)
	var a Layout
	_, _ = fmt.Sscanf(layout, "%d-%d-%d-%d", &a.Total, &a.First, &a.Last, &a.PerWorker)
	return int32(min(a.First+worker*a.PerWorker, a.Last)), int32(a.Total)
}

// adopt makes chunks of the files, and returns those of which it has to be seen
// what is left.
func (l *Log) adopt(all []found, ix index) (unsure []*chunk) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.adoptOrphans(all, ix)
	done := l.placeCursors(ix)
	slices.SortFunc(done, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := range all {
		f := &all[i]
		l.tail = max(l.tail, f.next)
		c := &chunk{
			first: f.first, next: f.next, saved: true, name: f.Name, size: f.Size, counted: true, filed: f.s.bytes(), level: f.s.Level,
			oldest: instant(f.s.Oldest), newest: instant(f.s.Newest), pending: make([]int32, len(l.cursors)), blind: f.blind,
		}
		l.addFile(1, c.size)
		c.done, done = within(done, c.first, c.next)
		sure := l.expect(c, &f.s)
		if c.live == 0 {
			l.discard(c)
			continue
		}
		l.chunks = append(l.chunks, c)
		if !sure || f.doubtful {
			unsure = append(unsure, c)
		}
	}
	return unsure
}

// within are the spans, which are sorted, that reach into [first, next); rest is
// without those before it.
func within(all []span, first, next uint64) (out, rest []span) {
	for len(all) > 0 && all[0].to <= first {
		all = all[1:]
	}
	for _, d := range all {
		if d.from >= next {
			break
		}
		if d.to > first {
			out = append(out, d)
		}
	}
	return out, all
}

// placeCursors puts the cursors where they were and returns what they had done out
// of turn.
func (l *Log) placeCursors(ix index) (done []span) {
	l.tail = ix.Tail
	l.past = ix.Sinks
	for _, cur := range l.cursors {
		p := ix.Sinks[cur.cfg.Name]
		delete(l.past, cur.cfg.Name)
		cur.read, cur.low = p.low(), p.low()
		l.tail = max(l.tail, p.Read)
		done = append(done, p.spans(cur.bit)...)
	}
	return done
}

// expect makes a chunk count what its file's summary tells; sure says that this is
// all there is to know. A cursor that is in the middle of it makes it unsure.
func (l *Log) expect(c *chunk, s *summary) (sure bool) {
	all := s.groups(l.bits(s.Sinks))
	sure = len(c.done) == 0
	var passed uint64
	for _, cur := range l.cursors {
		if cur.read >= c.next {
			passed |= cur.bit
		} else if cur.read > c.first {
			sure = false
		}
	}
	c.groups = all.without(passed)
	l.recount(c, c.groups.tally(len(l.cursors)))
	return sure
}

// instant is an instant of a summary; 0 is none.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
