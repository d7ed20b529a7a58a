package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// ack is what somebody has seen of an alert.
type ack struct {
	at    time.Time
	by    string
	level ops.AlertLevel
	count int
}

// worseBy is how many times as many shards make an alert worse than it was.
const worseBy = 2

// stamp writes on an alert who has acknowledged it. One that has become worse since has
// to be seen again, which it reports. a.mu is held.
func (a *alerts) stamp(alert *ops.Alert) (worse bool) {
	k, ok := a.acks[alert.ID]
	switch {
	case !ok:
		return false
	case alert.Level > k.level || alert.Count >= worseBy*max(k.count, 1) && alert.Count > 1:
		delete(a.acks, alert.ID)
		return true
	}
	alert.AckedAt, alert.AckedBy = k.at, k.by
	return false
}

// forget drops what was acknowledged of alerts that are over. a.mu is held.
func (a *alerts) forget(now []ops.Alert) {
	for id := range a.acks {
		if !slices.ContainsFunc(now, func(n ops.Alert) bool { return n.ID == id }) {
			delete(a.acks, id)
		}
	}
}

// acknowledge takes an alert off the line of every console. It reports false if there
// is none of that id.
func (a *alerts) acknowledge(id, by string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.open, func(o ops.Alert) bool { return o.ID == id })
	if i < 0 {
		return false
	}
	if _, already := a.acks[id]; already {
		return true
	}
	if a.acks == nil {
		a.acks = make(map[string]ack)
	}
	open := slices.Clone(a.open) // the old one may be in somebody's hands
	a.acks[id] = ack{now, by, open[i].Level, open[i].Count}
	open[i].AckedAt, open[i].AckedBy = now, by
	sortAlerts(open)
	a.open = open
	return true
}

// sortAlerts puts the most urgent first, then the newest; those that somebody has seen
// come last.
func sortAlerts(list []ops.Alert) {
	seen := func(a *ops.Alert) int {
		if a.AckedAt.IsZero() {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(list, func(x, y ops.Alert) int {
		return cmp.Or(cmp.Compare(seen(&x), seen(&y)), cmp.Compare(y.Level, x.Level), y.Since.Compare(x.Since))
	})
}

// pageOf is the page that shows more about an alert.
func pageOf(id string) string {
	kind, _, _ := strings.Cut(id, "/")
	return map[string]string{
		"shard": "shards", "shards": "shards", "sink": "sinks", "queue": "sinks", "identify": "identify", "discord": "identify",
		"reshard": "reshard", "guilds": "events", "hook": "events", "sessions": "logs",
	}[kind]
}

// beginAck acknowledges an alert.
func (e *Engine) beginAck(cmd ops.Command) (*operation, error) {
	if !e.alerts.acknowledge(cmd.Alert, asker(cmd), e.cfg.Clock.Now()) {
		return nil, &ops.RefusedError{Command: cmd, Reason: fmt.Sprintf("there is no alert %q, it may be over: gatehouse ctl alerts lists them", cmd.Alert)}
	}
	op := newOperation(cmd, e.cfg.Clock)
	op.end(nil, op.what+": it comes back if it gets worse")
	return op, nil
}
