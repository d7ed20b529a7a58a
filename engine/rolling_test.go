package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// rolling is a rolling restart of all shards.
func rolling(every time.Duration) ops.Command {
	return ops.Command{Kind: ops.CommandRestart, All: true, By: "ann (ctl)", Rolling: ops.Rolling{On: true, Every: every}}
}

// A rolling restart has one shard away at a time, resumes every session, and says how
// far it has come.
func TestARollingRestartGoesFromShardToShard(t *testing.T) {
	sim := discordtest.Config{Shards: 6, Guilds: 30, MaxConcurrency: 6, Rate: 100}
	inWorld(t, sim, nil, func(w *world) {
		w.awaitReady()
		before := w.snapshot()
		op := w.do(rolling(5 * time.Second))
		seen := w.await("the second pause", time.Minute, func(s *ops.Snapshot) bool {
			if away := len(s.Shards) - s.Fleet.ByState[ops.ShardReady]; away > 1 {
				t.Fatalf("%d shards are away", away)
			}
			return s.Actions[0].Done == 2 && strings.HasPrefix(s.Actions[0].Result, "next in ")
		})
		a := seen.Actions[0]
		if a.Total != 6 || !a.Cancels || a.What != "rolling restart of all shards" || a.By != "ann (ctl)" || !strings.Contains(a.Result, "to go") {
			t.Errorf("under way: %+v", a)
		}
		if _, err := w.engine.Do(context.Background(), rolling(0)); err == nil || !strings.Contains(err.Error(), "is under way") {
			t.Errorf("a second one: %v", err)
		}
		<-op.Done()
		w.must(op.Err())
		after := w.snapshot()
		for i := range after.Shards {
			if n := after.Shards[i].Resumes - before.Shards[i].Resumes; n != 1 || after.Shards[i].Identifies != 1 {
				t.Errorf("shard %d: %d resumes, %d identifies", i, n, after.Shards[i].Identifies)
			}
		}
		if a := after.Actions[1]; a.State != ops.ActionDone || a.Took < 25*time.Second || a.Cancels {
			t.Errorf("at the end: %+v", a)
		}
	})
}

func TestARollingRestartIsCancelledBeforeTheNextShard(t *testing.T) {
	sim := discordtest.Config{Shards: 4, MaxConcurrency: 4}
	inWorld(t, sim, nil, func(w *world) {
		w.awaitReady()
		op := w.do(rolling(10 * time.Second))
		s := w.await("the first pause", time.Minute, func(s *ops.Snapshot) bool {
			return strings.HasPrefix(s.Actions[0].Result, "next in ")
		})
		w.do(ops.Command{Kind: ops.CommandCancel, Action: s.Actions[0].ID, By: "bob (console)"})
		<-op.Done()
		if err := op.Err(); err == nil || err.Error() != "cancelled by bob (console); 3 shards were left as they were" {
			t.Errorf("err = %v", err)
		}
		if _, err := w.engine.Do(context.Background(), ops.Command{Kind: ops.CommandCancel, Action: s.Actions[0].ID}); err == nil {
			t.Error("it was cancelled twice")
		}
		if a := w.snapshot().Actions[1]; a.State != ops.ActionRefused && a.State != ops.ActionDone {
			t.Errorf("%+v", a)
		}
	})
}

// A shard that does not come back stops it, and the others stay as they are.
func TestARollingRestartStopsAtAShardThatDoesNotComeBack(t *testing.T) {
	sim := discordtest.Config{Shards: 4, MaxConcurrency: 4}
	inWorld(t, sim, nil, func(w *world) {
		w.awaitReady()
		cmd := rolling(time.Second)
		cmd.Rolling.Within = 20 * time.Second
		op := w.do(cmd)
		w.await("the first pause", time.Minute, func(s *ops.Snapshot) bool { return s.Actions[0].Done == 1 })
		w.discord.GatewayOutage(true)
		<-op.Done()
		w.discord.GatewayOutage(false)
		if err := op.Err(); err == nil || err.Error() != "shard 1 did not come back within 20s; 2 shards were left as they were" {
			t.Errorf("err = %v", err)
		}
		s := w.awaitReady()
		if got := s.Shards[3].Resumes + s.Shards[2].Resumes; got != 0 {
			t.Errorf("shards 2 and 3 have resumed %d times", got)
		}
	})
}

// Many shards re-identify at the pace of the identify queue: no more of them are away
// than may identify at a time.
func TestManyReidentifyAtThePaceOfTheQueue(t *testing.T) {
	sim := discordtest.Config{Shards: 6, MaxConcurrency: 2}
	inWorld(t, sim, nil, func(w *world) {
		w.awaitReady()
		op := w.do(ops.Command{Kind: ops.CommandReidentify, Shards: []int{0, 1, 2, 3, 4, 5}})
		w.await("the end", 5*time.Minute, func(s *ops.Snapshot) bool {
			if away := len(s.Shards) - s.Fleet.ByState[ops.ShardReady]; away > 2 {
				t.Fatalf("%d shards are away", away)
			}
			return s.Actions[0].State != ops.ActionRunning
		})
		w.must(op.Err())
		s := w.snapshot()
		if i := slices.IndexFunc(s.Shards, func(s ops.Shard) bool { return s.Identifies != 2 }); i >= 0 {
			t.Errorf("shard %d has identified %d times", i, s.Shards[i].Identifies)
		}
	})
}

func TestAStopEndsARollingRestart(t *testing.T) {
	sim := discordtest.Config{Shards: 4, MaxConcurrency: 4}
	inWorld(t, sim, nil, func(w *world) {
		w.awaitReady()
		op := w.do(rolling(time.Hour))
		w.pass(10 * time.Second)
		w.settle()
		w.halt()
		<-op.Done()
		if op.Err() == nil {
			t.Error("it says that it is done")
		}
	})
}

// A drain may take long, and does not leave a restart hanging that cannot go on.
func TestADrainEndsARollingRestart(t *testing.T) {
	sim := discordtest.Config{Shards: 4, Guilds: 8, MaxConcurrency: 4}
	inWorld(t, sim, nil, func(w *world) {
		w.awaitReady()
		op := w.do(rolling(time.Hour))
		w.await("the first pause", time.Minute, func(s *ops.Snapshot) bool { return strings.HasPrefix(s.Actions[0].Result, "next in ") })
		drained := w.do(ops.Command{Kind: ops.CommandDrain})
		<-op.Done()
		if err := op.Err(); err == nil || !strings.HasPrefix(err.Error(), "the engine stopped first") {
			t.Errorf("err = %v", err)
		}
		<-drained.Done()
		w.must(<-w.ended)
		w.over = true
	})
}
