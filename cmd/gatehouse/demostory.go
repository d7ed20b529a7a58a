package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// scene is one thing that happens in a demo.
type scene struct {
	after time.Duration // the scene before it
	act   func(ctx context.Context, w *demoWorld, r *rand.Rand)
}

// opening is how every demo begins, so that the first seconds have something to
// tell: a reconnect, a dead socket, and a bot that is restarted.
func opening() []scene {
	return []scene{
		{3 * time.Second, reconnectScene},
		{2 * time.Second, dropScene},
		{2 * time.Second, botRestart(2500 * time.Millisecond)},
	}
}

// everyday is what comes after the opening, drawn at random.
func everyday() []scene {
	return []scene{
		{8 * time.Second, reconnectScene},
		{6 * time.Second, dropScene},
		{6 * time.Second, dropScene},
		{5 * time.Second, probeScene},
		{12 * time.Second, zombieScene},
		{15 * time.Second, botRestart(6 * time.Second)},
		{10 * time.Second, botBusy(3 * time.Second)},
	}
}

// chaosPace makes --chaos tell the everyday faster than it happens.
const chaosPace = 4

// play tells the story until ctx ends.
func (w *demoWorld) play(ctx context.Context, op ops.Operator) {
	r := rand.New(rand.NewPCG(w.options.seed, 0xde30))
	var tasks sync.WaitGroup
	defer tasks.Wait()
	pace := time.Duration(1)
	if w.options.chaos {
		pace = chaosPace
		rates := w.options.chaosRates()
		rates.Silences = 0 // ours are remembered, so that the end can wake them
		tasks.Go(func() { w.server.RunChaos(ctx, rates) })
	}
	tasks.Go(func() { w.options.recommendMore(ctx, w.server) })
	if w.options.reshardAt > 0 {
		tasks.Go(func() { w.reshard(ctx, op) })
	}
	next := opening()
	for {
		if len(next) == 0 {
			days := everyday()
			next = days[r.IntN(len(days)):][:1]
		}
		if !wait(ctx, next[0].after/pace) {
			return
		}
		next[0].act(ctx, w, r)
		next = next[1:]
	}
}

// anyShard draws a shard that is connected, or any if none is: then the fault
// finds nothing to break, which is as good a story.
func (w *demoWorld) anyShard(r *rand.Rand) discordtest.Pair {
	var up []discordtest.Pair
	for _, s := range w.server.Stats().Sessions {
		if s.Connected {
			up = append(up, discordtest.Pair{Shard: s.Shard, Shards: s.Shards})
		}
	}
	if len(up) == 0 {
		return discordtest.Pair{Shard: r.IntN(w.options.shards)}
	}
	return up[r.IntN(len(up))]
}

func reconnectScene(_ context.Context, w *demoWorld, r *rand.Rand) {
	_ = w.server.Reconnect(w.anyShard(r))
}

func dropScene(_ context.Context, w *demoWorld, r *rand.Rand) {
	_ = w.server.DropConnection(w.anyShard(r))
}

func probeScene(_ context.Context, w *demoWorld, r *rand.Rand) {
	_ = w.server.ProbeHeartbeat(w.anyShard(r))
}

// zombieScene makes a connection half-open: the shard has to find out by itself.
func zombieScene(_ context.Context, w *demoWorld, r *rand.Rand) {
	shard := w.anyShard(r)
	w.mu.Lock()
	w.silent = append(w.silent, shard)
	w.mu.Unlock()
	_ = w.server.GoSilent(shard)
}

// wakeSilent cuts the connections that were made half-open: at the end there is
// no time left for their shards to notice. One that has noticed long ago
// resumes once more, which costs nothing.
func (w *demoWorld) wakeSilent() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, shard := range w.silent {
		_ = w.server.DropConnection(shard)
	}
	w.silent = nil
}

// botRestart takes the bot away for a while: connections break.
func botRestart(d time.Duration) func(context.Context, *demoWorld, *rand.Rand) {
	return func(ctx context.Context, w *demoWorld, _ *rand.Rand) {
		w.botFault(ctx, "bot restarted", discordtest.BotCrashed, d)
	}
}

// botBusy makes the bot answer 503 for a while.
func botBusy(d time.Duration) func(context.Context, *demoWorld, *rand.Rand) {
	return func(ctx context.Context, w *demoWorld, _ *rand.Rand) {
		w.botFault(ctx, "bot answered 503", discordtest.BotBusy, d)
	}
}

func (w *demoWorld) botFault(ctx context.Context, name string, mode discordtest.BotMode, d time.Duration) {
	w.mu.Lock()
	w.faults[name]++
	w.mu.Unlock()
	w.bot.SetMode(mode)
	wait(ctx, d)
	w.bot.SetMode(discordtest.BotUp)
}
