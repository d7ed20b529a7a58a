package engine_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"sync/atomic"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/transport/gateway"
	"github.com/gatehouse-gateway/gatehouse/transport/rest"
)

// simulated is a Discord for examples, and the configuration of a bot there. With
// the real one it is discord.NewToken(os.Getenv("DISCORD_TOKEN")) and
// rest.ParseBase("https://discord.com/api/v10").
func simulated(shards, guilds int) (engine.Config, *discordtest.Server) {
	sim, err := discordtest.New(discordtest.Config{Shards: shards, Guilds: guilds, MaxConcurrency: shards})
	if err != nil {
		log.Fatal(err)
	}
	if err := sim.Start(context.Background()); err != nil {
		log.Fatal(err)
	}
	base, err := rest.ParseBase(sim.URL())
	if err != nil {
		log.Fatal(err)
	}
	token := discord.NewToken(discordtest.DefaultToken)
	return engine.Config{
		Token:         token,
		Intents:       discord.IntentGuilds | discord.IntentGuildMessages,
		Shards:        engine.ShardsConfig{Last: -1}, // all that Discord recommends
		Gateway:       &rest.Client{Base: base, Token: token},
		Dialer:        &gateway.Dialer{},
		DeadLetterDir: os.TempDir(),
	}, sim
}

// A bot's gateway in a few lines: its events go to a function, in order per shard.
func ExampleNew() {
	cfg, sim := simulated(2, 10)
	defer sim.Close()
	ctx, stop := context.WithCancel(context.Background())
	e, err := engine.New(cfg, engine.WithSink("bot", func(_ context.Context, events []event.Event, _ int) error {
		for _, ev := range events {
			if ev.Type == engine.LoadedType {
				fmt.Println("all guilds are there")
				stop()
			}
		}
		return nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	if err := e.Run(ctx); err != nil {
		log.Fatal(err)
	}
	// Output: all guilds are there
}

// A forwarder of one's own: what it fails to take comes again, under the same id.
func ExampleSinkFunc() {
	cfg, sim := simulated(1, 1)
	defer sim.Close()
	ctx, stop := context.WithCancel(context.Background())
	forward := func(_ context.Context, events []event.Event, attempt int) error {
		ev := &events[0]
		if ev.Type != "GUILD_CREATE" {
			return nil
		}
		if attempt == 1 {
			return fmt.Errorf("the bot is not up yet")
		}
		fmt.Printf("%s (%s) of shard %d, attempt %d\n", ev.Type, ev.Kind, ev.ShardID, attempt)
		stop()
		return nil
	}
	e, err := engine.New(cfg, engine.WithSink("bot", forward))
	if err != nil {
		log.Fatal(err)
	}
	if err := e.Run(ctx); err != nil {
		log.Fatal(err)
	}
	// Output: GUILD_CREATE (loaded) of shard 0, attempt 2
}

// A filter of one's own keeps events from all sinks.
func ExampleHooks_filter() {
	cfg, sim := simulated(1, 3)
	defer sim.Close()
	ctx, stop := context.WithCancel(context.Background())
	var guilds atomic.Int64
	hooks := engine.Hooks{Filter: func(ev *event.Event) bool { return ev.Type != "GUILD_CREATE" }}
	e, err := engine.New(cfg, engine.WithHooks(hooks), engine.WithSink("bot", func(_ context.Context, events []event.Event, _ int) error {
		switch events[0].Type {
		case "GUILD_CREATE":
			guilds.Add(1)
		case engine.LoadedType:
			fmt.Println("guilds that came:", guilds.Load())
			stop()
		}
		return nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	if err := e.Run(ctx); err != nil {
		log.Fatal(err)
	}
	// Output: guilds that came: 0
}

// A placement of one's own: the first shard, which has the direct messages, gets a
// worker for itself.
func ExampleHooks_place() {
	cfg, sim := simulated(4, 4)
	defer sim.Close()
	ctx, stop := context.WithCancel(context.Background())
	hooks := engine.Hooks{Place: func(p engine.Placement) []int {
		for i := range p.Worker {
			p.Worker[i] = min(p.First+i, 1)
		}
		return p.Worker
	}}
	var e *engine.Engine
	e, err := engine.New(cfg, engine.WithHooks(hooks), engine.WithSink("bot", func(_ context.Context, events []event.Event, _ int) error {
		if events[0].Type == engine.LoadedType {
			snap, _ := e.Snapshot(ctx)
			for _, w := range snap.Workers {
				fmt.Println("worker", w.ID, "holds", w.Shards)
			}
			stop()
		}
		return nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	if err := e.Run(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// worker 0 holds [0]
	// worker 1 holds [1 2 3]
}

// An identify waits until the one who is to get the shard's events says so.
func ExampleHooks_identify() {
	cfg, sim := simulated(1, 1)
	defer sim.Close()
	ctx, stop := context.WithCancel(context.Background())
	hooks := engine.Hooks{Identify: func(_ context.Context, i engine.Identifying) error {
		fmt.Printf("shard %d of %d is to identify on worker %d\n", i.Shard, i.Shards, i.Worker)
		return nil
	}}
	e, err := engine.New(cfg, engine.WithHooks(hooks), engine.WithSink("bot", func(_ context.Context, events []event.Event, _ int) error {
		if events[0].Type == "READY" {
			stop()
		}
		return nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	if err := e.Run(ctx); err != nil {
		log.Fatal(err)
	}
	// Output: shard 0 of 1 is to identify on worker 0
}
