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
		case <-timer.C():
		}
		if id := e.queue.Snapshot(); id.Waiting > 0 && !id.Breaker.Open && e.queue.Held() == 0 {
			// More identifies follow, and each would make the answer old.
			timer.Reset(budgetEvery)
			continue
		}
		if _, err := e.refreshBudget(ctx); err == nil || ctx.Err() != nil {
			timer.Reset(e.nextBudget())
			continue
		}
		timer.Reset(budgetEvery)
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
func (e *Engine) noteIdentified() {
	select {
	case e.spent <- struct{}{}:
	default:
	}
}
