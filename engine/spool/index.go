package spool

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
)

// indexName is where a log keeps how far its cursors are, below its prefix.
const indexName = "cursors.json"

// unknown stands for an index of which it is not known what it says.
const unknown = "?"

// indexFile is that file. Its checksum keeps a flipped bit from passing over
// events.
type indexFile struct {
	Sum   uint32          `json:"sum"` // CRC-32C of index
	Index json.RawMessage `json:"index"`
}

// index is how far the cursors of a log are.
type index struct {
	Tail  uint64           `json:"tail"` // of the log: positions below it have been given out
	Sinks map[string]place `json:"sinks"`
}

// place is how far a sink is: it has done with everything before read but for
// what waits, and with some of what follows.
type place struct {
	Read    uint64      `json:"read"`
	Waiting []uint64    `json:"waiting,omitempty"`
	Done    [][2]uint64 `json:"done,omitempty"` // [from, to)
}

// low is the first position that may wait for the sink.
func (p *place) low() uint64 {
	if len(p.Waiting) > 0 {
		return p.Waiting[0]
	}
	return p.Read
}

// spans are the positions from low on with which the sink has done.
func (p *place) spans(bit uint64) (out []span) {
	from := p.low()
	for _, w := range p.Waiting {
		if w > from {
			out = append(out, span{from, w, bit})
		}
		from = w + 1
	}
	if len(p.Waiting) > 0 && from < p.Read {
		out = append(out, span{from, p.Read, bit})
	}
	for _, d := range p.Done {
		out = append(out, span{d[0], d[1], bit})
	}
	return out
}

// saveIndex writes how far the cursors are, while there are files that they have
// not passed: last says that it is for the last time, and exact.
func (l *Log) saveIndex(last bool) {
	l.mu.Lock()
	t := &l.tender
	at := l.cfg.Clock.Now()
	if t.waits(at) || !last && at.Sub(t.indexedAt) < indexEvery {
		l.mu.Unlock()
		return
	}
	t.indexedAt = at
	text := l.index(last)
	if text == t.indexed {
		l.mu.Unlock()
		return
	}
	l.mu.Unlock()
	var err error
	if text == "" {
		err = l.cfg.Store.Delete(l.cfg.Prefix + indexName)
	} else {
		err = l.put(l.cfg.Prefix+indexName, []byte(text))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failed(err)
		t.indexed = unknown // it may be there all the same
		return
	}
	l.healed()
	t.indexed = text
}

// index is the file that says how far the cursors are; empty if there is nothing
// on disk that they could have passed. l.mu is held.
func (l *Log) index(exact bool) string {
	if l.firstUnsaved() == 0 && len(l.trash) == 0 {
		return ""
	}
	ix := index{Tail: l.tail, Sinks: make(map[string]place, len(l.cursors)+len(l.past))}
	maps.Copy(ix.Sinks, l.past)
	for _, c := range l.cursors {
		ix.Sinks[c.cfg.Name] = c.place(exact)
	}
	text, err := json.Marshal(ix)
	if err == nil {
		text, err = json.Marshal(indexFile{crcOf(text), text})
	}
	if err != nil { // numbers and names always can
		return ""
	}
	return string(text)
}

// place is how far the cursor is. An exact one costs a walk.
func (c *Cursor) place(exact bool) place {
	c.lowest()
	if !exact {
		return place{Read: c.low}
	}
	l := c.log
	p := place{Read: max(c.read, c.low)}
	for _, ch := range l.chunks[l.after(c.low):] {
		if ch.first < c.read && ch.pending[c.n] > 0 {
			p.Waiting = ch.waiting(p.Waiting, c)
		}
		for _, d := range ch.done {
			if d.bits&c.bit != 0 && d.to > p.Read {
				p.Done = append(p.Done, [2]uint64{max(d.from, p.Read), d.to})
			}
		}
	}
	return p
}

// waiting appends the positions that the cursor has passed and not acknowledged.
func (c *chunk) waiting(dst []uint64, cur *Cursor) []uint64 {
	for i := range c.entries {
		if e := &c.entries[i]; e.waits&cur.bit != 0 && e.pos < cur.read {
			dst = append(dst, e.pos)
		}
	}
	return dst
}

// loadIndex reads how far the cursors were. Without it everything is delivered
// once more.
func (l *Log) loadIndex() (ix index, err error) {
	name := l.cfg.Prefix + indexName
	text, err := l.get(name, 0, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return ix, nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return ix, err
	}
	l.tender.indexed = string(text)
	var f indexFile
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err == nil && crcOf(f.Index) != f.Sum {
		err = fmt.Errorf("%w: wrong checksum", errDamaged)
	}
	if err == nil {
		err = json.Unmarshal(f.Index, &ix)
	}
	if err == nil && !ix.plausible() {
		err = fmt.Errorf("%w: it makes no sense", errDamaged)
	}
	if err != nil {
		l.cfg.Logger.Error("the queue has forgotten how far it was delivered: what is on disk is delivered again, with the same ids",
			"file", name, "error", err)
		l.tender.indexed = unknown
		return index{}, nil
	}
	return ix, nil
}

// plausible reports whether an index can be one of ours.
func (ix *index) plausible() bool {
	for _, p := range ix.Sinks {
		if p.Read > ix.Tail || !slices.IsSorted(p.Waiting) || len(p.Waiting) > 0 && p.Waiting[len(p.Waiting)-1] >= p.Read {
			return false
		}
		for _, d := range p.Done {
			if d[0] >= d[1] || d[1] > ix.Tail {
				return false
			}
		}
	}
	return ix.Tail <= maxPosition
}
