package screen

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// Metric is what the colours of the grid stand for. The signs always stand for
// the state.
type Metric uint8

// The metrics.
const (
	MetricState Metric = iota
	MetricLatency
	MetricLag // of the shard's worker: how old the oldest event is that a sink has not acknowledged
	MetricEvents
	MetricGuilds
	metrics
)

// Next is the metric after m, in a circle.
func (m Metric) Next() Metric { return (m + 1) % metrics }

// String is the metric's name.
func (m Metric) String() string {
	return [...]string{"state", "latency", "lag", "events/s", "guilds"}[m%metrics]
}

// bounds are where the steps of a heat scale begin, from the second on. They
// are fixed, so that a colour means the same today and tomorrow. Guilds count
// towards Discord's limit of 2500 on a shard.
func (m Metric) bounds() [style.HeatSteps - 1]float64 {
	switch m {
	case MetricLatency:
		return [...]float64{50, 100, 250, 1000}
	case MetricLag:
		return [...]float64{1, 10, 60, 600}
	case MetricEvents:
		return [...]float64{1, 10, 50, 200}
	default:
		return [...]float64{500, 1000, 1500, 2000}
	}
}

// steps are the legend of the heat scale.
func (m Metric) steps() [style.HeatSteps]string {
	switch m {
	case MetricLatency:
		return [...]string{"<50ms", "<100ms", "<250ms", "<1s", "1s+"}
	case MetricLag:
		return [...]string{"<1s", "<10s", "<1m", "<10m", "10m+"}
	case MetricEvents:
		return [...]string{"<1/s", "<10/s", "<50/s", "<200/s", "200+"}
	default:
		return [...]string{"<500", "<1000", "<1500", "<2000", "2000+"}
	}
}

// step is the heat of a shard; false where its state is what matters: it is
// not up, or nothing has been measured. Lag is that of its worker, and waits for no
// shard.
func (m Metric) step(s *ops.Shard, lag time.Duration) (int, bool) {
	if m == MetricState || !s.State.Up() {
		return 0, false
	}
	v := 0.0
	switch m {
	case MetricLatency:
		if s.Latency <= 0 {
			return 0, false
		}
		v = float64(s.Latency) / float64(time.Millisecond)
	case MetricLag:
		v = lag.Seconds()
	case MetricEvents:
		v = s.Rate
	case MetricGuilds:
		v = float64(s.Guilds)
	}
	n := 0
	for _, bound := range m.bounds() {
		if v >= bound {
			n++
		}
	}
	return n, true
}

// unknown reports whether a shard is up and the metric has not been measured: no
// heat, and not the colour of its state either, which would pass for a fast one.
func (m Metric) unknown(s *ops.Shard) bool {
	return m == MetricLatency && s.State.Up() && s.Latency <= 0
}
