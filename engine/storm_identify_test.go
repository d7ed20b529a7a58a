package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Every session is gone a second after it has begun: without a breaker that costs
// the bot its token within minutes.
func TestAnIdentifyStormTripsTheBreakerBeforeTheReserve(t *testing.T) {
	notUnderRace(t)
	sim := discordtest.Config{Shards: 16, Guilds: 64, MaxConcurrency: 16, Rate: 5, SessionStarts: 400}
	inStorm(t, sim, func(w *world, _ *discordtest.Network) {
		w.awaitReady()
		w.pass(time.Minute)
		w.discord.Welcome(-1, discordtest.Welcome{Op9After: time.Second})
		for id := range 16 {
			w.must(w.discord.InvalidateSession(shardOf(id), false))
		}
		w.pass(6 * time.Hour)
		s, d := w.snapshot(), w.discord.Stats()
		reserve := 400 / 10
		if d.SessionStarts <= reserve || d.TokenReset {
			t.Errorf("%d session starts are left, the reserve is %d", d.SessionStarts, reserve)
		}
		b := s.Identify.Breaker
		if !b.Open || b.Why == "" || b.Trips != 1 || b.Since.IsZero() {
			t.Errorf("the breaker says %+v", b)
		}
		if !alerted(s, b.Why) {
			t.Errorf("no alert says so: %+v", s.Alerts)
		}
		t.Logf("%d identifies, then: %s", d.Identifies, b.Why)

		w.calm()
		w.pass(10 * time.Minute)
		if n := w.discord.Stats().Identifies; n != d.Identifies {
			t.Errorf("%d identifies while the breaker was open", n-d.Identifies)
		}
		w.do(ops.Command{Kind: ops.CommandAllow})
		s = w.awaitReady()
		if s.Identify.Breaker.Open {
			t.Errorf("the breaker says %+v", s.Identify.Breaker)
		}
		w.settle()
		w.judgeIdentifies(16)
	}, func(c *engine.Config, _ *discordtest.Network) { c.Identify.Reserve = engine.Amount{Percent: 10} })
}

// alerted reports whether an alert is about what stands in a text, or the breaker.
func alerted(s *ops.Snapshot, why string) bool {
	for _, a := range s.Alerts {
		if strings.Contains(a.Text, why) || strings.Contains(strings.ToLower(a.Text), "identif") {
			return true
		}
	}
	return false
}

// Another process of the bot uses the windows: each refusal backs off, and nothing
// is spent.
func TestIdentifiesThatAreRefusedBackOff(t *testing.T) {
	sim := discordtest.Config{Shards: 4, Guilds: 16, MaxConcurrency: 1}
	inStorm(t, sim, func(w *world, _ *discordtest.Network) {
		w.discord.RefuseIdentify(discordtest.Pair{Shard: -1}, 6)
		s := w.awaitReady()
		if d := w.discord.Stats(); d.SessionStarts != 996 || d.Identifies != 4 || d.Faults["identify refused"] != 6 {
			t.Errorf("%d session starts left, %d identifies, faults %v", d.SessionStarts, d.Identifies, d.Faults)
		}
		if s.Identify.Rejected != 6 {
			t.Errorf("%d identifies were refused, as the ledger has it", s.Identify.Rejected)
		}
		w.judgeIdentifies(4)
	})
}
