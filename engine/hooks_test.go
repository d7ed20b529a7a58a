package engine_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// hooked is the hook with a name in a snapshot.
func hooked(s *ops.Snapshot, name string) ops.Hook {
	i := slices.IndexFunc(s.Hooks, func(h ops.Hook) bool { return h.Name == name })
	if i < 0 {
		return ops.Hook{}
	}
	return s.Hooks[i]
}

// Whatever the hooks do wrong, the engine goes on as without them.
func TestHooksThatPanicStopNothing(t *testing.T) {
	panics := engine.Hooks{
		Gateway: func(context.Context, func(context.Context) (discord.GatewayBot, error)) (discord.GatewayBot, error) {
			panic("gateway")
		},
		Place:         func(engine.Placement) []int { return []int{7} }, // which cannot be
		Identify:      func(context.Context, engine.Identifying) error { panic("identify") },
		IdentifyFrame: func(int, int, []byte) []byte { panic(discordtest.DefaultToken) },
		Resume:        func(int, int64) { panic("resume") },
		Frame:         func(int, []byte) { panic("frame") },
		Dispatch:      func(ev *event.Event) { ev.Data = nil; panic(errors.New("dispatch")) },
		Filter:        func(*event.Event) bool { panic("filter\nof two lines") },
		Plan:          func(*ops.ReshardPlan) { panic("plan") },
	}
	inWorld(t, discordtest.Config{Shards: 2, Guilds: 20, Rate: 20}, func(c *engine.Config) { c.Hooks = panics }, func(w *world) {
		w.awaitReady()
		w.must(w.discord.DropConnection(shardOf(0)))
		w.pass(time.Minute)
		_, err := w.engine.Plan(context.Background(), ops.Target{Total: 4})
		w.must(err)
		w.settle()
		s := w.snapshot()
		for _, name := range []string{"gateway", "place", "identify", "identify frame", "resume", "frame", "dispatch", "filter", "plan"} {
			h := hooked(s, name)
			if h.Panics == 0 || h.Panics != h.Calls || h.Last == "" || strings.ContainsAny(h.Last, "\n") || strings.Contains(h.Last, discordtest.DefaultToken) {
				t.Errorf("%s: %+v", name, h)
			}
			if !slices.ContainsFunc(s.Alerts, func(a ops.Alert) bool { return a.ID == "hook/"+name }) && name != "gateway" && name != "plan" {
				t.Errorf("%s: no alert in %+v", name, s.Alerts)
			}
		}
		if log := w.log(); strings.Contains(log, discordtest.DefaultToken) {
			t.Error("the token is in the log")
		}
	})
}

func TestHooksSeeAndChangeWhatGoesOn(t *testing.T) {
	var frames, resumes, gateways, dispatched atomic.Int64
	var mu sync.Mutex
	asked := map[int]int{}
	hooks := engine.Hooks{
		Gateway: func(ctx context.Context, next func(context.Context) (discord.GatewayBot, error)) (discord.GatewayBot, error) {
			gateways.Add(1)
			info, err := next(ctx)
			info.Shards = 3
			return info, err
		},
		Place: func(p engine.Placement) []int {
			for i := range p.Worker {
				p.Worker[i] = p.Shards - 1 - i
			}
			return p.Worker
		},
		Identify: func(_ context.Context, i engine.Identifying) error {
			mu.Lock()
			defer mu.Unlock()
			asked[i.Shard] = i.Attempt
			if i.Shard == 1 && i.Attempt < 3 {
				return errors.New("the machine for it is not up yet")
			}
			return nil
		},
		IdentifyFrame: func(_, _ int, frame []byte) []byte {
			return bytes.Replace(frame, []byte(`"large_threshold":50`), []byte(`"large_threshold":77`), 1)
		},
		Resume:   func(int, int64) { resumes.Add(1) },
		Frame:    func(int, []byte) { frames.Add(1) },
		Dispatch: func(*event.Event) { dispatched.Add(1) },
		Filter:   func(ev *event.Event) bool { return ev.Type != "TYPING_START" },
		Plan: func(p *ops.ReshardPlan) {
			p.Refusals = append(p.Refusals, "not on a Monday")
			if p.To == 6 {
				p.To = 9
			}
		},
	}
	sim := discordtest.Config{Shards: 1, Guilds: 30, MaxConcurrency: 3, Optional: []string{"TYPING_START"}}
	inWorld(t, sim, func(c *engine.Config) { c.Hooks = hooks }, func(w *world) {
		var typing atomic.Int64
		w.bot.SetTap(func(d discordtest.Delivered) {
			if d.Type == "TYPING_START" {
				typing.Add(1)
			}
		})
		w.pass(time.Second)
		if s := w.snapshot(); s.Fleet.ByState[ops.ShardReady] != 2 {
			t.Errorf("a shard that may not identify yet: %v", s.Fleet.ByState)
		}
		s := w.awaitReady()
		if s.At.Sub(s.StartedAt) < 10*time.Second || asked[1] != 3 || asked[0] != 1 {
			t.Errorf("ready after %v, asked %v", s.At.Sub(s.StartedAt), asked)
		}
		if s.Fleet.Placement != "hook" || len(s.Workers) != 3 || s.Shards[0].Worker != 2 || s.Shards[2].Worker != 0 {
			t.Errorf("placed by %s: %+v", s.Fleet.Placement, s.Workers)
		}
		w.discord.SetRate(100)
		w.pass(time.Minute)
		w.must(w.discord.DropConnection(shardOf(0)))
		w.pass(5 * time.Second)
		plan, err := w.engine.Plan(context.Background(), ops.Target{Total: 6})
		w.must(err)
		if plan.To != 9 || !slices.Contains(plan.Refusals, "not on a Monday") || !strings.HasPrefix(plan.Why, "a hook") {
			t.Errorf("%+v", plan)
		}
		w.settle()
		if n := w.discord.Stats().Dispatches; typing.Load() > 0 || uint64(dispatched.Load()) != n {
			t.Errorf("%d TYPING_STARTs came, the hook saw %d of %d events", typing.Load(), dispatched.Load(), n)
		}
		if gateways.Load() == 0 || frames.Load() <= dispatched.Load() || resumes.Load() != 1 {
			t.Errorf("%d asked for the gateway, %d frames, %d resumes", gateways.Load(), frames.Load(), resumes.Load())
		}
		for _, h := range w.snapshot().Hooks {
			if h.Panics > 0 {
				t.Errorf("%+v", h)
			}
		}
	})
}

// An Identify that a hook has made too long is never sent.
func TestAnIdentifyThatIsTooLongIsNotSent(t *testing.T) {
	long := engine.Hooks{IdentifyFrame: func(_, _ int, frame []byte) []byte { return append(frame, make([]byte, 5000)...) }}
	inWorld(t, discordtest.Config{Shards: 1}, func(c *engine.Config) { c.Hooks = long }, func(w *world) {
		w.pass(10 * time.Second)
		if d := w.discord.Stats(); d.Identifies != 0 || !strings.Contains(w.log(), "Discord takes 4096") {
			t.Errorf("%d identifies, log:\n%s", d.Identifies, w.log())
		}
	})
}

func TestADispatchHookChangesWhatTheBotGets(t *testing.T) {
	change := engine.Hooks{Dispatch: func(ev *event.Event) {
		ev.Data = bytes.Replace(ev.Data, []byte(`"op":0`), []byte(`"op":0,"seen":true`), 1)
	}}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, discordtest.Config{Shards: 1, Guilds: 10}, func(c *engine.Config) { c.Hooks = change })
		var seen, other atomic.Int64
		w.bot.SetTap(func(d discordtest.Delivered) {
			switch {
			case strings.HasPrefix(d.Type, "GATEHOUSE_"):
			case bytes.Contains(d.Line, []byte(`"seen":true`)):
				seen.Add(1)
			default:
				other.Add(1)
			}
		})
		w.awaitReady()
		w.pass(time.Second)
		w.halt()
		w.discord.Close()
		if seen.Load() != 11 || other.Load() != 0 {
			t.Errorf("%d events were changed, %d not", seen.Load(), other.Load())
		}
	})
}
