package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/fleet"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// guards keep what the hooks do, and what else comes from outside, from the engine.
type guards struct {
	engine *Engine
	set    Hooks

	dial, dispatch, filter, forward, frame, gateway, gatewayStore, heartbeat, identify, identifyFrame, place, plan, queueStore, reload, resume, sessions, source guard
}

// guard counts the calls of one hook, and catches its panics.
type guard struct {
	name          string
	hook          bool // it is shown before it has panicked, too
	calls, panics atomic.Uint64
	mu            sync.Mutex
	last, when    string
	at            time.Time
	loggedAt      time.Time
}

// logPanicEvery is the least time between two lines of the log about one hook.
const logPanicEvery = 10 * time.Second

// panicTextMax is how much of what a panic says is kept, in bytes.
const panicTextMax = 300

// begin makes guards for the hooks of a configuration, and puts them before what else
// it brings.
func (h *guards) begin(e *Engine, cfg *Config) {
	h.engine, h.set = e, cfg.Hooks
	for _, g := range []struct {
		guard *guard
		name  string
		hook  bool
	}{
		{&h.gateway, "gateway", h.set.Gateway != nil},
		{&h.place, "place", h.set.Place != nil},
		{&h.identify, "identify", h.set.Identify != nil},
		{&h.identifyFrame, "identify frame", h.set.IdentifyFrame != nil},
		{&h.resume, "resume", h.set.Resume != nil},
		{&h.heartbeat, "heartbeat", h.set.Heartbeat != nil},
		{&h.frame, "frame", h.set.Frame != nil},
		{&h.dispatch, "dispatch", h.set.Dispatch != nil},
		{&h.filter, "filter", h.set.Filter != nil},
		{&h.plan, "plan", h.set.Plan != nil},
		{&h.forward, "forward", slices.ContainsFunc(cfg.Sinks, func(s SinkConfig) bool { _, ok := s.Sink.(SinkFunc); return ok })},
		{&h.reload, "reload", false},
		{&h.dial, "dial", false},
		{&h.source, "gateway source", false},
		{&h.sessions, "session store", false},
		{&h.gatewayStore, "gateway store", false},
		{&h.queueStore, "queue store", false},
	} {
		g.guard.name, g.guard.hook = g.name, g.hook
	}
	h.guardPorts(cfg)
}

// all are the guards, by name.
func (h *guards) all() []*guard {
	return []*guard{
		&h.dial, &h.dispatch, &h.filter, &h.forward, &h.frame, &h.gateway, &h.source, &h.gatewayStore, &h.heartbeat,
		&h.identify, &h.identifyFrame, &h.place, &h.plan, &h.queueStore, &h.reload, &h.resume, &h.sessions,
	}
}

// run calls a hook and reports whether it returned. when says in words what it is
// called for, and is asked only if it panics.
func (h *guards) run(g *guard, when func() string, do func()) (ok bool) {
	g.calls.Add(1)
	defer func() {
		if v := recover(); v != nil {
			h.caught(g, when(), v)
		}
	}()
	do()
	return true
}

// call is run for a step that may fail: a panic is an error.
func (h *guards) call(g *guard, when func() string, do func() error) (err error) {
	if !h.run(g, when, func() { err = do() }) {
		g.mu.Lock()
		defer g.mu.Unlock()
		return fmt.Errorf("%s has panicked: %s", g.name, g.last)
	}
	return err
}

// caught notes a panic. What it says is redacted like everything that is shown.
func (h *guards) caught(g *guard, when string, v any) {
	now, logger := h.engine.cfg.Clock.Now(), h.engine.logger
	text, _, _ := strings.Cut(h.engine.cfg.Token.Redact(fmt.Sprint(v)), "\n")
	text = strings.ToValidUTF8(text[:min(len(text), panicTextMax)], "")
	panics := g.panics.Add(1)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last, g.when, g.at = text, when, now
	if !g.loggedAt.IsZero() && now.Sub(g.loggedAt) < logPanicEvery {
		return
	}
	g.loggedAt = now
	logger.Error("a hook has panicked, and was caught", "hook", g.name, "for", when, "panic", text, "panics", panics)
	if ctx := context.Background(); logger.Enabled(ctx, slog.LevelDebug) {
		logger.Log(ctx, slog.LevelDebug, "stack of the hook", "hook", g.name, "stack", string(debug.Stack()))
	}
}

// report is the operator's part: the hooks that are set, and what else has panicked,
// by name.
func (h *guards) report() (all []ops.Hook) {
	for _, g := range h.all() {
		if !g.hook && g.panics.Load() == 0 {
			continue
		}
		g.mu.Lock()
		all = append(all, ops.Hook{Name: g.name, Calls: g.calls.Load(), Panics: g.panics.Load(), Last: g.last, LastAt: g.at, LastWhen: g.when})
		g.mu.Unlock()
	}
	return all
}

// panicShown is for how long a panic is an alert.
const panicShown = 10 * time.Minute

// hookAlerts tell of hooks that have panicked of late.
func hookAlerts(hooks []ops.Hook, now time.Time) (alerts []ops.Alert) {
	for _, h := range hooks {
		if h.Panics > 0 && now.Sub(h.LastAt) < panicShown {
			alerts = append(alerts, ops.Alert{ID: "hook/" + h.Name, Level: ops.AlertWarn, Shard: -1, Text: fmt.Sprintf(
				"the hook %q has panicked, %d times since the start, last for %s: %s; it is caught, and the engine goes on: mend the hook", h.Name, h.Panics, h.LastWhen, h.Last)})
		}
	}
	return alerts
}

// GatewayBot asks for the gateway by way of the hook.
func (h *guards) GatewayBot(ctx context.Context) (info discord.GatewayBot, err error) {
	when := func() string { return "the gateway's address" }
	next := func(ctx context.Context) (info discord.GatewayBot, err error) {
		err = h.call(&h.source, when, func() (err error) { info, err = h.engine.cfg.Gateway.GatewayBot(ctx); return err })
		return info, err
	}
	if h.set.Gateway == nil || !h.run(&h.gateway, when, func() { info, err = h.set.Gateway(ctx, next) }) {
		return next(ctx)
	}
	return info, err
}

// placed gives a slice's shards to workers.
func (h *guards) placed(p slice) slice {
	p = h.engine.cfg.placed(p)
	if h.set.Place == nil {
		return p
	}
	n := p.last - p.first + 1
	h.run(&h.place, func() string { return fmt.Sprintf("%d shards", n) }, func() {
		place := h.set.Place(Placement{First: p.first, Shards: n, Worker: slices.Clone(p.place)})
		if err := fleet.CheckPlace(place, n); err != nil {
			panic(err)
		}
		p.place, p.hooked = slices.Clone(place), true
	})
	return p
}

const (
	// hookPause is the time before a shard asks again whether it may identify.
	hookPause = 5 * time.Second
	// tellRefusals is with every how many refusals the log tells of one.
	tellRefusals = 12
)

// mayIdentify waits until the hook lets a shard identify. It fails with ctx's error.
func (h *guards) mayIdentify(ctx context.Context, i Identifying) error {
	if h.set.Identify == nil {
		return nil
	}
	for i.Attempt = 1; ; i.Attempt++ {
		var refused error
		h.run(&h.identify, aboutShard(i.Shard), func() { refused = h.set.Identify(ctx, i) })
		if ctx.Err() != nil || refused == nil {
			return ctx.Err()
		}
		if i.Attempt%tellRefusals == 1 {
			h.engine.logger.Info("a hook keeps a shard from identifying", "shard", i.Shard, "attempt", i.Attempt, "reason", refused)
		}
		timer := h.engine.cfg.Clock.NewTimer(hookPause)
		select {
		case <-timer.C():
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// aboutShard says what a hook is called for that is about one shard.
func aboutShard(id int) func() string { return func() string { return fmt.Sprintf("shard %d", id) } }

// identifying is a shard's Identify as the hook would have it.
func (h *guards) identifying(shard, shards int, frame []byte) ([]byte, error) {
	if h.set.IdentifyFrame == nil {
		return frame, nil
	}
	h.run(&h.identifyFrame, aboutShard(shard), func() { frame = h.set.IdentifyFrame(shard, shards, slices.Clone(frame)) })
	switch {
	case len(frame) > discord.MaxSendBytes:
		return nil, fmt.Errorf("a hook has made the Identify %d bytes long, Discord takes %d", len(frame), discord.MaxSendBytes)
	case !json.Valid(frame):
		return nil, errors.New("a hook has made an Identify that is not JSON")
	}
	return frame, nil
}

// resuming tells of a RESUME.
func (h *guards) resuming(shard int, seq int64) {
	if h.set.Resume != nil {
		h.run(&h.resume, aboutShard(shard), func() { h.set.Resume(shard, seq) })
	}
}

// beat is the heartbeat hook; nil if there is none.
func (h *guards) beat() func(shard int, latency time.Duration) {
	if h.set.Heartbeat == nil {
		return nil
	}
	return func(shard int, latency time.Duration) {
		h.run(&h.heartbeat, aboutShard(shard), func() { h.set.Heartbeat(shard, latency) })
	}
}

// frames is the frame hook; nil if there is none.
func (h *guards) frames() func(shard int, msg []byte) {
	if h.set.Frame == nil {
		return nil
	}
	return func(shard int, msg []byte) {
		h.run(&h.frame, aboutShard(shard), func() { h.set.Frame(shard, msg) })
	}
}

// admit lets an event go on, as the hooks would have it.
func (h *guards) admit(ev *event.Event) bool {
	if h.set.Dispatch == nil && h.set.Filter == nil {
		return true
	}
	when := func() string { return fmt.Sprintf("%s of shard %d", ev.Type, ev.ShardID) }
	if h.set.Dispatch != nil {
		before := *ev
		ok := h.run(&h.dispatch, when, func() {
			h.set.Dispatch(ev)
			if !same(ev.Data, before.Data) && (len(ev.Data) == 0 || ev.Data[0] != '{' || !json.Valid(ev.Data)) {
				panic("it has put something into Data that is no JSON object")
			}
		})
		data := ev.Data
		if *ev = before; ok {
			ev.Data = data
		}
	}
	pass := true
	if h.set.Filter != nil {
		before := *ev
		h.run(&h.filter, when, func() { pass = h.set.Filter(ev) })
		*ev = before
	}
	return pass
}

// same reports whether two slices are one.
func same(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// planned shows a plan to the hook, and returns the number of shards that it wants
// instead; 0 for none.
func (h *guards) planned(p *ops.ReshardPlan) (instead int) {
	if h.set.Plan == nil {
		return 0
	}
	shown := *p
	shown.Refusals, shown.Warnings = slices.Clone(p.Refusals), slices.Clone(p.Warnings)
	if !h.run(&h.plan, func() string { return fmt.Sprintf("%d shards", p.To) }, func() { h.set.Plan(&shown) }) {
		return 0
	}
	if shown.To != p.To {
		return shown.To
	}
	p.Refusals, p.Warnings = shown.Refusals, shown.Warnings
	return 0
}
