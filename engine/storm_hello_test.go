package engine_test

import (
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
)

// A host that greets with nonsense is left alone, at the pace of a failed dial:
// whatever it says, no rule is broken and no session lost.
func TestGreetingsThatAreNone(t *testing.T) {
	for i, greeting := range []discordtest.Welcome{
		{Nothing: true}, {Reconnect: true}, {NoACK: true}, {Invalid: "true"},
		{Interval: `0`}, {Interval: `-1`}, {Interval: `86400000`}, {Interval: `1`}, {Interval: `250`},
		{Interval: `1e300`}, {Interval: `null`}, {Interval: `"41250"`}, {Interval: `[]`},
	} {
		if raceEnabled && i > 0 {
			break // they differ for the machine alone, which has no goroutines
		}
		t.Run(greeting.String(), func(t *testing.T) {
			inStorm(t, small, func(w *world, _ *discordtest.Network) {
				w.awaitReady()
				w.pass(30 * time.Second)
				w.discord.Welcome(2, greeting)
				start := time.Now()
				w.must(w.discord.DropConnection(shardOf(3)))
				w.pass(5 * time.Minute)
				w.awaitReady()
				w.settle()
				w.judgeIdentifies(8)
				if n := w.discord.DialPeak(start, time.Minute); n > 8 {
					t.Errorf("%d dials in a minute", n)
				}
				if d := w.discord.Stats(); d.Faults[greeting.String()] != 2 {
					t.Errorf("faults %v", d.Faults)
				}
			})
		})
	}
}
