package engine_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/transport/gateway"
	"github.com/gatehouse-gateway/gatehouse/transport/rest"
)

// twin is one of two bots in one process.
type twin struct {
	engine *engine.Engine
	guilds atomic.Int64
	alien  atomic.Int64 // events of shards that it does not have
	beats  atomic.Int64
	ended  chan error
}

// Two bots in one process have nothing in common: each has its Discord, its shards and
// its events, and one that ends leaves the other alone.
func TestTwoBotsInOneProcess(t *testing.T) {
	ctx := t.Context()
	var bots [2]*twin
	stops := [2]context.CancelFunc{}
	for i := range bots {
		shards, guilds := i+1, 10*(i+1)
		sim, err := discordtest.New(discordtest.Config{
			Token:  twinToken(i),
			Shards: shards, Guilds: guilds, MaxConcurrency: 2, Rate: 50, HeartbeatInterval: time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := sim.Start(ctx); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { sim.Close() })
		bots[i], stops[i] = newTwin(t, sim, i, shards)
	}
	var both sync.WaitGroup
	for i, b := range bots {
		both.Go(func() {
			for b.guilds.Load() < int64(10*(i+1)) || b.beats.Load() == 0 {
				select {
				case <-time.After(time.Millisecond):
				case <-ctx.Done():
					return
				}
			}
		})
	}
	both.Wait()
	stops[0]()
	if err := <-bots[0].ended; err != nil {
		t.Error(err)
	}
	snap, _ := bots[1].engine.Snapshot(ctx)
	if len(snap.Shards) != 2 || snap.Fleet.Guilds != 20 || bots[0].alien.Load()+bots[1].alien.Load() > 0 {
		t.Errorf("%d shards, %d guilds, alien %d and %d", len(snap.Shards), snap.Fleet.Guilds, bots[0].alien.Load(), bots[1].alien.Load())
	}
	stops[1]()
	if err := <-bots[1].ended; err != nil {
		t.Error(err)
	}
}

// twinToken is not a secret: its first part is the bot's id, as with a real one.
func twinToken(i int) discord.Token {
	return discord.NewToken(base64.RawStdEncoding.EncodeToString(fmt.Append(nil, 1106150344807325733+i)) + ".GxPlAc.of-no-value")
}

func newTwin(t *testing.T, sim *discordtest.Server, i, shards int) (*twin, context.CancelFunc) {
	t.Helper()
	base, err := rest.ParseBase(sim.URL())
	if err != nil {
		t.Fatal(err)
	}
	token := twinToken(i)
	b := &twin{ended: make(chan error, 1)}
	b.engine, err = engine.New(engine.Config{
		Name: fmt.Sprint("bot ", i), Token: token, Intents: discordtest.AllIntents, Shards: engine.ShardsConfig{Last: -1},
		Gateway: &rest.Client{Base: base, Token: token}, Dialer: &gateway.Dialer{}, DeadLetterDir: t.TempDir(),
	}, engine.WithHooks(engine.Hooks{Heartbeat: func(int, time.Duration) { b.beats.Add(1) }}),
		engine.WithSink("bot", func(_ context.Context, events []event.Event, _ int) error {
			for _, ev := range events {
				if ev.Shards != shards {
					b.alien.Add(1)
				}
				if ev.Type == "GUILD_CREATE" && ev.Kind == event.KindLoaded {
					b.guilds.Add(1)
				}
			}
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	go func() { b.ended <- b.engine.Run(ctx) }()
	return b, stop
}
