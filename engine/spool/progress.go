package spool

import "github.com/gatehouse-gateway/gatehouse/engine/event"

// Progress is how far a shard's session has been dealt with.
type Progress struct {
	Session uint64 // digest of the session id, as in event.ID
	// Seq is the highest sequence number up to which every event has been
	// acknowledged by every sink that wants it, is on disk, or was given up. A
	// RESUME from here brings all others again.
	Seq int64
}

// shardProgress is what the log knows of one shard.
type shardProgress struct {
	session uint64
	seq     int64 // the highest that was appended or passed
	stored  int64 // up to here an earlier run has stored all that is to be delivered
	live    int   // events of this session that are in memory alone
	top     int64 // the highest of those that were kept
	mixed   bool  // those in memory alone are not in the order of their numbers
	gap     bool  // an event of this session has been given up for want of room
}

// present is what the log knows of a shard in a session: nothing, if it is new.
func (l *Log) present(session uint64, shard int) *shardProgress {
	p := l.progress[shard]
	if p == nil {
		p = &shardProgress{}
		l.progress[shard] = p
	}
	if p.session != session {
		if p.live > 0 && l.cfg.Store != nil {
			l.hurry() // nobody else has the events of the session that is over
		}
		*p = shardProgress{session: session}
	}
	return p
}

// note books an event that has been appended; kept says that it is in the log. p
// is what is known of its session, if that has been looked up.
func (l *Log) note(p *shardProgress, ev *event.Event, kept bool) {
	if p == nil {
		p = l.present(ev.ID.Session, ev.ShardID)
	}
	if ev.ID.Seq <= 0 {
		return
	}
	p.seq = max(p.seq, ev.ID.Seq)
	if !kept {
		return
	}
	p.live++
	p.mixed = p.mixed || ev.ID.Seq < p.top
	p.top = max(p.top, ev.ID.Seq)
}

// Pass books an event of a shard that is dealt with though it is not in the log,
// such as one that has been delivered already as another fleet brought it. It makes
// the session the shard's present one. Events of the session with lower numbers may
// still be appended. Nothing is passed behind an event that found no room.
func (l *Log) Pass(id event.ID, shard int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end != going {
		return
	}
	if p := l.present(id.Session, shard); !p.gap {
		p.seq = max(p.seq, id.Seq)
	}
}

// leave books an event of a chunk that is done with, or safe.
func (l *Log) leave(c *chunk, e *entry) {
	if c.saved || e.origin != ours || e.gap != nil || e.ev.ID.Seq <= 0 {
		return
	}
	if p := l.progress[e.ev.ShardID]; p != nil && p.session == e.ev.ID.Session {
		p.live--
		p.mixed = p.mixed && p.live > 0
	}
}

// Restore tells the log where a session of an earlier run stands, and up to which
// sequence number its events are in a queue already: those are not taken again.
func (l *Log) Restore(shard int, p Progress, stored int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.progress[shard] = &shardProgress{session: p.Session, seq: p.Seq, stored: stored}
}

// Progress is how far each shard's present session has been dealt with, by shard
// id. Shards that have appended nothing are not in it.
func (l *Log) Progress() map[int]Progress {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[int]Progress, len(l.progress))
	open := make(map[int]bool) // shards whose first event that is left has to be found
	for shard, p := range l.progress {
		out[shard] = Progress{Session: p.session, Seq: p.seq}
		if p.live > 0 {
			open[shard] = true
		}
	}
	for _, c := range l.chunks[l.firstUnsaved():] {
		for i := c.front; i < len(c.entries) && len(open) > 0; i++ {
			l.firstOf(&c.entries[i], open, out)
		}
	}
	return out
}

// firstOf notes the lowest event that is left of a shard: the first, unless they
// are mixed.
func (l *Log) firstOf(e *entry, open map[int]bool, out map[int]Progress) {
	shard := e.ev.ShardID
	if e.waits == 0 || e.gap != nil || e.origin != ours || !open[shard] || e.ev.ID.Session != l.progress[shard].session || e.ev.ID.Seq <= 0 {
		return
	}
	p := l.progress[shard]
	out[shard] = Progress{Session: p.session, Seq: min(out[shard].Seq, e.ev.ID.Seq-1)}
	if !p.mixed {
		delete(open, shard)
	}
}
