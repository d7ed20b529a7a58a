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
	sinkLagAfter    = 10 * time.Second // the oldest event that it has not taken
	fleetDownAfter  = 10 * time.Second // a shard that is not up, if most are not
	diskSlowAfter   = 2 * time.Second  // an operation of the disk that has not ended
	queueFullAt     = 0.8              // of what the queue may hold
	alertsPerKind   = 5                // more shards than this share one alert
	budgetLowFactor = 2                // times the reserve
	untoldAfter     = 10 * time.Second // a start at which Discord has not told the budget
)

// alerts are the conditions that need a person, with when they began.
type alerts struct {
	mu   sync.Mutex
	open []ops.Alert
	// missing is since when a shard that should be up has not been, by id. Its
	// last close cannot tell: each failed dial is one.
	missing map[int]time.Time
}

func (a *alerts) list() []ops.Alert {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.open)
}

// conditions are what alerts speak of beside the snapshot.
type conditions struct {
	held    int     // shards that the budget keeps from identifying
	lost    uint64  // events that the queue's bounds, or damage, cost
	lostWhy string  // the last of them
	blocked int     // shards that are not read because the queue is full
	unsaved unsaved // what cannot be saved for the next run
	untold  string  // why Discord's REST API did not answer when it last failed to
	api     string  // why Discord's REST API cannot be asked; empty if it can, or nobody needs to
	reshard []ops.Alert
}

// update compares the conditions with those that were open and returns the new
// ones, and those that are over.
func (a *alerts) update(snap *ops.Snapshot, c conditions) (fresh, over []ops.Alert) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.follow(snap)
	now := slices.Concat(a.shardAlerts(snap), sinkAlerts(snap), budgetAlerts(snap, &c), queueAlerts(snap, &c), unsavedAlerts(c.unsaved), apiAlerts(c.api), loadAlerts(&snap.Load), hookAlerts(snap.Hooks, snap.At), c.reshard)
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
	for _, o := range a.open {
		if !slices.ContainsFunc(now, func(n ops.Alert) bool { return n.ID == o.ID }) {
			over = append(over, o)
		}
	}
	a.open = now
	return fresh, over
}

// follow notes which shards are missing. a.mu is held.
func (a *alerts) follow(snap *ops.Snapshot) {
	if a.missing == nil {
		a.missing = make(map[int]time.Time)
	}
	for i := range snap.Shards {
		s := &snap.Shards[i]
		switch s.State {
		case ops.ShardReady, ops.ShardIdle, ops.ShardStopped, ops.ShardFailed:
			delete(a.missing, s.ID)
		default:
			if _, known := a.missing[s.ID]; !known {
				a.missing[s.ID] = snap.At
			}
		}
	}
}

// down says why a shard is not up though it has tried for long; empty if it is,
// or has not.
func (a *alerts) down(s *ops.Shard, now time.Time, after time.Duration) string {
	switch {
	case trying(s.State) && now.Sub(a.missing[s.ID]) > after:
		return cmp.Or(s.LastClose.Meaning, "no connection yet")
	// It may have waited long for its turn, which is nobody's fault.
	case s.State == ops.ShardIdentifying && now.Sub(s.Since) > shardDownAfter:
		return "Discord has not answered its identify"
	default:
		return ""
	}
}

func (a *alerts) shardAlerts(snap *ops.Snapshot) []ops.Alert {
	var failed, down []ops.Alert
	most, after := a.mostDown(snap), shardDownAfter
	if most {
		after = fleetDownAfter
	}
	for i := range snap.Shards {
		s := &snap.Shards[i]
		if s.State == ops.ShardFailed {
			failed = append(failed, ops.Alert{
				ID:    fmt.Sprintf("shard/%d/failed", s.ID),
				Level: ops.AlertCritical,
				Shard: s.ID,
				Text:  fmt.Sprintf("shard %d failed: %s", s.ID, s.Fault),
			})
		}
		if why := a.down(s, snap.At, after); why != "" {
			down = append(down, ops.Alert{
				ID:    fmt.Sprintf("shard/%d/down", s.ID),
				Level: ops.AlertWarn,
				Shard: s.ID,
				Text:  fmt.Sprintf("shard %d is not up: %s", s.ID, why),
			})
		}
	}
	down = together(down, "down")
	if most {
		for i := range down {
			down[i].Level = ops.AlertCritical
		}
	}
	return append(together(failed, "failed"), down...)
}

// mostDown reports whether at least half of the shards that should be up have
// been missing for a while: that is no shard's own trouble.
func (a *alerts) mostDown(snap *ops.Snapshot) bool {
	missing := 0
	for i := range snap.Shards {
		s := &snap.Shards[i]
		if since, ok := a.missing[s.ID]; ok && trying(s.State) && snap.At.Sub(since) > fleetDownAfter {
			missing++
		}
	}
	return missing > 0 && 2*missing >= len(snap.Shards)
}

// trying reports whether a shard is on its way up without waiting for its turn.
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
		if s.Orphan {
			continue
		}
		alert := ops.Alert{ID: "sink/" + s.Name, Level: ops.AlertCritical, Shard: -1, Sink: s.Name}
		switch {
		case s.State == ops.SinkRefused:
			alert.Text = fmt.Sprintf("sink %s refuses our secret (%s): correct sinks[].authorization or the bot, then resume the sink", s.Name, s.LastError)
		case s.State == ops.SinkRejecting:
			alert.Text = fmt.Sprintf("sink %s refuses events, %d are kept as dead letters: %s", s.Name, s.Buried, s.LastError)
		case s.State == ops.SinkRetrying && snap.At.Sub(s.Since) > sinkDownAfter:
			alert.Text = fmt.Sprintf("sink %s takes nothing: %s", s.Name, s.LastError)
		case s.State != ops.SinkPaused && s.Lag > sinkLagAfter:
			alert.Level = ops.AlertWarn
			alert.Text = fmt.Sprintf("sink %s lags behind: %s", s.Name, lagReason(s, snap.At))
		default:
			continue
		}
		out = append(out, alert)
	}
	return out
}

// lagReason is why a sink that works lags: some shard's events may fail while
// those of all others pass.
func lagReason(s *ops.Sink, now time.Time) string {
	if s.LastError != "" && now.Sub(s.LastErrorAt) < sinkLagAfter {
		return s.LastError
	}
	return "the bot is slower than its events come"
}

// budgetAlerts speak of the session starts: held shards wait for more of them.
func budgetAlerts(snap *ops.Snapshot, c *conditions) []ops.Alert {
	id := &snap.Identify
	alert := ops.Alert{ID: "identify/budget", Level: ops.AlertWarn, Shard: -1}
	switch {
	case id.Breaker.Open:
		alert.ID, alert.Level = "identify/breaker", ops.AlertCritical
		alert.Text = fmt.Sprintf("identifies are stopped, %d shards wait: %s (gatehouse ctl identify allow)", id.Waiting, id.Breaker.Why)
	case id.ToldAt.IsZero() && id.Waiting > 0 && snap.At.Sub(snap.StartedAt) > untoldAfter:
		alert.ID, alert.Level = "identify/untold", ops.AlertCritical
		alert.Text = fmt.Sprintf("%d shards may not identify: Discord's REST API has not told how many session starts are left (%s); "+
			"they go on once it answers, look at Discord's status or at the proxy before it", id.Waiting, c.untold)
	case c.held > 0:
		alert.ID, alert.Level = "identify/held", ops.AlertCritical
		alert.Text = fmt.Sprintf("%d shards may not identify: of %d session starts %d are left, and %d are kept in reserve; "+
			"they go on at the reset, or re-identify one to use the reserve", c.held, id.Total, id.Remaining, id.Reserve)
	case id.Known && id.Remaining <= budgetLowFactor*id.Reserve:
		alert.Text = fmt.Sprintf("%d session starts are left, %d of them are kept in reserve", id.Remaining, id.Reserve)
	default:
		return nil
	}
	return []ops.Alert{alert}
}
