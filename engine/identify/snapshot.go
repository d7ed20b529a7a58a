package identify

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Snapshot is the state of the budget and the queue for display. NextAt is an
// estimate while a slot is out, and the budget's reset while that is what the
// shards wait for.
func (q *Queue) Snapshot() ops.Identify {
	q.mu.Lock()
	defer q.mu.Unlock()
	l, now := q.ledger, q.clock.Now()
	s := ops.Identify{Spacing: q.spacing, Waiting: len(q.waiting), Sent: l.sent}
	if l.known {
		s.MaxConcurrency = l.buckets
	}
	if l.known && !l.unlimited {
		s.Known, s.Total, s.Remaining = true, l.total, l.remaining
		s.Reserve = l.reserve()
		if l.resetAt.After(now) {
			s.ResetAt = l.resetAt
		}
	}
	s.NextAt = q.nextAt(now)
	return s
}

// nextAt is when the first of those who wait may go; zero if that is not known.
func (q *Queue) nextAt(now time.Time) (next time.Time) {
	for _, w := range q.waiting {
		at := q.ledger.earliest(now, w.shard, w.opts.Force)
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// Held is how many waiting shards the budget holds up: while it is not zero,
// an operator has to force one ([Options.Force]) or to wait for the reset.
func (q *Queue) Held() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.ledger.known {
		return 0
	}
	normal, forced := q.ledger.affords(false), q.ledger.affords(true)
	held := 0
	for _, w := range q.waiting {
		if !normal && !(forced && w.opts.Force) {
			held++
		}
	}
	return held
}
