package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/rules"
)

// demoWorld is what stands around the engine in a demo: the simulated Discord
// on one side, the sample bot on the other, both over real sockets.
type demoWorld struct {
	options  *demoOptions
	server   *discordtest.Server
	bot      *discordtest.Bot
	http     *http.Server
	listener net.Listener
	secret   string
	dir      string // for dead letters, of which there should be none
	tasks    sync.WaitGroup

	mu        sync.Mutex
	faults    map[string]uint64  // of the bot; the server counts its own
	silent    []discordtest.Pair // shards made half-open
	report    discordtest.Report // made when all was drained, before the engine stopped
	resharded *demoReshard       // nil if the demo was not told to
	// wasDrained says that the operator had the engine drained.
	wasDrained bool
}

// newDemoWorld opens both listeners.
func newDemoWorld(o *demoOptions) (*demoWorld, error) {
	o.listen = "127.0.0.1:0"
	o.token = discord.NewToken(discordtest.DefaultToken)
	server, err := o.server()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the sample bot cannot listen on loopback: %w", err), server.Close())
	}
	dir, err := os.MkdirTemp("", "gatehouse-demo-")
	if err != nil {
		return nil, errors.Join(err, listener.Close(), server.Close())
	}
	w := &demoWorld{options: o, server: server, listener: listener, secret: rand.Text(), dir: dir, faults: map[string]uint64{}}
	w.bot = discordtest.NewBot(server.Audit(), w.secret, nil)
	w.http = &http.Server{
		Handler:           w.bot,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	return w, nil
}

// demoSoak is how long both fleets have to agree in a demo: somebody watches.
const demoSoak = 3 * time.Second

// start lets both answer.
func (w *demoWorld) start(ctx context.Context) error {
	w.tasks.Go(func() {
		// It ends with ErrServerClosed in close and has nothing else to say.
		_ = w.http.Serve(w.listener)
	})
	return w.server.Start(context.WithoutCancel(ctx))
}

// close ends both and waits for them.
func (w *demoWorld) close() {
	_ = w.http.Close()
	_ = w.listener.Close()
	_ = w.server.Close()
	w.tasks.Wait()
	_ = os.RemoveAll(w.dir)
}

// config is the configuration that leads to this world: the defaults, and what
// somebody would write for this bot.
func (w *demoWorld) config() *config.Loaded {
	c := config.Default()
	c.Discord.Token = w.options.token
	c.Discord.APIBase = w.server.URL()
	c.Discord.Intents = demoIntents
	c.Discord.Compress = config.Compression(w.options.compress)
	c.Shards.LargeBot = false // as many shards as were asked for
	c.Shards.Total = w.options.shards
	c.Reshard.Soak = demoSoak
	c.Queue.Dir = w.dir
	c.Sinks = []config.Sink{{
		Name: "bot", Kind: "http", URL: "http://" + w.listener.Addr().String() + "/events", Authorization: w.secret,
		Batch: 32, Parallel: 64, Order: "shard", Timeout: 5 * time.Second, MaxAttempts: 5, Rules: demoRules(),
	}}
	return &config.Loaded{Config: c, Sources: map[string]config.Source{}}
}

// demoRules are what somebody would write for a bot that has no use for every
// keystroke.
func demoRules() rules.Config {
	return rules.Config{Sample: map[string]float64{"TYPING_START": 10}}
}

// demoOptional are the kinds of events that the demo's bot need not get: those that
// its rules keep away, and those that no person has made, which
// filter.message_update does.
func demoOptional() []string { return []string{"MESSAGE_UPDATE/unfurl", "TYPING_START"} }

// How long the end of a demo waits for the last events. After chaos, shards may
// still be backing off from an outage.
const (
	drainWithin      = 5 * time.Second
	drainWithinChaos = 30 * time.Second
)

// drain ends the traffic and every fault, gives the engine some seconds to bring
// the bot what is still on its way, and audits what came. It is done before the
// engine stops, since that ends the sessions that could still bring something.
func (w *demoWorld) drain() {
	w.bot.SetMode(discordtest.BotUp)
	w.server.GatewayOutage(false)
	w.server.SetRate(0)
	w.wakeSilent()
	within := drainWithin
	if w.options.chaos {
		within = drainWithinChaos
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	// What is still missing when the time is over is in the audit.
	_ = w.server.Audit().AwaitSettled(ctx)
	w.conclude(false)
}

// drained audits what came when the operator has had the engine drained: it has
// ended by itself, and Discord keeps what has happened since for its next start.
func (w *demoWorld) drained() {
	w.server.SetRate(0)
	w.conclude(true)
}

func (w *demoWorld) conclude(drained bool) {
	report, faults := w.server.Audit().Report(), w.server.Stats().Faults
	w.mu.Lock()
	defer w.mu.Unlock()
	w.report, w.wasDrained = report, drained
	for name, n := range faults {
		w.faults[name] += n
	}
}

// result is the audit with what it is about, and with every rule that was broken
// up to the very end.
func (w *demoWorld) result(took time.Duration) *demoResult {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.report.Violations = w.server.Stats().Violations
	o := w.options
	return &demoResult{
		Seconds: took.Seconds(), Shards: o.shards, Guilds: o.guilds, Rate: o.rate, Seed: o.seed,
		Faults: maps.Clone(w.faults), Audit: w.report, Drained: w.wasDrained, Reshard: w.resharded,
	}
}
