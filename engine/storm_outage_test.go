package engine_test

import (
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// The most that 64 shards may dial in a second: of an outage, after its first ten
// seconds, and of its end.
const (
	dialsOfOutage = 64
	dialsOfReturn = 64
)

// outage takes all of Discord down for five minutes and returns when all shards
// are ready again.
func (w *world) outage() (identifies uint64) {
	w.t.Helper()
	w.awaitReady()
	w.pass(time.Minute)
	before := w.discord.Stats()
	start := time.Now()
	w.discord.FullOutage(true)
	w.pass(5 * time.Minute)
	w.discord.FullOutage(false)
	back := time.Now()
	w.awaitReady()
	took := time.Since(back)
	w.settle()
	after := w.discord.Stats()
	first, during := w.discord.DialPeak(start, time.Second), w.discord.DialPeak(start.Add(10*time.Second), time.Second)
	ending := w.discord.DialPeak(back, time.Second)
	if during > dialsOfOutage || ending > dialsOfReturn {
		w.t.Errorf("%d dials in one second of the outage, %d of its end", during, ending)
	}
	refused := after.UpgradesRefused - before.UpgradesRefused
	if most := uint64(64 * 20); refused > most {
		w.t.Errorf("%d dials while Discord was down, want %d at most", refused, most)
	}
	identifies = after.Identifies - before.Identifies
	w.t.Logf("five minutes without Discord: %d identifies, %d resumes, %d dials in vain, at most %d in a second (%d in the first ten), %d of its end; all ready %v after that",
		identifies, after.Resumes-before.Resumes, refused, during, first, ending, took.Round(time.Millisecond))
	return identifies
}

func TestAnOutageOfFiveMinutesCostsNoIdentifyWhileSessionsLive(t *testing.T) {
	notUnderRace(t)
	inStorm(t, large, func(w *world, _ *discordtest.Network) {
		if n := w.outage(); n != 0 {
			t.Errorf("%d identifies", n)
		}
		w.judgeIdentifies(64)
	})
}

func TestAnOutageOfFiveMinutesCostsOneIdentifyAShardAtMost(t *testing.T) {
	notUnderRace(t)
	sim := large
	sim.ResumeWindow = 3 * time.Minute
	inStorm(t, sim, func(w *world, _ *discordtest.Network) {
		if n := w.outage(); n > 64 {
			t.Errorf("%d identifies", n)
		}
		if d := w.discord.Stats(); len(d.Violations) > 0 {
			t.Errorf("violations %v", d.Violations)
		}
	})
}

// awaitAll is awaitReady for many shards, which are costly to look at.
func (w *world) awaitAll(shards int) {
	w.t.Helper()
	for range 1000 {
		if s := w.snapshot(); s.Fleet.ByState[ops.ShardReady] == shards && s.Fleet.Loading == 0 {
			return
		}
		w.pass(500 * time.Millisecond)
	}
	w.t.Errorf("not all shards are ready: %v", w.snapshot().Fleet.ByState)
}

// Only those who have to wait may: a shard or two come back at once.
func TestTwoThousandShardsComeBackPaced(t *testing.T) {
	shards := 2000
	if testing.Short() || raceEnabled {
		shards = 300
	}
	sim := discordtest.Config{
		Shards: shards, Guilds: shards, MaxConcurrency: 100, Rate: 50, SessionStarts: 2 * shards,
		CompressLevel: discordtest.CompressLight,
	}
	began := time.Now()
	inStorm(t, sim, func(w *world, _ *discordtest.Network) {
		w.awaitAll(shards)
		w.pass(20 * time.Second)
		start := time.Now()
		w.discord.DropAll()
		w.pass(time.Second)
		w.awaitAll(shards)
		took := time.Since(start)
		w.settle()
		d, peak := w.discord.Stats(), w.discord.DialPeak(start, time.Second)
		if peak > 250 {
			t.Errorf("%d dials in one second", peak)
		}
		if d.Identifies != uint64(shards) || d.Resumes != uint64(shards) || len(d.Violations) > 0 || took > time.Minute {
			t.Errorf("%d identifies, %d resumes, violations %v, after %v", d.Identifies, d.Resumes, d.Violations, took)
		}
		t.Logf("%d shards lost their connections: all resumed after %v, at most %d dials in a second", shards, took.Round(time.Millisecond), peak)
	}, func(c *engine.Config, _ *discordtest.Network) { c.Shards.LargeBot = false })
	t.Logf("took %v", time.Since(began).Round(10*time.Millisecond))
}
