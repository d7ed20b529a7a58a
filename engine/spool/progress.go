package spool

import "github.com/gatehouse-gateway/gatehouse/engine/event"

// Progress is how far a shard's session has been dealt with.
type Progress struct {
	Session uint64 // digest of the session id, as in event.ID
	// Seq is the highest sequence number up to which every event has been
	// acknowledged by every sink that wants it, or was given up. A RESUME from
	// here brings all others again.
	Seq int64
}

// shardProgress is what the log knows of one shard.
type shardProgress struct {
	session uint64
	seq     int64 // of the last event appended
	live    int   // events of this session that are still in the log
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
		*p = shardProgress{session: session}
	}
	return p
}

// note books an event that has been appended; kept says that it is in the log.
func (l *Log) note(id event.ID, shard int, kept bool) {
	p := l.present(id.Session, shard)
	if id.Seq <= 0 {
		return
	}
	p.seq = id.Seq
	if kept {
		p.live++
	}
}

// Restore tells the log where a session of an earlier run stands.
func (l *Log) Restore(shard int, p Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.progress[shard] = &shardProgress{session: p.Session, seq: p.Seq}
}

// done books an event that has left the log.
func (l *Log) done(ev *event.Event) {
	if p := l.progress[ev.ShardID]; p != nil && p.session == ev.ID.Session && ev.ID.Seq > 0 {
		p.live--
	}
}

// Progress is how far each shard's present session has been dealt with, by shard
// id. Shards that have appended nothing are not in it.
func (l *Log) Progress() map[int]Progress {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[int]Progress, len(l.progress))
	open := make(map[int]bool)
	for shard, p := range l.progress {
		out[shard] = Progress{Session: p.session, Seq: p.seq}
		if p.live > 0 {
			open[shard] = true
		}
	}
	// The first event that is left of each shard stands near the base.
	for at := l.base; at < l.tail && len(open) > 0; at++ {
		e := l.at(at)
		shard := e.ev.ShardID
		if e.block == nil || !open[shard] || e.ev.ID.Session != l.progress[shard].session || e.ev.ID.Seq <= 0 {
			continue
		}
		out[shard] = Progress{Session: e.ev.ID.Session, Seq: e.ev.ID.Seq - 1}
		delete(open, shard)
	}
	return out
}
