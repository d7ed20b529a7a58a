package delivery

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// The back-off after failures: doubling, with jitter over its second half.
const (
	firstWait = 100 * time.Millisecond
	longest   = 5 * time.Second
)

// stuckLanes is how many shards may fail on their own before the bot as a whole
// is taken for broken.
const stuckLanes = 4

// trouble is a sink that as a whole does not take deliveries.
type trouble struct {
	failures int       // in a row, as probes found them
	until    time.Time // no delivery before this
	probe    *lane     // whose delivery is out to see whether the sink is back; nil for none
}

// admit reports whether a lane's delivery may go out. The first after a failure
// goes alone, to see whether the bot is back.
func (t *trouble) admit(now time.Time, l *lane) bool {
	if t.failures == 0 {
		return true
	}
	if t.probe != nil || now.Before(t.until) {
		return false
	}
	t.probe = l
	return true
}

// abandon forgets a probe that tells nothing of the sink as a whole.
func (t *trouble) abandon(l *lane) {
	if t.probe == l {
		t.probe = nil
	}
}

// note books a failure. Those that were under way when the trouble began do
// not lengthen it.
func (t *trouble) note(now time.Time, l *lane, random float64, least time.Duration) {
	if t.failures > 0 && t.probe != l {
		return
	}
	t.failures++
	t.probe = nil
	t.until = now.Add(max(backoff(t.failures, random), least))
}

// backoff is the wait after so many failures in a row.
func backoff(failures int, random float64) time.Duration {
	span := firstWait << min(failures-1, 16)
	if span > longest {
		span = longest
	}
	return span/2 + time.Duration(random*float64(span/2))
}

// rejectingFor is how long a sink counts as rejecting after it has refused an
// event: what it takes in between does not make it well.
const rejectingFor = 30 * time.Second

// succeeded ends the trouble, if there was any.
func (r *Runner) succeeded(now time.Time) {
	r.calm()
	r.tookAt = now
	rejecting := r.state == ops.SinkRejecting && now.Sub(r.rejectedAt) < rejectingFor
	if !r.paused && !r.refused && !rejecting {
		r.enter(now, ops.SinkOK, "the bot acknowledges")
	}
}

// calm lets deliveries go on: the bot has answered.
func (r *Runner) calm() {
	if r.trouble.failures > 0 {
		r.trouble = trouble{}
		r.nudge()
	}
}

// rejected notes that the bot has refused events.
func (r *Runner) rejected(now time.Time) {
	r.calm()
	r.rejectedAt = now
	if !r.paused && !r.refused {
		r.enter(now, ops.SinkRejecting, r.lastErr)
	}
}

// failed decides what a failure means for the events and for the sink. It
// returns the error of an event that is to be buried; it is then the only one of
// the delivery.
func (r *Runner) failed(now time.Time, d *load, err error) (last *Error) {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Verdict: Retry, Err: err}
	}
	r.lastErr, r.errAt = e.Error(), now
	if e.Accepted > 0 {
		r.acknowledged(d, e.Accepted)
	}
	switch e.Verdict {
	case Unauthorized:
		r.trouble = trouble{}
		r.refused = true
		r.enter(now, ops.SinkRefused, r.lastErr)
	case Refused:
		last = r.refusedEvents(now, d, e)
	default:
		r.retry(now, d.lane, e)
	}
	r.setAlarm(now)
	return last
}

// retry keeps the events for another attempt: soon if it is this shard's
// trouble alone, when the sink is back if it is the bot's.
func (r *Runner) retry(now time.Time, l *lane, e *Error) {
	r.retries.Add(1)
	l.attempt++
	if sinkWide(e.Status) || len(r.waiting) >= stuckLanes {
		r.trouble.note(now, l, r.cfg.Random(), e.RetryAfter)
		if !r.paused && !r.refused {
			r.enter(now, ops.SinkRetrying, r.lastErr)
		}
		return
	}
	r.trouble.abandon(l)
	r.postpone(now, l, e.RetryAfter)
	if r.inFlight == 0 && r.ready.empty() && !r.paused && !r.refused {
		r.enter(now, ops.SinkRetrying, r.lastErr) // all that there is to deliver fails
	}
}

// postpone lets a lane wait on its own.
func (r *Runner) postpone(now time.Time, l *lane, least time.Duration) {
	if l.src.gone {
		return
	}
	l.retryAt = now.Add(max(backoff(l.attempt, r.cfg.Random()), least))
	r.waiting = append(r.waiting, l)
}

// sinkWide reports whether a status speaks of the bot as a whole: no answer at
// all, too many requests, or a gateway in front of it that cannot reach it.
func sinkWide(status int) bool {
	switch status {
	case 0, http.StatusTooManyRequests, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

// refusedEvents handles events that the bot does not want: a group is tried one
// by one to find the culprit, a single one is to be buried after its last
// attempt.
func (r *Runner) refusedEvents(now time.Time, d *load, e *Error) (last *Error) {
	if len(d.events) == 0 {
		r.succeeded(now) // it has taken all of them, whatever it said
		return nil
	}
	r.rejected(now)
	if len(d.events) > 1 {
		d.lane.single = len(d.events)
		return nil
	}
	d.lane.attempt++
	if d.lane.attempt < r.cfg.MaxAttempts {
		r.retries.Add(1)
		r.postponeRefused(now, d.lane, e.RetryAfter)
		return nil
	}
	return e
}

// A bot that takes other events means what it says of this one: the shard behind
// it does not wait long for a change of mind.
const (
	takesWithin = 2 * time.Second      // since it last took something
	pickyWait   = 5 * time.Millisecond // times the attempt
)

// postponeRefused lets a lane wait whose first event was refused.
func (r *Runner) postponeRefused(now time.Time, l *lane, least time.Duration) {
	if l.src.gone || now.Sub(r.tookAt) > takesWithin {
		r.postpone(now, l, least)
		return
	}
	l.retryAt = now.Add(max(time.Duration(l.attempt)*pickyWait, least))
	r.waiting = append(r.waiting, l)
}

// keepTime wakes what waited long enough, until ctx ends.
func (r *Runner) keepTime(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.alarm.C():
			r.alarmed(r.cfg.Clock.Now())
		}
	}
}

func (r *Runner) alarmed(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	still := r.waiting[:0]
	for _, l := range r.waiting {
		if now.Before(l.retryAt) {
			still = append(still, l)
			continue
		}
		l.retryAt = time.Time{}
		r.enqueue(l)
	}
	clear(r.waiting[len(still):])
	r.waiting = still
	r.setAlarm(now)
	r.nudge()
}

// setAlarm arms the alarm for the earliest wait.
func (r *Runner) setAlarm(now time.Time) {
	var next time.Time
	if r.trouble.failures > 0 && now.Before(r.trouble.until) {
		next = r.trouble.until
	}
	for _, l := range r.waiting {
		if next.IsZero() || l.retryAt.Before(next) {
			next = l.retryAt
		}
	}
	// A generation may run empty without an acknowledgement.
	if look := now.Add(time.Second); r.open < r.newest && (next.IsZero() || look.Before(next)) {
		next = look
	}
	if !next.IsZero() {
		r.alarm.Reset(next.Sub(now))
	}
}
