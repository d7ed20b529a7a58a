package opfake

import (
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// The scenes of a reshard. What moves in them goes on by the clock; all else is
// well.
const (
	SceneDue       Scene = "due"       // the fleet should grow, and the budget forbids it
	SceneSlice     Scene = "slice"     // the process holds half of the shards
	SceneSpawn     Scene = "spawn"     // the next fleet identifies
	SceneLoad      Scene = "load"      // it is told of its guilds
	SceneMissing   Scene = "missing"   // some guilds do not come
	SceneOverlap   Scene = "overlap"   // both streams are compared
	SceneDiffers   Scene = "differs"   // and do not agree
	ScenePaused    Scene = "paused"    // an operator has paused the reshard
	SceneSwitch    Scene = "switch"    // the next fleet takes over
	SceneRetire    Scene = "retire"    // the old fleet is closed
	SceneResharded Scene = "resharded" // one has ended well, another before it did not
)

// ReshardScenes lists the scenes of a reshard.
func ReshardScenes() []Scene {
	return []Scene{SceneDue, SceneSlice, SceneSpawn, SceneLoad, SceneMissing, SceneOverlap, SceneDiffers, ScenePaused, SceneSwitch,
		SceneRetire, SceneResharded}
}

// How long each phase of the fake's reshards takes, beside spawning. A switch is
// slower than a real one, so that it can be seen.
const (
	readyAfter = 2 * time.Second // an identify
	loadFor    = 20 * time.Second
	soakFor    = 10 * time.Second
	switchFor  = time.Second
	retireFor  = 4 * time.Second
	loadLimit  = 10 * time.Minute
)

// Trouble is what keeps a reshard from going on by itself.
type Trouble uint8

// The troubles.
const (
	NoTrouble    Trouble = iota
	GuildsMiss           // seven guilds never come: load does not end
	StreamsDrift         // the streams do not agree: overlap does not end
)

// rehearsal is a reshard under way.
type rehearsal struct {
	plan    ops.ReshardPlan
	by      string
	begun   time.Time
	phase   ops.ReshardPhase
	since   time.Time // of the phase
	moved   time.Time // until when it has been played
	played  time.Duration
	paused  bool
	forced  bool
	trouble Trouble
	op      *Operation
}

// Hinder gives the reshard under way, and those to come, a trouble.
func (o *Operator) Hinder(t Trouble) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hinder = t
	if o.run != nil {
		o.run.trouble = t
	}
}

// length is how long the present phase takes.
func (r *rehearsal) length() time.Duration {
	switch r.phase {
	case ops.ReshardSpawn:
		return r.plan.Spawn + readyAfter
	case ops.ReshardLoad:
		return loadFor
	case ops.ReshardOverlap:
		return soakFor
	case ops.ReshardSwitch:
		return switchFor
	default:
		return retireFor
	}
}

// stuck reports whether the present phase does not end by itself.
func (r *rehearsal) stuck() bool {
	return !r.forced && (r.phase == ops.ReshardLoad && r.trouble == GuildsMiss || r.phase == ops.ReshardOverlap && r.trouble == StreamsDrift)
}

// advance plays the reshard to now.
func (o *Operator) advance(now time.Time) {
	o.stage(now)
	r := o.run
	if r == nil {
		return
	}
	if !r.paused {
		r.played += now.Sub(r.moved)
	}
	r.moved = now
	for !r.paused && !r.stuck() && r.played >= r.length() {
		r.played -= r.length()
		r.phase++
		r.since = now.Add(-r.played)
		if r.phase == ops.ReshardRetire {
			o.Shards = r.plan.Last - r.plan.First + 1
		}
		if r.phase > ops.ReshardRetire {
			r.phase = ops.ReshardRetire
			o.closeRun("", now.Add(-r.played))
			return
		}
	}
}

// closeRun ends the reshard and puts it down in the history.
func (o *Operator) closeRun(why string, at time.Time) {
	r := o.run
	result := ops.ReshardResult{
		Begun: r.begun, Ended: at, From: r.plan.From, To: r.plan.To, By: r.by, Phase: r.phase, Err: why,
		Identifies: r.ready() + r.identifying(),
	}
	if r.phase >= ops.ReshardOverlap {
		result.Both = 8412
	}
	if why == "" {
		result.Gap = 38 * time.Millisecond
	}
	o.past = append([]ops.ReshardResult{result}, o.past...)
	if r.op != nil {
		text := fmt.Sprintf("reshard %d to %d is done after %s", r.plan.From, r.plan.To, at.Sub(r.begun).Round(time.Second))
		var err error
		if why != "" {
			err = fmt.Errorf("reshard %d to %d has ended, the fleet is as it was: %s", r.plan.From, r.plan.To, why)
		}
		r.op.text = text
		r.op.finish(err)
	}
	o.run = nil
}

// stage puts the reshard of a scene in its place, once.
func (o *Operator) stage(now time.Time) {
	if o.staged {
		return
	}
	o.staged = true
	past := map[Scene]struct {
		phase  ops.ReshardPhase
		played time.Duration
	}{
		SceneSpawn: {ops.ReshardSpawn, 7 * time.Second}, SceneLoad: {ops.ReshardLoad, 8 * time.Second},
		SceneMissing: {ops.ReshardLoad, 12 * time.Minute}, SceneOverlap: {ops.ReshardOverlap, 5 * time.Second},
		SceneDiffers: {ops.ReshardOverlap, 3 * time.Minute}, ScenePaused: {ops.ReshardSpawn, 7 * time.Second},
		SceneSwitch: {ops.ReshardSwitch, 0}, SceneRetire: {ops.ReshardRetire, time.Second},
	}
	if o.Scene == SceneResharded {
		o.pastRuns(now)
	}
	p, ok := past[o.Scene]
	if !ok {
		return
	}
	r := &rehearsal{plan: *o.plan(ops.Target{Total: 2 * o.Shards}, now), by: "ben", phase: p.phase, played: p.played, moved: now, since: now.Add(-p.played)}
	r.begun = r.since
	for before := r.phase; before > ops.ReshardSpawn; before-- {
		r.begun = r.begun.Add(-(&rehearsal{plan: r.plan, phase: before - 1}).length())
	}
	switch o.Scene {
	case SceneMissing:
		r.trouble = GuildsMiss
	case SceneDiffers:
		r.trouble = StreamsDrift
	case ScenePaused:
		r.paused = true
	case SceneRetire:
		o.Shards = r.plan.To
	}
	o.run = r
}

// pastRuns are three reshards that have ended.
func (o *Operator) pastRuns(now time.Time) {
	n := o.Shards
	o.past = []ops.ReshardResult{
		{Begun: now.Add(-94 * time.Second), Ended: now.Add(-42 * time.Second), From: n / 2, To: n, By: "ben", Phase: ops.ReshardRetire,
			Identifies: n, Both: 8412, OnlyNew: 3, Gap: 38 * time.Millisecond},
		{Begun: now.Add(-51 * time.Minute), Ended: now.Add(-40 * time.Minute), From: n / 2, To: n, By: "reshard.auto", Phase: ops.ReshardLoad,
			Identifies: n, Err: "aborted by ann"},
		{Begun: now.Add(-2 * time.Hour), Ended: now.Add(-119 * time.Minute), From: n / 2, To: n, By: "ann", Phase: ops.ReshardSpawn,
			Identifies: 3, Err: "shard 3 failed: authentication failed (4004)"},
	}
}

// ready is how many shards of the next fleet are.
func (r *rehearsal) ready() int {
	if r.phase != ops.ReshardSpawn {
		return r.size()
	}
	return min(r.size(), max(0, 1+int((r.played-readyAfter)/r.plan.Spacing))*r.plan.MaxConcurrency) * min(1, int(r.played/readyAfter))
}

// identifying is how many have sent an Identify and are not ready.
func (r *rehearsal) identifying() int {
	if r.phase != ops.ReshardSpawn {
		return 0
	}
	return min(r.size(), r.wave()*r.plan.MaxConcurrency) - r.ready()
}

func (r *rehearsal) size() int { return r.plan.Last - r.plan.First + 1 }

func (r *rehearsal) wave() int {
	if r.phase != ops.ReshardSpawn {
		return r.plan.Waves
	}
	return min(r.plan.Waves, 1+int(r.played/r.plan.Spacing))
}
