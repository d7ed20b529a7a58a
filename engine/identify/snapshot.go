package identify

import (
	"maps"
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// mostBuckets bounds those of a snapshot.
const mostBuckets = 64

// Snapshot is the state of the budget and the queue for display. NextAt is an
// estimate while a slot is out, and the budget's reset while that is what the
// shards wait for. The breaker's Since and Why stay those of its last trip after
// the way has been opened again.
func (q *Queue) Snapshot() ops.Identify {
	q.mu.Lock()
	defer q.mu.Unlock()
	l, now := q.ledger, q.clock.Now()
	l.prune(now)
	l.history.prune(now)
	s := ops.Identify{Spacing: q.spacing, Waiting: q.lines.n, Sent: l.sent, Rejected: l.rejected,
		LastHour: l.history.lastHour(),
		Breaker:  ops.Breaker{Open: l.breaker.open, Since: l.breaker.since, Why: l.breaker.why, Trips: l.breaker.trips}}
	if l.known {
		s.MaxConcurrency, s.ToldAt, s.Spent = l.buckets, l.toldAt, l.spent
	}
	if l.known && !l.unlimited {
		s.Known, s.Total, s.Remaining = true, l.total, l.remaining
		s.Reserve = l.reserve()
		s.RunsOutAt = l.runsOut(now)
		if l.resetAt.After(now) {
			s.ResetAt = l.resetAt
		}
	}
	s.NextAt = q.nextAt(now)
	s.Buckets = q.bucketsAt(now)
	return s
}

// nextAt is when the first of those who wait may go; zero if that is not known.
func (q *Queue) nextAt(now time.Time) (next time.Time) {
	for bucket := range q.lines.of {
		if at := q.headAt(now, bucket); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// headAt is when the first who waits in a bucket may go; zero if that is not
// known.
func (q *Queue) headAt(now time.Time, bucket int) time.Time {
	w := q.head(bucket)
	return q.ledger.earliest(now, w.shard, w.opts.Force)
}

// bucketsAt are the buckets in which something is to be seen.
func (q *Queue) bucketsAt(now time.Time) (buckets []ops.Bucket) {
	shown := make(map[int]bool, len(q.lines.of))
	for key := range q.lines.of {
		shown[key] = true
	}
	for _, r := range q.ledger.refusals {
		if r.until.After(now) {
			shown[q.ledger.bucket(r.shard)] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(shown)) {
		if len(buckets) == mostBuckets {
			break
		}
		buckets = append(buckets, q.bucketAt(now, key))
	}
	return buckets
}

func (q *Queue) bucketAt(now time.Time, key int) ops.Bucket {
	b := ops.Bucket{Key: key, Waiting: len(q.lines.of[key])}
	if r := q.ledger.refusal(key); r != nil {
		b.Refused, b.OpenAt = r.count, r.until
	}
	if b.Waiting > 0 {
		b.OpenAt = q.headAt(now, key)
	}
	return b
}

// Held is how many waiting shards the budget holds up: while it is not zero,
// an operator has to force one ([Options.Force]) or to wait for the reset.
func (q *Queue) Held() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.ledger.known {
		return 0
	}
	return q.lines.count(q.ledger.affords(false), q.ledger.affords(true))
}
