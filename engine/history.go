package engine

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/stats"
)

// historyFolds are the series of a history, in the order in which they are pushed:
// events, bytes, median and p99 latency, depth, lag.
func historyFolds() []stats.Fold {
	return []stats.Fold{stats.Mean, stats.Mean, stats.Mean, stats.Greatest, stats.Greatest, stats.Greatest}
}

// inMillis is a latency in ms; NaN if none was measured.
func inMillis(d time.Duration) float64 {
	if d <= 0 {
		return math.NaN()
	}
	return float64(d) / float64(time.Millisecond)
}

// History is what was measured over a range. It fails if there is no such range.
func (e *Engine) History(_ context.Context, r ops.HistoryRange) (*ops.History, error) {
	s := e.series
	if int(r) >= len(s.histories) {
		return nil, fmt.Errorf("history %d: there is no such range", r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.histories[r]
	out := &ops.History{Range: r}
	var last int64
	for i, to := range []*[]float64{&out.Events, &out.Bytes, &out.P50, &out.P99, &out.Depth, &out.Lag} {
		*to, last = h.Series(i)
	}
	out.End = time.Unix(last, 0)
	return out, nil
}
