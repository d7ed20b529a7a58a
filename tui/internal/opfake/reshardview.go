package opfake

import (
	"fmt"
	"math"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// missing is how many guilds do not come with [GuildsMiss].
const missing = 7

// view is the reshard as a snapshot shows it.
func (r *rehearsal) view(now time.Time, rate float64) *ops.ReshardRun {
	v := &ops.ReshardRun{
		Plan: r.plan, By: r.by, Begun: r.begun, Phase: r.phase, Since: r.since, Paused: r.paused,
		Wave: r.wave(), Waves: r.plan.Waves, GuildsAll: r.plan.Guilds, Soak: soakFor,
	}
	v.ByState[ops.ShardReady], v.ByState[ops.ShardIdentifying] = r.ready(), r.identifying()
	v.ByState[ops.ShardQueued] = r.size() - r.ready() - r.identifying()
	r.fill(v, now, rate)
	v.Waits = r.waits(v)
	return v
}

// fill sets the figures of the phase.
func (r *rehearsal) fill(v *ops.ReshardRun, now time.Time, rate float64) {
	all := v.GuildsAll
	switch r.phase {
	case ops.ReshardSpawn:
		v.Guilds = all * r.ready() / r.size() / 2
		v.UpAt = now.Add(max(0, r.length()-r.played))
		return
	case ops.ReshardLoad:
		part := math.Min(1, 0.5+r.played.Seconds()/loadFor.Seconds()/2)
		v.Guilds, v.Timeout = int(float64(all)*part), r.since.Add(loadLimit)
		if r.trouble == GuildsMiss {
			v.Guilds = min(v.Guilds, all-missing)
		}
		for i := range min(all-v.Guilds, 20) {
			v.Missing = append(v.Missing, uint64(81384788765712384)+uint64(i)<<22*977)
		}
		return
	}
	v.Guilds = all
	over := r.played
	if r.phase > ops.ReshardOverlap {
		over = soakFor
	}
	v.Both = uint64(rate * over.Seconds())
	v.Agreed = min(over, soakFor)
	if r.phase == ops.ReshardOverlap {
		v.Waiting = 4 + int(over.Seconds())%7
		v.Bytes = int64(v.Waiting) * eventSize
	}
	if r.trouble == StreamsDrift {
		v.OnlyOld, v.OnlyNew = uint64(3*over.Seconds()), uint64(over.Seconds())
		v.Agreed = over % (4 * time.Second)
	}
}

// waits is what the reshard waits for, in the engine's words.
func (r *rehearsal) waits(v *ops.ReshardRun) string {
	switch {
	case r.paused:
		return fmt.Sprintf("it is paused with %d of %d shards ready: resume it, or abort it", r.ready(), r.size())
	case r.phase == ops.ReshardSpawn:
		return fmt.Sprintf("%d of %d shards are ready", r.ready(), r.size())
	case r.phase == ops.ReshardLoad && r.trouble == GuildsMiss && !r.moved.Before(v.Timeout):
		return fmt.Sprintf("the next fleet has been told of %d of %d guilds; missing for longer than reshard.load_timeout: %d, %d and %d more",
			v.Guilds, v.GuildsAll, v.Missing[0], v.Missing[1], missing-2)
	case r.phase == ops.ReshardLoad:
		return fmt.Sprintf("the next fleet has been told of %d of %d guilds", v.Guilds, v.GuildsAll)
	case r.phase == ops.ReshardOverlap && r.trouble == StreamsDrift:
		return "the streams have to agree for 10s; the last difference: PRESENCE_UPDATE of guild 81384788765712384 came from the old fleet alone"
	case r.phase == ops.ReshardOverlap:
		return "the streams have to agree for 10s"
	case r.phase == ops.ReshardRetire:
		return "the old fleet is being closed"
	default:
		return ""
	}
}

// reshard is what the snapshot says about the number of shards.
func (o *Operator) reshard(s *ops.Snapshot, now time.Time) {
	r := &s.Reshard
	r.Recommended = o.recommended()
	r.Auto = ops.ReshardAuto{
		On: true, AtPercent: 80, Target: "recommended", CheckEvery: 8 * time.Hour, NextCheck: now.Add(4*time.Hour + 48*time.Minute),
		Percent: float64(s.Fleet.Guilds) * 100 / float64(capacity*max(o.Shards, 1)), Fullest: fullest(s.Shards), Capacity: capacity,
		PerDay: 212, FullAt: now.Add(37 * 24 * time.Hour),
	}
	r.History = append([]ops.ReshardResult(nil), o.past...)
	if o.run != nil {
		r.Now = o.run.view(now, s.Traffic.Rate)
		r.Refusal = fmt.Sprintf("the bot is being resharded from %d to %d shards", o.run.plan.From, o.run.plan.To)
	}
	switch o.Scene {
	case SceneDue:
		s.Identify.Remaining = o.Shards / 2
		r.Auto.Percent = 84.2
		r.Auto.Due = "84 % of the guilds that the fleet can hold"
		r.Auto.Held = fmt.Sprintf("%d identifies are left, %d are needed", o.Shards/2, o.recommended())
		s.Alerts = append(s.Alerts, ops.Alert{ID: "reshard/due", Level: ops.AlertWarn, Since: now.Add(-19 * time.Minute), Shard: -1,
			Text: "the fleet should grow (" + r.Auto.Due + ") and cannot: " + r.Auto.Held + ". At the present growth it is full in 37 days"})
	case SceneMissing, SceneDiffers:
		if v := r.Now; v != nil {
			s.Alerts = append(s.Alerts, ops.Alert{ID: "reshard/" + v.Phase.String(), Level: ops.AlertWarn, Since: v.Since, Shard: -1,
				Text: fmt.Sprintf("the reshard from %d to %d shards has been in %s for %s: %s (abort it, or force it if you know what it means)",
					v.Plan.From, v.Plan.To, v.Phase, now.Sub(v.Since).Truncate(time.Minute), v.Waits)})
		}
	}
}
