package engine_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/transport/gateway"
)

// dialTime is how long every connection takes to be opened in these stories, so
// that time without one can be told from time with one.
const dialTime = 400 * time.Millisecond

// busy is a bot whose every shard has some events a second.
var busy = discordtest.Config{Shards: 8, Guilds: 64, MaxConcurrency: 8, Rate: 200}

func TestOp7UnderLoad(t *testing.T) {
	for name, test := range map[string]struct {
		ask func(*discordtest.Server) error
		// most is the longest that an event may be on its way.
		most time.Duration
	}{
		// With the old connection gone there is nothing to bring events before the
		// next one is open.
		"closed at once":   {func(d *discordtest.Server) error { return d.ReconnectAfter(shardOf(3), 0) }, dialTime + time.Second},
		"closed after 5 s": {func(d *discordtest.Server) error { return d.ReconnectAfter(shardOf(3), 5*time.Second) }, dialTime / 4},
		"never closed":     {func(d *discordtest.Server) error { return d.ReconnectAfter(shardOf(3), discordtest.Never) }, dialTime / 4},
		"silence":          {func(d *discordtest.Server) error { return d.ReconnectAndHush(shardOf(3)) }, dialTime + time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if name != "closed after 5 s" {
				notUnderRace(t)
			}
			inStorm(t, busy, func(w *world, _ *discordtest.Network) {
				w.awaitReady()
				w.pass(30 * time.Second) // it has held
				w.must(test.ask(w.discord))
				w.pass(20 * time.Second)
				w.awaitReady()
				w.settle()
				w.judgeIdentifies(8)
				d, r := w.discord.Stats(), w.discord.Audit().Report()
				if d.Resumes != 1 || d.HandedOver != 1 || len(r.Forfeited) > 0 {
					t.Errorf("%d resumes, %d handed over, forfeited %v", d.Resumes, d.HandedOver, r.Forfeited)
				}
				if worst := time.Duration(r.Latency.Max); worst > test.most {
					t.Errorf("an event was on its way for %v, want %v at most", worst, test.most)
				}
				w.logHandovers()
				t.Logf("worst time of an event from Discord to the bot: %v", time.Duration(r.Latency.Max))
			}, dialSlowly)
		})
	}
}

// dialSlowly makes every connection to Discord take its time.
func dialSlowly(c *engine.Config, n *discordtest.Network) {
	c.Dialer = &gateway.Dialer{NetDial: func(ctx context.Context, network, address string) (net.Conn, error) {
		select {
		case <-time.After(dialTime):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return n.DialContext(ctx, network, address)
	}}
}

// Discord asks every new connection to reconnect: nobody may dial like mad.
func TestOp7OnEveryNewConnection(t *testing.T) {
	inStorm(t, small, func(w *world, _ *discordtest.Network) {
		w.awaitReady()
		w.pass(30 * time.Second)
		w.discord.Welcome(-1, discordtest.Welcome{Op7After: time.Millisecond})
		start := time.Now()
		for id := range 8 {
			w.must(w.discord.Reconnect(shardOf(id)))
		}
		w.pass(10 * time.Minute)
		dials := w.discord.DialPeak(start.Add(time.Minute), time.Minute)
		if dials > 8*4 {
			t.Errorf("8 shards dialled %d times in a minute", dials)
		}
		w.calm()
		w.awaitReady()
		w.settle()
		w.judgeIdentifies(8)
		t.Logf("8 shards that are asked to reconnect as soon as they are live dial %d times in a minute at most", dials)
	})
}

func TestOp7InsteadOfHello(t *testing.T) {
	inStorm(t, small, func(w *world, _ *discordtest.Network) {
		w.awaitReady()
		w.pass(30 * time.Second)
		w.discord.Welcome(4, discordtest.Welcome{Reconnect: true})
		w.must(w.discord.DropConnection(shardOf(3)))
		w.pass(2 * time.Minute)
		w.awaitReady()
		w.settle()
		w.judgeIdentifies(8)
		if d := w.discord.Stats(); d.Resumes != 1 {
			t.Errorf("%d resumes", d.Resumes)
		}
	})
}
