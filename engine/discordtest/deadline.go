package discordtest

import (
	"fmt"
	"time"
)

// deadlines acts on what is overdue on a connection and returns the time until
// the next thing will be. The server's mutex is held.
func (c *conn) deadlines(now time.Time) time.Duration {
	s := c.srv
	if c.beats.overdue(now) {
		c.beats.due = time.Time{}
		s.violation(ViolationHeartbeatLate, c)
		c.close(closeUnknown, "no heartbeat")
	}
	if !c.beats.probe.IsZero() && !now.Before(c.beats.probe) {
		c.beats.probe = time.Time{}
		if !c.silent {
			s.violation(ViolationProbe, c)
		}
	}
	if !c.op7At.IsZero() && !now.Before(c.op7At) {
		c.op7At = time.Time{}
		s.askReconnect(c, now, reconnectGrace)
	}
	if !c.op9At.IsZero() && !now.Before(c.op9At) {
		c.op9At = time.Time{}
		s.revoke(c, reasonInvalidated)
		s.invalid(c, false)
	}
	if !c.forceAt.IsZero() && !now.Before(c.forceAt) {
		c.forceAt = time.Time{}
		s.counts.forced++
		c.close(closeUnknown, "reconnect")
	}
	next := time.Hour
	for _, at := range [...]time.Time{c.beats.due, c.beats.probe, c.op7At, c.op9At, c.forceAt} {
		if !at.IsZero() {
			next = min(next, at.Sub(now))
		}
	}
	return max(next, time.Millisecond)
}

// beats is what a connection's heartbeats looked like.
type beats struct {
	from    time.Time // Hello, then the last heartbeat
	regular time.Time // Hello, then the last heartbeat that was not asked for
	due     time.Time // when the connection is given up
	probe   time.Time // when an op 1 of ours is overdue; zero if none is open
	record  BeatRecord
	unasked int       // heartbeats since the interval began
	began   time.Time // of that interval
	floor   int64     // the lowest seq that the next one may name
}

// BeatRecord says how one connection kept its heartbeat.
type BeatRecord struct {
	Shard   int             `json:"shard"` // -1 if it never identified
	Shards  int             `json:"shards"`
	Delays  []time.Duration `json:"delays_ns"` // the first from Hello, then from beat to beat; at most 64; without those asked for
	Beats   int             `json:"beats"`
	Probes  int             `json:"probes"`     // op 1 answered
	Latest  time.Duration   `json:"latest_ns"`  // worst delay beyond the interval
	Soonest time.Duration   `json:"soonest_ns"` // shortest delay but the first and those asked for
	Drift   time.Duration   `json:"drift_ns"`   // furthest of such a delay from the interval, to either side
}

const (
	maxBeatDelays = 64
	floodBeats    = 5
)

// hello starts the watch.
func (b *beats) hello(now time.Time, allowed time.Duration) {
	b.from, b.regular, b.began = now, now, now
	b.due = now.Add(allowed)
	b.record.Shard = -1
}

// overdue reports whether no heartbeat has come in time.
func (b *beats) overdue(now time.Time) bool {
	return !b.due.IsZero() && !now.Before(b.due)
}

// beat takes note of a heartbeat and reports whether it is one of a flood.
func (b *beats) beat(now time.Time, interval, allowed time.Duration) (flood bool) {
	delay := now.Sub(b.from)
	b.from, b.due = now, now.Add(allowed)
	r := &b.record
	r.Beats++
	r.Latest = max(r.Latest, delay-interval)
	if !b.probe.IsZero() {
		b.probe = time.Time{}
		r.Probes++
		return false
	}
	delay, b.regular = now.Sub(b.regular), now
	if r.Beats-r.Probes > 1 {
		r.Soonest = min(orDefault(r.Soonest, delay), delay)
		r.Drift = max(r.Drift, delay-interval, interval-delay)
	}
	if len(r.Delays) < maxBeatDelays {
		r.Delays = append(r.Delays, delay)
	}
	if now.Sub(b.began) >= interval {
		b.began, b.unasked = now, 0
	}
	b.unasked++
	return b.unasked == floodBeats
}

// violation counts what a client did wrong. The server's mutex is held.
func (s *Server) violation(what string, c *conn) {
	s.counts.violations[what]++
	who := "a connection"
	if c != nil && c.session != nil {
		who = fmt.Sprintf("shard %d of %d", c.session.shard, c.session.total)
	}
	s.log.Warn("rule of Discord broken", "rule", what, "by", who)
}
