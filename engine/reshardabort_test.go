package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// slowly is sixteen with every phase long enough to look at: eight identifies at
// a time, and guilds that take their time.
func slowly() discordtest.Config {
	sim := sixteen()
	sim.MaxConcurrency, sim.BackfillPerSecond = 8, 2
	return sim
}

// untouched fails unless the fleet is as it was: the same sessions on the same
// connections.
func (w *reshardWorld) untouched(sessions []string, shards []ops.Shard) {
	w.t.Helper()
	if now := w.sessions(16); !slices.Equal(now, sessions) {
		w.t.Errorf("the active fleet's sessions were %v and are %v", sessions, now)
	}
	for i, s := range w.snapshot().Shards {
		if s.State != ops.ShardReady || s.Reconnects != shards[i].Reconnects || s.Resumes > 0 || s.SessionSince != shards[i].SessionSince {
			w.t.Errorf("shard %d is %s after %d reconnects and %d resumes", s.ID, s.State, s.Reconnects, s.Resumes)
		}
	}
	if n := w.discord.Stats().Resumes; n > 0 {
		w.t.Errorf("%d resumes", n)
	}
}

func TestAnAbortLeavesTheActiveFleetUntouched(t *testing.T) {
	for _, phase := range []ops.ReshardPhase{ops.ReshardSpawn, ops.ReshardLoad, ops.ReshardOverlap} {
		t.Run(phase.String(), func(t *testing.T) {
			inReshard(t, slowly(), func(w *reshardWorld) {
				w.awaitReady()
				sessions, shards := w.sessions(16), w.snapshot().Shards
				op := w.reshard(32)
				w.awaitPhase(phase)
				w.pass(time.Second)
				begun := len(w.sessions(32))
				w.command(ops.CommandReshardAbort)
				result := w.awaitEnd(op)
				if result.Phase != phase || !strings.Contains(result.Err, "aborted by a test") || op.Err() == nil {
					t.Errorf("the result is %s, %v", compact(result), op.Err())
				}
				w.pass(5 * time.Second)
				if n := w.closedForGood(); begun == 0 || n < begun {
					t.Errorf("%d sessions of the next fleet had begun, %d were closed for good", begun, n)
				}
				w.wantFleet(16, 16)
				w.untouched(sessions, shards)
				if len(w.ledger.resharded()) > 0 || w.ledger.counted(32) > 0 {
					t.Errorf("the bot heard of the next fleet: %v, %d events", w.ledger.resharded(), w.ledger.counted(32))
				}
				w.pass(time.Minute)
				w.judge()
				w.succeed(w.reshard(32)) // another try
				w.wantFleet(32, 32)
			})
		})
	}
}

// Paused, a reshard spends no identify and does not switch, for as long as the
// operator likes.
func TestAPauseHoldsEveryPhase(t *testing.T) {
	inReshard(t, slowly(), func(w *reshardWorld) {
		w.awaitReady()
		w.refused(ops.Command{Kind: ops.CommandReshardPause}, "no reshard")
		op := w.reshard(32)
		w.awaitPhase(ops.ReshardSpawn)
		w.pass(6 * time.Second) // two waves of four
		w.refused(ops.Command{Kind: ops.CommandReshardResume}, "not paused")
		w.command(ops.CommandReshardPause)
		w.refused(ops.Command{Kind: ops.CommandReshardPause}, "paused already")
		w.pass(time.Second)
		spent := w.discord.Stats().Identifies
		w.pass(time.Minute)
		now := w.resharding()
		if n := w.discord.Stats().Identifies; n != spent || !now.Paused || now.Phase != ops.ReshardSpawn || !strings.Contains(now.Waits, "paused") {
			t.Errorf("%d identifies, then %d: %s", spent, n, now.Waits)
		}
		w.command(ops.CommandReshardResume)
		w.awaitPhase(ops.ReshardOverlap)
		w.command(ops.CommandReshardPause)
		w.pass(time.Minute)
		if now := w.resharding(); now == nil || now.Phase != ops.ReshardOverlap || !strings.Contains(now.Waits, "paused") {
			t.Fatalf("after a pause in the overlap: %s", compact(now))
		}
		w.command(ops.CommandReshardResume)
		w.succeed(op)
		w.wantFleet(32, 32)
	})
}

func TestTwoReshardsCannotOverlap(t *testing.T) {
	inReshard(t, slowly(), func(w *reshardWorld) {
		w.awaitReady()
		op := w.reshard(32)
		for _, phase := range []ops.ReshardPhase{ops.ReshardSpawn, ops.ReshardLoad, ops.ReshardOverlap} {
			w.awaitPhase(phase)
			w.refused(ops.Command{Kind: ops.CommandReshard, Target: ops.Target{Total: 20}}, "resharded")
		}
		w.succeed(op)
		if d := w.discord.Stats(); d.Identifies != 48 {
			t.Errorf("%d identifies", d.Identifies)
		}
	})
}

// The next fleet is not told of a guild. The switch waits and names it, then
// there is an alert, and the operator may force it.
func TestAMissingGuildHoldsTheSwitchUntilItIsForced(t *testing.T) {
	notUnderRace(t)
	sim := sixteen()
	sim.Rate = 10
	inReshard(t, sim, func(w *reshardWorld) {
		w.awaitReady()
		guild := w.discord.GuildIDs()[7]
		w.must(w.discord.Withhold(32, guild, true))
		op := w.reshard(32)
		w.refused(ops.Command{Kind: ops.CommandReshardForce}, "shards of the next fleet are ready")
		w.awaitPhase(ops.ReshardLoad)
		w.pass(11 * time.Minute)
		s := w.snapshot()
		now := s.Reshard.Now
		if now == nil || now.Phase != ops.ReshardLoad || now.GuildsAll-now.Guilds != 1 || !slices.Equal(now.Missing, []uint64{guild}) ||
			!strings.Contains(now.Waits, fmt.Sprint(guild)) {
			t.Fatalf("the reshard is %s", compact(now))
		}
		if !slices.ContainsFunc(s.Alerts, func(a ops.Alert) bool { return strings.HasPrefix(a.ID, "reshard/") }) {
			t.Errorf("alerts %+v", s.Alerts)
		}
		w.settle() // what happens in that guild from now on is lost: that is what force means
		w.command(ops.CommandReshardForce)
		w.succeed(op)
		w.wantFleet(32, 32)
		w.pass(2 * time.Second)
		if a := w.snapshot().Alerts; slices.ContainsFunc(a, func(a ops.Alert) bool { return strings.HasPrefix(a.ID, "reshard/") }) {
			t.Errorf("alerts %+v", a)
		}
	})
}

// A guild that comes late to the next fleet lets the reshard go on by itself.
func TestAReshardGoesOnWhenTheMissingGuildComes(t *testing.T) {
	inReshard(t, sixteen(), func(w *reshardWorld) {
		w.awaitReady()
		guild := w.discord.GuildIDs()[7]
		w.must(w.discord.Withhold(32, guild, true))
		op := w.reshard(32)
		w.awaitPhase(ops.ReshardLoad)
		w.pass(time.Minute)
		if now := w.resharding(); now == nil || now.Phase != ops.ReshardLoad {
			t.Fatalf("the reshard is %s", compact(now))
		}
		w.must(w.discord.Withhold(32, guild, false))
		w.succeed(op)
		w.pass(time.Minute)
		w.wantFleet(32, 32)
	})
}

// The next fleet brings less than the active one: the switch waits and says what
// differs.
func TestStreamsThatDoNotAgreeHoldTheSwitch(t *testing.T) {
	inReshard(t, sixteen(), func(w *reshardWorld) {
		w.awaitReady()
		op := w.reshard(32)
		w.awaitPhase(ops.ReshardOverlap)
		w.pass(2 * time.Second)
		guild := w.discord.GuildIDs()[5]
		for range 8 { // one a while, to one fleet alone
			w.must(w.discord.InjectOnly(16, "LOPSIDED", guild, []byte(`{"n":1}`)))
			w.pass(8 * time.Second)
			if now := w.resharding(); now == nil || now.Phase != ops.ReshardOverlap {
				t.Fatalf("the switch did not wait: %s", compact(now))
			}
		}
		now := w.resharding()
		if now.OnlyOld == 0 || !strings.Contains(now.Waits, "LOPSIDED") || now.Agreed >= now.Soak {
			t.Errorf("it waits with %d only on the active fleet: %s", now.OnlyOld, now.Waits)
		}
		result := w.succeed(op)
		if result.OnlyOld != 8 {
			t.Errorf("%s", compact(result))
		}
		if n := w.bot.Stats().Notices["LOPSIDED"]; n != 8 {
			t.Errorf("the bot got %d of 8", n)
		}
	})
}

// What only the next fleet brings comes to the bot all the same.
func TestWhatTheActiveFleetNeverBringsComesFromTheNextOne(t *testing.T) {
	inReshard(t, sixteen(), func(w *reshardWorld) {
		w.awaitReady()
		op := w.reshard(32)
		w.awaitPhase(ops.ReshardOverlap)
		w.command(ops.CommandReshardPause)
		guild := w.discord.GuildIDs()[5]
		for range 3 {
			w.must(w.discord.InjectOnly(32, "LOPSIDED", guild, []byte(`{"n":1}`)))
		}
		w.pass(15 * time.Second)
		if n := w.bot.Stats().Notices["LOPSIDED"]; n != 3 {
			t.Errorf("the bot got %d of 3", n)
		}
		w.command(ops.CommandReshardResume)
		w.pass(time.Second)
		if now := w.resharding(); now.OnlyNew != 3 || !strings.Contains(now.Waits, "LOPSIDED") || now.Agreed > 10*time.Second {
			t.Errorf("%d from the next fleet alone: %s", now.OnlyNew, now.Waits)
		}
		if result := w.succeed(op); result.OnlyNew != 3 {
			t.Errorf("%s", compact(result))
		}
	})
}

// An engine that is stopped in the middle gives the reshard up, and comes back on
// the fleet that was active.
func TestAStopInTheMiddleGivesTheReshardUp(t *testing.T) {
	for _, phase := range []ops.ReshardPhase{ops.ReshardSpawn, ops.ReshardLoad, ops.ReshardOverlap} {
		t.Run(phase.String(), func(t *testing.T) {
			inReshard(t, slowly(), func(w *reshardWorld) {
				w.awaitReady()
				sessions := w.sessions(16)
				op := w.reshard(32)
				w.awaitPhase(phase)
				w.pass(2 * time.Second)
				w.halt()
				if op.Err() == nil {
					t.Error("the handle says that it succeeded")
				}
				w.start(nil)
				w.awaitReady()
				w.wantFleet(16, 16)
				if !slices.Equal(w.sessions(16), sessions) {
					t.Error("the sessions of the active fleet are others")
				}
				if n := w.closedForGood(); n == 0 {
					t.Error("the next fleet was not closed for good")
				}
			})
		})
	}
}
