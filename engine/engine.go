package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/asks"
	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discovery"
	"github.com/gatehouse-gateway/gatehouse/engine/fleet"
	"github.com/gatehouse-gateway/gatehouse/engine/identify"
	"github.com/gatehouse-gateway/gatehouse/engine/journal"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/pipeline"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// Times of the engine's own life.
const (
	stopTimeout = 4 * time.Second // for shards and sinks to stop; the rest of five seconds is for saving
	// storedStopTimeout is stopTimeout if what is not delivered waits on disk.
	storedStopTimeout = 2 * time.Second
	// endTimeout is for all of it. What hangs longer, which only a disk can, is left
	// behind.
	endTimeout = 4500 * time.Millisecond
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
	caller  *discovery.Caller
	asks    *asks.Book
	pacer   *fleet.Pacer
	sends   sends
	// presence is what the shards show, as configured or set since.
	presence presences
	bot      uint64 // its user id, from the token; 0 if that does not tell
	sinks    sinks
	hub      hub
	series   *series
	alerts   alerts
	loading  loading
	hooks    guards
	edits    *pipeline.Edits
	// growing and filter are those parts of the configuration as they are now.
	growing atomic.Pointer[ReshardConfig]
	filter  atomic.Pointer[FilterConfig]
	// loadedPresence is the presence of the configuration as it was read last; it
	// belongs to steering.
	loadedPresence json.RawMessage

	started time.Time
	phase   atomic.Int32
	spent   chan struct{} // holds one: a shard has identified
	recheck chan struct{} // holds one: Discord's API, which was in trouble, may be asked again
	fatal   chan error    // the answer after which no start can succeed; holds one
	wasUp   atomic.Bool   // some shard has been ready
	lost    atomic.Uint64 // events that the queue's bounds cost
	lostWhy atomic.Pointer[string]
	// lostTold and lostToldAt are what the log has told of those; the sampler's.
	lostTold   uint64
	lostToldAt time.Time

	mu     sync.Mutex
	fleet  *fleet.Fleet       // nil before Discord has told the number of shards
	events *spool.Queue       // likewise
	told   discord.GatewayBot // by Discord last
	shut   bool               // no drain and no replay can begin any more

	operations operations
	actions    actionLog   // who did what
	replays    chan replay // of dead letters
	chores     chan chore
	rolls      chan *roll    // holds one: it is to be carried out
	rolling    *roll         // under way, or about to be; under mu
	drains     chan *drain   // holds one: the shards are to close, and the queue to be delivered
	keeper     *keeper       // of Run
	steering   *steering     // likewise
	reshards   reshards      // what can be seen of those
	orders     chan order    // for steering
	steered    chan struct{} // closed when that is over
}

var _ ops.Operator = (*Engine)(nil)

// FatalError is an answer of Discord that only a person can mend: a refused
// token, intents or shard count.
type FatalError struct{ Err error }

func (e *FatalError) Error() string { return e.Err.Error() }

func (e *FatalError) Unwrap() error { return e.Err }

// New checks a configuration and makes an engine of it. Nothing is contacted
// and no goroutine starts before Run.
func New(cfg Config, opts ...Option) (*Engine, error) {
	for _, o := range opts {
		o(&cfg)
	}
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	e := &Engine{
		cfg:     cfg,
		journal: journal.New(journalLines, cfg.Token.Redact),
		started: cfg.Clock.Now(),
		spent:   make(chan struct{}, 1),
		recheck: make(chan struct{}, 1),
		fatal:   make(chan error, 1),
		orders:  make(chan order),
		steered: make(chan struct{}),
		drains:  make(chan *drain, 1),
		rolls:   make(chan *roll, 1),
		chores:  make(chan chore, maxChores),
		replays: make(chan replay, maxReplays),
		letters: delivery.NewDeadLetterFiles(cfg.DeadLetterDir, cfg.Clock),
		asks:    asks.New(asks.Config{Clock: cfg.Clock, Start: rand.Uint64()}),
	}
	e.actions.clock, e.actions.redact = cfg.Clock, cfg.Token.Redact
	e.presence.set(cfg.Presence, nil)
	e.loadedPresence = cfg.Presence
	e.growing.Store(&cfg.Reshard)
	e.loading.engine = e
	e.hooks.begin(e, &e.cfg)
	e.edits = pipeline.NewEdits(cfg.Filter.Messages, cfg.Intents.Has(discord.IntentMessageContent))
	e.setFilter(cfg.Filter)
	e.bot, _ = strconv.ParseUint(cfg.Token.Bot(), 10, 64)
	e.pacer = fleet.NewPacer(cfg.Clock, e.random(2))
	e.caller = discovery.New(discovery.Config{
		Source: &e.hooks, Clock: cfg.Clock, Random: e.random(3), Owner: cfg.owner(),
	})
	e.logger = slog.New(e.journal.Handler(ringLevel{cfg.LogLevel}, cfg.Logger.Handler()))
	e.series = newSeries()
	e.queue = e.newIdentifyQueue()
	list, err := e.newSinks(cfg.Sinks)
	if err != nil {
		return nil, err
	}
	e.sinks.set(list)
	return e, nil
}

// Run asks Discord for the gateway, starts the shards and forwards their events
// until ctx ends; then it closes the shards, gives the sinks a moment to take
// what is queued, and returns nil. It takes at most five seconds to stop.
//
// It returns early with an error if Discord cannot be asked, and with a
// [*FatalError] if Discord refuses what it is told before any shard was ready. A
// disk that hangs keeps it from stopping in order: it returns all the same, with
// an error, and leaves behind who waits for the disk. Run is called once.
func (e *Engine) Run(ctx context.Context) error {
	defer e.setPhase(ops.PhaseStopped)
	defer e.closeSinks()
	defer e.shutDoors()
	late, cancel := overdue(ctx)
	defer cancel()
	info, err := e.meet(ctx, late)
	if info == nil || err != nil {
		return err
	}
	if !within(late, func() { err = e.build(info) }) {
		return e.hangs()
	}
	if err != nil {
		return err
	}
	return e.live(ctx)
}

// build makes the fleet that Discord's answer and the configuration call for,
// and gives the sinks its queues.
func (e *Engine) build(info *meeting) error {
	p, resharded := e.carryOn()
	if !resharded {
		var err error
		if p, err = e.cfg.plan(info); err != nil {
			return err
		}
	}
	p = e.hooks.placed(p)
	if e.cfg.Shards.Last == p.total && !resharded {
		e.logger.Warn("shards.last is the number of shards; they are counted from 0, so the last one is held here: set it to -1 or one less",
			"shards.last", e.cfg.Shards.Last, "last", p.last)
	}
	q, err := e.openQueue(p)
	if err != nil {
		return err
	}
	fl := e.newFlight(info.GatewayBot, p, q.Log, e.logger)
	if err := e.takeOver(q); err != nil {
		return err
	}
	e.tellAgain(fl, p)
	e.keeper = e.newKeeper(fl.fleet, q, p)
	e.steering = newSteering(e, fl)
	e.loading.begin(e.keeper.restore())
	e.mu.Lock()
	e.fleet, e.events = fl.fleet, q
	if e.told.URL == "" {
		e.told = info.GatewayBot
	}
	e.mu.Unlock()
	left := any("not known")
	if id := e.queue.Snapshot(); id.Known {
		left = id.Remaining
	}
	e.logger.Info("starting shards", "first", p.first, "last", p.last, "total", p.total,
		"recommended", info.Shards, "max_concurrency", info.Limit.MaxConcurrency, "identifies_left", left)
	return nil
}

// live runs everything until ctx ends, Discord makes it pointless or an operator
// has it drained, and stops it in order: shards, sinks, queue, then the rest.
func (e *Engine) live(ctx context.Context) error {
	base := context.WithoutCancel(ctx)
	var g groups
	g.rest.start(base, e.sampleEverySecond)
	g.rest.start(base, e.watchBudget)
	g.rest.start(base, e.keeper.run)
	g.rest.start(base, e.replayEach)
	g.rest.start(base, e.rollEach)
	g.rest.start(base, e.doChores)
	g.queue.start(base, e.events.Run)
	e.sinks.run(base)
	g.shards.start(base, e.steering.run)

	asked, err := e.awaitEnd(ctx)
	if asked != nil {
		e.setPhase(ops.PhaseDraining)
		e.shutDoors()
		g.shards.stop()
		e.operations.abandon()
		asked.run(ctx)
	}
	e.setPhase(ops.PhaseStopping)
	e.shutDoors()
	e.logger.Info("stopping: closing the shards, then delivering what is queued")
	end, cancel := context.WithTimeout(base, endTimeout)
	defer cancel()
	if within(end, func() { e.wind(base, &g) }) {
		e.logger.Info("stopped")
	} else {
		g.cancel()
		e.sinks.end()
		err = errors.Join(err, e.hangs())
	}
	asked.end()
	return err
}

// awaitEnd waits until ctx ends, Discord makes it pointless, or a drain is asked for.
func (e *Engine) awaitEnd(ctx context.Context) (*drain, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, nil
		case asked := <-e.drains:
			return asked, nil
		case err := <-e.fatal:
			if e.current().Refused() && e.reshardConfig().Auto {
				continue // there are too few shards, which steering mends
			}
			return nil, err
		}
	}
}

// wind stops everything in order.
func (e *Engine) wind(base context.Context, g *groups) {
	deadline, cancel := context.WithTimeout(base, e.stopWithin())
	defer cancel()
	g.shards.stop()
	e.operations.abandon()
	e.deliverRest(deadline)
	e.sinks.stop()
	g.queue.stop()
	g.rest.stop()
	e.keeper.saveAll()
	e.lostToldAt = time.Time{}
	e.tellLosses(e.cfg.Clock.Now())
	e.tellUndelivered(base)
}

// shutDoors has no drain and no replay begin from now on, and ends a drain that
// came too late.
func (e *Engine) shutDoors() {
	e.mu.Lock()
	e.shut = true
	if e.rolling != nil {
		e.rolling.interrupt()
	}
	e.mu.Unlock()
	select {
	case late := <-e.drains:
		late.err = errStopped
		late.end()
	default:
	}
}

// stopWithin is how long shards and sinks may take to stop.
func (e *Engine) stopWithin() time.Duration {
	if e.cfg.Store != nil {
		return storedStopTimeout
	}
	return stopTimeout
}

// hangs says that a stop had to leave something behind.
func (e *Engine) hangs() error {
	text := fmt.Sprintf("the engine did not stop in order within %s: the disk hangs", endTimeout)
	if e.cfg.StoreDir != "" {
		text += ", look at " + e.cfg.StoreDir
	}
	if e.cfg.Sessions != nil {
		text += "; what is not on it comes again by RESUME if Gatehouse starts within minutes"
	}
	return errors.New(text)
}

func (e *Engine) closeSinks() {
	for _, s := range e.sinks.all() {
		e.closeSink(s.cfg.Name, s.cfg.Sink)
	}
}

func (e *Engine) closeSink(name string, s delivery.Sink) {
	if err := s.Close(); err != nil {
		e.logger.Warn("sink not closed cleanly", "sink", name, "error", err)
	}
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
