package engine_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// changes are what befalls guilds in one phase, and what the bot is to be told.
type changes struct {
	want map[uint64]string
}

// happen has guilds join, leave, go down and come back.
func (c *changes) happen(w *reshardWorld, phase ops.ReshardPhase) {
	at := 10 * int(phase)
	guilds := w.discord.GuildIDs()
	down, leaves, both, rejoins := guilds[at], guilds[at+1], guilds[at+2], guilds[at+3]
	joined := w.discord.GuildJoin()
	w.must(w.discord.GuildOutage(down))
	w.must(w.discord.GuildOutage(both))
	w.must(w.discord.GuildLeave(leaves))
	w.must(w.discord.GuildLeave(rejoins))
	w.pass(300 * time.Millisecond)
	w.must(w.discord.GuildRejoin(rejoins))
	w.must(w.discord.GuildReturn(both))
	short := w.discord.GuildJoin()
	w.pass(100 * time.Millisecond)
	w.must(w.discord.GuildLeave(short))
	for guild, want := range map[uint64]string{
		joined: "joined", down: "loaded down", both: "loaded down available", leaves: "loaded left",
		rejoins: "loaded left joined", short: "joined left",
	} {
		c.want[guild] = want
	}
}

func TestGuildsComeAndGoInEveryPhase(t *testing.T) {
	for _, silent := range []bool{false, true} {
		t.Run(fmt.Sprintf("silent outages %v", silent), func(t *testing.T) {
			sim := slowly()
			sim.SilentOutages = silent
			inReshard(t, sim, func(w *reshardWorld) {
				w.awaitReady()
				long := w.discord.GuildIDs()[0]
				w.must(w.discord.GuildOutage(long)) // before, during and after
				through := w.discord.GuildIDs()[1]
				w.must(w.discord.GuildOutage(through)) // comes back when both fleets are up
				c := &changes{want: map[uint64]string{long: "loaded down", through: "loaded down available"}}
				op := w.reshard(32)
				for _, phase := range []ops.ReshardPhase{ops.ReshardSpawn, ops.ReshardLoad, ops.ReshardOverlap} {
					w.awaitPhase(phase)
					w.pass(time.Second)
					c.happen(w, phase)
				}
				w.must(w.discord.GuildReturn(through))
				result := w.succeed(op)
				w.pass(5 * time.Second)
				w.must(w.discord.GuildReturn(long))
				c.want[long] += " available"
				w.pass(time.Second)
				for guild, want := range c.want {
					if got := w.ledger.of(guild); got != want {
						t.Errorf("the bot was told %q of guild %d, want %q", got, guild, want)
					}
				}
				s, d := w.snapshot(), w.discord.Stats()
				if s.Fleet.Guilds+s.Fleet.Unavailable != d.Guilds || s.Fleet.Unavailable != d.GuildsDown || s.Fleet.Loading != 0 {
					t.Errorf("the console shows %d guilds, %d down, %d loading; Discord has %d, %d down",
						s.Fleet.Guilds, s.Fleet.Unavailable, s.Fleet.Loading, d.Guilds, d.GuildsDown)
				}
				if result.OnlyOld+result.OnlyNew > 0 {
					t.Errorf("%s", compact(result))
				}
			})
		})
	}
}

// Commands go to the fleet that leads, and its answers come, also when the switch
// is between the two.
func TestAnswersFollowWhoeverAsked(t *testing.T) {
	notUnderRace(t)
	sim := sixteen()
	sim.Members, sim.MembersPerChunk = 4000, 100
	inReshard(t, sim, func(w *reshardWorld) {
		w.awaitReady()
		guilds := w.discord.GuildIDs()
		op := w.reshard(32)
		asked, chunks := 0, 0
		for i := 0; ; i++ {
			s := w.snapshot()
			if s.Reshard.Now == nil {
				break
			}
			// All members of a guild, every half a second, once of each.
			sent, err := w.send(ops.Send{Op: 8, By: "a test", Answers: true, Data: fmt.Appendf(nil,
				`{"guild_id":"%d","query":"","limit":0,"nonce":"n%d"}`, guilds[i%len(guilds)], i)})
			if err != nil {
				t.Errorf("op 8 in %s: %v", s.Reshard.Now.Phase, err)
			}
			asked++
			chunks += len(sent.Answers)
			if _, err := w.send(ops.Send{Op: 4, By: "a test", Data: fmt.Appendf(nil,
				`{"guild_id":"%d","channel_id":"%d","self_mute":false,"self_deaf":false}`, guilds[i%len(guilds)], guilds[i%len(guilds)]+1)}); err != nil {
				t.Errorf("op 4 in %s: %v", s.Reshard.Now.Phase, err)
			}
			w.pass(200 * time.Millisecond)
		}
		w.succeed(op)
		if chunks != 40*asked || asked < 20 {
			t.Errorf("%d questions, %d answers", asked, chunks)
		}
		of := map[int]int{}
		for _, c := range w.discord.CommandLog() {
			of[c.Shards]++
		}
		if of[16] == 0 || of[32] == 0 {
			t.Errorf("commands by total %v", of)
		}
	})
}

// People see the bot's presence of both fleets: it must be the same on both.
func TestThePresenceIsOnBothFleets(t *testing.T) {
	inReshard(t, slowly(), func(w *reshardWorld) {
		w.awaitReady()
		if _, err := w.send(ops.Send{Op: 3, By: "a test", Data: json.RawMessage(`{"status":"idle"}`)}); err != nil {
			t.Fatal(err)
		}
		op := w.reshard(32)
		w.awaitPhase(ops.ReshardOverlap)
		show := func(status string, total int) {
			t.Helper()
			for _, s := range w.discord.Stats().Sessions {
				if s.Shards == total && !strings.Contains(s.Presence, status) {
					t.Errorf("shard %d of %d shows %q, want %s", s.Shard, s.Shards, s.Presence, status)
				}
			}
		}
		show("idle", 32)
		if _, err := w.send(ops.Send{Op: 3, By: "a test", Data: json.RawMessage(`{"status":"dnd"}`)}); err != nil {
			t.Fatal(err)
		}
		w.pass(2 * time.Second)
		show("dnd", 16)
		w.succeed(op)
		w.pass(30 * time.Second)
		show("dnd", 32)
	}, func(c *engine.Config) { c.Presence = json.RawMessage(`{"status":"online"}`) })
}

// Interactions that come in the overlap and at the switch come once, like the rest.
func TestEverythingAtOnceInTheSwitch(t *testing.T) {
	notUnderRace(t)
	sim := sixteen()
	sim.Rate = 1500
	inReshard(t, sim, func(w *reshardWorld) {
		w.awaitReady()
		w.bot.SetDelay(20 * time.Millisecond)
		for _, to := range []int{32, 16} {
			result := w.succeed(w.reshard(to))
			if result.Gap > time.Second {
				t.Errorf("the switch to %d held events for %v", to, result.Gap)
			}
		}
		if w.ledger.counted(32) < 1000 {
			t.Errorf("%d events of the fleet of 32", w.ledger.counted(32))
		}
	})
}
