package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/fleet"
	"github.com/gatehouse-gateway/gatehouse/engine/identify"
	"github.com/gatehouse-gateway/gatehouse/engine/journal"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Times of the engine's own life.
const (
	askTimeout  = 15 * time.Second // for Discord's answer to GET /gateway/bot
	stopTimeout = 4 * time.Second  // for shards and sinks to stop; the rest of five seconds is for saving
)

// journalLines is how many lines of the log the console can look back.
const journalLines = 5000

// Engine is a bot's gateway: made by [New], alive in [Engine.Run], and an
// ops.Operator all the while.
type Engine struct {
	cfg     Config
	logger  *slog.Logger
	journal *journal.Journal
	queue   *identify.Queue
	sinks   []*sink
	hub     hub
	series  *series
	alerts  alerts

	started time.Time
	phase   atomic.Int32
	spent   chan struct{} // holds one: a shard has identified
	fatal   chan error    // the answer after which no start can succeed; holds one
	wasUp   atomic.Bool   // some shard has been ready
	lost    atomic.Uint64 // events that the queue's bounds cost

	mu          sync.Mutex
	fleet       *fleet.Fleet // nil before Discord has told the number of shards
	recommended int

	operations operations
	keeper     *keeper // of Run
}

var _ ops.Operator = (*Engine)(nil)

// FatalError is an answer of Discord that only a person can mend: a refused
// token, intents or shard count.
type FatalError struct{ Err error }

func (e *FatalError) Error() string { return e.Err.Error() }

func (e *FatalError) Unwrap() error { return e.Err }

// New checks a configuration and makes an engine of it. Nothing is contacted
// and no goroutine starts before Run.
func New(cfg Config) (*Engine, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	e := &Engine{
		cfg:     cfg,
		journal: journal.New(journalLines, cfg.Token.Redact),
		started: cfg.Clock.Now(),
		spent:   make(chan struct{}, 1),
		fatal:   make(chan error, 1),
	}
	e.logger = slog.New(e.journal.Handler(slog.LevelInfo, cfg.Logger.Handler()))
	e.series = newSeries()
	e.queue = identify.New(identify.Config{
		Clock:   cfg.Clock,
		Spacing: cfg.Identify.Spacing,
		Reserve: cfg.Identify.Reserve.Of,
		Refresh: e.refreshBudget,
	})
	for i, sc := range cfg.Sinks {
		s, err := e.newSink(sc, uint64(i))
		if err != nil {
			return nil, err
		}
		e.sinks = append(e.sinks, s)
	}
	return e, nil
}

// Run asks Discord for the gateway, starts the shards and forwards their events
// until ctx ends; then it closes the shards, gives the sinks a moment to take
// what is queued, and returns nil. It takes at most five seconds to stop.
//
// It returns early with an error if Discord cannot be asked, and with a
// [*FatalError] if Discord refuses what it is told before any shard was ready.
// Run is called once.
func (e *Engine) Run(ctx context.Context) error {
	defer e.setPhase(ops.PhaseStopped)
	defer e.closeSinks()
	info, err := e.ask(ctx)
	if err != nil {
		return err
	}
	f, err := e.build(info)
	if err != nil {
		return err
	}
	return e.live(ctx, f)
}

// ask is GET /gateway/bot with a deadline.
func (e *Engine) ask(ctx context.Context) (discord.GatewayBot, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	info, err := e.cfg.Gateway.GatewayBot(ctx)
	if err != nil {
		var rest *discord.RESTError
		if errors.As(err, &rest) && rest.Fatal() {
			return info, &FatalError{err}
		}
		return info, err
	}
	e.queue.Update(info.Limit)
	e.mu.Lock()
	e.recommended = info.Shards
	e.mu.Unlock()
	return info, nil
}

// refreshBudget lets waiting shards ask Discord what the budget is now.
func (e *Engine) refreshBudget(ctx context.Context) (discord.SessionStartLimit, error) {
	info, err := e.ask(ctx)
	if err != nil {
		e.logger.Warn("Discord could not be asked for the identify budget", "error", err)
		return discord.SessionStartLimit{}, err
	}
	e.current().SetMainURL(info.URL)
	return info.Limit, nil
}

// build makes the fleet that Discord's answer and the configuration call for,
// and gives the sinks its queues.
func (e *Engine) build(info discord.GatewayBot) (*fleet.Fleet, error) {
	p, err := e.cfg.plan(info)
	if err != nil {
		return nil, err
	}
	f := fleet.New(e.fleetConfig(info, p))
	for _, log := range f.Logs() {
		for _, s := range e.sinks {
			if err := s.runner.Attach(log); err != nil {
				return nil, fmt.Errorf("sink %s: %w", s.cfg.Name, err)
			}
		}
	}
	e.mu.Lock()
	e.fleet = f
	e.mu.Unlock()
	e.keeper = e.newKeeper(f, p)
	e.keeper.restore()
	e.logger.Info("starting shards", "first", p.first, "last", p.last, "total", p.total,
		"recommended", info.Shards, "max_concurrency", info.Limit.MaxConcurrency,
		"identifies_left", info.Limit.Remaining)
	return f, nil
}

// live runs everything until ctx ends or Discord makes it pointless, and stops
// it in order: shards, then sinks, then the rest.
func (e *Engine) live(ctx context.Context, f *fleet.Fleet) error {
	base := context.WithoutCancel(ctx)
	var shards, sinks, rest group
	rest.start(base, e.sampleEverySecond)
	rest.start(base, e.watchBudget)
	rest.start(base, e.keeper.run)
	for _, s := range e.sinks {
		sinks.start(base, s.runner.Run)
	}
	shards.start(base, func(ctx context.Context) { f.Run(ctx, e.keeper.keeps()) })

	var err error
	select {
	case <-ctx.Done():
	case err = <-e.fatal:
	}
	e.setPhase(ops.PhaseStopping)
	e.logger.Info("stopping: closing the shards, then delivering what is queued")
	deadline, cancel := context.WithTimeout(base, stopTimeout)
	defer cancel()
	shards.stop()
	e.operations.abandon()
	e.drain(deadline)
	sinks.stop()
	rest.stop()
	e.keeper.saveAll()
	e.logger.Info("stopped")
	return err
}

func (e *Engine) closeSinks() {
	for _, s := range e.sinks {
		if err := s.cfg.Sink.Close(); err != nil {
			e.logger.Warn("sink not closed cleanly", "sink", s.cfg.Name, "error", err)
		}
	}
}

// drain gives the sinks until ctx ends to take what is queued.
func (e *Engine) drain(ctx context.Context) {
	var drained sync.WaitGroup
	for _, s := range e.sinks {
		drained.Go(func() { _ = s.runner.Drained(ctx) })
	}
	drained.Wait()
	for _, s := range e.sinks {
		st := s.runner.Status(e.cfg.Clock.Now())
		if st.Depth == 0 {
			continue
		}
		level, what := slog.LevelError, "events lost: the sink did not take them before the stop"
		if e.keeper.keeps() {
			level = slog.LevelWarn
			what = "events not delivered before the stop: they come again by RESUME if Gatehouse starts within minutes"
		}
		e.logger.Log(ctx, level, what,
			"sink", s.cfg.Name, "events", st.Depth, "last_error", cmp.Or(st.LastError, "none: the bot was too slow"))
	}
}

// group is a set of goroutines that are stopped together and waited for.
type group struct {
	wg     sync.WaitGroup
	cancel []context.CancelFunc
}

func (g *group) start(base context.Context, run func(context.Context)) {
	ctx, cancel := context.WithCancel(base)
	g.cancel = append(g.cancel, cancel)
	g.wg.Go(func() { run(ctx) })
}

func (g *group) stop() {
	for _, cancel := range g.cancel {
		cancel()
	}
	g.wg.Wait()
}

func (e *Engine) setPhase(p ops.EnginePhase) { e.phase.Store(int32(p)) }

// random returns a source of [0,1) for one owner, seeded from the config.
func (e *Engine) random(stream uint64) func() float64 {
	if e.cfg.Seed == 0 {
		return rand.Float64
	}
	r := rand.New(rand.NewPCG(e.cfg.Seed, stream))
	var mu sync.Mutex
	return func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return r.Float64()
	}
}
