package opfake

import (
	"math"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// history is what the snapshots show, over a range. Of a day there are only the
// hours since the start, and of those some minutes are missing.
func (o *Operator) history(r ops.HistoryRange, now time.Time) *ops.History {
	step := int64(r.Step() / time.Second)
	last := now.Unix() / step * step
	h := &ops.History{Range: r, End: time.Unix(last, 0)}
	s := o.snapshot(now)
	for i := range r.Steps() {
		back := int64(r.Steps()-1-i) * step
		at := last - back
		v := [6]float64{}
		for k := range v {
			v[k] = math.NaN()
		}
		if away := back > 6000 && back < 7200; !away && at >= o.start.Unix() {
			v = o.moment(s, at, back)
		}
		for k, to := range []*[]float64{&h.Events, &h.Bytes, &h.P50, &h.P99, &h.Depth, &h.Lag} {
			*to = append(*to, v[k])
		}
	}
	return h
}

// moment is what was measured in a second that lies back so many.
func (o *Operator) moment(s *ops.Snapshot, at, back int64) [6]float64 {
	wave := math.Sin(float64(at)/40) * math.Sin(float64(at)/11)
	day := 1 + .4*math.Sin(float64(at)/14_000)
	events := day * float64(o.began) * (22 + 9*wave + 4*hash(int(at), 2))
	p50 := 41 + 6*hash(int(at), 4) + 8*math.Sin(float64(at)/60)
	depth, lag := 2+3*hash(int(at), 5), .1
	if i := len(s.Traffic.DepthPerSecond) - 1 - int(back); i >= 0 {
		events, p50 = s.Traffic.PerSecond[i], s.Latency.PerSecond[i]
		depth, lag = s.Traffic.DepthPerSecond[i], s.Traffic.LagPerSecond[i]
	}
	return [6]float64{events, events * eventSize, p50, p50*2.4 + 90*hash(int(at)/9, 6), depth, lag}
}
