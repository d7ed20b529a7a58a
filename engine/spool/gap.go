package spool

import (
	"encoding/json"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// GapType is the type of the pseudo event that a sink gets in the place of
// dropped ones.
const GapType = "GATEHOUSE_GAP"

// gap is what a gap marker stands for. As `d` of its frame it reads
//
//	{"count":12,"reason":"the queue is full","from":"2026-…Z","to":"2026-…Z"}
type gap struct {
	Count  int       `json:"count"`  // events of the shard that were dropped
	Reason string    `json:"reason"` // why, in words
	From   time.Time `json:"from"`   // when the first of them was received
	To     time.Time `json:"to"`     // when the last of them was
}

// add lets the gap stand for another as well.
func (g *gap) add(other *gap) {
	g.Count += other.Count
	if other.From.Before(g.From) {
		g.From = other.From
	}
	if other.To.After(g.To) {
		g.To = other.To
	}
}

// frame is the gap marker in the form of a dispatch.
func (g *gap) frame(ev *event.Event) []byte {
	frame, err := json.Marshal(struct {
		Type string `json:"t"`
		Seq  *int64 `json:"s"`
		Op   int    `json:"op"`
		D    *gap   `json:"d"`
	}{Type: ev.Type, D: g})
	if err != nil { // an instant beyond the year 9999
		return []byte(`{"t":"` + GapType + `","s":null,"op":0,"d":{}}`)
	}
	return frame
}

// parseGap is frame's inverse.
func parseGap(frame []byte) (*gap, error) {
	var f struct{ D gap }
	if err := json.Unmarshal(frame, &f); err != nil {
		return nil, err
	}
	return &f.D, nil
}

// gapKey is which drops one gap marker can speak for: those of a shard, for the
// cursors whose bits are set, for one reason. What is dropped from the front of
// the log and what is picked out of its middle are kept apart.
type gapKey struct {
	shard  int
	waits  uint64
	reason string
	picked bool
}

// drop gives up an event that is in no sink's hands.
func (l *Log) drop(c *chunk, e *entry, why string) {
	waits := e.waits
	for i, cur := range l.cursors {
		if waits&cur.bit != 0 {
			cur.depth--
			cur.dropped++
			c.pending[i]--
		}
	}
	l.drops++
	if l.cfg.Dropped != nil {
		l.cfg.Dropped(&e.ev, why)
	}
	picked := l.cfg.Bounds.Policy == DropNoise && isNoise(e.ev.Type)
	l.leave(c, e)
	l.uncount(c, e)
	g := &gap{Count: 1, Reason: why, From: e.ev.Received.UTC(), To: e.ev.Received.UTC()}
	ev := event.Event{
		ID: event.ID{Session: e.ev.ID.Session, Seq: -e.ev.ID.Seq}, ShardID: e.ev.ShardID, Shards: e.ev.Shards,
		Type: GapType, Received: e.ev.Received,
	}
	*e = entry{pos: e.pos}
	l.leaveGap(c, e, ev, g, waits, picked)
	if c.events == 0 && !c.gone && c != l.open {
		l.fold(c)
	}
}

// leaveGap puts a gap marker where an event was, unless the one before it can
// speak for it too.
func (l *Log) leaveGap(c *chunk, e *entry, ev event.Event, g *gap, waits uint64, picked bool) {
	key := gapKey{shard: ev.ShardID, reason: g.Reason, picked: picked}
	for _, cur := range l.cursors {
		if waits&cur.bit != 0 && (cur.orphan || cur.cfg.Wants == nil || g.Reason == reasonBlind || cur.cfg.Wants(&ev)) {
			key.waits |= cur.bit
		}
	}
	l.soil(c)
	if key.waits == 0 || l.merge(c, e.pos, key, g) {
		c.live--
		if c.live == 0 {
			l.retire(c)
		}
		return
	}
	e.ev, e.gap, e.waits = ev, g, key.waits
	for i, cur := range l.cursors {
		if key.waits&cur.bit != 0 {
			cur.depth++
			c.pending[i]++
		}
	}
	l.gaps[key] = Position{c, e.pos}
}

// nearGap is how many places before a picked event its gap marker may stand.
const nearGap = 4 * chunkEvents

// merge lets the last gap marker of a kind stand for a drop at a position too, if
// it has not been handed out. For what is picked out of the middle it must not be
// far.
func (l *Log) merge(c *chunk, pos uint64, key gapKey, g *gap) bool {
	p, ok := l.gaps[key]
	if !ok || p.chunk != c && (p.pos > pos || key.picked && p.pos+nearGap < pos) {
		return false
	}
	e := p.chunk.at(p.pos)
	if e == nil || e.gap == nil || e.held != 0 || e.waits != key.waits || p.chunk.shut {
		return false
	}
	e.gap.add(g)
	e.ev.Received = e.gap.To // so that the age of what waits is not that of what is gone
	l.soil(p.chunk)
	l.tender.tell = l.tender.tell || p.chunk != c
	return true
}

// fold lets the gap markers of an earlier chunk speak for those of one that holds
// nothing else, so that their number does not grow with the length of an outage.
func (l *Log) fold(c *chunk) {
	for i := 0; i < len(c.entries); i++ {
		e := &c.entries[i]
		if e.gap == nil || e.held != 0 {
			continue
		}
		key := gapKey{shard: e.ev.ShardID, waits: e.waits, reason: e.gap.Reason}
		if p, ok := l.gaps[key]; ok && p.chunk == c && p.pos == e.pos || !l.merge(c, e.pos, key, e.gap) {
			l.gaps[key] = Position{c, e.pos}
			continue
		}
		for n, cur := range l.cursors {
			if e.waits&cur.bit != 0 {
				cur.depth--
				c.pending[n]--
			}
		}
		l.soil(c)
		l.settle(c, e)
	}
}

// soil has a chunk saved again: less waits in it than its file says, or a gap
// marker has changed.
func (l *Log) soil(c *chunk) {
	if (c.saved || c.busy) && !c.dirty {
		c.dirty = true
		l.tender.dirty = append(l.tender.dirty, c)
	}
}
