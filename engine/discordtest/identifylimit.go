package discordtest

import "time"

// startLimit is the budget of session starts and the pace of identifies
// (Discord docs, Gateway: session start limit, rate limiting). It is guarded by
// the server's mutex.
type startLimit struct {
	total, remaining int
	period           time.Duration
	resetAt          time.Time // zero while nothing was used
	concurrency      int
	window           time.Duration
	tolerance        time.Duration
	last             map[int]time.Time // receipt of the last accepted identify, by key
	dead             bool              // the budget was overdrawn: the token is reset
}

func newStartLimit(cfg Config) startLimit {
	return startLimit{
		total: cfg.SessionStarts, remaining: max(0, cfg.SessionStartsLeft), period: cfg.SessionStartsReset,
		concurrency: cfg.MaxConcurrency, window: cfg.IdentifyWindow, tolerance: cfg.IdentifyTolerance,
		last: make(map[int]time.Time),
	}
}

// refresh gives the budget back when its time has come.
func (l *startLimit) refresh(now time.Time) {
	if !l.resetAt.IsZero() && !now.Before(l.resetAt) {
		l.remaining = l.total
		l.resetAt = time.Time{}
	}
}

// resetAfter is the time until then; 0 while nothing was used.
func (l *startLimit) resetAfter(now time.Time) time.Duration {
	if l.resetAt.IsZero() {
		return 0
	}
	return l.resetAt.Sub(now)
}

// early is how much too early an identify of a shard is; 0 or less if it is not.
func (l *startLimit) early(shard int, now time.Time) time.Duration {
	last, used := l.last[shard%l.concurrency]
	if !used {
		return 0
	}
	return l.window - l.tolerance - now.Sub(last)
}

// spend takes one session start; ok is false if none was left.
func (l *startLimit) spend(shard int, now time.Time) (ok bool) {
	l.refresh(now)
	if l.remaining == 0 {
		l.dead = true
		return false
	}
	l.remaining--
	l.last[shard%l.concurrency] = now
	if l.resetAt.IsZero() {
		l.resetAt = now.Add(l.period)
	}
	return true
}
