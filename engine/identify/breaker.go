package identify

import (
	"fmt"
	"math"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// When the breaker trips. Both must hold: enough repeats beyond the allowance,
// and a pace that ends below the reserve before the budget is reset.
const (
	leastEvidence = 10   // repeats
	budgetShare   = 0.05 // of the total: more evidence than this is not waited for
	leftShare     = 0.25 // nor more than this of what is left above the reserve
	day           = 24 * time.Hour
	// resetSlack is how much earlier than told a reset is believed, and
	// resetMoves how far its time must move to be another one.
	resetSlack = time.Minute
	resetMoves = time.Hour
)

// leastForecast is the number of repeats in the hour from which there is a pace.
const leastForecast = 3

// breaker stops the Identifies that nobody asked for.
type breaker struct {
	open  bool
	since time.Time // of the last trip; zero before the first
	why   string    // of the last trip
	trips uint64

	// While it is open: what was left and when that would be reset, by which a
	// fresh budget is known.
	left    int
	resetAt time.Time
}

// judge trips the breaker if what happens would burn the reserve.
func (l *ledger) judge(now time.Time) {
	if !l.known || l.unlimited || l.breaker.open {
		return
	}
	l.history.prune(now)
	for _, t := range []*tally{&l.history.hour, &l.history.watch} {
		if t.excess < l.evidence() {
			continue
		}
		p := l.history.pace(now, t, t.allowance)
		if left := l.project(now, p); left < max(1, l.reserve()) {
			l.trip(now, p, left)
			return
		}
	}
}

// evidence is how many repeats beyond the allowance make a storm.
func (l *ledger) evidence() int {
	spendable := max(0, l.remaining-l.reserve())
	share := min(budgetShare*float64(l.total), leftShare*float64(spendable))
	return max(leastEvidence, int(math.Ceil(share)))
}

// project is what a pace leaves of the budget when it is reset.
func (l *ledger) project(now time.Time, p pace) int {
	return l.remaining - int(math.Ceil(p.perHour*l.toReset(now).Hours()))
}

// toReset is the time until the budget is reset: a day if Discord did not tell,
// nothing once it has come, since only Discord knows then what is left.
func (l *ledger) toReset(now time.Time) time.Duration {
	if l.noReset {
		return day
	}
	return max(0, l.resetAt.Sub(now))
}

func (l *ledger) trip(now time.Time, p pace, left int) {
	b := &l.breaker
	b.open, b.since, b.left = true, now, l.remaining
	b.trips++
	b.resetAt = now.Add(l.toReset(now))
	b.why = tripped(p, l, now, left)
	l.untold = b.why
}

// tripped says why, and what to do.
func tripped(p pace, l *ledger, now time.Time, left int) string {
	shards, rest := "1 shard", "none"
	if p.shards != 1 {
		shards = fmt.Sprintf("%d shards", p.shards)
	}
	if left > 0 {
		rest = fmt.Sprint(left)
	}
	return fmt.Sprintf("%s identified %d times again within %s, and at this pace %s of the %d identifies left would remain"+
		" when Discord resets the budget in %s (reserve %d): look why sessions die (Discord's status? two processes with one token?),"+
		" then allow identifies again", shards, p.again, span(p.span), rest, l.remaining, span(l.toReset(now)), l.reserve())
}

// span shows a duration in minutes.
func span(d time.Duration) string {
	minutes := int(math.Ceil(d.Minutes()))
	if minutes < 60 {
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d h %02d min", minutes/60, minutes%60)
}

// allow opens the way again. A new storm has to build up anew.
func (l *ledger) allow() bool {
	if !l.breaker.open {
		return false
	}
	l.breaker.open = false
	l.history.forgive()
	return true
}

// renew opens the way if an answer is of a budget that has been reset since the
// breaker tripped, and else keeps what such an answer will be known by.
func (l *ledger) renew(now time.Time, limit discord.SessionStartLimit) {
	b := &l.breaker
	if !b.open {
		return
	}
	reset := now.Add(limit.ResetAfter())
	come := !now.Before(b.resetAt.Add(-resetSlack))
	moved := reset.After(b.resetAt.Add(resetMoves))
	risen := limit.Remaining > b.left
	refilled := 2*(limit.Remaining-b.left) > limit.Total-b.left
	if moved && (come || risen) || come && refilled {
		l.allow()
		return
	}
	b.left = max(0, limit.Remaining)
	if limit.ResetAfterMS > 0 {
		b.resetAt = reset
	}
}

// runsOut is when no more than the reserve is left at the pace of the last hour;
// zero if the reset comes first or there is no pace. A shard's first repeat of
// the hour is not projected: Discord drops all sessions at once now and then.
func (l *ledger) runsOut(now time.Time) time.Time {
	if !l.known || l.unlimited || l.breaker.open {
		return time.Time{}
	}
	if len(l.history.hour.again) == 0 {
		return time.Time{}
	}
	p := l.history.pace(now, &l.history.hour, 1)
	if p.again < leastForecast {
		return time.Time{}
	}
	hours := float64(max(0, l.remaining-l.reserve())) / p.perHour
	if hours >= l.toReset(now).Hours() {
		return time.Time{}
	}
	return now.Add(time.Duration(hours * float64(time.Hour)))
}
