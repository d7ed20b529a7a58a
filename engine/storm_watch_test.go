package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// probes counts the op 8 of a shard: nobody else sends any in these stories.
func (w *world) probes(shard int) (n int) {
	w.t.Helper()
	for _, c := range w.discord.CommandLog() {
		if c.Op != 8 || c.Guild>>22%uint64(c.Shards) != uint64(c.Shard) {
			w.t.Errorf("a command that nobody has asked for: %+v", c)
		}
		if c.Shard == shard {
			n++
		}
	}
	return n
}

func TestADeafShardIsProbedAndResumed(t *testing.T) {
	notUnderRace(t)
	sim := small
	sim.Rate, sim.ReplayBuffer = 80, 50_000
	inStorm(t, sim, func(w *world, _ *discordtest.Network) {
		w.awaitReady()
		w.pass(5 * time.Minute)
		start := time.Now()
		w.must(w.discord.GoDeaf(shardOf(3)))
		s := w.await("the deaf shard's RESUME", 15*time.Minute, func(s *ops.Snapshot) bool {
			return s.Shards[3].Deaf > 0 && s.Shards[3].State == ops.ShardReady
		})
		took := time.Since(start)
		w.pass(time.Minute)
		w.settle()
		w.judgeIdentifies(8)
		d, r := w.discord.Stats(), w.discord.Audit().Report()
		if d.Resumes != 1 || len(r.Forfeited) > 0 || s.Shards[3].Probes != 1 || w.probes(3) != 1 {
			t.Errorf("%d resumes, forfeited %v, %d probes, Discord got %d", d.Resumes, r.Forfeited, s.Shards[3].Probes, w.probes(3))
		}
		for id, shard := range s.Shards {
			if id != 3 && (shard.Probes > 0 || shard.Deaf > 0) {
				t.Errorf("shard %d was probed %d times", id, shard.Probes)
			}
		}
		if log := w.log(); !strings.Contains(log, "probe") {
			t.Errorf("the log does not say why:\n%s", log)
		}
		t.Logf("a shard with ten events a second went deaf: resumed after %v", took.Round(time.Second))
	})
}

// At night nothing happens in some guilds for hours.
func TestAQuietNightIsNoReasonToReconnect(t *testing.T) {
	notUnderRace(t)
	sim := small
	sim.Rate = 10
	inStorm(t, sim, func(w *world, _ *discordtest.Network) {
		w.awaitReady()
		w.pass(20 * time.Minute)
		for id := range 8 {
			w.discord.SetQuiet(discordtest.Pair{Shard: id, Shards: 8}, true)
		}
		w.pass(8 * time.Hour)
		s := w.snapshot()
		most := 0
		for id, shard := range s.Shards {
			if shard.Resumes > 0 || shard.Deaf > 0 || shard.State != ops.ShardReady {
				t.Errorf("shard %d: %d resumes, deaf %d times, %v", id, shard.Resumes, shard.Deaf, shard.State)
			}
			most = max(most, w.probes(id))
		}
		if most > 24 {
			t.Errorf("a shard was probed %d times in eight hours", most)
		}
		w.judgeIdentifies(8)
		t.Logf("eight hours without an event: %d probes of a shard at most, no reconnect", most)
	})
}

// A shard of which nobody knows what is normal is asked once an hour, and left alone
// otherwise.
func TestAShardWithoutAPaceIsHardlyAsked(t *testing.T) {
	sim := small
	sim.Rate = 0
	inStorm(t, sim, func(w *world, _ *discordtest.Network) {
		w.awaitReady()
		w.pass(3 * time.Hour)
		for id, shard := range w.snapshot().Shards {
			if w.probes(id) > 3 || shard.Resumes > 0 || shard.Quiet != time.Hour {
				t.Errorf("shard %d: %d probes, %d resumes, may be quiet for %v", id, w.probes(id), shard.Resumes, shard.Quiet)
			}
		}
	})
}
