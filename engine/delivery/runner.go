package delivery

import (
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
	"github.com/gatehouse-gateway/gatehouse/engine/stats"
)

// Config is what a runner is made of. Fields without a default are required.
type Config struct {
	Name        string
	Sink        Sink
	Batch       int                     // most events of one delivery
	Parallel    int                     // most deliveries at a time, one per shard
	MaxAttempts int                     // for events that the bot refuses
	Wants       func(*event.Event) bool // nil takes every event
	Priority    bool                    // INTERACTION_CREATE overtakes what is queued
	Expired     ExpiredPolicy           // for interactions of which no use can be made any more
	DeadLetters DeadLetters             // where refused events go
	Clock       clock.Clock
	Random      func() float64 // of [0,1), for jitter; called by one goroutine at a time
	Logger      *slog.Logger
	// StateChanged is told of every change, in order. It must not call back.
	StateChanged func(to ops.SinkState, why string)
}

// DeadLetters keeps the events that a bot has refused for good, or that came too
// late.
type DeadLetters interface {
	// Bury keeps events of a sink, which are in order, with the reason. Once it
	// has returned nil they outlast any crash. gone is how many older letters
	// were removed to make room. It may take as long as a disk takes, and is
	// called by several goroutines.
	Bury(sink string, events []event.Event, reason string) (gone int, err error)
	// Count is how many letters of a sink are kept, and how many lines beside
	// them cannot be read. It is called at every look at the sink, and quick.
	Count(sink string) (letters, damaged int)
}

// Runner delivers to one sink.
type Runner struct {
	cfg     Config
	sources []*source
	wake    chan struct{} // a token lets one idle goroutine look for work

	delivered, retries, buried atomic.Uint64
	late, expired, gaps, early atomic.Uint64
	lost                       atomic.Uint64 // events that could not be buried, and letters that gave way
	took                       stats.Histogram

	// listMu is taken with a queue's lock held, and never the other way round.
	listMu sync.Mutex
	list   []*source // to be read from

	mu         sync.Mutex
	running    bool   // Run has begun
	open       int    // sources of later generations are not read yet
	newest     int    // generation that is to be read
	admitted   int    // up to this one they are read that come after Run has begun
	dropped    uint64 // events of sources that are gone
	ready      laneQueue
	waiting    []*lane // with a retryAt
	buf        []spool.Item
	inFlight   int
	trouble    trouble
	state      ops.SinkState
	since      time.Time
	paused     bool
	refused    bool
	rejectedAt time.Time // when the bot last refused an event
	tookAt     time.Time // when it last took one
	lastErr    string
	errAt      time.Time
	alarm      clock.Timer   // for the earliest of the waits
	empty      chan struct{} // closed when nothing is left; nil if nobody waits
}

// oldest is before every generation.
const oldest = math.MinInt

// New returns a runner; Attach gives it queues and Run starts it.
func New(cfg Config) *Runner {
	r := &Runner{
		cfg:   cfg,
		wake:  make(chan struct{}, cfg.Parallel),
		alarm: cfg.Clock.NewTimer(time.Hour),
		since: cfg.Clock.Now(),
		open:  oldest, newest: oldest, admitted: oldest,
	}
	r.alarm.Stop()
	return r
}

// nudge wakes one idle goroutine, if there is one.
func (r *Runner) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}
