package delivery

import (
	"context"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Pause holds deliveries back: events queue up.
func (r *Runner) Pause() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paused = true
	r.enter(r.cfg.Clock.Now(), ops.SinkPaused, "paused by the operator")
}

// Resume lets deliveries go on after a pause or a refusal, and tries at once
// what waits.
func (r *Runner) Resume() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.cfg.Clock.Now()
	held := r.paused || r.refused
	r.paused, r.refused = false, false
	if held {
		r.enter(now, ops.SinkIdle, "resumed by the operator")
	}
	r.hurry(now)
}

// hurry cuts the waits short. r.mu is held.
func (r *Runner) hurry(now time.Time) {
	r.trouble.until = now
	for _, l := range r.waiting {
		l.retryAt = now
	}
	r.alarm.Reset(0)
}

// enter changes the sink's state and says so. r.mu is held.
func (r *Runner) enter(now time.Time, to ops.SinkState, why string) {
	if r.state == to {
		return
	}
	r.state, r.since = to, now
	r.cfg.StateChanged(to, why)
}

// Status is the sink's part of the operator's snapshot, without rates.
func (r *Runner) Status(now time.Time) ops.Sink {
	r.mu.Lock()
	s := ops.Sink{
		Name:        r.cfg.Name,
		State:       r.state,
		Since:       r.since,
		InFlight:    r.inFlight,
		LastError:   r.lastErr,
		LastErrorAt: r.errAt,
	}
	if r.state == ops.SinkRetrying {
		s.NextTry = r.nextTry()
	}
	sources := r.counted()
	s.Dropped = r.dropped
	r.mu.Unlock()

	s.Delivered, s.Retries, s.Buried = r.delivered.Load(), r.retries.Load(), r.buried.Load()
	s.Early, s.Late, s.Expired = r.early.Load(), r.late.Load(), r.expired.Load()
	s.Gaps = r.gaps.Load()
	s.Dropped += r.lost.Load()
	s.Letters, _ = r.cfg.DeadLetters.Count(r.cfg.Name)
	for _, src := range sources {
		c := src.cursor.Stats()
		s.Depth += c.Depth
		s.Dropped += c.Dropped
		if !c.Oldest.IsZero() {
			s.Lag = max(s.Lag, now.Sub(c.Oldest))
		}
	}
	q := r.took.Quantiles(0.5, 0.99)
	s.P50, s.P99 = q[0], q[1]
	return s
}

// nextTry is when something is tried again; zero if nothing waits. r.mu is held.
func (r *Runner) nextTry() (at time.Time) {
	if r.trouble.failures > 0 {
		return r.trouble.until
	}
	for _, l := range r.waiting {
		if at.IsZero() || l.retryAt.Before(at) {
			at = l.retryAt
		}
	}
	return at
}

// Delivered is the number of events acknowledged so far.
func (r *Runner) Delivered() uint64 { return r.delivered.Load() }

// Turn moves the window of the latency figures on; call it every ten seconds.
func (r *Runner) Turn() { r.took.Turn() }

// Drained tries at once what waits for a retry, and waits until every event has
// been acknowledged, or ctx ends.
func (r *Runner) Drained(ctx context.Context) error {
	r.mu.Lock()
	r.empty = make(chan struct{})
	empty := r.empty
	r.checkEmpty()
	r.hurry(r.cfg.Clock.Now())
	r.mu.Unlock()
	select {
	case <-empty:
	case <-ctx.Done():
	}
	// Both may be true, and then nothing is lost.
	select {
	case <-empty:
		return nil
	default:
		return ctx.Err()
	}
}

// checkEmpty tells who waits for it that nothing is left. r.mu is held.
func (r *Runner) checkEmpty() {
	if r.empty == nil {
		return
	}
	for _, src := range r.sources {
		if !src.apart && src.cursor.Depth() > 0 {
			return
		}
	}
	close(r.empty)
	r.empty = nil
}
