package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// How often steering looks after the fleets.
const (
	steerEvery   = 200 * time.Millisecond // while the bot is resharded
	idleEvery    = time.Second            // otherwise
	keptReshards = 20                     // results
)

// steering owns the fleets of a run: it starts the first, has another take over
// when that is asked for or due, and closes them. All of it is done by one
// goroutine.
type steering struct {
	engine *Engine
	wg     sync.WaitGroup
	active *flight
	now    *resharding // nil while none is under way
	auto   growth
	// trail is the last reshard that has succeeded, while its fleet may still bring
	// what the one before it had brought.
	trail   *resharding
	reloads []*operation // that wait for the end of the reshard
}

func newSteering(e *Engine, first *flight) *steering {
	return &steering{engine: e, active: first, auto: newGrowth(e.cfg.Clock, e.reshardConfig())}
}

// order is an operator's command about resharding.
type order struct {
	cmd   ops.Command
	plan  *ops.ReshardPlan // for CommandReshard
	reply chan<- orderReply
}

type orderReply struct {
	op  ops.Operation
	err error
}

// run keeps the fleets until ctx ends, then closes them.
func (s *steering) run(ctx context.Context) {
	e := s.engine
	defer close(e.steered)
	base := context.WithoutCancel(ctx)
	s.active.launch(base, &s.wg)
	timer := e.cfg.Clock.NewTimer(idleEvery)
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case o := <-e.orders:
			o.reply <- s.obey(ctx, o)
			s.rearm(timer)
		case <-timer.C():
			s.tick(ctx)
			s.rearm(timer)
		}
	}
	s.land(base)
}

// land closes all fleets and waits for them.
func (s *steering) land(ctx context.Context) {
	active := s.active
	if s.now != nil {
		s.now.giveUp(ctx, errStopped)
		active = s.now.active()
	}
	for _, op := range s.reloads {
		op.abandon(errStopped)
	}
	active.land(s.engine.keeper.keeps())
	s.wg.Wait()
	if s.now != nil {
		s.now.closed()
		s.finish()
	}
}

func (s *steering) rearm(timer clock.Timer) {
	wait := idleEvery
	if s.now != nil {
		wait = steerEvery
	}
	timer.Reset(wait)
}

// tick takes the reshard under way on, or sees whether one is due.
func (s *steering) tick(ctx context.Context) {
	if s.now == nil {
		s.catchUp(ctx)
		s.grow(ctx)
		s.tidy()
		s.publish()
		return
	}
	s.now.step(ctx)
	s.publish()
	s.finish()
}

// finish books a reshard that has ended.
func (s *steering) finish() {
	r := s.now
	if r == nil || !r.over {
		return
	}
	s.now = nil
	s.active = r.active()
	if r.err == nil {
		s.trail = r
	}
	s.auto.ended(r)
	s.engine.reshards.end(r.result())
	s.publish()
}

// trailFor is how long a fleet that has taken over may bring what it was late with.
const trailFor = 2 * time.Minute

// tidy lets go of the queues of earlier fleets, once they are empty, and of a merge
// that has nothing left to merge.
func (s *steering) tidy() {
	e := s.engine
	if r := s.trail; r != nil && (r.merge.Stats().Waiting == 0 || e.cfg.Clock.Now().Sub(r.since) > trailFor) {
		s.active.fleet.Divert(nil)
		s.trail = nil
	}
	for _, generation := range e.queued().Forget() {
		for _, sink := range e.sinks.all() {
			sink.runner.Detach(generation)
		}
	}
}

// obey carries out an operator's command.
func (s *steering) obey(ctx context.Context, o order) orderReply {
	refuse := func(format string, args ...any) orderReply {
		return orderReply{err: &ops.RefusedError{Command: o.cmd, Reason: fmt.Sprintf(format, args...)}}
	}
	r := s.now
	switch {
	case o.cmd.Kind == ops.CommandReload:
		return s.obeyReload(ctx, o)
	case o.cmd.Kind == ops.CommandReshard && r != nil:
		return refuse("the bot is being resharded from %d to %d shards already: wait for it, or abort it first", r.plan.From, r.plan.To)
	case o.cmd.Kind == ops.CommandReshard:
		return s.begin(ctx, o)
	case r == nil:
		return refuse("no reshard is under way")
	}
	if why := r.refusal(o.cmd.Kind); why != "" {
		return refuse("%s", why)
	}
	op := newOperation(o.cmd, s.engine.cfg.Clock)
	r.command(ctx, o.cmd)
	op.end(nil, op.what+": done")
	s.publish()
	s.finish()
	return orderReply{op: op}
}

// begin starts a reshard.
func (s *steering) begin(ctx context.Context, o order) orderReply {
	r, err := s.newResharding(ctx, o)
	if err != nil {
		return orderReply{err: &ops.RefusedError{Command: o.cmd, Reason: err.Error()}}
	}
	s.now, s.trail = r, nil
	s.publish()
	return orderReply{op: r.op}
}

// order has steering carry out a command about resharding.
func (e *Engine) order(ctx context.Context, cmd ops.Command) (ops.Operation, error) {
	phase := ops.EnginePhase(e.phase.Load())
	if e.current() == nil || phase >= ops.PhaseDraining {
		return nil, &ops.RefusedError{Command: cmd, Reason: "the engine is " + phase.String()}
	}
	o := order{cmd: cmd}
	if cmd.Kind == ops.CommandReshard {
		plan, err := e.Plan(ctx, cmd.Target)
		if err != nil {
			return nil, err
		}
		if len(plan.Refusals) > 0 {
			return nil, &ops.RefusedError{Command: cmd, Reason: plan.Refusals[0]}
		}
		o.plan = plan
	}
	reply := make(chan orderReply, 1)
	o.reply = reply
	select {
	case e.orders <- o:
	case <-e.steered:
		return nil, &ops.RefusedError{Command: cmd, Reason: "the engine is stopping"}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	done := <-reply
	return done.op, done.err
}

// reshards is what can be seen of resharding.
type reshards struct {
	mu      sync.Mutex
	now     *ops.ReshardRun
	auto    ops.ReshardAuto
	refusal string
	alerts  []ops.Alert
	history []ops.ReshardResult
}

// report is the operator's part; nothing of it is written again.
func (r *reshards) report() ops.Reshard {
	r.mu.Lock()
	defer r.mu.Unlock()
	return ops.Reshard{Refusal: r.refusal, Auto: r.auto, Now: r.now, History: r.history}
}

func (r *reshards) alarms() []ops.Alert {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.alerts
}

func (r *reshards) end(result ops.ReshardResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history = append([]ops.ReshardResult{result}, r.history[:min(len(r.history), keptReshards-1)]...)
}

// publish shows how things stand.
func (s *steering) publish() {
	e := s.engine
	auto, alerts := s.auto.report(), s.auto.alerts()
	var now *ops.ReshardRun
	refusal := e.noReshard()
	if s.now != nil {
		now = s.now.report()
		alerts = append(slices.Clone(alerts), s.now.alerts(now)...)
		refusal = fmt.Sprintf("the bot is being resharded from %d to %d shards", s.now.plan.From, s.now.plan.To)
	}
	e.reshards.mu.Lock()
	defer e.reshards.mu.Unlock()
	e.reshards.now, e.reshards.auto, e.reshards.refusal, e.reshards.alerts = now, auto, refusal, alerts
}

// noReshard says why none can begin, whatever its target; empty if one can.
func (e *Engine) noReshard() string {
	id := e.queue.Snapshot()
	switch phase := ops.EnginePhase(e.phase.Load()); {
	case phase >= ops.PhaseDraining:
		return "the engine is " + phase.String()
	case id.Breaker.Open:
		return "identifies are stopped: " + id.Breaker.Why
	case id.ToldAt.IsZero():
		return "Discord's REST API has not told yet how many session starts are left"
	}
	return ""
}
