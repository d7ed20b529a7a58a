package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// automatic lets the fleet grow by itself.
func automatic(c *engine.Config) {
	c.Reshard.Auto, c.Reshard.CheckEvery = true, 10*time.Minute
}

// nearlyFull is a bot of two shards that are 79 % full.
func nearlyFull() discordtest.Config {
	sim := sixteen()
	sim.Shards, sim.Guilds, sim.MaxConcurrency, sim.Rate = 2, 3950, 2, 5
	return sim
}

// grows waits until a reshard has begun by itself, and ended well.
func (w *reshardWorld) grows(within time.Duration) ops.ReshardResult {
	w.t.Helper()
	s := w.look("a reshard by itself", time.Second, within, func(s *ops.Snapshot) bool {
		return s.Reshard.Now == nil && len(s.Reshard.History) > 0
	})
	r := s.Reshard.History[0]
	if r.Err != "" {
		w.t.Errorf("%s", compact(r))
	}
	w.wantFleet(r.To, r.To)
	return r
}

// stays fails if a reshard begins within some time.
func (w *reshardWorld) stays(d time.Duration) {
	w.t.Helper()
	w.pass(d)
	if r := w.snapshot().Reshard; r.Now != nil || len(r.History) > 0 {
		w.t.Fatalf("a reshard has begun: %s", compact(r))
	}
}

func TestTheFleetGrowsAtThePercentage(t *testing.T) {
	notUnderRace(t)
	inReshard(t, nearlyFull(), func(w *reshardWorld) {
		w.awaitReady()
		w.stays(30 * time.Minute)
		if p := w.snapshot().Reshard.Auto.Percent; p < 78.9 || p > 79.1 {
			t.Errorf("%.2f %%", p)
		}
		w.discord.AddGuilds(50)
		r := w.grows(2 * time.Minute) // at once, not at the next look
		if r.From != 2 || r.To < 3 {
			t.Errorf("%s", compact(r))
		}
		w.staysAfter(time.Hour, 1)
	}, automatic)
}

// staysAfter fails if more reshards than so many have begun after some time.
func (w *reshardWorld) staysAfter(d time.Duration, n int) {
	w.t.Helper()
	w.pass(d)
	if r := w.snapshot().Reshard; r.Now != nil || len(r.History) > n {
		w.t.Errorf("another reshard: %s", compact(r))
	}
}

func TestTheFleetGrowsForItsFullestShard(t *testing.T) {
	notUnderRace(t)
	sim := nearlyFull()
	sim.Guilds = 4100 // 2050 on each, of which one is left with few
	inReshard(t, sim, func(w *reshardWorld) {
		ids := w.discord.GuildIDs()
		for i, gone := 0, 0; gone < 1500; i++ {
			if discord.ShardOf(ids[i], 2) == 1 {
				w.must(w.discord.GuildLeave(ids[i]))
				gone++
			}
		}
		r := w.grows(10 * time.Minute)
		if r.From != 2 || r.To < 3 {
			t.Errorf("%s", compact(r))
		}
	}, automatic)
}

func TestTheFleetFollowsDiscordsRecommendation(t *testing.T) {
	notUnderRace(t)
	sim := sixteen()
	sim.Rate = 1
	inReshard(t, sim, func(w *reshardWorld) {
		w.awaitReady()
		w.stays(25 * time.Minute)
		w.discord.SetShards(24)
		if r := w.grows(21 * time.Minute); r.To != 24 || r.From != 16 {
			t.Errorf("%s", compact(r))
		}
		w.discord.SetShards(16) // less is no reason
		w.staysAfter(time.Hour, 1)
	}, automatic)
}

// Without reshard.auto nothing happens by itself.
func TestTheFleetStaysAsItIsIfToldSo(t *testing.T) {
	notUnderRace(t)
	inReshard(t, nearlyFull(), func(w *reshardWorld) {
		w.awaitReady()
		w.discord.AddGuilds(100)
		w.discord.SetShards(5)
		w.stays(2 * time.Hour)
		if a := w.snapshot().Reshard.Auto; a.On {
			t.Errorf("%s", compact(a))
		}
	}, func(c *engine.Config) { c.Reshard.CheckEvery = 10 * time.Minute })
}

// Discord closes a shard that holds too many guilds with 4011: the one reshard that
// cannot wait.
func TestTheFleetGrowsAtOnceWhenDiscordDemandsIt(t *testing.T) {
	sim := sixteen()
	sim.Guilds, sim.GuildsPerShardMax = 320, 25
	inReshard(t, sim, func(w *reshardWorld) {
		w.awaitReady()
		w.discord.AddGuilds(160) // 30 on each shard
		w.discord.SetShards(32)
		w.pass(time.Second)
		w.rough = true
		w.must(w.discord.InvalidateSession(shardOf(3), false))
		r := w.grows(3 * time.Minute)
		if r.From != 16 || r.To != 32 {
			t.Errorf("%s", compact(r))
		}
		if n := w.discord.Stats().Closed[4011]; n != 1 {
			t.Errorf("Discord closed %d connections with 4011", n)
		}
	}, automatic)
}

// The same at a start, when no shard has been up and none can be.
func TestAStartGrowsWhenDiscordDemandsIt(t *testing.T) {
	sim := sixteen()
	sim.Guilds, sim.GuildsPerShardMax = 320, 25
	inReshard(t, sim, func(w *reshardWorld) {
		w.awaitReady()
		w.pass(time.Second)
		w.halt()
		w.rough = true
		w.discord.AddGuilds(160) // 30 on each shard
		w.discord.SetShards(32)
		w.must(w.shelf.Save(nil))
		for _, session := range w.discord.Stats().Sessions {
			w.must(w.discord.LoseSession(session.ID, "forgotten by the test"))
		}
		w.start(nil)
		if r := w.grows(3 * time.Minute); r.From != 16 || r.To != 32 || w.discord.Stats().Closed[4011] == 0 {
			t.Errorf("%s", compact(r))
		}
		if n := w.awaitReady().Fleet.Guilds; n != 480 {
			t.Errorf("%d guilds", n)
		}
	}, automatic, func(c *engine.Config) { c.Shards.Total = 16 })
}

// Due, but the budget forbids it: an alert says so, with the day on which the fleet
// is full, and it begins when the budget allows.
func TestABudgetThatIsUsedUpHoldsTheGrowth(t *testing.T) {
	notUnderRace(t)
	sim := nearlyFull()
	sim.SessionStarts, sim.SessionStartsReset = 100, 24*time.Hour
	inReshard(t, sim, func(w *reshardWorld) {
		w.awaitReady()
		w.must(w.discord.SetJoins(0.01)) // 36 an hour: 80 % after an hour and a half
		w.discord.SetSessionStarts(11)   // of which ten are the reserve
		due := w.look("that a reshard is due", time.Second, 4*time.Hour, func(s *ops.Snapshot) bool { return s.Reshard.Auto.Due != "" })
		w.must(w.discord.SetJoins(0))
		w.stays(time.Minute)
		for _, a := range w.snapshot().Alerts {
			if a.ID == "reshard/held" {
				t.Errorf("an alert after a minute: %+v", a)
			}
		}
		w.stays(5 * time.Minute)
		auto := w.snapshot().Reshard.Auto
		if auto.Held == "" || auto.PerDay < 500 || auto.FullAt.Before(time.Now()) {
			t.Errorf("%s", compact(auto))
		}
		alerts := w.snapshot().Alerts
		if !slices.ContainsFunc(alerts, func(a ops.Alert) bool {
			return strings.HasPrefix(a.ID, "reshard") && strings.Contains(a.Text, auto.FullAt.Format("2006-01-02"))
		}) {
			t.Errorf("due since %s: alerts %+v", due.At, alerts)
		}
		w.discord.SetSessionStarts(100)
		if r := w.grows(12 * time.Hour); r.From != 2 {
			t.Errorf("%s", compact(r))
		}
	}, automatic)
}

// The plan says what it would cost and changes nothing.
func TestAPlanIsADryRun(t *testing.T) {
	sim := sixteen()
	sim.Rate = 1
	inReshard(t, sim, func(w *reshardWorld) {
		w.awaitReady()
		w.discord.SetShards(32)
		before := w.discord.Stats()
		plan, err := w.engine.Plan(context.Background(), ops.Target{Total: 32})
		w.must(err)
		if plan.From != 16 || plan.To != 32 || plan.Identifies != 32 || plan.Waves != 2 || plan.Spawn != 5*time.Second ||
			plan.Guilds != sim.Guilds || plan.FullestNow.Guilds != sim.Guilds/16 || plan.FullestThen.Guilds != sim.Guilds/32 || len(plan.Refusals) > 0 || !plan.Known {
			t.Errorf("%s", compact(plan))
		}
		w.pass(10 * time.Second)
		after := w.discord.Stats()
		if after.Identifies != before.Identifies || w.resharding() != nil {
			t.Error("the plan was carried out")
		}
		w.discord.SetSessionStarts(40)
		w.pass(time.Hour) // until Discord is asked again
		plan, err = w.engine.Plan(context.Background(), ops.Target{Total: 32})
		w.must(err)
		if len(plan.Refusals) == 0 {
			t.Errorf("not refused: %s", compact(plan))
		}
		w.refused(ops.Command{Kind: ops.CommandReshard, Target: ops.Target{Total: 32}}, "40", "200")
	})
}
