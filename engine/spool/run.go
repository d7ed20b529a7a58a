package spool

import (
	"context"
	"slices"
	"sync"
	"time"
)

// tenders are the goroutines between logs and their store, one a log. The queue's
// lock guards them.
type tenders struct {
	ctx  context.Context // of all; nil while they are not to run
	all  sync.WaitGroup
	logs []*Log // of those that run, never changed in place
	ends map[*Log]context.CancelFunc
}

// Run works between the logs and their store until ctx ends, then saves what is
// in memory alone, and returns. Logs that come later it takes in.
func (q *Queue) Run(ctx context.Context) {
	if q.cfg.Store == nil {
		<-ctx.Done()
		return
	}
	q.beginTending(ctx)
	defer q.endTending()
	timer := q.cfg.Clock.NewTimer(q.pace())
	defer timer.Stop()
	turnAt := q.cfg.Clock.Now().Add(halfMinute)
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-timer.C():
			for _, l := range q.tended() {
				l.tick()
			}
			if now.After(turnAt) {
				q.budget.health.turn()
				turnAt = now.Add(halfMinute)
			}
		}
		timer.Reset(q.pace())
	}
}

const halfMinute = 30 * time.Second

// pace is how often the logs are looked at: often enough that persist_after is
// kept about.
func (q *Queue) pace() time.Duration {
	return min(max(q.cfg.PersistAfter/4, 5*time.Millisecond), 250*time.Millisecond)
}

func (q *Queue) beginTending(ctx context.Context) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tenders.ctx, q.tenders.ends = ctx, make(map[*Log]context.CancelFunc)
	for _, g := range q.generations {
		if !g.promoted {
			continue
		}
		for _, l := range g.list() {
			q.tend(l)
		}
	}
}

// endTending waits for the tenders, whose context has ended.
func (q *Queue) endTending() {
	q.mu.Lock()
	q.tenders.ctx, q.tenders.logs = nil, nil // none is added any more
	for _, end := range q.tenders.ends {
		end()
	}
	q.mu.Unlock()
	q.tenders.all.Wait()
}

// tend gives a log its tender, if Run is running. q.mu is held.
func (q *Queue) tend(l *Log) {
	t := &q.tenders
	if t.ctx == nil {
		return
	}
	ctx, end := context.WithCancel(t.ctx)
	t.ends[l] = end
	t.logs = append(slices.Clip(t.logs), l)
	t.all.Go(func() { l.tend(ctx) })
	l.kick()
}

// release ends the tenders of logs, which delete what is left of their files. q.mu
// is held.
func (q *Queue) release(logs []*Log) {
	t := &q.tenders
	for _, l := range logs {
		if end := t.ends[l]; end != nil {
			end()
			delete(t.ends, l)
		}
	}
	t.logs = slices.DeleteFunc(slices.Clone(t.logs), func(l *Log) bool { return slices.Contains(logs, l) })
}

// tended are the logs that have a tender.
func (q *Queue) tended() []*Log {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.tenders.logs
}
