package engine_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// A worker is restarted whole: each of its shards RESUMEs, no other does anything, and
// nothing is lost.
func TestAWorkerIsRestartedWhole(t *testing.T) {
	sim := discordtest.Config{Shards: 12, Guilds: 60, MaxConcurrency: 12, Rate: 200}
	inWorld(t, sim, func(c *engine.Config) { c.Shards.PerWorker, c.Shards.RoundRobin = 4, true }, func(w *world) {
		w.awaitReady()
		w.pass(5 * time.Second)
		before := w.snapshot()
		op := w.do(ops.Command{Kind: ops.CommandRestart, Workers: []int{1}, By: "a test"})
		<-op.Done()
		w.must(op.Err())
		if p := op.Progress(); p.Done != 4 || p.Total != 4 {
			t.Errorf("%+v", p)
		}
		w.pass(5 * time.Second)
		after := w.snapshot()
		if !slices.Equal(after.Workers[1].Shards, []int{1, 4, 7, 10}) || after.Fleet.Placement != "round_robin" {
			t.Errorf("worker 1 holds %v, placed %s", after.Workers[1].Shards, after.Fleet.Placement)
		}
		for i := range after.Shards {
			resumed := after.Shards[i].Resumes - before.Shards[i].Resumes
			if mine := after.Shards[i].Worker == 1; mine && resumed != 1 || !mine && resumed != 0 || after.Shards[i].Identifies != 1 {
				t.Errorf("shard %d of worker %d: %d resumes, %d identifies", i, after.Shards[i].Worker, resumed, after.Shards[i].Identifies)
			}
		}
	})
}

// The workers' figures are those of their shards.
func TestTheWorkersFiguresAreTheirShards(t *testing.T) {
	notUnderRace(t)
	sim := discordtest.Config{Shards: 6, Guilds: 90, MaxConcurrency: 6, Rate: 300}
	inWorld(t, sim, func(c *engine.Config) { c.Shards.PerWorker = 2 }, func(w *world) {
		w.awaitReady()
		w.pass(20 * time.Second)
		s := w.snapshot()
		share, rate := 0.0, 0.0
		for i, worker := range s.Workers {
			events, guilds := uint64(0), 0
			for _, id := range worker.Shards {
				events += s.Shards[id].Events
				guilds += s.Shards[id].Guilds
				if s.Shards[id].Worker != i {
					t.Errorf("shard %d is of worker %d and %d", id, i, s.Shards[id].Worker)
				}
			}
			if worker.Events != events || worker.Guilds != guilds || worker.ByState[ops.ShardReady] != 2 || worker.Bytes == 0 || worker.Lag > time.Second {
				t.Errorf("%+v, its shards have %d events and %d guilds", worker, events, guilds)
			}
			share += worker.Share
			rate += worker.Rate
		}
		if len(s.Workers) != 3 || math.Abs(share-1) > 1e-9 || math.Abs(rate-s.Traffic.Rate) > 1 {
			t.Errorf("%d workers, shares of %v, %v events/s of %v", len(s.Workers), share, rate, s.Traffic.Rate)
		}
		w.bot.SetMode(discordtest.BotCrashed)
		w.pass(10 * time.Second)
		for _, worker := range w.snapshot().Workers {
			if worker.Lag < 8*time.Second || worker.Queue.Depth == 0 {
				t.Errorf("the bot has been away for 10 s: %+v", worker)
			}
		}
		w.bot.SetMode(discordtest.BotUp)
	})
}

// Another placement is another queue, which the old one is delivered before: nothing
// is lost and the order holds.
func TestAnotherPlacementDeliversWhatTheOldOneLeft(t *testing.T) {
	notUnderRace(t)
	disk, keep := newDisk(t), &shelf{}
	sim := discordtest.Config{Shards: 4, Guilds: 40, MaxConcurrency: 4, Rate: 200}
	inWorld(t, sim, func(c *engine.Config) {
		c.Sessions, c.Store, c.StoreDir = keep, disk, disk.dir
		c.Queue.PersistAfter, c.Shards.PerWorker = time.Second, 2
	}, func(w *world) {
		w.awaitReady()
		w.bot.SetMode(discordtest.BotCrashed)
		for _, roundRobin := range []bool{true, false, true} {
			w.pass(10 * time.Second)
			w.halt()
			w.start(func(c *engine.Config) { c.Shards.RoundRobin = roundRobin })
			w.awaitReady()
		}
		w.bot.SetMode(discordtest.BotUp)
	})
}
