package engine_test

import (
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Up, down and to a fresh fleet of the same size: the bot gets every event once
// and hardly notices.
func TestAReshardIsNotNoticedByTheBot(t *testing.T) {
	for name, to := range map[string]int{"up": 32, "down": 8, "a fresh fleet": 16, "to an odd number": 19} {
		t.Run(name, func(t *testing.T) {
			inReshard(t, sixteen(), func(w *reshardWorld) {
				w.awaitReady()
				w.pass(5 * time.Second)
				quiet := w.discord.Audit().Watch()
				w.pass(time.Minute)
				before := quiet.End()
				meanwhile := w.discord.Audit().Watch()
				result := w.succeed(w.reshard(to))
				during := meanwhile.End()
				w.pass(5 * time.Second)
				w.judge()
				w.wantFleet(to, to)
				if n := w.closedForGood(); n != 16 {
					t.Errorf("%d sessions were closed for good, want the 16 old ones", n)
				}
				if result.From != 16 || result.To != to || result.Identifies != to || result.OnlyOld+result.OnlyNew > 0 || result.Both < 50 {
					t.Errorf("the result is %s\n%s", compact(result), w.log())
				}
				if got := w.ledger.resharded(); len(got) != 1 || got[0] != noticeOf(16, to, 0, to-1) {
					t.Errorf("the bot was told %q", got)
				}
				if to != 16 && (w.ledger.counted(16) == 0 || w.ledger.counted(to) == 0) {
					t.Errorf("%d events of 16 shards, %d of %d", w.ledger.counted(16), w.ledger.counted(to), to)
				}
				if !raceEnabled && during.Longest > before.Longest+300*time.Millisecond {
					t.Errorf("%v without an event, %v in a quiet minute before", during.Longest, before.Longest)
				}
				t.Logf("to %d: %d identifies, seen on both %d, the switch held events for %v, longest gap %v, in a quiet minute %v",
					to, result.Identifies, result.Both, result.Gap, during.Longest, before.Longest)
			})
		})
	}
}

// After a reshard the fleet is like any other: restarted, it is resumed, and it
// can be resharded again, and back.
func TestAReshardedFleetIsLikeAnyOther(t *testing.T) {
	inReshard(t, sixteen(), func(w *reshardWorld) {
		w.awaitReady()
		w.succeed(w.reshard(32))
		w.pass(3 * time.Second)
		w.halt()
		w.start(nil)
		w.awaitReady()
		w.wantFleet(32, 32)
		if d := w.discord.Stats(); d.Identifies != 48 || d.Resumes != 32 {
			t.Errorf("%d identifies, %d resumes", d.Identifies, d.Resumes)
		}
		w.succeed(w.reshard(16))
		w.wantFleet(16, 16)
		w.must(w.discord.Reconnect(shardOf(3)))
		w.pass(10 * time.Second)
		w.wantFleet(16, 16)
		if n := len(w.ledger.resharded()); n != 2 {
			t.Errorf("%d notices of two reshards", n)
		}
		if h := w.snapshot().Reshard.History; len(h) != 1 || h[0].To != 16 {
			t.Errorf("history of this run: %s", compact(h))
		}
	})
}

// A process that holds a part of the shards holds the part of the next fleet that
// it is told. The bot is in no guild that only one of the two parts has.
func TestASliceIsReshardedWhenToldItsNextOne(t *testing.T) {
	inReshard(t, sixteen(), func(w *reshardWorld) {
		for _, id := range w.discord.GuildIDs() {
			if shard := discord.ShardOf(id, 32); shard >= 8 && shard < 24 {
				w.must(w.discord.GuildLeave(id))
			}
		}
		w.awaitReady()
		w.refused(ops.Command{Kind: ops.CommandReshard, Target: ops.Target{Total: 32}}, "first", "last")
		op := w.do(ops.Command{Kind: ops.CommandReshard, By: "a test", Target: ops.Target{Total: 32, First: 0, Last: 15, Slice: true}})
		result := w.succeed(op)
		w.wantFleet(32, 16)
		before := w.ledger.counted(32)
		w.discord.AddGuilds(32)
		w.pass(10 * time.Second)
		if result.Identifies != 16 || w.ledger.counted(32) < before+16 {
			t.Errorf("%s, %d events of the next fleet, then %d", compact(result), before, w.ledger.counted(32))
		}
		if got := w.ledger.resharded(); len(got) != 1 || got[0] != noticeOf(16, 32, 0, 15) {
			t.Errorf("the bot was told %q", got)
		}
	}, func(c *engine.Config) { c.Shards.First, c.Shards.Last, c.Shards.Total = 0, 7, 16 })
}

// The bot is away all the time: what waits for it, of both fleets, comes in order.
func TestAReshardWhileTheBotIsAway(t *testing.T) {
	inReshard(t, sixteen(), func(w *reshardWorld) {
		w.awaitReady()
		w.pass(5 * time.Second)
		w.bot.SetMode(discordtest.BotBusy)
		w.succeed(w.reshard(32))
		w.pass(20 * time.Second)
		if d := w.snapshot().Traffic.Depth; d < 300 {
			t.Errorf("%d events wait for the bot", d)
		}
		w.bot.SetMode(discordtest.BotUp)
		w.pass(10 * time.Second)
		w.judge()
		if n := len(w.ledger.resharded()); n != 1 {
			t.Errorf("%d notices", n)
		}
		if n := w.snapshot().Store.Files; n > 0 {
			w.await("no files", 10*time.Second, func(s *ops.Snapshot) bool { return s.Store.Files == 0 })
		}
	})
}

// Fifteen events that are the same byte for byte, some of them at the same time,
// are fifteen events.
func TestGenuineRepeatsAreNotTakenForTwins(t *testing.T) {
	inReshard(t, sixteen(), func(w *reshardWorld) {
		w.awaitReady()
		guild := w.discord.GuildIDs()[3]
		op := w.reshard(32)
		w.awaitPhase(ops.ReshardOverlap)
		for range 5 {
			for range 3 {
				w.must(w.discord.InjectBare("POKED", guild, []byte(`{"same":"every time"}`)))
			}
			w.pass(time.Second)
		}
		w.succeed(op)
		w.pass(time.Second)
		if n := w.bot.Stats().Notices["POKED"]; n != 15 {
			t.Errorf("the bot got %d of 15 equal events", n)
		}
	})
}
