package control

import (
	"fmt"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// orders are the parts of a command that one kind of it has.
type orders struct {
	All     bool     `json:"all,omitempty"`     // of restart: every shard
	Rolling *rolling `json:"rolling,omitempty"` // of restart: one shard after the other
	Events  int      `json:"events,omitempty"`  // of drop: the most that may be given up
	Level   string   `json:"level,omitempty"`   // of loglevel: debug, info, warn, error
	Alert   string   `json:"alert,omitempty"`   // of ack: its id
	ID      uint64   `json:"id,omitempty"`      // of cancel: the action's
}

// rolling is an ops.Rolling.
type rolling struct {
	Every  float64 `json:"every_ms"`
	Within float64 `json:"within_ms,omitempty"` // 0 for the default
}

func wireOrders(c ops.Command) orders {
	o := orders{All: c.All, Events: c.Events, Alert: c.Alert, ID: c.Action}
	if c.Rolling.On {
		o.Rolling = &rolling{millis(c.Rolling.Every), millis(c.Rolling.Within)}
	}
	if c.Kind == ops.CommandLogLevel {
		o.Level = c.Level.String()
	}
	return o
}

// fill puts them into a command of a known kind. It refuses what that kind has no
// use for, or cannot do without.
func (o *orders) fill(c *ops.Command) error {
	restart := c.Kind == ops.CommandRestart
	for _, field := range []struct {
		name        string
		has, wanted bool
		needed      bool
	}{
		{"all", o.All, restart, false},
		{"rolling", o.Rolling != nil, restart, false},
		{"events", o.Events != 0, c.Kind == ops.CommandDrop, true},
		{"level", o.Level != "", c.Kind == ops.CommandLogLevel, true},
		{"alert", o.Alert != "", c.Kind == ops.CommandAck, true},
		{"id", o.ID != 0, c.Kind == ops.CommandCancel, true},
	} {
		switch {
		case field.has && !field.wanted:
			return fmt.Errorf("%s: %s takes none", field.name, c.Kind)
		case field.wanted && field.needed && !field.has:
			return fmt.Errorf("%s: missing; %s needs it", field.name, c.Kind)
		}
	}
	if o.All && len(c.Shards)+len(c.Workers) > 0 {
		return fmt.Errorf("all: shards or workers are named too; use one of them")
	}
	if o.Events < 0 {
		return fmt.Errorf("events: %d is below zero", o.Events)
	}
	c.All, c.Events, c.Alert, c.Action = o.All, o.Events, o.Alert, o.ID
	if o.Level != "" {
		var ok bool
		if c.Level, ok = Level(o.Level); !ok {
			return fmt.Errorf("level: %.40q is not known; allowed: debug, info, warn, error", o.Level)
		}
	}
	if o.Rolling != nil {
		c.Rolling = ops.Rolling{On: true, Every: ofMillis(finite(o.Rolling.Every)), Within: ofMillis(finite(o.Rolling.Within))}
		if why := c.Rolling.Wrong(); why != "" {
			return fmt.Errorf("rolling: %s", why)
		}
	}
	return nil
}
