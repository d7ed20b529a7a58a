package engine

import (
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// When little is left of the session starts.
const (
	budgetLowFactor  = 2.0           // times the reserve
	budgetFineFactor = 2.2           // what is an alert already stays one up to this
	budgetAhead      = 3 * time.Hour // the reserve is reached within this, at the pace of the last hour
)

// budgetAlerts speak of the session starts: held shards wait for more of them.
func (a *alerts) budgetAlerts(snap *ops.Snapshot, c *conditions) []ops.Alert {
	id := &snap.Identify
	alert := ops.Alert{ID: "identify/budget", Level: ops.AlertWarn, Shard: -1}
	low := budgetLowFactor
	if a.was(alert.ID) {
		low = budgetFineFactor
	}
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
	case id.Known && float64(id.Remaining) <= low*float64(id.Reserve):
		alert.Text = fmt.Sprintf("%d session starts are left, %d of them are kept in reserve%s: restart shards by RESUME only, and put off what identifies",
			id.Remaining, id.Reserve, resetWords(id, snap.At))
	case id.Known && !id.RunsOutAt.IsZero() && id.RunsOutAt.Sub(snap.At) < budgetAhead:
		alert.ID = "identify/pace"
		alert.Text = fmt.Sprintf("%d session starts were spent in the last hour: at that pace the reserve is reached in %s; find out why sessions are lost",
			id.LastHour, id.RunsOutAt.Sub(snap.At).Round(time.Minute))
	default:
		return nil
	}
	return []ops.Alert{alert}
}

// resetWords say when there are more session starts; empty if that is not known.
func resetWords(id *ops.Identify, now time.Time) string {
	if id.ResetAt.IsZero() {
		return ""
	}
	return ", and there are more in " + max(id.ResetAt.Sub(now), 0).Round(time.Minute).String()
}
