package engine_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/gateway"
)

var (
	reshardSeeds = flag.Int("reshardseeds", 0, "how many seeds the reshards under chaos, and those with crashes, are run with; 0 for two, or one with -short")
	reshardFirst = flag.Int("reshardfirst", 0, "first of those seeds")
	reshardRate  = flag.Float64("reshardrate", 300, "events per second of the reshards under chaos")
	reshardPace  = flag.Float64("reshardpace", 1, "how many times as often things go wrong in them")
)

// reshardSeedCount is how many seeds there are.
func reshardSeedCount() int {
	switch {
	case *reshardSeeds > 0:
		return *reshardSeeds
	case testing.Short():
		return 1
	default:
		return 2
	}
}

// reshardChaos is what goes wrong while the bot is resharded, in every minute: on
// both fleets, since it strikes at any connection.
func reshardChaos(seed uint64) discordtest.Chaos {
	return discordtest.Chaos{
		Drops: 10, Closes: 3, Reconnects: 8, ReconnectsOdd: 3, Invalid: 3, Silences: 1, NoACKs: 1, Probes: 4,
		ResumesRefused: 1, IdentifiesRefused: 0.5, DeadHosts: 0.5, Outages: 0.3, RESTErrors: 0.5,
		GuildFlaps: 6, GuildJoins: 6, GuildLeaves: 4, Oddities: 0, Seed: seed,
	}.Times(*reshardPace)
}

// Up and down again, with drops, op 7, op 9 and dead hosts on both fleets, guilds
// that come and go, and a bot that is restarted.
func TestReshardsUnderChaos(t *testing.T) {
	notUnderRace(t)
	for n := range reshardSeedCount() {
		seed := uint64(*reshardFirst + n)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { reshardUnderChaos(t, seed) })
	}
}

func reshardUnderChaos(t *testing.T, seed uint64) {
	began := time.Now()
	n, err := discordtest.NewNetwork()
	if err != nil {
		t.Fatal(err)
	}
	sim := sixteen()
	sim.Network, sim.ResumeURL, sim.Rate = n, "ws://"+resumeHost, *reshardRate
	inReshard(t, sim, func(w *reshardWorld) {
		w.rough = true
		r := rand.New(rand.NewPCG(seed, 16))
		w.awaitReady()
		w.pass(time.Duration(5000+r.IntN(5000)) * time.Millisecond)
		quiet := w.discord.Audit().Watch()
		w.pass(time.Minute)
		before := quiet.End()
		for _, to := range []int{32, 16} {
			result, during := w.inChaos(to, seed*2+uint64(to), r)
			t.Logf("to %d in %v: both %d, only old %d, only new %d, the switch held events for %v, longest gap %v (bot away for some), quiet minute %v",
				to, result.Ended.Sub(result.Begun).Round(time.Second), result.Both, result.OnlyOld, result.OnlyNew, result.Gap, during.Longest, before.Longest)
		}
		w.judge()
		report, d := w.discord.Audit().Report(), w.discord.Stats()
		if n := len(w.ledger.resharded()); n != 2 {
			t.Errorf("%d notices of two reshards", n)
		}
		t.Logf("seed %d: %d events, lost %d, repeated %d and %d under other ids, out of order per guild %d, forfeited %v, %d identifies, faults %s",
			seed, report.Received, report.Lost, report.Repeated, report.RepeatedOtherID, report.OutOfOrderGuild, report.Forfeited, d.Identifies, counted(d.Faults))
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}, func(c *engine.Config) {
		c.Dialer, c.Seed = &gateway.Dialer{NetDial: n.DialContext}, seed+1
	})
	t.Logf("took %v", time.Since(began).Round(10*time.Millisecond))
}

// inChaos is one reshard while things go wrong, from some seconds before it to some
// seconds after it.
func (w *reshardWorld) inChaos(to int, seed uint64, r *rand.Rand) (ops.ReshardResult, discordtest.Rhythm) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		w.discord.RunChaos(ctx, reshardChaos(seed))
	}()
	w.pass(5 * time.Second)
	op := w.reshard(to)
	done := w.restartBot(r)
	watch := w.discord.Audit().Watch()
	result := w.succeed(op)
	during := watch.End()
	<-done
	w.pass(5 * time.Second)
	cancel()
	<-over
	w.calm()
	w.awaitReady()
	return result, during
}

// restartBot has the bot die for a few seconds some time after, and says when it
// has been.
func (w *reshardWorld) restartBot(r *rand.Rand) <-chan struct{} {
	done := make(chan struct{})
	wait, away := time.Duration(r.IntN(15_000))*time.Millisecond, time.Duration(1000+r.IntN(4000))*time.Millisecond
	go func() {
		defer close(done)
		<-time.After(wait)
		w.bot.SetMode(discordtest.BotCrashed)
		<-time.After(away)
		w.bot.SetMode(discordtest.BotUp)
	}()
	return done
}

// The streams of both fleets at 2 000 events a second, with nothing else to do:
// how long the bot hears nothing at the switch, against a quiet minute.
func TestAReshardAtTwoThousandEventsASecond(t *testing.T) {
	notUnderRace(t)
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	sim := sixteen()
	sim.Rate = 2000
	inReshard(t, sim, func(w *reshardWorld) {
		w.awaitReady()
		quiet := w.discord.Audit().Watch()
		w.pass(20 * time.Second)
		before := quiet.End()
		for _, to := range []int{32, 16} {
			op := w.reshard(to)
			watch := w.discord.Audit().Watch()
			most, bytes := 0, int64(0)
			w.await("the switch", time.Hour, func(s *ops.Snapshot) bool {
				if now := s.Reshard.Now; now != nil {
					most, bytes = max(most, now.Waiting), max(bytes, now.Bytes)
				}
				return s.Reshard.Now == nil
			})
			result := w.succeed(op)
			during := watch.End()
			if during.Longest > before.Longest+200*time.Millisecond || result.OnlyOld+result.OnlyNew > 0 {
				t.Errorf("%s, longest gap %v, before %v", compact(result), during.Longest, before.Longest)
			}
			t.Logf("to %d: longest gap %v, %v before; seen on both %d; at most %d twins waited for, %d bytes", to, during.Longest, before.Longest, result.Both, most, bytes)
		}
	})
}
