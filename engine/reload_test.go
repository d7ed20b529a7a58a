package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/rules"
	httpsink "github.com/gatehouse-gateway/gatehouse/transport/sink/http"
)

// house is a world whose configuration can be read again.
type house struct {
	*world
	next  engine.Reloaded
	fails error
}

func inHouse(t *testing.T, sim discordtest.Config, story func(h *house)) {
	t.Helper()
	h := &house{}
	sim.Optional = append(sim.Optional, "MESSAGE_UPDATE/unfurl")
	adapt := func(c *engine.Config) {
		c.Filter.MessageUpdate = true
		h.next = engine.Reloaded{Filter: c.Filter, Reshard: c.Reshard, Sinks: c.Sinks}
		c.Reload = func(context.Context) (*engine.Reloaded, error) {
			next := h.next
			return &next, h.fails
		}
	}
	inWorld(t, sim, adapt, func(w *world) {
		h.world = w
		w.awaitReady()
		story(h)
	})
}

// reload has the configuration read again, and returns what came of it.
func (h *house) reload() string {
	h.t.Helper()
	op, err := h.engine.Do(context.Background(), ops.Command{Kind: ops.CommandReload, By: "a test"})
	if err != nil {
		return err.Error()
	}
	<-op.Done()
	return op.Progress().Text
}

// door is another way to a bot.
func (h *house) door(bot http.Handler) *httpsink.Sink {
	h.t.Helper()
	l := discordtest.NewMemoryListener()
	server := &http.Server{Handler: bot}
	go server.Serve(l)
	h.t.Cleanup(func() { server.Close() })
	return mustSink(h.t, httpsink.Config{URL: &url.URL{Scheme: "http", Host: "bot.test", Path: "/events"}, Authorization: secret, Dial: l.DialContext})
}

func TestRulesChangeWhileTheEngineRuns(t *testing.T) {
	inHouse(t, discordtest.Config{Shards: 1, Guilds: 5, Optional: []string{"TYPING_START"}}, func(h *house) {
		typing := func() (came bool) {
			before := h.snapshot().Sinks[0].Delivered
			_, err := h.discord.Inject("TYPING_START", h.discord.GuildIDs()[0])
			h.must(err)
			h.pass(time.Second)
			return h.snapshot().Sinks[0].Delivered > before
		}
		if !typing() {
			t.Fatal("without rules nothing comes")
		}
		sink := h.next.Sinks[0]
		sink.Rules = rules.Config{Drop: []string{"TYPING_START"}}
		h.next.Sinks = []engine.SinkConfig{sink}
		h.next.Changed = []string{"sinks: bot: events.drop: [] -> [TYPING_START]"}
		h.next.Restart = []string{"discord.intents: 1 -> 2"}
		if text := h.reload(); !strings.Contains(text, "in effect: sinks: bot: events.drop: [] -> [TYPING_START]") || !strings.Contains(text, "after a restart: discord.intents: 1 -> 2") {
			t.Error(text)
		}
		if typing() {
			t.Error("the rule has no effect")
		}
		s := h.snapshot().Sinks[0]
		if s.Filtered != 1 || len(s.Rules) != 1 || s.Rules[0].Dropped != 1 || s.Rules[0].Key != "events.drop" {
			t.Errorf("%+v", s)
		}
		if log := h.log(); !strings.Contains(log, "configuration changed: sinks: bot") || !strings.Contains(log, "needs a restart: discord.intents") {
			t.Error(log)
		}
	})
}

// A bot that moves while events flow gets them all, in order.
func TestASinkMovesWhileEventsFlow(t *testing.T) {
	inHouse(t, discordtest.Config{Shards: 4, Guilds: 40, Rate: 500}, func(h *house) {
		for n := range 20 {
			h.pass(time.Duration(200+37*n) * time.Millisecond)
			sink := h.next.Sinks[0]
			sink.Sink, sink.Version = h.door(h.bot), fmt.Sprint(n)
			if n%3 == 0 {
				sink.Batch = 1 + n
			}
			h.next.Sinks = []engine.SinkConfig{sink}
			if text := h.reload(); !strings.Contains(text, "read again") {
				t.Fatal(text)
			}
		}
	})
}

func TestSinksComeAndGo(t *testing.T) {
	inHouse(t, discordtest.Config{Shards: 2, Guilds: 20, Rate: 200}, func(h *house) {
		first := h.next.Sinks[0]
		other := discordtest.NewBot(nil, secret, nil)
		second := engine.SinkConfig{Name: "second", Kind: "http", Sink: h.door(other)}
		h.next.Sinks = []engine.SinkConfig{first, second}
		h.reload()
		h.pass(10 * time.Second)
		got := other.Stats().Events
		if got < 1000 || len(h.snapshot().Sinks) != 2 {
			t.Errorf("%d events came to the new sink", got)
		}
		other.SetMode(discordtest.BotCrashed)
		h.pass(5 * time.Second)
		h.next.Sinks = []engine.SinkConfig{first}
		h.reload()
		h.pass(5 * time.Second)
		s := h.snapshot()
		if len(s.Sinks) != 2 || !s.Sinks[1].Orphan || s.Sinks[1].Depth < 500 || s.Sinks[1].Depth > 1500 {
			t.Errorf("what waits for a sink that has gone: %+v", s.Sinks)
		}
		other.SetMode(discordtest.BotUp)
		second.Sink = h.door(other)
		h.next.Sinks = []engine.SinkConfig{first, second}
		h.reload()
		h.pass(5 * time.Second)
		if s := h.snapshot(); s.Sinks[1].Orphan || s.Sinks[1].Depth > 100 || other.Stats().Events < got+1500 {
			t.Errorf("back again: %+v, %d events before and %d now", s.Sinks[1], got, other.Stats().Events)
		}
	})
}

// What cannot be leaves everything as it is.
func TestAConfigurationThatCannotBeLeavesAllAsItIs(t *testing.T) {
	inHouse(t, discordtest.Config{Shards: 1, Guilds: 5, Rate: 20}, func(h *house) {
		good := h.next
		for name, spoil := range map[string]func(){
			"sinks: bot: when":        func() { h.next.Sinks[0].Rules.When = "type ==" },
			"sinks: every sink needs": func() { h.next.Sinks = append(h.next.Sinks, h.next.Sinks[0]) },
			"discord.presence":        func() { h.next.Presence = []byte(`{"status":`) },
			"yaml: line 3":            func() { h.fails = errors.New("gatehouse.yaml: yaml: line 3: something") },
		} {
			h.next, h.fails = good, nil
			h.next.Sinks = []engine.SinkConfig{good.Sinks[0]}
			h.next.Sinks[0].Sink, h.next.Sinks[0].Version = h.door(h.bot), "new"
			h.next.Filter.MessageUpdate = false
			spoil()
			if text := h.reload(); !strings.Contains(text, name) {
				t.Errorf("%q does not say %q", text, name)
			}
			if s := h.snapshot(); !s.Filter.On || len(s.Sinks) != 1 || s.Sinks[0].State != ops.SinkOK {
				t.Errorf("%s: %+v, %+v", name, s.Filter, s.Sinks)
			}
		}
		h.next, h.fails = good, nil
		h.next.Filter.MessageUpdate = false
		h.next.Reshard.AtPercent = 55
		h.next.Presence = []byte(`{"status":"idle"}`)
		h.reload()
		h.pass(2 * time.Second)
		s := h.snapshot()
		if s.Filter.On || s.Filter.Why == "" || s.Reshard.Auto.AtPercent != 55 || !strings.Contains(h.discord.Stats().Sessions[0].Presence, "idle") {
			t.Errorf("%+v, %+v, presence %s", s.Filter, s.Reshard.Auto, h.discord.Stats().Sessions[0].Presence)
		}
	})
}

func TestWithoutAFileThereIsNothingToReadAgain(t *testing.T) {
	inWorld(t, discordtest.Config{Shards: 1}, nil, func(w *world) {
		w.awaitReady()
		_, err := w.engine.Do(context.Background(), ops.Command{Kind: ops.CommandReload})
		if err == nil || !strings.Contains(err.Error(), "no configuration to read") {
			t.Error(err)
		}
	})
}

// What is read again during a reshard takes effect once that is over.
func TestAReloadWaitsForTheEndOfAReshard(t *testing.T) {
	sim := sixteen()
	sim.Rate = 50
	inHouse(t, sim, func(h *house) {
		reshard := h.do(ops.Command{Kind: ops.CommandReshard, Target: ops.Target{Total: 32}})
		h.pass(3 * time.Second)
		h.next.Filter.MessageUpdate = false
		reload := h.do(ops.Command{Kind: ops.CommandReload})
		h.pass(time.Second)
		if s := h.snapshot(); s.Reshard.Now == nil || !s.Filter.On || reload.Progress().Text != "waits for the end of the reshard" {
			t.Errorf("%+v, %q", s.Filter, reload.Progress().Text)
		}
		<-reshard.Done()
		<-reload.Done()
		if h.snapshot().Filter.On || reload.Err() != nil {
			t.Error("it was not read again")
		}
	})
}
