package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/session"
)

// comesBack fails unless a new engine resumes the sessions that Discord had of a
// total, and identifies nothing.
func (w *reshardWorld) comesBack(total int, bot discordtest.BotMode) {
	w.t.Helper()
	before, sessions := w.discord.Stats(), w.sessions(total)
	w.revive(bot)
	w.awaitReady()
	after := w.discord.Stats()
	if s := w.snapshot(); s.Fleet.Total != total {
		w.t.Errorf("it came back on %d shards, want %d", s.Fleet.Total, total)
	}
	if after.Identifies != before.Identifies || after.Resumes != before.Resumes+uint64(total) || after.ResumesRefused > 0 {
		w.t.Errorf("it took %d identifies and %d resumes, %d refused, to come back",
			after.Identifies-before.Identifies, after.Resumes-before.Resumes, after.ResumesRefused)
	}
	for _, id := range sessions {
		if !slices.Contains(w.sessions(total), id) {
			w.t.Errorf("session %s is gone", id)
		}
	}
}

// Killed in any phase before the switch, the engine comes back on the fleet that
// was active; killed after it, on the next one.
func TestACrashInEveryPhase(t *testing.T) {
	notUnderRace(t)
	for _, bot := range []discordtest.BotMode{discordtest.BotUp, discordtest.BotBusy} {
		for _, phase := range []ops.ReshardPhase{ops.ReshardSpawn, ops.ReshardLoad, ops.ReshardOverlap, ops.ReshardSwitch} {
			t.Run(fmt.Sprintf("%s, bot %d", phase, bot), func(t *testing.T) {
				inReshard(t, slowly(), func(w *reshardWorld) {
					w.awaitReady()
					w.bot.SetMode(bot)
					w.pass(3 * time.Second) // the sessions are saved
					w.reshard(32)
					total := 16
					if phase == ops.ReshardSwitch {
						w.await("the switch", 10*time.Minute, func(s *ops.Snapshot) bool { return s.Fleet.Total == 32 })
						total = 32
					} else {
						w.awaitPhase(phase)
						w.pass(2500 * time.Millisecond)
					}
					w.kill()
					w.comesBack(total, bot)
					w.pass(5 * time.Second)
					w.bot.SetMode(discordtest.BotUp)
					w.pass(20 * time.Second)
					w.judge()
					want := 0
					if total == 32 {
						want = 1
					}
					if n := len(w.ledger.resharded()); n < want || n > 2*want {
						t.Errorf("the bot got %d notices", n)
					}
					// Discord may have sessions of the dead engine's next fleet for a while.
					w.succeed(w.reshard(48 - total))
				})
			})
		}
	}
}

// The write of the sessions is what decides: killed just before it the engine comes
// back on the old fleet, just after it on the new one.
func TestACrashAroundTheCommit(t *testing.T) {
	notUnderRace(t)
	for _, bot := range []discordtest.BotMode{discordtest.BotUp, discordtest.BotBusy} {
		for _, to := range []int{32, 16} {
			for _, written := range []bool{false, true} {
				t.Run(fmt.Sprintf("to %d, written %v, bot %d", to, written, bot), func(t *testing.T) {
					inReshard(t, sixteen(), func(w *reshardWorld) { w.dieAtCommit(to, written, bot) })
				})
			}
		}
	}
}

// dieAtCommit is one such crash.
func (w *reshardWorld) dieAtCommit(to int, written bool, bot discordtest.BotMode) {
	w.awaitReady()
	w.bot.SetMode(bot)
	w.pass(3 * time.Second)
	died, struck, old := make(chan struct{}), false, w.sessions(16)
	strike := func(saved *session.Saved) {
		if !struck && saved.Identity.Total == to && othersThan(saved, old) {
			struck = true
			w.kill()
			close(died)
		}
	}
	total := 16
	if written {
		total = to
		w.shelf.watch(nil, strike)
	} else {
		w.shelf.watch(strike, nil)
	}
	w.reshard(to)
	<-died
	w.shelf.watch(nil, nil)
	before := w.discord.Stats().Identifies
	w.revive(bot)
	w.awaitReady()
	if n := w.discord.Stats().Identifies - before; n > 0 || w.snapshot().Fleet.Total != total {
		w.t.Errorf("it came back on %d shards after %d identifies", w.snapshot().Fleet.Total, n)
	}
	w.pass(5 * time.Second)
	w.bot.SetMode(discordtest.BotUp)
	w.pass(20 * time.Second)
	w.judge()
	if n := len(w.ledger.resharded()); written && n == 0 || n > 2 {
		w.t.Errorf("the bot got %d notices", n)
	}
}

// othersThan reports whether sessions have been saved that are not among some.
func othersThan(saved *session.Saved, ids []string) bool {
	return slices.ContainsFunc(saved.Sessions, func(s session.Session) bool { return !slices.Contains(ids, s.ID) })
}

// Killed again and again at moments that nobody chose, while it is resharded up
// and down, with a bot that comes and goes.
func TestCrashesAtAnyMomentOfReshards(t *testing.T) {
	notUnderRace(t)
	for seed := range reshardSeedCount() {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			sim := sixteen()
			sim.BackfillPerSecond, sim.ResumeWindow = 20, 3*time.Minute
			r := rand.New(rand.NewPCG(uint64(seed), 5))
			inReshard(t, sim, func(w *reshardWorld) {
				w.awaitReady()
				w.pass(3 * time.Second)
				crashes := map[ops.ReshardPhase]int{}
				for range 12 {
					bot := []discordtest.BotMode{discordtest.BotUp, discordtest.BotUp, discordtest.BotBusy}[r.IntN(3)]
					w.bot.SetMode(bot)
					total := w.snapshot().Fleet.Total
					w.reshard([]int{16, 32, 24, 8}[r.IntN(4)])
					w.pass(time.Duration(r.IntN(22_000)) * time.Millisecond)
					if now := w.resharding(); now != nil {
						crashes[now.Phase]++
					} else {
						crashes[ops.ReshardNone]++
					}
					if s := w.snapshot(); s.Fleet.Total != total {
						total = s.Fleet.Total
					}
					w.kill()
					w.comesBack(total, bot)
					w.pass(time.Duration(r.IntN(6000)) * time.Millisecond)
				}
				w.bot.SetMode(discordtest.BotUp)
				w.judge()
				t.Logf("crashes by phase: %v", crashes)
			})
		})
	}
}
