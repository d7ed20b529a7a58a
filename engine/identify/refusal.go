package identify

import (
	"slices"
	"time"
)

// How long a bucket stays closed after op 9: a window, doubled with each refusal
// in a row, and up to half more by chance, so that processes of one bot that met
// do not meet again.
const (
	longestRefusal = 80 * time.Second // without the chance; 2 min with it
	refusalFades   = 10 * time.Minute // after its end a refusal is not in a row with the next
)

// refusal is a bucket that Discord has told to slow down.
type refusal struct {
	shard int // one of the bucket
	count int // in a row
	at    time.Time
	until time.Time
}

// reject closes the bucket of an Identify that Discord answered with op 9,
// counted from the answer. The start stays spent until Discord says otherwise.
//
// It need not be this process's fault: others of the bot share the windows. It
// is no evidence of a storm, since Discord counts what it accepts (observed),
// and since this slows down what goes on.
func (l *ledger) reject(now time.Time, g *grant) {
	if g.sent.IsZero() || g.refused {
		return
	}
	g.refused = true
	l.rejected++
	l.refused++
	l.history.void(g.record)
	l.prune(now)
	l.closeWindow(g)
	r := l.refusal(l.bucket(g.shard))
	if r == nil {
		r = &refusal{shard: g.shard}
		l.refusals = append(l.refusals, r)
	}
	r.count++
	r.at = now
	r.until = now.Add(l.refusalWait(r.count))
}

// refusalWait is how long a bucket stays closed after so many refusals in a row.
func (l *ledger) refusalWait(count int) time.Duration {
	wait := l.rules.width
	for range count - 1 {
		if wait >= longestRefusal {
			break
		}
		wait *= 2
	}
	wait = max(l.rules.width, min(wait, longestRefusal))
	return wait + time.Duration(l.rules.random()*float64(wait)/2)
}

// closeWindow forgets the window of an Identify.
func (l *ledger) closeWindow(g *grant) {
	for i := range l.windows {
		if l.windows[i].g == g {
			l.windows = append(l.windows[:i], l.windows[i+1:]...)
			return
		}
	}
}

// refusal is the longest of a bucket, nil if there is none. There are several
// after buckets have become one.
func (l *ledger) refusal(bucket int) (longest *refusal) {
	for _, r := range l.refusals {
		if l.bucket(r.shard) == bucket && (longest == nil || r.until.After(longest.until)) {
			longest = r
		}
	}
	return longest
}

// accepted ends the refusals in a row of a bucket, but for those that came after
// the Identify that was accepted had been sent. It does not open a bucket early:
// while max_concurrency changes, two of a bucket may be under way.
func (l *ledger) accepted(g *grant) {
	for _, r := range l.refusals {
		if l.bucket(r.shard) == l.bucket(g.shard) && !g.sent.Before(r.at) {
			r.count = 0
		}
	}
}

// fade forgets refusals that are long over, or over and not in a row with others.
func (l *ledger) fade(now time.Time) {
	l.refusals = slices.DeleteFunc(l.refusals, func(r *refusal) bool {
		over := now.Sub(r.until)
		return over > refusalFades || over >= 0 && r.count == 0
	})
}
