package engine

import (
	"context"
	"time"
)

// When Discord is asked for the identify budget beside the start. Its word is
// needed seldom: the ledger counts what this process spends, but not what others
// do, nor when the count begins anew.
const (
	budgetSettle = 3 * time.Second  // after the last identify
	budgetEvery  = 30 * time.Minute // at the latest
)

// watchBudget keeps the ledger true until ctx ends.
func (e *Engine) watchBudget(ctx context.Context) {
	timer := e.cfg.Clock.NewTimer(budgetEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.spent:
			timer.Reset(budgetSettle)
			continue
		case <-e.recheck:
			if !e.mayRecheck() {
				continue
			}
		case <-timer.C():
			if id := e.queue.Snapshot(); id.Waiting > 0 && !id.Breaker.Open && e.queue.Held() == 0 {
				// More identifies follow, and each would make the answer old.
				timer.Reset(budgetEvery)
				continue
			}
		}
		wait := budgetEvery
		if _, err := e.refreshBudget(ctx); err == nil {
			wait = e.nextBudget()
		}
		timer.Reset(wait)
	}
}

// mayRecheck reports whether Discord's API was in trouble when it was asked last, or
// has not answered since the start, and may be asked again. Nobody else need ask for a
// long time: meanwhile an operator would be told of a trouble that is over, and
// nobody could identify.
func (e *Engine) mayRecheck() bool {
	st, now := e.caller.Status(), e.cfg.Clock.Now()
	return (st.ToldAt.IsZero() || e.apiTrouble(now) != "") && !st.HoldTill.After(now)
}

// askForRecheck has Discord's API asked again if it may be.
func (e *Engine) askForRecheck() {
	if e.mayRecheck() {
		nudge(e.recheck)
	}
}

// nudge puts into a channel that holds one what it may hold already.
func nudge(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// nextBudget is the wait until the budget should be asked for again: when it is
// reset, or after a while.
func (e *Engine) nextBudget() time.Duration {
	reset := e.queue.Snapshot().ResetAt
	if reset.IsZero() {
		return budgetEvery
	}
	return min(budgetEvery, reset.Sub(e.cfg.Clock.Now())+budgetSettle)
}

// noteIdentified has the budget asked for once the identifies are over.
func (e *Engine) noteIdentified() { nudge(e.spent) }
