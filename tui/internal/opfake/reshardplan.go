package opfake

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// capacity is how many guilds a shard can hold (Discord docs, Gateway: sharding).
const capacity = 2500

// mostShards is more than any bot has.
const mostShards = 100_000

// recommended is what Discord recommends.
func (o *Operator) recommended() int { return o.total() + 4 }

// total is how many shards the bot has over all processes.
func (o *Operator) total() int {
	if o.Scene == SceneSlice {
		return 2 * o.Shards
	}
	return o.Shards
}

func fullest(shards []ops.Shard) ops.Fullest {
	var out ops.Fullest
	for i := range shards {
		if shards[i].Guilds > out.Guilds {
			out = ops.Fullest{Shard: shards[i].ID, Guilds: shards[i].Guilds}
		}
	}
	return out
}

// Plan implements [ops.Operator].
func (o *Operator) Plan(ctx context.Context, to ops.Target) (*ops.ReshardPlan, error) {
	if o.PlanTakes > 0 {
		timer := o.Clock.NewTimer(o.PlanTakes)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C():
		}
	}
	if err := o.answer(ctx); err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.Clock.Now()
	o.advance(now)
	return o.plan(to, now), nil
}

// plan is what a reshard would do.
func (o *Operator) plan(to ops.Target, now time.Time) *ops.ReshardPlan {
	p := &ops.ReshardPlan{
		At: now, From: o.total(), FromLast: o.Shards - 1, To: to.Total, Last: to.Total - 1, Why: "asked for", Recommended: o.recommended(),
		Known: true, Remaining: 988, Reserve: 100, ResetAt: now.Add(21*time.Hour + 40*time.Minute), MaxConcurrency: 16, Spacing: 5 * time.Second,
		Capacity: capacity, Memory: uint64(o.Shards) * 4 << 20, More: uint64(to.Total) * 3 << 20,
	}
	if o.Scene == SceneDue {
		p.Remaining = o.Shards / 2
	}
	if to.Total == 0 || to.Total == p.Recommended {
		p.To, p.Why = p.Recommended, fmt.Sprintf("Discord recommends %d", p.Recommended)
		p.Last = p.To - 1
	}
	if to.Slice {
		p.First, p.Last = to.First, to.Last
	}
	if p.To > mostShards {
		p.Refusals = []string{fmt.Sprintf("%d shards are not possible: name a number from 1 to %d", p.To, mostShards)}
		return p
	}
	p.Identifies = p.Last - p.First + 1
	p.Waves = (p.Identifies + p.MaxConcurrency - 1) / p.MaxConcurrency
	p.Spawn = time.Duration(p.Waves-1) * p.Spacing
	p.ETA = p.Spawn + readyAfter + loadFor + soakFor
	shards := make([]ops.Shard, o.Shards)
	for id := range shards {
		shards[id] = o.shard(id, now)
		p.Guilds += shards[id].Guilds
	}
	p.FullestNow = fullest(shards)
	p.FullestThen = ops.Fullest{Shard: 5 % p.To, Guilds: p.FullestNow.Guilds * p.From / p.To}
	o.judge(p, to)
	return p
}

// judge says what forbids the plan, and what the operator should know.
func (o *Operator) judge(p *ops.ReshardPlan, to ops.Target) {
	if o.run != nil {
		p.Refusals = append(p.Refusals, fmt.Sprintf("the bot is being resharded from %d to %d shards: wait for it, or abort it", o.run.plan.From, o.run.plan.To))
	}
	if o.Scene == SceneSlice && !to.Slice {
		p.Refusals = append(p.Refusals, "this process holds shards "+fmt.Sprintf("%d to %d of %d", p.FromFirst, p.FromLast, p.From)+": say which of the new ones it shall hold")
	}
	if p.FullestThen.Guilds > p.Capacity {
		p.Refusals = append(p.Refusals, fmt.Sprintf("shard %d would hold %d guilds, Discord allows %d: ask for at least %d shards",
			p.FullestThen.Shard, p.FullestThen.Guilds, p.Capacity, p.From*p.FullestNow.Guilds/p.Capacity+1))
	}
	left := p.Remaining - p.Identifies
	switch {
	case left < 0:
		p.Refusals = append(p.Refusals, fmt.Sprintf("%d identifies are needed, %d are left: wait until the budget is reset at %s", p.Identifies, p.Remaining, p.ResetAt.Format("15:04")))
	case left < p.Reserve:
		p.Warnings = append(p.Warnings, fmt.Sprintf("%d identifies are left after it, less than the reserve of %d", left, p.Reserve))
	}
	if p.To < p.Recommended {
		p.Warnings = append(p.Warnings, fmt.Sprintf("Discord recommends %d shards", p.Recommended))
	}
}

// steer carries out a command about the reshard.
func (o *Operator) steer(c ops.Command) (*Operation, error) {
	now := o.Clock.Now()
	o.advance(now)
	op := &Operation{done: make(chan struct{}), total: 1, text: c.What() + ": done"}
	refuse := func(reason string) (*Operation, error) { return nil, &ops.RefusedError{Command: c, Reason: reason} }
	if c.Kind == ops.CommandReshard {
		p := o.plan(c.Target, now)
		if len(p.Refusals) > 0 {
			return refuse(p.Refusals[0])
		}
		o.run = &rehearsal{plan: *p, by: c.By, begun: now, since: now, moved: now, phase: ops.ReshardSpawn, trouble: o.hinder, op: op}
		return op, nil
	}
	switch {
	case o.run == nil:
		return refuse("no reshard is under way")
	case o.run.phase >= ops.ReshardSwitch:
		return refuse("the next fleet is taking over: it is too late")
	case c.Kind == ops.CommandReshardForce && o.run.phase < ops.ReshardLoad:
		return refuse("not every shard of the next fleet is ready, and the guilds of the others would get nothing")
	}
	switch c.Kind {
	case ops.CommandReshardPause:
		o.run.paused = true
	case ops.CommandReshardResume:
		o.run.paused = false
	case ops.CommandReshardAbort:
		o.closeRun("aborted by "+c.By, now)
	case ops.CommandReshardForce:
		o.run.forced, o.run.paused, o.run.phase, o.run.since, o.run.played = true, false, ops.ReshardSwitch, now, 0
	}
	op.finish(nil)
	return op, nil
}

// steers reports whether a command is about the reshard.
func steers(k ops.CommandKind) bool {
	switch k {
	case ops.CommandReshard, ops.CommandReshardPause, ops.CommandReshardResume, ops.CommandReshardAbort, ops.CommandReshardForce:
		return true
	default:
		return false
	}
}
