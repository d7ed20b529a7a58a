package engine

import (
	"cmp"
	"context"
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

// Hooks override steps of the engine from Go. Every field may be nil, which leaves
// the step as it is. Steps that are not here are interfaces of [Config]: the
// gateway's address and the connections to it (Gateway, Dialer), what is kept
// (Sessions, GatewayStore, Store), the clock, and each sink ([SinkFunc] makes one of
// a function).
//
// Hooks are called by several goroutines at a time, and, unless it says so, hold up
// the shard that they are called for: they must be quick. One that panics is caught,
// counted, shown ([ops.Snapshot] Hooks, and an alert), and the step goes on as if the
// hook were not there.
type Hooks struct {
	// Gateway is asked for the gateway's address and limits; next asks Discord. ctx
	// ends when nobody waits for the answer any more.
	Gateway func(ctx context.Context, next func(context.Context) (discord.GatewayBot, error)) (discord.GatewayBot, error)
	// Place gives shards to workers, whenever a fleet is made. A placement that
	// cannot be counts as a panic.
	Place func(p Placement) []int
	// Identify is called before a shard waits for its turn to identify. It may take
	// as long as it likes: no other shard waits for it. After an error it is called
	// again, with pauses of 5 s, until it returns nil.
	Identify func(ctx context.Context, i Identifying) error
	// IdentifyFrame may change a shard's Identify, an op 2 of at most 4096 bytes. It
	// holds the token: do not log it. A frame that is too long is not sent, and the
	// shard tries again later.
	IdentifyFrame func(shard, shards int, frame []byte) []byte
	// Resume is told before a RESUME is sent, with the session's last sequence number.
	Resume func(shard int, seq int64)
	// Heartbeat is told of every heartbeat that Discord has acknowledged.
	Heartbeat func(shard int, latency time.Duration)
	// Frame is shown every message of a connection, inflated, before anything is done
	// with it. It must neither keep nor change it.
	Frame func(shard int, msg []byte)
	// Dispatch may look at an event on its way into the queue, and put another frame
	// into its Data: a JSON object without line breaks, as the bot is to see it. The
	// rest must stay as it is. Events come in order per shard.
	Dispatch func(ev *event.Event)
	// Filter reports whether an event may go on. What it refuses no sink gets.
	Filter func(ev *event.Event) bool
	// Plan may add refusals and warnings to a plan of a reshard. If it changes To, the
	// plan is made anew for that number of shards.
	Plan func(p *ops.ReshardPlan)
}

// Placement is shards that are to be given to workers.
type Placement struct {
	First, Shards int   // the first shard, and how many there are
	Worker        []int // as the configuration would have it, by place; a hook may change and return it
}

// Identifying is a shard that is about to identify.
type Identifying struct {
	Shard, Shards, Worker int
	Attempt               int // counts from 1; rises when the hook has refused
}

// hookPause is the time before a shard asks again whether it may identify.
const hookPause = 5 * time.Second

// guards keep what the hooks do from the engine.
type guards struct {
	engine *Engine
	set    Hooks

	gateway, place, identify, identifyFrame, resume, heartbeat, frame, dispatch, filter, plan guard
}

// guard counts the calls of one hook, and catches its panics.
type guard struct {
	calls, panics atomic.Uint64
	mu            sync.Mutex
	last, when    string
	at            time.Time
	loggedAt      time.Time
}

// logPanicEvery is the least time between two lines of the log about one hook.
const logPanicEvery = 10 * time.Second

// run calls a hook and reports whether it returned.
func (h *guards) run(g *guard, name, format string, args []any, do func()) (ok bool) {
	g.calls.Add(1)
	defer func() {
		if v := recover(); v != nil {
			h.caught(g, name, fmt.Sprintf(format, args...), v)
		}
	}()
	do()
	return true
}

// caught notes a panic. What it says is redacted like everything that is shown.
func (h *guards) caught(g *guard, name, when string, v any) {
	now := h.engine.cfg.Clock.Now()
	text, _, _ := strings.Cut(h.engine.cfg.Token.Redact(fmt.Sprint(v)), "\n")
	g.panics.Add(1)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last, g.when, g.at = text, when, now
	if now.Sub(g.loggedAt) < logPanicEvery {
		return
	}
	g.loggedAt = now
	h.engine.logger.Error("a hook has panicked; the step goes on without it", "hook", name, "for", when, "panic", text, "panics", g.panics.Load())
	h.engine.logger.Log(context.Background(), slog.LevelDebug, "stack of the hook", "hook", name, "stack", string(debug.Stack()))
}

// recovered makes an error of a panic.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("the sink's function has panicked: %v", v)
	}
}

// report is the operator's part: the hooks that are set, by name.
func (h *guards) report() (all []ops.Hook) {
	for name, g := range map[string]*guard{
		"gateway": &h.gateway, "place": &h.place, "identify": &h.identify, "identify frame": &h.identifyFrame, "resume": &h.resume,
		"heartbeat": &h.heartbeat, "frame": &h.frame, "dispatch": &h.dispatch, "filter": &h.filter, "plan": &h.plan,
	} {
		if g.calls.Load() == 0 {
			continue
		}
		g.mu.Lock()
		all = append(all, ops.Hook{Name: name, Calls: g.calls.Load(), Panics: g.panics.Load(), Last: g.last, LastAt: g.at, LastWhen: g.when})
		g.mu.Unlock()
	}
	slices.SortFunc(all, func(a, b ops.Hook) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// panicShown is for how long a panic is an alert.
const panicShown = 10 * time.Minute

// hookAlerts tell of hooks that have panicked of late.
func hookAlerts(hooks []ops.Hook, now time.Time) (alerts []ops.Alert) {
	for _, h := range hooks {
		if h.Panics > 0 && now.Sub(h.LastAt) < panicShown {
			alerts = append(alerts, ops.Alert{ID: "hook/" + h.Name, Level: ops.AlertWarn, Shard: -1, Text: fmt.Sprintf(
				"the hook %q has panicked %d times, last for %s: %s; the engine goes on as if it were not there", h.Name, h.Panics, h.LastWhen, h.Last)})
		}
	}
	return alerts
}

// GatewayBot asks for the gateway by way of the hook.
func (h *guards) GatewayBot(ctx context.Context) (info discord.GatewayBot, err error) {
	next := h.engine.cfg.Gateway.GatewayBot
	if h.set.Gateway == nil || !h.run(&h.gateway, "gateway", "the gateway's address", nil, func() { info, err = h.set.Gateway(ctx, next) }) {
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
	h.run(&h.place, "place", "%d shards", []any{n}, func() {
		place := h.set.Place(Placement{First: p.first, Shards: n, Worker: slices.Clone(p.place)})
		if err := fleet.CheckPlace(place, n); err != nil {
			panic(err)
		}
		p.place, p.hooked = place, true
	})
	return p
}

// mayIdentify waits until the hook lets a shard identify. It fails with ctx's error.
func (h *guards) mayIdentify(ctx context.Context, i Identifying) error {
	if h.set.Identify == nil {
		return nil
	}
	for i.Attempt = 1; ; i.Attempt++ {
		var refused error
		h.run(&h.identify, "identify", "shard %d", []any{i.Shard}, func() { refused = h.set.Identify(ctx, i) })
		if ctx.Err() != nil || refused == nil {
			return ctx.Err()
		}
		h.engine.logger.Info("a hook keeps a shard from identifying", "shard", i.Shard, "attempt", i.Attempt, "reason", refused)
		timer := h.engine.cfg.Clock.NewTimer(hookPause)
		select {
		case <-timer.C():
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// identifying is a shard's Identify as the hook would have it.
func (h *guards) identifying(shard, shards int, frame []byte) ([]byte, error) {
	if h.set.IdentifyFrame != nil {
		h.run(&h.identifyFrame, "identify frame", "shard %d", []any{shard}, func() { frame = h.set.IdentifyFrame(shard, shards, slices.Clone(frame)) })
	}
	if len(frame) > discord.MaxSendBytes {
		return nil, fmt.Errorf("a hook has made the Identify %d bytes long, Discord takes %d", len(frame), discord.MaxSendBytes)
	}
	return frame, nil
}

// resuming tells of a RESUME.
func (h *guards) resuming(shard int, seq int64) {
	if h.set.Resume != nil {
		h.run(&h.resume, "resume", "shard %d", []any{shard}, func() { h.set.Resume(shard, seq) })
	}
}

// beat is the heartbeat hook; nil if there is none.
func (h *guards) beat() func(shard int, latency time.Duration) {
	if h.set.Heartbeat == nil {
		return nil
	}
	return func(shard int, latency time.Duration) {
		h.run(&h.heartbeat, "heartbeat", "shard %d", []any{shard}, func() { h.set.Heartbeat(shard, latency) })
	}
}

// frames is the frame hook; nil if there is none.
func (h *guards) frames() func(shard int, msg []byte) {
	if h.set.Frame == nil {
		return nil
	}
	return func(shard int, msg []byte) {
		h.run(&h.frame, "frame", "shard %d", []any{shard}, func() { h.set.Frame(shard, msg) })
	}
}

// admit lets an event go on, as the hooks would have it.
func (h *guards) admit(ev *event.Event) bool {
	if h.set.Dispatch != nil {
		before := *ev
		if !h.run(&h.dispatch, "dispatch", "%s of shard %d", []any{ev.Type, ev.ShardID}, func() { h.set.Dispatch(ev) }) {
			*ev = before
		}
	}
	pass := true
	if h.set.Filter != nil {
		h.run(&h.filter, "filter", "%s of shard %d", []any{ev.Type, ev.ShardID}, func() { pass = h.set.Filter(ev) })
	}
	return pass
}

// planned shows a plan to the hook, and returns the number of shards that it wants
// instead; 0 for none.
func (h *guards) planned(p *ops.ReshardPlan) (instead int) {
	if h.set.Plan == nil {
		return 0
	}
	shown := *p
	shown.Refusals, shown.Warnings = slices.Clone(p.Refusals), slices.Clone(p.Warnings)
	if !h.run(&h.plan, "plan", "%d shards", []any{p.To}, func() { h.set.Plan(&shown) }) {
		return 0
	}
	if shown.To != p.To {
		return shown.To
	}
	p.Refusals, p.Warnings = shown.Refusals, shown.Warnings
	return 0
}
