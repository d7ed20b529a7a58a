package ops

import (
	"fmt"
	"time"
)

// HistoryRange is how far back a history reaches.
type HistoryRange uint8

// The ranges, each with its steps.
const (
	History5m  HistoryRange = iota // 300 steps of a second
	History1h                      // 360 steps of ten seconds
	History24h                     // 288 steps of five minutes
	historyRanges
)

var historyNames = [...]string{History5m: "5m", History1h: "1h", History24h: "24h"}

// String is the range as people write it: 5m, 1h, 24h.
func (r HistoryRange) String() string {
	if r < historyRanges {
		return historyNames[r]
	}
	return "unknown"
}

// Next is the range that follows, in a circle.
func (r HistoryRange) Next() HistoryRange { return (r + 1) % historyRanges }

// HistoryRanges are all of them, the shortest first.
func HistoryRanges() []HistoryRange { return []HistoryRange{History5m, History1h, History24h} }

// Step is what one value stands for.
func (r HistoryRange) Step() time.Duration {
	return [...]time.Duration{History5m: time.Second, History1h: 10 * time.Second, History24h: 5 * time.Minute}[r%historyRanges]
}

// Steps is how many values there are at most.
func (r HistoryRange) Steps() int {
	return [...]int{History5m: 300, History1h: 360, History24h: 288}[r%historyRanges]
}

// Span is how far it reaches back.
func (r HistoryRange) Span() time.Duration { return r.Step() * time.Duration(r.Steps()) }

// ParseHistoryRange reads a range. It fails with an error that names those there are.
func ParseHistoryRange(text string) (HistoryRange, error) {
	for _, r := range HistoryRanges() {
		if r.String() == text {
			return r, nil
		}
	}
	return 0, fmt.Errorf("range %q: ranges are 5m, 1h and 24h", text)
}

// History is what was measured over a range, one value a step, oldest first. NaN
// stands where nothing was: before the start, while the engine was not running, and
// for latencies while no shard had one. The last step may be under way. It is
// immutable.
type History struct {
	Range HistoryRange
	End   time.Time // when the last step begins
	// The values of all steps; those of the mean of a step, and of its greatest value.
	Events []float64 // dispatches per second, mean
	Bytes  []float64 // of their JSON per second, mean
	P50    []float64 // heartbeat latency in ms, mean of the medians of all shards
	P99    []float64 // heartbeat latency in ms, greatest
	Depth  []float64 // events that the deepest sink has not acknowledged, greatest
	Lag    []float64 // age of the oldest of them in seconds, greatest
}
