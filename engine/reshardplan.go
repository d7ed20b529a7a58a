package engine

import (
	"context"
	"fmt"
	"runtime/metrics"
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/reshard"
)

// Discord's word on its recommendation and the budget is asked for anew for a plan.
const (
	planFresh = 10 * time.Second // unless it is younger
	planAsk   = 5 * time.Second  // for an answer
)

// Plan says what a reshard would do and cost now.
func (e *Engine) Plan(ctx context.Context, to ops.Target) (*ops.ReshardPlan, error) {
	p, err := e.plan(ctx, to)
	if err != nil {
		return nil, err
	}
	instead := e.hooks.planned(p)
	if instead == 0 {
		return p, nil
	}
	to.Total = instead
	if p, err = e.plan(ctx, to); err == nil {
		p.Why = "a hook has changed it: " + p.Why
		e.hooks.planned(p) // for its refusals and warnings
	}
	return p, err
}

func (e *Engine) plan(ctx context.Context, to ops.Target) (*ops.ReshardPlan, error) {
	f := e.current()
	if f == nil {
		return nil, &ops.RefusedError{Command: ops.Command{Kind: ops.CommandReshard, Target: to}, Reason: "the engine has not started yet"}
	}
	e.freshen(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	first, last, total := f.Slice()
	known := f.Known()
	all, live := memory()
	return reshard.Plan(reshard.Input{
		Now: e.cfg.Clock.Now(), Total: total, First: first, Last: last,
		Asked: to, Configured: e.reshardConfig().Target, LargeBot: e.cfg.Shards.LargeBot,
		Recommended: e.gateway().Shards, AtPercent: e.reshardConfig().AtPercent, Identify: e.queue.Snapshot(),
		Guilds: slices.Values(slices.Concat(known.Available, known.Unavailable, known.Loading)),
		Memory: all, Live: live, Queued: uint64(max(e.queued().Stats().Memory, 0)),
		Soak: e.reshardConfig().Soak, Busy: e.busy(),
	}), nil
}

// freshen asks Discord anew, if its word is old and it may be asked.
func (e *Engine) freshen(ctx context.Context) {
	now := e.cfg.Clock.Now()
	if st := e.caller.Status(); st.HoldTill.After(now) || now.Sub(st.ToldAt) < planFresh {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, planAsk)
	defer cancel()
	// Without an answer the plan goes by what was told before.
	_, _ = e.refreshBudget(ctx)
}

// busy says why no reshard can begin, whatever its target; empty if one can.
func (e *Engine) busy() string {
	if phase := ops.EnginePhase(e.phase.Load()); phase >= ops.PhaseDraining {
		return "the engine is " + phase.String()
	}
	if why := e.starting(); why != "" {
		return why
	}
	if now := e.reshards.report().Now; now != nil {
		return fmt.Sprintf("the bot is being resharded from %d to %d shards already: wait for it, or abort it first", now.Plan.From, now.Plan.To)
	}
	return ""
}

// loadFirst is how long guilds may take to be told of at the start. One that is in
// an outage may never be.
const loadFirst = time.Minute

// starting says why the active fleet is not there yet; empty if it is, but for
// shards that only a person can bring up.
func (e *Engine) starting() string {
	var snap ops.Snapshot
	e.current().Fill(&snap)
	by := &snap.Fleet.ByState
	coming := len(snap.Shards) - by[ops.ShardReady] - by[ops.ShardFailed] - by[ops.ShardStopped]
	now := e.cfg.Clock.Now()
	switch {
	case ops.EnginePhase(e.phase.Load()) == ops.PhaseStarting && coming > 0:
		return fmt.Sprintf("the fleet is still starting, %d of its shards are not ready: wait for them", coming)
	case snap.Fleet.Loading > 0 && now.Sub(e.started) < loadFirst:
		return fmt.Sprintf("the fleet is still starting, %d guilds are to come: wait for them, a minute at most", snap.Fleet.Loading)
	}
	return ""
}

// memory is how many bytes the process has from the system, and how many of those
// the last collection found in use.
func memory() (all, live uint64) {
	s := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
		{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"},
	}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64(), s[2].Value.Uint64() + s[3].Value.Uint64()
}
