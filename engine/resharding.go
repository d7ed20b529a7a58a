package engine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/pipeline"
	"github.com/gatehouse-gateway/gatehouse/engine/reshard"
	"github.com/gatehouse-gateway/gatehouse/engine/session"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// resharding is one reshard, from its beginning to its end. It belongs to
// steering's goroutine.
type resharding struct {
	engine *Engine
	logger *slog.Logger
	plan   *ops.ReshardPlan
	by     string
	op     *reshardOperation

	old, next  *flight
	merge      *reshard.Merge
	led        atomic.Bool // the next fleet leads
	generation int         // of the next fleet's queues

	begun, since time.Time
	phase        ops.ReshardPhase
	paused       bool
	forced       bool
	closing      bool // it is given up
	over         bool
	err          error
	waits        string

	coveredAt time.Time // since when the next fleet holds all guilds; zero if it does not
	guilds    int       // that it holds
	guildsAll int       // that it has to
	missing   []uint64
	looked    time.Time // at those
	tryAt     time.Time // the switch, not before
	gap       time.Duration
	retireAt  time.Time          // at the latest
	standing  *session.Resharded // what is saved of it
	secured   bool
	last      reshard.MergeStats
}

// newResharding has the next fleet begin to identify.
func (s *steering) newResharding(_ context.Context, o order) (*resharding, error) {
	e, plan := s.engine, o.plan
	now := e.cfg.Clock.Now()
	p := e.hooks.placed(slice{total: plan.To, first: plan.First, last: plan.Last})
	r := &resharding{
		engine: e, plan: plan, by: asker(o.cmd), old: s.active, begun: now, since: now,
		phase: ops.ReshardSpawn, logger: e.logger.With("of", plan.To),
	}
	q := e.queued()
	r.generation = q.Extend(e.cfg.layout(p))
	r.next = e.newFlight(e.gateway(), p, func(worker int) *spool.Log { return q.LogOf(r.generation, worker) }, r.logger)
	r.next.next.Store(true)
	r.next.expected = perShard(s.active.fleet.Known(), p)
	for _, log := range q.Logs(r.generation) {
		for _, sink := range e.sinks.all() {
			if err := sink.runner.Attach(log, r.generation); err != nil {
				r.withdraw()
				return nil, fmt.Errorf("sink %s: %w", sink.cfg.Name, err)
			}
		}
	}
	r.merge = reshard.NewMerge(reshard.MergeConfig{
		Clock: e.cfg.Clock, Total: plan.From, NextTotal: plan.To, Outlet: &outlet{r},
	})
	r.tellStates()
	r.old.fleet.Divert(oldTap{r})
	r.next.fleet.Divert(newTap{r})
	r.op = newReshardOperation(o.cmd)
	r.next.launch(context.Background(), &s.wg)
	r.tell("begins", "by", r.by, "why", plan.Why, "identifies", plan.Identifies)
	return r, nil
}

// perShard counts guilds by the shard that is to hold them.
func perShard(k pipeline.Known, p slice) []int {
	counts := make([]int, p.last-p.first+1)
	for _, ids := range [][]uint64{k.Available, k.Unavailable, k.Loading} {
		for _, id := range ids {
			if shard := discord.ShardOf(id, p.total); shard >= p.first && shard <= p.last {
				counts[shard-p.first]++
			}
		}
	}
	return counts
}

// tellStates tells the merge which shards of the old fleet are ready.
func (r *resharding) tellStates() {
	var snap ops.Snapshot
	r.old.fleet.Fill(&snap)
	for i := range snap.Shards {
		if snap.Shards[i].State == ops.ShardReady {
			r.merge.OldState(snap.Shards[i].ID, true)
		}
	}
}

// tell logs a change, and tells whoever has subscribed.
func (r *resharding) tell(what string, attrs ...any) {
	e := r.engine
	text := fmt.Sprintf("reshard %d to %d %s", r.plan.From, r.plan.To, what)
	e.logger.Info(text, attrs...)
	e.hub.publish(ops.Event{Kind: ops.EventReshard, At: e.cfg.Clock.Now(), Shard: -1, Text: text})
}

// enter goes on to a phase.
func (r *resharding) enter(phase ops.ReshardPhase) {
	r.phase, r.since, r.waits = phase, r.engine.cfg.Clock.Now(), ""
	r.tell("comes to " + phase.String())
}

// active is the fleet that leads.
func (r *resharding) active() *flight {
	if r.phase >= ops.ReshardSwitch {
		return r.next
	}
	return r.old
}

// step takes the reshard on as far as it goes now.
func (r *resharding) step(ctx context.Context) {
	e := r.engine
	now := e.cfg.Clock.Now()
	if r.closing {
		r.closed()
		return
	}
	r.merge.Tick(ctx)
	r.last = r.merge.Stats()
	if why := r.next.failed.Load(); why != nil && r.phase < ops.ReshardSwitch {
		r.giveUp(ctx, fmt.Errorf("a shard of the next fleet failed: %s", *why))
		return
	}
	up := r.up()
	if now.Sub(r.looked) >= time.Second || r.looked.IsZero() {
		r.look(now)
	}
	switch r.phase {
	case ops.ReshardSpawn:
		r.waits = r.waitsForShards(up)
		if up == r.size() {
			r.enter(ops.ReshardLoad)
			r.look(now)
		}
	case ops.ReshardLoad:
		r.waits = r.waitsForGuilds(now)
		if r.forced {
			r.change(ctx)
		} else if !r.coveredAt.IsZero() {
			r.enter(ops.ReshardOverlap)
		}
	case ops.ReshardOverlap:
		r.compare(ctx, now, up)
	case ops.ReshardRetire:
		r.retire(ctx, now)
	}
}

// compare waits until the streams have agreed for long enough, then switches.
func (r *resharding) compare(ctx context.Context, now time.Time, up int) {
	soak := r.engine.reshardConfig().Soak
	switch {
	case r.paused:
		r.waits = "it is paused: resume it, or abort it"
	case r.forced:
		r.change(ctx)
	case r.coveredAt.IsZero():
		r.waits = r.waitsForGuilds(now)
	case r.agreed(now) < soak:
		r.waits = fmt.Sprintf("the streams have to agree for %s", soak)
		if r.last.Differs != "" {
			r.waits += "; the last difference: " + r.last.Differs
		}
	case up < r.size():
		r.waits = r.waitsForShards(up)
	case r.oldAway() > 0:
		r.waits = fmt.Sprintf("%d shards of the active fleet are away: what they have missed may be known to their sessions alone", r.oldAway())
	case r.last.Behind > 0:
		r.waits = fmt.Sprintf("the active fleet is behind by %d events", r.last.Behind)
	case r.last.Overdue > 0:
		r.waits = fmt.Sprintf("the next fleet is behind: %d events that have been forwarded have not come from it", r.last.Overdue)
	case r.stuck() != "":
		r.waits = r.stuck()
	case now.Before(r.tryAt):
	default:
		r.change(ctx)
	}
}

// agreed is for how long the streams have.
func (r *resharding) agreed(now time.Time) time.Duration {
	if r.coveredAt.IsZero() || r.phase < ops.ReshardOverlap {
		return 0
	}
	from := r.since
	for _, at := range []time.Time{r.coveredAt, r.last.AgreedSince} {
		if at.After(from) {
			from = at
		}
	}
	return now.Sub(from)
}

// size is the number of shards of the next fleet that are held here.
func (r *resharding) size() int { return r.plan.Last - r.plan.First + 1 }

// up is how many of those are ready.
func (r *resharding) up() int { return r.states()[ops.ShardReady] }

func (r *resharding) states() [ops.ShardFailed + 1]int { return r.next.fleet.States() }

// look compares the guilds of both fleets.
func (r *resharding) look(now time.Time) {
	r.looked = now
	r.guilds, r.guildsAll, r.missing = 0, 0, nil
	for _, id := range r.old.fleet.Known().Available {
		shard := discord.ShardOf(id, r.plan.To)
		if shard < r.plan.First || shard > r.plan.Last {
			continue // another process is to hold it
		}
		r.guildsAll++
		switch r.next.fleet.Holding(id) {
		case pipeline.HoldsAvailable, pipeline.HoldsUnavailable:
			r.guilds++
		default:
			if r.missing = append(r.missing, id); len(r.missing) > 256 {
				r.missing = lowest(r.missing, 20)
			}
		}
	}
	r.missing = lowest(r.missing, 20)
	switch {
	case r.guilds < r.guildsAll || r.phase < ops.ReshardLoad:
		r.coveredAt = time.Time{}
	case r.coveredAt.IsZero():
		r.coveredAt = now
	}
}

// lowest are the first n of some ids, sorted.
func lowest(ids []uint64, n int) []uint64 {
	slices.Sort(ids)
	return ids[:min(len(ids), n)]
}

// refusal says why a command is not possible now; empty if it is.
func (r *resharding) refusal(kind ops.CommandKind) string {
	switch {
	case r.closing:
		return "it has been given up, and the next fleet is being closed"
	case r.phase >= ops.ReshardSwitch:
		return "the next fleet has taken over already, the old one is being closed; reshard back if need be"
	case kind == ops.CommandReshardPause && r.paused:
		return "it is paused already"
	case kind == ops.CommandReshardResume && !r.paused:
		return "it is not paused"
	case kind == ops.CommandReshardForce && r.phase < ops.ReshardLoad:
		return fmt.Sprintf("only %d of %d shards of the next fleet are ready, and the guilds of the others would get nothing", r.up(), r.size())
	}
	return ""
}

// command carries out what refusal has nothing against.
func (r *resharding) command(ctx context.Context, cmd ops.Command) {
	switch cmd.Kind {
	case ops.CommandReshardPause:
		r.paused = true
		r.next.gate.close()
		r.tell("is paused", "by", asker(cmd))
	case ops.CommandReshardResume:
		r.paused = false
		r.next.gate.open()
		r.tell("goes on", "by", asker(cmd))
	case ops.CommandReshardAbort:
		r.giveUp(ctx, fmt.Errorf("aborted by %s", asker(cmd)))
	case ops.CommandReshardForce:
		r.forced, r.paused = true, false
		r.next.gate.open()
		r.tell("is forced", "by", asker(cmd), "missing_guilds", r.guildsAll-r.guilds, "only_old", r.last.OnlyOld)
		r.step(ctx)
	}
}

// giveUp closes the next fleet and leaves the active one as it is; once the next
// one leads, it closes the old one instead.
func (r *resharding) giveUp(ctx context.Context, err error) {
	if r.phase >= ops.ReshardSwitch {
		r.old.land(false)
		return
	}
	if r.closing {
		return
	}
	r.closing, r.err, r.waits = true, err, "it is given up, the next fleet is being closed"
	soon, cancel := context.WithTimeout(ctx, holdWithin)
	defer cancel()
	r.merge.Close(soon)
	r.old.fleet.Divert(nil)
	r.next.land(false)
	r.tell("is given up: " + err.Error())
}

// closed ends it once the fleet that is to be closed has been.
func (r *resharding) closed() bool {
	going := r.old
	if r.closing {
		going = r.next
	}
	select {
	case <-going.ended:
	default:
		return false
	}
	r.engine.presence.forget(going.fleet)
	if r.closing {
		r.withdraw()
	}
	r.conclude()
	return true
}

// withdraw gives back the next fleet's queues, which hold nothing.
func (r *resharding) withdraw() {
	for _, sink := range r.engine.sinks.all() {
		sink.runner.Detach(r.generation)
	}
	r.engine.queued().Withdraw(r.generation)
}

// conclude ends it.
func (r *resharding) conclude() {
	r.over = true
	r.last = r.merge.Stats()
	text := fmt.Sprintf("is done after %s", r.engine.cfg.Clock.Now().Sub(r.begun).Round(time.Second))
	if r.err != nil {
		text = "has ended, the fleet is as it was: " + r.err.Error()
	}
	r.tell(text, "both", r.last.Both, "only_old", r.last.OnlyOld, "only_new", r.last.OnlyNew, "gap", r.gap)
	r.op.end(r.err, fmt.Sprintf("reshard %d to %d %s", r.plan.From, r.plan.To, text))
}
