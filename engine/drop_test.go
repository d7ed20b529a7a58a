package engine_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// A backlog is given up, as much of it as was said: what comes then is delivered, and
// the bot is told of every event that it misses.
func TestABacklogIsDropped(t *testing.T) {
	sim := discordtest.Config{Shards: 4, Guilds: 40, MaxConcurrency: 4, Rate: 200}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sim, nil)
		w.awaitReady()
		w.bot.SetMode(discordtest.BotCrashed)
		before := w.await("a backlog", time.Minute, func(s *ops.Snapshot) bool { return s.Sinks[0].Depth > 2000 })
		op := w.do(ops.Command{Kind: ops.CommandDrop, Sink: "bot", Events: 1500, By: "ann"})
		<-op.Done()
		w.must(op.Err())
		if text := op.Progress().Text; !strings.HasPrefix(text, "drop up to 1500 events of sink bot: 1500 events given up, ") {
			t.Errorf("it says %q", text)
		}
		s := w.snapshot()
		if s.Sinks[0].Depth > before.Sinks[0].Depth-1500+100 || s.Sinks[0].Dropped != 1500 || s.Actions[0].By != "ann" {
			t.Errorf("%+v, %+v", s.Sinks[0], s.Actions[0])
		}
		for _, a := range s.Alerts {
			if a.ID == "queue/dropped" {
				t.Errorf("what somebody wanted is an alert: %+v", a)
			}
		}
		w.bot.SetMode(discordtest.BotUp)
		w.discord.SetRate(0)
		w.await("everything delivered", time.Minute, func(s *ops.Snapshot) bool { return s.Sinks[0].Depth == 0 && s.Sinks[0].Gaps > 0 })
		for want, cmd := range map[string]ops.Command{
			"there is no sink named \"audit\"": {Kind: ops.CommandDrop, Sink: "audit", Events: 1},
			"nothing waits for sink bot":       {Kind: ops.CommandDrop, Sink: "bot", Events: 1},
			"say how many events":              {Kind: ops.CommandDrop, Sink: "bot"},
		} {
			if _, err := w.engine.Do(context.Background(), cmd); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: %v, want %s", cmd, err, want)
			}
		}
		if r := w.discord.Audit().Report(); r.Received == r.Expected || r.Expected-r.Received > 1500 || r.Repeated+r.OutOfOrderShard > 0 {
			t.Errorf("%d of %d came, %d repeated, %d out of order", r.Received, r.Expected, r.Repeated, r.OutOfOrderShard)
		}
		w.halt()
		w.discord.Close()
	})
}
