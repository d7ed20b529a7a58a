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
	shardDownAfter = time.Minute      // a shard that is not up, though it tries
	sinkDownAfter  = 5 * time.Second  // a sink that takes nothing
	sinkLagAfter   = 10 * time.Second // the oldest event that it has not taken
	sinkLagUntil   = 5 * time.Second  // what is an alert already stays one down to this
	fleetDownAfter = 10 * time.Second // a shard that is not up, if most are not
	diskSlowAfter  = 2 * time.Second  // an operation of the disk that has not ended
	queueFullAt    = 0.8              // of what the queue may hold
	queueFullUntil = 0.7              // likewise
	alertsPerKind  = 5                // more shards than this share one alert
	untoldAfter    = 10 * time.Second // a start at which Discord has not told the budget
)

// alerts are the conditions that need a person, with when they began.
type alerts struct {
	mu   sync.Mutex
	open []ops.Alert
	acks map[string]ack // by id, of those that are open
	// losses are those of connections, by shard; see [alerts.flapping].
	losses map[int]*losses
	// missing is since when a shard that should be up has not been, by id. Its
	// last close cannot tell: each failed dial is one.
	missing map[int]time.Time
}

func (a *alerts) list() []ops.Alert {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.open)
}

// was reports whether an alert is open already: what is, ends later than it began, so
// that it does not come and go. a.mu is held.
func (a *alerts) was(id string) bool {
	return slices.ContainsFunc(a.open, func(o ops.Alert) bool { return o.ID == id })
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
	now := slices.Concat(a.shardAlerts(snap), a.flapping(snap), a.sinkAlerts(snap), a.budgetAlerts(snap, &c), a.queueAlerts(snap, &c),
		unsavedAlerts(c.unsaved), apiAlerts(c.api), loadAlerts(&snap.Load), hookAlerts(snap.Hooks, snap.At), c.reshard)
	for i := range now {
		now[i].Page, now[i].Since = pageOf(now[i].ID), snap.At
		at := slices.IndexFunc(a.open, func(o ops.Alert) bool { return o.ID == now[i].ID })
		if at >= 0 {
			now[i].Since = a.open[at].Since
		}
		if worse := a.stamp(&now[i]); at < 0 || worse {
			fresh = append(fresh, now[i])
		}
	}
	a.forget(now)
	sortAlerts(now)
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
	// One that fails at the end of each attempt is one alert all the while.
	case s.State == ops.ShardIdentifying && !a.missing[s.ID].IsZero() && (a.was(downID(s.ID)) || a.was("shards/down")):
		return cmp.Or(s.LastClose.Meaning, "no connection yet")
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
				ID:    downID(s.ID),
				Level: ops.AlertWarn,
				Shard: s.ID,
				Text:  fmt.Sprintf("shard %d is not up: %s; it goes on trying: look at Discord's status and at the way there", s.ID, why),
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

func downID(shard int) string { return fmt.Sprintf("shard/%d/down", shard) }

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
	first.ID, first.Count = "shards/"+kind, len(list)
	first.Text = fmt.Sprintf("%d shards %s, the first: %s", len(list), kind, first.Text)
	return []ops.Alert{first}
}

func (a *alerts) sinkAlerts(snap *ops.Snapshot) []ops.Alert {
	var out []ops.Alert
	for i := range snap.Sinks {
		s := &snap.Sinks[i]
		if s.Orphan {
			continue
		}
		alert := ops.Alert{ID: "sink/" + s.Name, Level: ops.AlertCritical, Shard: -1, Sink: s.Name}
		lag := sinkLagAfter
		if a.was(alert.ID) {
			lag = sinkLagUntil
		}
		switch {
		case s.State == ops.SinkRefused:
			alert.Text = fmt.Sprintf("sink %s refuses our secret (%s): correct sinks[].authorization or the bot, then resume the sink", s.Name, s.LastError)
		case s.State == ops.SinkRejecting:
			alert.Text = fmt.Sprintf("sink %s refuses events, %d are kept as dead letters: %s; mend the bot, then send them again", s.Name, s.Buried, s.LastError)
		case s.State == ops.SinkRetrying && snap.At.Sub(s.Since) > sinkDownAfter:
			alert.Text = fmt.Sprintf("sink %s takes nothing: %s; its events are kept, bring the bot back", s.Name, s.LastError)
		case s.State != ops.SinkPaused && s.Lag > lag:
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
	return "the bot is slower than its events come: give it more room, or take fewer events"
}
