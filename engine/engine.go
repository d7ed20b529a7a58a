package engine

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/fleet"
	"github.com/gatehouse-gateway/gatehouse/engine/identify"
	"github.com/gatehouse-gateway/gatehouse/engine/journal"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// Times of the engine's own life.
const (
	askTimeout  = 15 * time.Second // for Discord's answer to GET /gateway/bot
	stopTimeout = 4 * time.Second  // for shards and sinks to stop; the rest of five seconds is for saving
	// storedStopTimeout is stopTimeout if what is not delivered waits on disk.
	storedStopTimeout = 2 * time.Second
)

// journalLines is how many lines of the log the console can look back.
const journalLines = 5000

// maxReplays is how many replays of dead letters may wait.
const maxReplays = 16

// Engine is a bot's gateway: made by [New], alive in [Engine.Run], and an
// ops.Operator all the while.
type Engine struct {
	cfg     Config
	logger  *slog.Logger
	journal *journal.Journal
	queue   *identify.Queue
	letters *delivery.DeadLetterFiles
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
	lostWhy atomic.Pointer[string]
	// lostTold and lostToldAt are what the log has told of those; the sampler's.
	lostTold   uint64
	lostToldAt time.Time

	mu          sync.Mutex
	fleet       *fleet.Fleet // nil before Discord has told the number of shards
	events      *spool.Queue // likewise
	recommended int

	operations operations
	replays    chan replay // of dead letters
	drains     chan *drain // holds one: the shards are to close, and the queue to be delivered
	keeper     *keeper     // of Run
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
		drains:  make(chan *drain, 1),
		replays: make(chan replay, maxReplays),
		letters: delivery.NewDeadLetterFiles(cfg.DeadLetterDir, cfg.Clock),
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
	if err := e.openQueue(p); err != nil {
		return nil, err
	}
	f := fleet.New(e.fleetConfig(info, p))
	if err := e.takeOver(); err != nil {
		return nil, err
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

// live runs everything until ctx ends, Discord makes it pointless or an operator
// has it drained, and stops it in order: shards, sinks, queue, then the rest.
func (e *Engine) live(ctx context.Context, f *fleet.Fleet) error {
	base := context.WithoutCancel(ctx)
	var shards, sinks, queue, rest group
	rest.start(base, e.sampleEverySecond)
	rest.start(base, e.watchBudget)
	rest.start(base, e.keeper.run)
	rest.start(base, e.replayEach)
	queue.start(base, e.events.Run)
	for _, s := range e.sinks {
		sinks.start(base, s.runner.Run)
	}
	shards.start(base, func(ctx context.Context) { f.Run(ctx, e.keeper.keeps()) })

	var err error
	var asked *drain
	select {
	case <-ctx.Done():
	case err = <-e.fatal:
	case asked = <-e.drains:
		e.setPhase(ops.PhaseDraining)
		shards.stop()
		e.operations.abandon()
		asked.run(ctx)
	}
	e.setPhase(ops.PhaseStopping)
	e.logger.Info("stopping: closing the shards, then delivering what is queued")
	deadline, cancel := context.WithTimeout(base, e.stopWithin())
	defer cancel()
	shards.stop()
	e.operations.abandon()
	e.deliverRest(deadline)
	sinks.stop()
	queue.stop()
	rest.stop()
	e.keeper.saveAll()
	e.tellUndelivered(base)
	e.logger.Info("stopped")
	asked.end()
	e.refuseDrain()
	return err
}

// stopWithin is how long shards and sinks may take to stop.
func (e *Engine) stopWithin() time.Duration {
	if e.cfg.Store != nil {
		return storedStopTimeout
	}
	return stopTimeout
}

func (e *Engine) closeSinks() {
	for _, s := range e.sinks {
		if err := s.cfg.Sink.Close(); err != nil {
			e.logger.Warn("sink not closed cleanly", "sink", s.cfg.Name, "error", err)
		}
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
