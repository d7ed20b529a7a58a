package control

import (
	"math"
	"strconv"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// history is an ops.History.
type history struct {
	Range  string    `json:"range"`
	StepMS int64     `json:"step_ms"`
	End    time.Time `json:"end"` // when the last step begins
	Events gappy     `json:"events_per_second"`
	Bytes  gappy     `json:"bytes_per_second"`
	P50    gappy     `json:"latency_p50_ms"`
	P99    gappy     `json:"latency_p99_ms"`
	Depth  gappy     `json:"depth"`
	Lag    gappy     `json:"lag_seconds"`
}

// gappy is a series, oldest first, with null where nothing was measured.
type gappy []float64

// MarshalJSON writes what was measured with at most four digits behind the point.
func (g gappy) MarshalJSON() ([]byte, error) {
	out := []byte{'['}
	for i, v := range g {
		if i > 0 {
			out = append(out, ',')
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			out = append(out, "null"...)
			continue
		}
		out = strconv.AppendFloat(out, math.Round(v*1e4)/1e4, 'f', -1, 64)
	}
	return append(out, ']'), nil
}

func wireHistory(h *ops.History) history {
	return history{
		Range: h.Range.String(), StepMS: h.Range.Step().Milliseconds(), End: h.End.UTC(),
		Events: h.Events, Bytes: h.Bytes, P50: h.P50, P99: h.P99, Depth: h.Depth, Lag: h.Lag,
	}
}

// answeredHistory is a history as it is read.
type answeredHistory struct {
	Range  string     `json:"range"`
	End    time.Time  `json:"end"`
	Events []*float64 `json:"events_per_second"`
	Bytes  []*float64 `json:"bytes_per_second"`
	P50    []*float64 `json:"latency_p50_ms"`
	P99    []*float64 `json:"latency_p99_ms"`
	Depth  []*float64 `json:"depth"`
	Lag    []*float64 `json:"lag_seconds"`
}

func (a *answeredHistory) history() (*ops.History, error) {
	r, err := ops.ParseHistoryRange(a.Range)
	if err != nil {
		return nil, err
	}
	return &ops.History{
		Range: r, End: a.End, Events: ungapped(a.Events), Bytes: ungapped(a.Bytes),
		P50: ungapped(a.P50), P99: ungapped(a.P99), Depth: ungapped(a.Depth), Lag: ungapped(a.Lag),
	}, nil
}

// ungapped puts NaN where there was null.
func ungapped(values []*float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		if out[i] = math.NaN(); v != nil {
			out[i] = *v
		}
	}
	return out
}
