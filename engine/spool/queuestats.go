package spool

import (
	"cmp"
	"slices"
	"time"
)

// QueueStats are a queue's figures, over all its logs.
type QueueStats struct {
	Events  int
	Bytes   int64 // of events, in memory and on disk
	Memory  int64 // of those in memory
	Disk    int64 // of files
	Files   int
	Written uint64        // bytes written to the store since start
	Read    uint64        // bytes read back since start
	Busy    time.Duration // how long the longest operation under way has taken
	Slowest time.Duration // the longest operation of the last half minute, or of that before
	Damaged int           // files put aside since start
	Waiting int           // shards that wait for room at this moment

	Fault      error // why the store does not take events; nil if it does
	FaultSince time.Time
	Orphans    []Orphan
}

// Orphan is what waits for a sink that is not configured any more.
type Orphan struct {
	Sink    string
	Depth   int
	Dropped uint64 // since start
	Oldest  time.Time
}

// Stats are the queue's present figures.
func (q *Queue) Stats() QueueStats {
	b := &q.budget
	s := QueueStats{
		Events: int(b.events.Load()), Bytes: b.bytes.Load(), Memory: b.memory(),
		Disk: b.disk.Load(), Files: int(b.files.Load()),
		Written: b.health.written.Load(), Read: b.health.read.Load(),
		Slowest: b.health.slowest(), Damaged: int(b.health.damaged.Load()),
		Waiting: int(b.waiters.Load()),
	}
	for _, l := range q.all() {
		if since := l.tender.busySince.Load(); since != 0 {
			s.Busy = max(s.Busy, q.cfg.Clock.Now().Sub(time.Unix(0, since)))
		}
		l.report(&s)
	}
	slices.SortFunc(s.Orphans, func(a, b Orphan) int { return cmp.Compare(a.Sink, b.Sink) })
	return s
}

// report adds a log's faults and orphans.
func (l *Log) report(s *QueueStats) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := &l.tender; t.fault != nil && (s.Fault == nil || t.faultSince.Before(s.FaultSince)) {
		s.Fault, s.FaultSince = t.fault, t.faultSince
	}
	for _, c := range l.cursors {
		if !c.orphan || c.depth == 0 {
			continue
		}
		i := slices.IndexFunc(s.Orphans, func(o Orphan) bool { return o.Sink == c.cfg.Name })
		if i < 0 {
			i = len(s.Orphans)
			s.Orphans = append(s.Orphans, Orphan{Sink: c.cfg.Name, Oldest: c.oldest()})
		}
		s.Orphans[i].Depth += c.depth
		s.Orphans[i].Dropped += c.dropped
		if at := c.oldest(); at.Before(s.Orphans[i].Oldest) {
			s.Orphans[i].Oldest = at
		}
	}
}
