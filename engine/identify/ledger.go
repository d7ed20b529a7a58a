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
}

// verdict says whether a shard may identify now, or what it waits for.
type verdict uint8

const (
	granted verdict = iota // now
	unknown                // Discord has not told the budget yet
	closed                 // the bucket's window is not over, or its slot is out
	held                   // no more than the reserve is left
)

// answer is a ledger's answer for one shard.
type answer struct {
	verdict verdict
	// at is when to ask again: the end of the window, or the budget's reset,
	// which may have passed. It is zero if no instant is known: an update, or
	// the settlement of a slot, changes the answer.
	at time.Time
}

// starved reports whether only Discord's next word can help.
func (a answer) starved() bool { return a.verdict == unknown || a.verdict == held }

// ledger knows what Discord said about session starts and what was spent since.
// It is driven by the instants that it is given, which never go back.
type ledger struct {
	rules     rules
	known     bool
	unlimited bool // the answer held no budget: a proxy that leaves it out
	total     int
	remaining int
	resetAt   time.Time
	buckets   int // max_concurrency

	out     []*grant // slots handed out and not used yet
	windows []window // of Identifies sent
	sent    uint64
	last    time.Time // when the last Identify was sent; zero before
	shut    time.Time // every bucket is closed until then
}

// grant is a slot that was handed out. It belongs to a shard, not to a bucket,
// since max_concurrency may change meanwhile.
type grant struct{ shard int }

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
func newLedger(r rules) *ledger { return &ledger{rules: r, buckets: 1} }

// update takes what Discord says at the instant now.
//
// Discord counts successful starts, so an answer may miss Identifies that are
// on their way. If it leaves more than the ledger holds, those whose window is
// open are taken off; the next answer has them. Spending by other processes
// between Discord's answer and now is what the reserve is for.
func (l *ledger) update(now time.Time, limit discord.SessionStartLimit) {
	l.prune(now)
	remaining := max(0, limit.Remaining)
	if l.known && remaining > l.remaining {
		remaining = max(l.remaining, remaining-len(l.windows))
	}
	l.known = true
	l.unlimited = limit.Total <= 0
	l.total = max(0, limit.Total)
	l.remaining = remaining
	l.resetAt = now.Add(limit.ResetAfter())
	l.buckets = max(1, limit.MaxConcurrency)
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

// ask says whether a shard may identify at the instant now.
func (l *ledger) ask(now time.Time, shard int, force bool) answer {
	if !l.known {
		return answer{verdict: unknown}
	}
	if !l.affords(force) {
		return answer{verdict: held, at: l.resetAt}
	}
	for _, g := range l.out {
		if l.bucket(g.shard) == l.bucket(shard) {
			return answer{verdict: closed}
		}
	}
	open := l.openAt(shard)
	if l.shut.After(open) {
		open = l.shut
	}
	if open.After(now) {
		return answer{verdict: closed, at: open}
	}
	return answer{verdict: granted, at: now}
}

// bucket is the rate_limit_key of a shard.
func (l *ledger) bucket(shard int) int { return shard % l.buckets }

// openAt is when the last window of a shard's bucket ends; zero if there is none.
func (l *ledger) openAt(shard int) (open time.Time) {
	for _, w := range l.windows {
		if l.bucket(w.g.shard) == l.bucket(shard) && w.until.After(open) {
			open = w.until
		}
	}
	return open
}

// grant hands out a slot, after the answer granted. Until it is settled by sent or released,
// its bucket is closed and one session start is set aside.
func (l *ledger) grant(shard int) *grant {
	g := &grant{shard}
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
	l.last = now
	l.windows = append(l.windows, window{g, now, now.Add(l.rules.width + longestTransit)})
	return true
}

// confirm takes the answer to an Identify, its READY, as the latest that it can
// have arrived, and shortens its window accordingly.
func (l *ledger) confirm(now time.Time, g *grant) {
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

// reject closes the bucket of an Identify that Discord answered with op 9 for a
// whole window more, counted from the answer. The start stays spent until
// Discord says otherwise.
func (l *ledger) reject(now time.Time, g *grant) {
	l.prune(now)
	until := now.Add(l.rules.width)
	for i := range l.windows {
		if l.windows[i].g == g {
			l.windows[i].until = until
			return
		}
	}
	l.windows = append(l.windows, window{g, now, until})
}

// earliest is the first instant at which a shard may go as things stand; zero
// if none is known.
func (l *ledger) earliest(now time.Time, shard int, force bool) time.Time {
	a := l.ask(now, shard, force)
	switch {
	case a.verdict == closed && a.at.IsZero():
		return now.Add(l.rules.width) // behind the slot that is out
	case a.verdict == held && a.at.Before(now):
		return time.Time{} // Discord has to be asked first
	default:
		return a.at
	}
}

// prune forgets windows that are over.
func (l *ledger) prune(now time.Time) {
	kept := l.windows[:0]
	for _, w := range l.windows {
		if w.until.After(now) {
			kept = append(kept, w)
		}
	}
	clear(l.windows[len(kept):])
	l.windows = kept
}
