package engine

import (
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// When a shard's connection does not hold.
const (
	flapTimes  = 3                // losses
	flapWithin = 10 * time.Minute // of each other
	flapCalm   = 5 * time.Minute  // without one, after which it is over
)

// losses are when a shard has lost its connection.
type losses struct {
	seen  uint64      // of [ops.Shard.Reconnects]
	times []time.Time // the last ones, oldest first
}

// follow notes the losses since the last look.
func (l *losses) follow(s *ops.Shard, now time.Time) {
	if s.Reconnects < l.seen { // it is a shard of another fleet
		*l = losses{}
	}
	for range min(s.Reconnects-l.seen, flapTimes) {
		l.times = append(l.times, now)
	}
	l.seen = s.Reconnects
	for len(l.times) > 0 && now.Sub(l.times[0]) > flapWithin {
		l.times = l.times[1:]
	}
}

// flapping speaks of shards that lose their connections again and again, though each
// time they come back. a.mu is held.
func (a *alerts) flapping(snap *ops.Snapshot) []ops.Alert {
	var out []ops.Alert
	if a.losses == nil {
		a.losses = make(map[int]*losses)
	}
	for i := range snap.Shards {
		s := &snap.Shards[i]
		l := a.losses[s.ID]
		if l == nil {
			l = &losses{seen: s.Reconnects}
			a.losses[s.ID] = l
		}
		l.follow(s, snap.At)
		if len(l.times) == 0 || s.State == ops.ShardStopped || s.State == ops.ShardFailed {
			continue
		}
		id := fmt.Sprintf("shard/%d/flapping", s.ID)
		calm := snap.At.Sub(l.times[len(l.times)-1]) > flapCalm
		if calm || len(l.times) < flapTimes && !a.was(id) {
			continue
		}
		out = append(out, ops.Alert{ID: id, Level: ops.AlertWarn, Shard: s.ID, Text: fmt.Sprintf(
			"shard %d loses its connection again and again, %d times in %d min, last: %s; look at its log and at the way to Discord",
			s.ID, len(l.times), int(flapWithin/time.Minute), orNone(s.LastClose.Meaning))})
	}
	return together(out, "flapping")
}

func orNone(text string) string {
	if text == "" {
		return "no reason told"
	}
	return text
}
