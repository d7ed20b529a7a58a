package engine_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// shows is the presence that Discord has of a shard.
func (w *world) shows(shard int) string {
	for _, s := range w.discord.Stats().Sessions {
		if s.Shard == shard {
			return string(s.Presence)
		}
	}
	return ""
}

func TestAShardThatWasAwayGetsTheNewPresence(t *testing.T) {
	withTalker(t, func(w *world, _ *talker) {
		w.discord.GatewayOutage(true)
		w.must(w.discord.DropConnection(shardOf(1)))
		w.pass(time.Second)
		sent, err := w.send(ops.Send{Op: 3, Data: json.RawMessage(`{"status":"idle"}`)})
		if err == nil || len(sent.Shards) != 3 || !strings.Contains(err.Error(), "shard 1") {
			t.Errorf("sent by %v, %v", sent.Shards, err)
		}
		w.discord.GatewayOutage(false)
		w.awaitReady()
		w.pass(90 * time.Second)
		if got := w.shows(1); !strings.Contains(got, "idle") {
			t.Errorf("shard 1 shows %q", got)
		}
	})
}

func TestASessionOfAnEarlierRunGetsThePresenceConfiguredNow(t *testing.T) {
	s := &shelf{}
	sim := discordtest.Config{Shards: 2, Guilds: 8, MaxConcurrency: 2}
	inWorld(t, sim, func(c *engine.Config) { c.Sessions = s }, func(w *world) {
		w.awaitReady()
		w.pass(3 * time.Second)
		w.halt()
		w.start(func(c *engine.Config) { c.Presence = json.RawMessage(`{"status":"dnd"}`) })
		w.awaitReady()
		w.pass(90 * time.Second)
		if got := w.shows(0) + w.shows(1); strings.Count(got, "dnd") != 2 {
			t.Errorf("the shards show %s", got)
		}
		if n := w.discord.Stats().Identifies; n != 2 {
			t.Errorf("%d identifies", n)
		}
	})
}
