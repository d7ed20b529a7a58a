package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func TestADrainDeliversEverythingAndEnds(t *testing.T) {
	withDisk(t, func(w *world, _ *disk, _ *shelf) {
		w.awaitReady()
		w.bot.SetMode(discordtest.BotBusy)
		w.pass(20 * time.Second)
		op := w.do(ops.Command{Kind: ops.CommandDrain, By: "a test"})
		w.pass(30 * time.Second)
		s := w.snapshot()
		if s.Phase != ops.PhaseDraining || s.Fleet.ByState[ops.ShardReady] > 0 {
			t.Fatalf("phase %v, shards %v", s.Phase, s.Fleet.ByState)
		}
		if p := op.Progress(); p.Done != 0 || p.Total < 300 || !strings.Contains(p.Text, "sink bot is retrying") {
			t.Errorf("progress %+v while the bot is away", p)
		}
		if _, err := w.engine.Do(context.Background(), ops.Command{Kind: ops.CommandRestart, Shards: []int{0}}); err == nil {
			t.Error("a shard can be restarted while the engine drains")
		}
		w.discord.SetRate(0)
		w.bot.SetMode(discordtest.BotUp)
		if err := <-w.ended; err != nil {
			t.Fatal(err)
		}
		<-op.Done()
		if p := op.Progress(); op.Err() != nil || p.Done != p.Total {
			t.Errorf("the drain ended with %v, %+v", op.Err(), p)
		}
		w.start(nil) // what Discord has kept comes by RESUME
		w.awaitReady()
		w.settle()
		if d := w.discord.Stats(); d.Identifies != 8 {
			t.Errorf("%d identifies", d.Identifies)
		}
	})
}

func TestADrainCanBeCutShort(t *testing.T) {
	withDisk(t, func(w *world, _ *disk, _ *shelf) {
		w.awaitReady()
		w.bot.SetMode(discordtest.BotHung)
		w.pass(5 * time.Second)
		op := w.do(ops.Command{Kind: ops.CommandDrain})
		w.pass(10 * time.Second)
		w.halt()
		if err := op.Err(); err == nil || !strings.Contains(err.Error(), "cut short") {
			t.Errorf("the drain ended with %v", err)
		}
		w.bot.SetMode(discordtest.BotUp)
		w.start(nil)
		w.awaitReady()
		w.settle()
	})
}
