package identify

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// rules are what a ledger goes by.
type rules struct {
	width   time.Duration       // of the window that an Identify closes its bucket for, from its sending
	spacing time.Duration       // least part of it that must pass after the Identify has arrived
	reserve func(total int) int // session starts that only forced Identifies may use; nil for none
	random  func() float64      // from 0 up to 1
}

// verdict says whether a shard may identify now, or what it waits for.
type verdict uint8

const (
	granted verdict = iota // now
	unknown                // Discord has not told the budget yet
	closed                 // the bucket's window is not over, or its slot is out
	held                   // no more than the reserve is left
	stopped                // the breaker is open
)

// answer is a ledger's answer for one shard.
type answer struct {
	verdict verdict
	// at is when to ask again: the end of the window, or the budget's reset,
	// which may have passed. It is zero if no instant is known: an update, or
	// the settlement of a slot, changes the answer.
	at time.Time
}

// starved reports whether only Discord's next word can help, or an operator.
func (a answer) starved() bool {
	return a.verdict == unknown || a.verdict == held || a.verdict == stopped
}

// ledger knows what Discord said about session starts and what was spent since.
// It is driven by the instants that it is given, which never go back.
type ledger struct {
	rules     rules
	known     bool
	unlimited bool // the answer held no budget: a proxy that leaves it out
	total     int
	remaining int
	resetAt   time.Time
	noReset   bool // the answer did not say when
	toldAt    time.Time
	buckets   int // max_concurrency

	out      []*grant // slots handed out and not used yet
	windows  []window // of Identifies sent
	refusals []*refusal
	sent     uint64
	spent    int // since toldAt
	rejected uint64
	refused  int       // since toldAt
	left     int       // of the budget, as an earlier run knew it; 0 if it did not
	last     time.Time // when the last Identify was sent; zero before
	shut     time.Time // every bucket is closed until then

	history *history
	breaker breaker
	untold  string // why the breaker has tripped, until that has been told
}

// grant is a slot that was handed out. It belongs to a shard, not to a bucket,
// since max_concurrency may change meanwhile.
type grant struct {
	shard   int
	total   int // of the shard's fleet
	force   bool
	sent    time.Time // zero before
	refused bool
	record  *record // of the sending
}

// longestTransit is how much later than it was sent an Identify may have arrived,
// as long as nothing says that it has.
const longestTransit = time.Second

// window closes a shard's bucket until an instant.
type window struct {
	g     *grant
	sent  time.Time
	until time.Time
}

// newLedger returns a ledger that knows nothing yet. Before the first update it
// lets nobody identify.
func newLedger(r rules) *ledger {
	if r.random == nil {
		r.random = func() float64 { return 0 }
	}
	return &ledger{rules: r, buckets: 1, history: newHistory()}
}

// update takes what Discord says at the instant now.
//
// Discord counts successful starts, so an answer may miss Identifies that are
// on their way. If it leaves more than the ledger holds, those whose window is
// open are taken off; the next answer has them. Spending by other processes
// between Discord's answer and now is what the reserve is for.
func (l *ledger) update(now time.Time, limit discord.SessionStartLimit) {
	l.prune(now)
	l.renew(now, limit)
	l.settleOpen(now, limit)
	remaining := max(0, limit.Remaining)
	if l.known && remaining > l.remaining {
		remaining = max(l.remaining, remaining-len(l.windows))
	}
	l.known = true
	l.unlimited = limit.Total <= 0
	l.total = max(0, limit.Total)
	l.remaining = remaining
	l.resetAt = now.Add(limit.ResetAfter())
	l.noReset = limit.ResetAfterMS <= 0
	l.toldAt, l.spent, l.refused = now, 0, 0
	l.buckets = max(1, limit.MaxConcurrency)
	l.judge(now)
}

// settleOpen takes Discord's word on Identifies that were never answered. In
// trouble of its own Discord may drop connections before READY, and does not
// count what it has not started; but a READY may also have been lost on the way.
func (l *ledger) settleOpen(now time.Time, limit discord.SessionStartLimit) {
	uncounted := 0
	switch {
	case l.known:
		uncounted = max(0, limit.Remaining-l.remaining-l.refused)
	case l.left > 0: // as an earlier run knew it
		uncounted = max(0, limit.Remaining-l.left)
	}
	l.history.account(now.Add(-l.rules.width-longestTransit), uncounted)
}

// presume takes unanswered Identifies for counted once they are more than what is
// left to spend, if Discord has not been heard of meanwhile.
func (l *ledger) presume(now time.Time) {
	if !l.known || l.unlimited || len(l.history.open) <= max(leastEvidence, l.remaining-l.reserve()) {
		return
	}
	l.history.account(now.Add(time.Nanosecond), 0)
	l.judge(now)
}

// doubts reports whether so many Identifies were never answered that Discord's
// account of them decides whether there is a storm.
func (l *ledger) doubts() bool {
	return l.known && !l.unlimited && !l.breaker.open && len(l.history.open) >= l.evidence()
}

// reserve is how many session starts are left to forced Identifies.
func (l *ledger) reserve() int {
	if l.rules.reserve == nil || l.unlimited {
		return 0
	}
	return min(max(0, l.rules.reserve(l.total)), l.total)
}

// affords reports whether the budget allows one more Identify beside those
// whose slots are out. One start is never used, forced or not: at zero Discord
// resets the token.
func (l *ledger) affords(force bool) bool {
	if !l.known {
		return false
	}
	if l.unlimited {
		return true
	}
	keep := 1
	if !force {
		keep = max(keep, l.reserve())
	}
	return l.remaining-len(l.out) > keep
}

// passes reports whether neither the budget nor the breaker keeps a shard back.
func (l *ledger) passes(force bool) bool {
	return l.affords(force) && (force || !l.breaker.open)
}

// ask says whether a shard may identify at the instant now.
func (l *ledger) ask(now time.Time, shard int, force bool) answer {
	switch {
	case !l.known:
		return answer{verdict: unknown}
	case !l.affords(force):
		return answer{verdict: held, at: l.resetAt}
	case !l.passes(force):
		return answer{verdict: stopped, at: l.breaker.resetAt}
	}
	for _, g := range l.out {
		if l.bucket(g.shard) == l.bucket(shard) {
			return answer{verdict: closed}
		}
	}
	if open := l.openAt(shard); open.After(now) {
		return answer{verdict: closed, at: open}
	}
	return answer{verdict: granted, at: now}
}

// bucket is the rate_limit_key of a shard.
func (l *ledger) bucket(shard int) int { return shard % l.buckets }

// openAt is when a shard's bucket has opened or opens, if its slot is not out;
// zero if nothing has closed it.
func (l *ledger) openAt(shard int) time.Time {
	bucket, open := l.bucket(shard), l.shut
	for _, w := range l.windows {
		if w.until.After(open) && l.bucket(w.g.shard) == bucket {
			open = w.until
		}
	}
	if r := l.refusal(bucket); r != nil && r.until.After(open) {
		open = r.until
	}
	return open
}

// grant hands out a slot, after the answer granted. Until it is settled by sent or released,
// its bucket is closed and one session start is set aside.
func (l *ledger) grant(shard, total int, force bool) *grant {
	g := &grant{shard: shard, total: total, force: force}
	l.out = append(l.out, g)
	return g
}

// settle takes a slot off those that are out, and reports whether it was.
func (l *ledger) settle(g *grant) bool {
	for i, other := range l.out {
		if other == g {
			l.out = append(l.out[:i], l.out[i+1:]...)
			return true
		}
	}
	return false
}

// send spends a session start and closes the bucket for a window from now, which
// is longer until the Identify is known to have arrived.
func (l *ledger) send(now time.Time, g *grant) bool {
	if !l.settle(g) {
		return false
	}
	l.prune(now)
	l.remaining = max(0, l.remaining-1)
	l.sent++
	l.spent++
	l.last, g.sent = now, now
	l.windows = append(l.windows, window{g, now, now.Add(l.rules.width + longestTransit)})
	g.record = l.history.add(now, who{g.shard, g.total}, g.force)
	l.presume(now)
	return true
}

// confirm takes the answer to an Identify, its READY, as the latest that it can
// have arrived, and shortens its window accordingly.
func (l *ledger) confirm(now time.Time, g *grant) {
	if g.sent.IsZero() || g.refused {
		return
	}
	l.accepted(g)
	l.history.charge(g.record)
	if g.record.again {
		l.judge(now)
	}
	for i := range l.windows {
		w := &l.windows[i]
		if w.g != g {
			continue
		}
		arrived := w.sent.Add(min(now.Sub(w.sent), longestTransit))
		w.until = arrived.Add(l.rules.spacing)
		if least := w.sent.Add(l.rules.width); w.until.Before(least) {
			w.until = least
		}
	}
}

// earliest is the first instant at which a shard may go as things stand; zero
// if none is known.
func (l *ledger) earliest(now time.Time, shard int, force bool) time.Time {
	a := l.ask(now, shard, force)
	switch {
	case a.verdict == stopped:
		return time.Time{} // an operator has to allow it first
	case a.verdict == closed && a.at.IsZero():
		return now.Add(l.rules.width) // behind the slot that is out
	case a.verdict == held && a.at.Before(now):
		return time.Time{} // Discord has to be asked first
	default:
		return a.at
	}
}

// prune forgets windows and refusals that are over.
func (l *ledger) prune(now time.Time) {
	kept := l.windows[:0]
	for _, w := range l.windows {
		if w.until.After(now) {
			kept = append(kept, w)
		}
	}
	clear(l.windows[len(kept):])
	l.windows = kept
	l.fade(now)
}
