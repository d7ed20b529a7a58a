package engine

import (
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// oldAway is how many shards of the active fleet are about to come back.
func (r *resharding) oldAway() int {
	states := r.old.fleet.States()
	first, last, _ := r.old.fleet.Slice()
	return last - first + 1 - states[ops.ShardReady] - states[ops.ShardStopped] - states[ops.ShardFailed]
}

// stuck says which event the bot keeps failing while it takes others: behind it the
// next fleet's would all wait. It is empty if there is none.
func (r *resharding) stuck() string {
	for _, sink := range r.engine.sinks.all() {
		if shard, attempts, ok := sink.runner.Stuck(); ok {
			return fmt.Sprintf("sink %s has failed an event of shard %d %d times, and takes others: "+
				"what comes after the switch would wait for it; mend the bot, or have it refuse the event with a 4xx", sink.cfg.Name, shard, attempts)
		}
	}
	return ""
}

func (r *resharding) waitsForShards(up int) string {
	switch {
	case r.paused:
		return fmt.Sprintf("it is paused with %d of %d shards ready: resume it, or abort it", up, r.size())
	case r.engine.queue.Snapshot().Breaker.Open:
		return "identifies are stopped: " + r.engine.queue.Snapshot().Breaker.Why
	default:
		return fmt.Sprintf("%d of %d shards are ready", up, r.size())
	}
}

func (r *resharding) waitsForGuilds(now time.Time) string {
	text := fmt.Sprintf("the next fleet has been told of %d of %d guilds", r.guilds, r.guildsAll)
	if now.Sub(r.since) > r.engine.reshardConfig().LoadTimeout {
		text += fmt.Sprintf("; missing for longer than reshard.load_timeout: %s", someGuilds(r.missing, r.guildsAll-r.guilds))
	}
	return text
}

// someGuilds names a few of a number of guilds.
func someGuilds(ids []uint64, all int) string {
	text := ""
	for i, id := range ids[:min(len(ids), 3)] {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprint(id)
	}
	if all > 3 {
		text += fmt.Sprintf(" and %d more", all-3)
	}
	return text
}
