package engine

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// When a condition becomes an alert.
const (
	shardDownAfter  = time.Minute      // a shard that is not up, though it tries
	sinkDownAfter   = 5 * time.Second  // a sink that takes nothing
	sinkLagAfter    = 30 * time.Second // the oldest event that it has not taken
	alertsPerKind   = 5                // more shards than this share one alert
	budgetLowFactor = 2                // times the reserve
)

// alerts are the conditions that need a person, with when they began.
type alerts struct {
	mu   sync.Mutex
	open []ops.Alert
}

func (a *alerts) list() []ops.Alert {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.open)
}

// update compares the conditions with those that were open and returns the new
// ones.
func (a *alerts) update(snap *ops.Snapshot, held int, lost uint64) []ops.Alert {
	now := slices.Concat(shardAlerts(snap), sinkAlerts(snap), budgetAlerts(snap, held), lostAlerts(lost))
	a.mu.Lock()
	defer a.mu.Unlock()
	var fresh []ops.Alert
	for i := range now {
		at := slices.IndexFunc(a.open, func(o ops.Alert) bool { return o.ID == now[i].ID })
		if at >= 0 {
			now[i].Since = a.open[at].Since
			continue
		}
		now[i].Since = snap.At
		fresh = append(fresh, now[i])
	}
	slices.SortStableFunc(now, func(x, y ops.Alert) int {
		return cmp.Or(cmp.Compare(y.Level, x.Level), y.Since.Compare(x.Since))
	})
	a.open = now
	return fresh
}

func shardAlerts(snap *ops.Snapshot) []ops.Alert {
	var failed, down []ops.Alert
	for i := range snap.Shards {
		s := &snap.Shards[i]
		switch {
		case s.State == ops.ShardFailed:
			failed = append(failed, ops.Alert{
				ID:    fmt.Sprintf("shard/%d/failed", s.ID),
				Level: ops.AlertCritical,
				Shard: s.ID,
				Text:  fmt.Sprintf("shard %d failed: %s", s.ID, s.Fault),
			})
		case trying(s.State) && !s.LastClose.At.IsZero() && snap.At.Sub(s.LastClose.At) > shardDownAfter:
			down = append(down, ops.Alert{
				ID:    fmt.Sprintf("shard/%d/down", s.ID),
				Level: ops.AlertWarn,
				Shard: s.ID,
				Text:  fmt.Sprintf("shard %d is not up: %s", s.ID, s.LastClose.Meaning),
			})
		}
	}
	return append(together(failed, "failed"), together(down, "down")...)
}

// trying reports whether a shard should be up and is not.
func trying(s ops.ShardState) bool {
	return s == ops.ShardBackoff || s == ops.ShardConnecting || s == ops.ShardResuming
}

// together makes one alert of many of a kind, so that a storm is one line.
func together(list []ops.Alert, kind string) []ops.Alert {
	if len(list) <= alertsPerKind {
		return list
	}
	first := list[0]
	first.ID = "shards/" + kind
	first.Text = fmt.Sprintf("%d shards %s, the first: %s", len(list), kind, first.Text)
	return []ops.Alert{first}
}

func sinkAlerts(snap *ops.Snapshot) []ops.Alert {
	var out []ops.Alert
	for i := range snap.Sinks {
		s := &snap.Sinks[i]
		alert := ops.Alert{ID: "sink/" + s.Name, Level: ops.AlertCritical, Shard: -1, Sink: s.Name}
		switch {
		case s.State == ops.SinkRefused:
			alert.Text = fmt.Sprintf("sink %s refuses our secret (%s): correct sinks[].authorization or the bot, then resume the sink", s.Name, s.LastError)
		case s.State == ops.SinkRetrying && snap.At.Sub(s.Since) > sinkDownAfter:
			alert.Text = fmt.Sprintf("sink %s takes nothing: %s", s.Name, s.LastError)
		case s.State != ops.SinkPaused && s.Lag > sinkLagAfter:
			alert.Level = ops.AlertWarn
			alert.Text = fmt.Sprintf("sink %s lags behind: the bot is slower than its events come", s.Name)
		default:
			continue
		}
		out = append(out, alert)
	}
	return out
}

// budgetAlerts speak of the session starts: held shards wait for more of them.
func budgetAlerts(snap *ops.Snapshot, held int) []ops.Alert {
	id := &snap.Identify
	alert := ops.Alert{ID: "identify/budget", Level: ops.AlertWarn, Shard: -1}
	switch {
	case held > 0:
		alert.ID, alert.Level = "identify/held", ops.AlertCritical
		alert.Text = fmt.Sprintf("%d shards may not identify: of %d session starts %d are left, and %d are kept in reserve; "+
			"they go on at the reset, or re-identify one to use the reserve", held, id.Total, id.Remaining, id.Reserve)
	case id.Known && id.Remaining <= budgetLowFactor*id.Reserve:
		alert.Text = fmt.Sprintf("%d session starts are left, %d of them are kept in reserve", id.Remaining, id.Reserve)
	default:
		return nil
	}
	return []ops.Alert{alert}
}

func lostAlerts(lost uint64) []ops.Alert {
	if lost == 0 {
		return nil
	}
	return []ops.Alert{{
		ID:    "queue/dropped",
		Level: ops.AlertCritical,
		Shard: -1,
		Text:  fmt.Sprintf("%d events were dropped because the queue was full or they were too old", lost),
	}}
}
