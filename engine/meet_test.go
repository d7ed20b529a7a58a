package engine_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/discovery"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// address is a store of what Discord told about its gateway.
type address struct {
	mu    sync.Mutex
	saved *discovery.Saved
}

func (a *address) LoadGateway() (*discovery.Saved, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.saved, nil
}

func (a *address) SaveGateway(s *discovery.Saved) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	saved := *s
	a.saved = &saved
	return nil
}

func TestAStartWhileDiscordsAPIIsAwayResumes(t *testing.T) {
	shelf, address := &shelf{}, &address{}
	inWorld(t, small, func(c *engine.Config) { c.Sessions, c.GatewayStore = shelf, address }, func(w *world) {
		w.awaitReady()
		w.pass(3 * time.Second)
		w.halt()
		w.discord.RESTFault(12, 500)
		w.start(nil)
		w.await("all shards resumed", 10*time.Second, func(s *ops.Snapshot) bool { return s.Fleet.ByState[ops.ShardReady] == 8 })
		if d := w.discord.Stats(); d.Identifies != 8 || d.Resumes != 8 {
			t.Errorf("%d identifies, %d resumes", d.Identifies, d.Resumes)
		}
		// A shard that needs an identify waits until Discord tells the budget.
		if err := w.discord.InvalidateSession(shardOf(3), false); err != nil {
			t.Fatal(err)
		}
		s := w.await("a shard that waits", time.Minute, func(s *ops.Snapshot) bool { return s.Shards[3].State == ops.ShardQueued })
		if s.Identify.Known {
			t.Errorf("the budget is known: %+v", s.Identify)
		}
		w.pass(3 * time.Minute)
		if got := w.snapshot().Alerts; len(got) == 0 || got[len(got)-1].ID != "discord/api" {
			t.Errorf("alerts: %+v", got)
		}
		w.await("the shard is back", 10*time.Minute, func(s *ops.Snapshot) bool { return s.Fleet.ByState[ops.ShardReady] == 8 })
		w.await("the alert is over", time.Minute, func(s *ops.Snapshot) bool { return len(s.Alerts) == 0 })
	})
}

func TestAStartWaitsForADiscordInTrouble(t *testing.T) {
	sim := discordtest.Config{Shards: 2, Guilds: 8, MaxConcurrency: 2}
	inWorld(t, sim, nil, func(w *world) {
		w.awaitReady()
		w.halt()
		w.discord.RESTFault(4, 503)
		start := time.Now()
		w.start(nil)
		w.awaitReady()
		if took := time.Since(start); took < 4*time.Second || took > 40*time.Second {
			t.Errorf("ready after %v", took)
		}
		if log := w.log(); !strings.Contains(log, "it is asked again") {
			t.Errorf("the log does not say what it waits for:\n%s", log)
		}
	})
}

// Discordeno's lastShardId is the number of shards where it means the last of them.
func TestALastShardThatIsTheTotal(t *testing.T) {
	sim := discordtest.Config{Shards: 8, Guilds: 64, MaxConcurrency: 8}
	inWorld(t, sim, func(c *engine.Config) { c.Shards.Total, c.Shards.First, c.Shards.Last = 8, 4, 8 }, func(w *world) {
		w.pass(20 * time.Second)
		s := w.snapshot()
		if s.Fleet.First != 4 || s.Fleet.Last != 7 || s.Fleet.ByState[ops.ShardReady] != 4 {
			t.Errorf("%+v", s.Fleet)
		}
		if log := w.log(); !strings.Contains(log, "shards.last is the number of shards") {
			t.Errorf("no warning:\n%s", log)
		}
	})
}

func TestWhatWasSpentOutlivesARestart(t *testing.T) {
	withShelf(t, func(w *world, _ *shelf) {
		w.awaitReady()
		w.pass(3 * time.Second)
		w.halt()
		w.start(nil)
		s := w.awaitReady()
		if s.Identify.LastHour != 8 || s.Identify.Sent != 0 {
			t.Errorf("%d identifies in the last hour, %d since the start", s.Identify.LastHour, s.Identify.Sent)
		}
	})
}

// gateway.json keeps what Discord recommends, the sessions the number of shards that
// they were identified with.
func TestAStartWhileTheAPIIsAwayKeepsTheNumberOfShardsOfItsSessions(t *testing.T) {
	shelf, address := &shelf{}, &address{}
	sim := discordtest.Config{Shards: 8, Guilds: 16, MaxConcurrency: 8}
	inWorld(t, sim, func(c *engine.Config) { c.Sessions, c.GatewayStore = shelf, address }, func(w *world) {
		w.awaitReady()
		w.discord.SetShards(9) // the bot has grown
		w.pass(45 * time.Minute)
		w.halt()
		w.discord.RESTFault(6, 500)
		w.start(nil)
		w.pass(20 * time.Second)
		s := w.snapshot()
		if s.Fleet.Total != 8 || s.Fleet.ByState[ops.ShardReady] != 8 {
			t.Errorf("%d shards in all, %d ready\n%s", s.Fleet.Total, s.Fleet.ByState[ops.ShardReady], w.log())
		}
	})
}

// strict is a Discord that tells to wait.
type strict struct{ asked atomic.Int32 }

func (g *strict) GatewayBot(context.Context) (discord.GatewayBot, error) {
	g.asked.Add(1)
	return discord.GatewayBot{}, &discord.RESTError{Status: 429, RetryAfter: time.Hour}
}

func TestAWaitThatAStartIsToldOutlivesIt(t *testing.T) {
	g, address := &strict{}, &address{}
	inWorld(t, small, func(c *engine.Config) { c.Sessions, c.GatewayStore, c.Gateway = &shelf{}, address, g }, func(w *world) {
		for i := range 3 {
			if i > 0 {
				w.start(nil)
			}
			w.pass(10 * time.Second)
			w.halt()
		}
		if n := g.asked.Load(); n != 1 {
			t.Errorf("Discord has said to wait for an hour, and was asked %d times within 30 s", n)
		}
	})
}

func TestAStopWhileDiscordIsInTroubleIsNoError(t *testing.T) {
	inWorld(t, discordtest.Config{Shards: 1, Guilds: 4, MaxConcurrency: 1}, nil, func(w *world) {
		w.awaitReady()
		w.halt()
		w.discord.RESTFault(100, 503)
		w.start(nil)
		w.pass(10 * time.Second)
		w.halt()
	})
}

func TestABotThatMayNotIdentifyIsACriticalAlert(t *testing.T) {
	shelf, address := &shelf{}, &address{}
	inWorld(t, small, func(c *engine.Config) { c.Sessions, c.GatewayStore = shelf, address }, func(w *world) {
		w.awaitReady()
		w.pass(3 * time.Second)
		w.halt()
		w.pass(2 * time.Hour) // the sessions are dead
		w.discord.RESTFault(12, 500)
		w.start(nil)
		s := w.await("an alert", 30*time.Second, func(s *ops.Snapshot) bool { return len(s.Alerts) > 0 && s.Alerts[0].ID == "identify/untold" })
		if a := s.Alerts[0]; a.Level != ops.AlertCritical || !strings.Contains(a.Text, "8 shards may not identify") || !strings.Contains(a.Text, "answered 500") {
			t.Errorf("%+v", a)
		}
		w.await("all shards back", time.Hour, func(s *ops.Snapshot) bool { return s.Fleet.ByState[ops.ShardReady] == 8 })
		w.pass(2 * time.Second)
		if a := w.snapshot().Alerts; len(a) != 0 {
			t.Errorf("once they are back: %+v", a)
		}
	})
}

func TestTheAlertAboutTheAPIEndsSoonAfterTheTrouble(t *testing.T) {
	notUnderRace(t)
	inWorld(t, discordtest.Config{Shards: 1, Guilds: 4, MaxConcurrency: 1}, nil, func(w *world) {
		w.awaitReady()
		w.discord.RESTFault(4, 500) // from 30 min on
		w.await("the alert", 2*time.Hour, func(s *ops.Snapshot) bool { return len(s.Alerts) > 0 })
		w.pass(time.Minute)
		if a := w.snapshot().Alerts; len(a) > 0 {
			t.Errorf("a minute later: %s", a[0].Text)
		}
		asked := w.discord.Stats().RESTRequests
		w.pass(20 * time.Minute)
		if n := w.discord.Stats().RESTRequests - asked; n != 0 {
			t.Errorf("asked %d times more", n)
		}
	})
}
