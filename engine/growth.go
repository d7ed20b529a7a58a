package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/reshard"
)

// How often the fleet's growth is looked at.
const (
	heldEvery = time.Minute     // whether a reshard that is due may begin by now
	heldAlert = 5 * time.Minute // after which one that may not begin needs a person
	seeEvery  = 5 * time.Minute // how many guilds there are
)

// growth has the bot resharded when its shards fill up. It belongs to steering's
// goroutine.
type growth struct {
	clock  clock.Clock
	pace   reshard.Growth
	state  ops.ReshardAuto
	seenAt time.Time
	tryAt  time.Time // an automatic reshard, not before, unless Discord demands it
	// heldSince is since when one that is due may not begin; zero if none is held.
	heldSince time.Time
	// heldTill is until when nobody looks whether one that is due may begin.
	heldTill time.Time
	total    int // of the fleet looked at last
}

func newGrowth(c clock.Clock, r *ReshardConfig) growth {
	g := growth{clock: c, state: ops.ReshardAuto{Capacity: discord.MaxGuildsPerShard}}
	g.configure(r)
	return g
}

// configure has the growth judged by another configuration from now on.
func (g *growth) configure(r *ReshardConfig) {
	s := &g.state
	if s.CheckEvery != r.CheckEvery {
		s.NextCheck = time.Time{}
	}
	s.On, s.AtPercent, s.CheckEvery, s.Target = r.Auto, r.AtPercent, r.CheckEvery, "recommended"
	if r.Target > 0 {
		s.Target = fmt.Sprint(r.Target)
	}
	s.Due, s.Held, g.heldTill, g.tryAt = "", "", time.Time{}, time.Time{}
}

// grow sees whether a reshard is due, and begins it if it may.
func (s *steering) grow(ctx context.Context) {
	e, g := s.engine, &s.auto
	now := e.cfg.Clock.Now()
	in := e.autoInput()
	g.see(now, in, e.current().Settled())
	if g.state.Due, _ = reshard.Due(in); !g.state.On {
		return
	}
	if !now.Before(g.state.NextCheck) {
		if !g.state.NextCheck.IsZero() {
			e.freshen(ctx)
		}
		g.state.NextCheck = now.Add(g.state.CheckEvery)
	}
	running := ops.EnginePhase(e.phase.Load()) == ops.PhaseRunning
	if !in.Refused && (!running || now.Before(g.tryAt)) || now.Before(g.heldTill) {
		return
	}
	if in.Refused { // Discord knows by now how many it takes
		asking, cancel := context.WithTimeout(ctx, planAsk)
		_, _ = e.refreshBudget(asking) // else it is guessed
		cancel()
		in.Recommended = e.recommended()
	}
	why, to := reshard.Due(in)
	if g.state.Due = why; why == "" {
		g.state.Held = ""
		return
	}
	s.growNow(ctx, now, why, to)
}

// growNow begins a reshard that is due, or says what keeps it.
func (s *steering) growNow(ctx context.Context, now time.Time, why string, to ops.Target) {
	e, g := s.engine, &s.auto
	g.heldTill = now.Add(heldEvery)
	plan, err := e.Plan(ctx, to)
	switch {
	case err != nil:
		g.state.Held = err.Error()
		return
	case len(plan.Refusals) > 0:
		g.state.Held = strings.Join(plan.Refusals, "; ")
		return
	}
	plan.Why = why + ": " + plan.Why
	g.state.Held = ""
	e.logger.Info("reshard is due", "reason", why, "to", plan.To)
	cmd := ops.Command{Kind: ops.CommandReshard, Target: to, By: "reshard.auto"}
	reply := s.begin(ctx, order{cmd: cmd, plan: plan})
	if reply.err != nil {
		g.state.Held = reply.err.Error()
		return
	}
	cmd.By = ops.ByItself + " (reshard.auto)"
	e.actions.begin(cmd, reply.op)
}

// see takes note of how full the fleet is; settled says that no guilds are being
// loaded.
func (g *growth) see(now time.Time, in reshard.AutoInput, settled bool) {
	g.state.Percent, g.state.Fullest = in.Fill()
	if !settled || now.Sub(g.seenAt) < seeEvery && g.total == in.Total {
		return
	}
	g.seenAt, g.total = now, in.Total
	all := 0
	for _, n := range in.Guilds {
		all += n
	}
	g.pace.See(now, all)
	g.state.PerDay, _ = g.pace.PerDay()
	g.state.FullAt = g.pace.FullAt(len(in.Guilds) * discord.MaxGuildsPerShard)
}

// ended keeps an automatic reshard from being tried again at once.
func (g *growth) ended(r *resharding) {
	g.state.Due, g.state.Held = "", ""
	wait := time.Duration(0)
	if r.err != nil {
		wait = g.state.CheckEvery
	}
	g.tryAt = g.clock.Now().Add(wait)
}

func (g *growth) report() ops.ReshardAuto { return g.state }

// noteHeld notes since when a reshard that is due may not begin.
func (g *growth) noteHeld() {
	switch {
	case g.state.Held == "":
		g.heldSince = time.Time{}
	case g.heldSince.IsZero():
		g.heldSince = g.clock.Now()
	}
}

// alerts tell of a reshard that is due and may not begin, or that nobody begins.
func (g *growth) alerts() []ops.Alert {
	g.noteHeld()
	text, id := "", "reshard/held"
	switch {
	case g.state.Due == "":
		return nil
	case !g.state.On && !g.crowded():
		return nil // Discord's advice, which nobody has to take
	case !g.state.On:
		id, text = "reshard/capacity", fmt.Sprintf("more shards are needed (%s), and reshard.auto is off: gatehouse ctl reshard", g.state.Due)
	case g.state.Held == "" || g.heldSince.IsZero() || g.clock.Now().Sub(g.heldSince) < heldAlert:
		return nil // it may only have to wait for the start to be over
	default:
		text = fmt.Sprintf("more shards are needed (%s), and the reshard may not begin: %s", g.state.Due, g.state.Held)
	}
	if !g.state.FullAt.IsZero() {
		text += "; at the present growth the shards are full on " + g.state.FullAt.UTC().Format(time.DateOnly)
	}
	return []ops.Alert{{ID: id, Level: ops.AlertWarn, Shard: -1, Text: text}}
}

// crowded reports whether the shards, or one of them, are as full as they may be.
func (g *growth) crowded() bool {
	s := &g.state
	return s.Percent >= float64(s.AtPercent) || s.Fullest.Guilds*100 >= s.AtPercent*s.Capacity
}

// autoInput is what the need of more shards is judged by.
func (e *Engine) autoInput() reshard.AutoInput {
	f := e.current()
	first, last, total := f.Slice()
	in := reshard.AutoInput{
		Total: total, First: first, Last: last, Recommended: e.recommended(),
		Configured: e.reshardConfig().Target, AtPercent: e.reshardConfig().AtPercent, Refused: f.Refused(),
	}
	for id := first; id <= last; id++ {
		in.Guilds = append(in.Guilds, f.GuildCount(id))
	}
	return in
}

// recommended is how many shards Discord recommends, as the bot may have them; 0 if
// it has not told.
func (e *Engine) recommended() int {
	n := e.gateway().Shards
	if e.cfg.Shards.LargeBot {
		n = discord.LargeBotShards(n, e.queue.Snapshot().MaxConcurrency)
	}
	return n
}
