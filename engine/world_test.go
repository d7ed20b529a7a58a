package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/gateway"
	"github.com/gatehouse-gateway/gatehouse/transport/rest"
	httpsink "github.com/gatehouse-gateway/gatehouse/transport/sink/http"
)

const secret = "the bot's secret"

// world is a whole deployment in one bubble: the simulated Discord, an engine
// with its real transports, and a bot, joined by connections in memory. Time
// passes when everything waits.
type world struct {
	t       *testing.T
	discord *discordtest.Server
	bot     *discordtest.Bot
	engine  *engine.Engine
	cfg     engine.Config
	ended   chan error // what Run returned
	stop    context.CancelFunc
	over    bool
}

// inWorld runs a story. At its end the engine is stopped and the audit must find
// nothing wrong; nothing may be left running.
func inWorld(t *testing.T, sim discordtest.Config, adapt func(*engine.Config), story func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sim, adapt)
		story(w)
		w.end()
	})
}

func newWorld(t *testing.T, sim discordtest.Config, adapt func(*engine.Config)) *world {
	t.Helper()
	w := &world{t: t, ended: make(chan error, 1)}
	gate := discordtest.NewMemoryListener()
	sim.Listener, sim.Seed = gate, 1
	var err error
	if w.discord, err = discordtest.New(sim); err != nil {
		t.Fatal(err)
	}
	if err := w.discord.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.bot = discordtest.NewBot(w.discord.Audit(), secret, nil)
	door := discordtest.NewMemoryListener()
	server := &http.Server{Handler: w.bot}
	go server.Serve(door)
	t.Cleanup(func() { server.Close() })

	base, err := rest.ParseBase(w.discord.URL())
	if err != nil {
		t.Fatal(err)
	}
	token := sim.Token
	if token.IsZero() {
		token = discord.NewToken(discordtest.DefaultToken)
	}
	cfg := engine.Config{
		Token:         token,
		Intents:       discordtest.AllIntents,
		Shards:        engine.ShardsConfig{Last: -1, LargeBot: true},
		DeadLetterDir: t.TempDir(),
		Gateway:       &rest.Client{Base: base, Token: token, Transport: &http.Transport{DialContext: gate.DialContext, DisableKeepAlives: true}},
		Dialer:        &gateway.Dialer{NetDial: gate.DialContext, Compress: gateway.None},
		Logger:        slog.New(slog.DiscardHandler),
		Seed:          1,
		Sinks: []engine.SinkConfig{{Name: "bot", Kind: "http", Sink: mustSink(t, httpsink.Config{
			URL:           &url.URL{Scheme: "http", Host: "bot.test", Path: "/events"},
			Authorization: secret,
			Dial:          door.DialContext,
		})}},
	}
	w.cfg = cfg
	w.start(adapt)
	return w
}

// start runs an engine, the first or one after another.
func (w *world) start(adapt func(*engine.Config)) {
	w.t.Helper()
	if adapt != nil {
		adapt(&w.cfg)
	}
	var err error
	if w.engine, err = engine.New(w.cfg); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.stop, w.over = cancel, false
	go func() { w.ended <- w.engine.Run(ctx) }()
}

func mustSink(t *testing.T, cfg httpsink.Config) *httpsink.Sink {
	t.Helper()
	sink, err := httpsink.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return sink
}

// end stops the traffic, waits until the bot has everything, stops the engine
// and judges.
func (w *world) end() {
	w.t.Helper()
	if !w.over {
		w.settle()
		w.halt()
	}
	w.discord.Close()
	if r := w.discord.Audit().Report(); !r.OK() {
		w.t.Errorf("the audit says %+v", r)
	}
}

// settle stops the traffic and waits until every event has come to the bot.
func (w *world) settle() {
	w.t.Helper()
	w.discord.SetRate(0)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if err := w.discord.Audit().AwaitSettled(ctx); err != nil {
		w.t.Errorf("not everything came to the bot: %v", err)
	}
}

// halt stops the engine within the five seconds it is allowed.
func (w *world) halt() {
	w.t.Helper()
	start := time.Now()
	w.stop()
	if err := <-w.ended; err != nil {
		w.t.Errorf("Run: %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		w.t.Errorf("the engine took %v to stop", took)
	}
	w.over = true
}

func (w *world) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (w *world) snapshot() *ops.Snapshot {
	w.t.Helper()
	s, err := w.engine.Snapshot(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// await lets time pass until a condition holds.
func (w *world) await(what string, within time.Duration, holds func(*ops.Snapshot) bool) *ops.Snapshot {
	w.t.Helper()
	for end := time.Now().Add(within); ; w.pass(10 * time.Millisecond) {
		s := w.snapshot()
		if holds(s) {
			return s
		}
		if time.Now().After(end) {
			w.t.Fatalf("waited %v in vain for: %s\nshards by state %v, log:\n%s", within, what, s.Fleet.ByState, w.log())
		}
	}
}

func (w *world) awaitReady() *ops.Snapshot {
	w.t.Helper()
	return w.await("all shards ready", 10*time.Minute, func(s *ops.Snapshot) bool {
		return len(s.Shards) > 0 && s.Fleet.ByState[ops.ShardReady] == len(s.Shards) && s.Fleet.Loading == 0
	})
}

func (w *world) log() string {
	page, _ := w.engine.Log(context.Background(), ops.LogQuery{Level: ops.LevelInfo, Shard: -1, Max: 30})
	var b strings.Builder
	for _, l := range page.Lines {
		fmt.Fprintf(&b, "%s %d %s\n", l.Level, l.Shard, l.Text)
	}
	return b.String()
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) do(cmd ops.Command) ops.Operation {
	w.t.Helper()
	op, err := w.engine.Do(context.Background(), cmd)
	w.must(err)
	return op
}

func shardOf(id int) discordtest.Pair { return discordtest.Pair{Shard: id} }
