package opfake

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// actions are what was done to the fleet, newest first: one of each kind, and what
// was asked for since.
func (o *Operator) actions(now time.Time) []ops.Action {
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	past := []ops.Action{
		{At: ago(7*time.Minute + 12*time.Second), By: ops.ByItself + " (the breaker)", What: "stop identifies", State: ops.ActionDone,
			Result: "40 identifies in 5m0s"},
		{At: ago(8 * time.Minute), By: "bob@gate1 (ctl)", What: "rolling restart of all shards", State: ops.ActionFailed, Took: 3 * time.Minute,
			Done: 12, Total: 64, Result: "shard 12 did not come back within 1m0s; 52 shards were not touched"},
		{At: ago(41 * time.Minute), By: "ann@gate1 (console)", What: "restart shard 3", State: ops.ActionDone, Took: 820 * time.Millisecond,
			Done: 1, Total: 1, Result: "done in 820ms"},
		{At: ago(2 * time.Hour), By: "the file", What: "reload", State: ops.ActionRefused,
			Result: "the old configuration stays in effect: sinks[0].url: is not a URL"},
	}
	if o.Calm {
		past = nil
	}
	out := make([]ops.Action, 0, len(past)+len(o.commands))
	for i := len(o.commands) - 1; i >= 0; i-- {
		c := o.commands[i]
		out = append(out, ops.Action{At: now, By: c.By, What: c.What(), Result: "waits for READY", Cancels: c.Rolling.On && o.rolling, Total: o.Shards})
	}
	out = append(out, past...)
	for i := range out {
		out[i].ID = uint64(len(out) - i)
	}
	return out
}

// note keeps what a command changes at once.
func (o *Operator) note(c ops.Command) {
	switch c.Kind {
	case ops.CommandAck:
		if o.acks == nil {
			o.acks = make(map[string]ops.Command)
		}
		o.acks[c.Alert] = c
	case ops.CommandLogLevel:
		o.level = c.Level
	case ops.CommandRestart:
		o.rolling = o.rolling || c.Rolling.On
	}
}

// stamp writes on alerts who has acknowledged them.
func (o *Operator) stamp(s *ops.Snapshot) {
	for i := range s.Alerts {
		if c, ok := o.acks[s.Alerts[i].ID]; ok {
			s.Alerts[i].AckedAt, s.Alerts[i].AckedBy = s.At, c.By
		}
	}
}
