package engine_test

import (
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// shows is the presence that Discord has of a shard.
func (w *world) shows(shard int) string {
	for _, s := range w.discord.Stats().Sessions {
		if s.Shard == shard {
			return string(s.Presence)
		}
	}
	return ""
}

func TestAShardThatWasAwayGetsTheNewPresence(t *testing.T) {
	withTalker(t, func(w *world, _ *talker) {
		w.discord.GatewayOutage(true)
		w.must(w.discord.DropConnection(shardOf(1)))
		w.pass(time.Second)
		sent, err := w.send(ops.Send{Op: 3, Data: json.RawMessage(`{"status":"idle"}`)})
		if err == nil || len(sent.Shards) != 3 || !strings.Contains(err.Error(), "shard 1") {
			t.Errorf("sent by %v, %v", sent.Shards, err)
		}
		w.discord.GatewayOutage(false)
		w.awaitReady()
		w.pass(90 * time.Second)
		if got := w.shows(1); !strings.Contains(got, "idle") {
			t.Errorf("shard 1 shows %q", got)
		}
	})
}

func TestASessionOfAnEarlierRunGetsThePresenceConfiguredNow(t *testing.T) {
	s := &shelf{}
	sim := discordtest.Config{Shards: 2, Guilds: 8, MaxConcurrency: 2}
	inWorld(t, sim, func(c *engine.Config) { c.Sessions = s }, func(w *world) {
		w.awaitReady()
		w.pass(3 * time.Second)
		w.halt()
		w.start(func(c *engine.Config) { c.Presence = json.RawMessage(`{"status":"dnd"}`) })
		w.awaitReady()
		w.pass(90 * time.Second)
		if got := w.shows(0) + w.shows(1); strings.Count(got, "dnd") != 2 {
			t.Errorf("the shards show %s", got)
		}
		if n := w.discord.Stats().Identifies; n != 2 {
			t.Errorf("%d identifies", n)
		}
	})
}

// A presence is in the next Identify too, beside the token and the rest.
func TestAPresenceThatFitsIntoNoIdentifyIsRefused(t *testing.T) {
	withTalker(t, func(w *world, _ *talker) {
		long := json.RawMessage(`{"status":"dnd","activities":[{"name":"` + strings.Repeat("x", 3950) + `","type":0}]}`)
		_, err := w.send(ops.Send{Op: 3, Data: long})
		var refused *ops.SendError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), "shorten the presence") {
			t.Errorf("Send: %v", err)
		}
		w.must(w.discord.InvalidateSession(shardOf(1), false))
		w.pass(time.Second)
		w.awaitReady()
		if s, d := w.snapshot(), w.discord.Stats(); s.Identify.Sent != 5 || d.Identifies != 5 {
			t.Errorf("%d identifies booked, Discord got %d", s.Identify.Sent, d.Identifies)
		}
	})
}

func TestAPresenceTakenOutOfTheConfigurationGoes(t *testing.T) {
	s := &shelf{}
	sim := discordtest.Config{Shards: 1, Guilds: 8, MaxConcurrency: 2}
	inWorld(t, sim, func(c *engine.Config) { c.Sessions, c.Presence = s, json.RawMessage(`{"status":"dnd"}`) }, func(w *world) {
		w.awaitReady()
		w.pass(3 * time.Second)
		w.halt()
		w.start(func(c *engine.Config) { c.Presence = nil })
		w.awaitReady()
		w.pass(10 * time.Minute)
		if got := w.shows(0); !strings.Contains(got, `"online"`) {
			t.Errorf("it still shows %s", got)
		}
		if got := w.commands(); got != "3@0" {
			t.Errorf("Discord got %s, and once would do", got)
		}
	})
}

// meddler is a clock with which something happens once, just when the engine begins
// to queue a presence.
type meddler struct {
	clock.Clock
	meddle atomic.Pointer[func()]
}

func (c *meddler) Now() time.Time {
	if c.meddle.Load() != nil {
		callers := make([]uintptr, 4)
		frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
		for more := true; more; {
			var f runtime.Frame
			if f, more = frames.Next(); !strings.HasSuffix(f.Function, ".present") {
				continue
			}
			if do := c.meddle.Swap(nil); do != nil {
				(*do)()
			}
		}
	}
	return c.Clock.Now()
}

func TestAnOlderPresenceIsNotTakenForTheNewest(t *testing.T) {
	for name, begin := range map[string]func(w *world){
		"two who set it": func(w *world) { w.send(ops.Send{Op: 3, Data: json.RawMessage(`{"status":"dnd"}`)}) },
		"while the number of guilds is renewed": func(w *world) {
			w.discord.GuildJoin()
			w.pass(2 * time.Minute)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := &meddler{Clock: clock.System()}
			inWorld(t, discordtest.Config{Shards: 1, Guilds: 4, MaxConcurrency: 1}, func(cfg *engine.Config) {
				cfg.Clock = c
				cfg.Presence = json.RawMessage(`{"activities":[{"name":"{{guilds}} guilds","type":3}]}`)
			}, func(w *world) {
				w.awaitReady()
				w.pass(2 * time.Minute)
				do := func() {
					if _, err := w.send(ops.Send{Op: 3, Data: json.RawMessage(`{"status":"idle"}`)}); err != nil {
						t.Error(err)
					}
				}
				c.meddle.Store(&do)
				begin(w)
				if c.meddle.Load() != nil {
					t.Fatal("nobody has meddled")
				}
				w.pass(10 * time.Minute)
				if got := w.shows(0); !strings.Contains(got, "idle") {
					t.Errorf("ten minutes later Discord shows %s", got)
				}
			})
		})
	}
}

func TestAPresenceSetDuringAStartComesWithTheIdentify(t *testing.T) {
	inWorld(t, discordtest.Config{Shards: 8, Guilds: 16, MaxConcurrency: 1}, nil, func(w *world) {
		w.pass(10 * time.Second)
		if _, err := w.send(ops.Send{Op: 3, Data: json.RawMessage(`{"status":"idle"}`)}); err != nil {
			t.Error(err)
		}
		w.awaitReady()
		for id := range 8 {
			if got := w.shows(id); !strings.Contains(got, "idle") {
				t.Errorf("shard %d shows %s", id, got)
			}
		}
	})
}
