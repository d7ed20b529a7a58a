package engine_test

import (
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
)

// chatter is a Discord in which many links are written.
func chatter() discordtest.Config {
	return discordtest.Config{
		Shards: 2, Guilds: 20, Optional: []string{"MESSAGE_UPDATE/unfurl"},
		Mix: map[string]float64{
			"MESSAGE_CREATE": 10, "MESSAGE_UPDATE/unfurl": 5, "MESSAGE_UPDATE": 3, "MESSAGE_UPDATE/pinned": 1, "MESSAGE_DELETE": 1, "TYPING_START": 2,
		},
	}
}

// Every real edit comes to the bot, no unfurl of a message that it knows does, and
// the figures are the simulator's.
func TestUnfurledLinksAreKeptFromTheBot(t *testing.T) {
	notUnderRace(t)
	inWorld(t, chatter(), func(c *engine.Config) { c.Filter.MessageUpdate = true }, func(w *world) {
		w.awaitReady()
		w.discord.SetRate(100)
		w.pass(time.Minute)
		w.settle()
		f, issued := w.snapshot().Filter, w.discord.Stats().IssuedByType
		unfurls, real := issued["MESSAGE_UPDATE/unfurl"], issued["MESSAGE_UPDATE"]+issued["MESSAGE_UPDATE/pinned"]
		if unfurls < 200 || real < 200 || f.Seen != unfurls+real || f.Dropped != unfurls || f.Bytes < 1000*unfurls || f.Known == 0 || !f.On {
			t.Errorf("%+v; %d unfurls and %d edits were sent", f, unfurls, real)
		}
		if kept := w.discord.Audit().Report().WithheldByType["MESSAGE_UPDATE/unfurl"]; kept != unfurls {
			t.Errorf("%d of %d unfurls were kept from the bot", kept, unfurls)
		}
	})
}

func TestWithTheFilterOffUnfurledLinksComeToTheBot(t *testing.T) {
	notUnderRace(t)
	for name, adapt := range map[string]func(*engine.Config){
		"off": func(*engine.Config) {},
		"without the intent": func(c *engine.Config) {
			c.Filter.MessageUpdate, c.Intents = true, c.Intents&^discord.IntentMessageContent
		},
	} {
		t.Run(name, func(t *testing.T) {
			sim := chatter()
			sim.Optional = nil
			inWorld(t, sim, adapt, func(w *world) {
				w.awaitReady()
				w.discord.SetRate(100)
				w.pass(20 * time.Second)
				w.settle()
				if f := w.snapshot().Filter; f.On || f.Why == "" || f.Dropped > 0 {
					t.Errorf("%+v", f)
				}
			})
		})
	}
}
