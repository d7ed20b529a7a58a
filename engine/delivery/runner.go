package delivery

import (
	"context"
	"log/slog"
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
	DeadLetters DeadLetters             // where refused events go
	Clock       clock.Clock
	Random      func() float64 // of [0,1), for jitter; called by one goroutine at a time
	Logger      *slog.Logger
	// StateChanged is told of every change, in order. It must not call back.
	StateChanged func(to ops.SinkState, why string)
}

// DeadLetters keeps the events that a bot has refused for good.
type DeadLetters interface {
	// Bury keeps one event of a sink with the reason. It is called by several
	// goroutines.
	Bury(sink string, ev *event.Event, reason string) error
}

// Runner delivers to one sink.
type Runner struct {
	cfg     Config
	sources []*source
	wake    chan struct{} // a token lets one idle goroutine look for work

	delivered, retries, buried atomic.Uint64
	took                       stats.Histogram

	// listMu is taken with a queue's lock held, and never the other way round.
	listMu sync.Mutex
	list   []*source // to be read from

	mu         sync.Mutex
	ready      []*lane // in the order in which they became ready
	waiting    []*lane // with a retryAt
	buf        []spool.Item
	inFlight   int
	trouble    trouble
	state      ops.SinkState
	since      time.Time
	paused     bool
	refused    bool
	rejectedAt time.Time // when the bot last refused an event
	lastErr    string
	errAt      time.Time
	alarm      clock.Timer   // for the earliest of the waits
	empty      chan struct{} // closed when nothing is left; nil if nobody waits
}

// New returns a runner; Attach gives it queues and Run starts it.
func New(cfg Config) *Runner {
	r := &Runner{
		cfg:   cfg,
		wake:  make(chan struct{}, cfg.Parallel),
		alarm: cfg.Clock.NewTimer(time.Hour),
		since: cfg.Clock.Now(),
	}
	r.alarm.Stop()
	return r
}

// Attach lets the runner deliver what is appended to a queue from now on. It
// must not be called once Run has been.
func (r *Runner) Attach(log *spool.Log) error {
	s := &source{window: windowOf(r.cfg.Batch), lanes: make(map[int]*lane)}
	cursor, err := log.Open(spool.CursorConfig{
		Wants: r.cfg.Wants,
		Wake: func() {
			if !s.more.Swap(true) {
				r.enlist(s)
				r.nudge()
			}
		},
	})
	if err != nil {
		return err
	}
	s.cursor = cursor
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sources = append(r.sources, s)
	return nil
}

// nudge wakes one idle goroutine, if there is one.
func (r *Runner) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// enlist has a source read by the next goroutine that looks for work.
func (r *Runner) enlist(s *source) {
	r.listMu.Lock()
	defer r.listMu.Unlock()
	r.list = append(r.list, s)
}

// nextSource takes a source off the list; nil if it is empty.
func (r *Runner) nextSource() *source {
	r.listMu.Lock()
	defer r.listMu.Unlock()
	if len(r.list) == 0 {
		return nil
	}
	last := len(r.list) - 1
	s := r.list[last]
	r.list = r.list[:last]
	return s
}

// readSources moves what has been appended since into the lanes. r.mu is held.
func (r *Runner) readSources() {
	for s := r.nextSource(); s != nil; s = r.nextSource() {
		var more bool
		r.buf, r.ready, more = s.fill(r.buf, r.ready)
		if more {
			r.enlist(s)
		}
	}
}

// Run delivers until ctx ends and returns when nothing is under way any more.
func (r *Runner) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for range r.cfg.Parallel {
		wg.Go(func() { r.work(ctx) })
	}
	r.keepTime(ctx)
	wg.Wait()
	r.alarm.Stop()
}

// work delivers one lane's events after another's.
func (r *Runner) work(ctx context.Context) {
	events := make([]event.Event, 0, r.cfg.Batch)
	positions := make([]spool.Position, 0, r.cfg.Batch)
	for ctx.Err() == nil {
		l, attempt := r.take(&events, &positions)
		if l == nil {
			select {
			case <-r.wake:
			case <-ctx.Done():
			}
			continue
		}
		start := r.cfg.Clock.Now()
		err := r.cfg.Sink.Deliver(ctx, events, attempt)
		now := r.cfg.Clock.Now()
		if err == nil {
			r.took.Observe(now.Sub(start))
		}
		r.settle(ctx, now, l, events, positions, err)
	}
}

// take is the next delivery: a lane, and copies of its first events.
func (r *Runner) take(events *[]event.Event, positions *[]spool.Position) (*lane, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.paused || r.refused {
		return nil, 0
	}
	r.readSources()
	if len(r.ready) == 0 || !r.trouble.admit(r.cfg.Clock.Now(), r.ready[0]) {
		return nil, 0
	}
	l := r.ready[0]
	r.ready[0] = nil
	r.ready = r.ready[1:]
	l.queued, l.busy = false, true
	n := r.cfg.Batch
	if l.single > 0 {
		n = 1
	}
	*events, *positions = (*events)[:0], (*positions)[:0]
	for _, item := range l.first(n) {
		*events = append(*events, item.Event)
		*positions = append(*positions, item.Pos)
	}
	r.inFlight++
	if len(r.ready) > 0 {
		r.nudge()
	}
	return l, l.attempt + 1
}

// settle books the outcome of a delivery.
func (r *Runner) settle(ctx context.Context, now time.Time, l *lane, events []event.Event, positions []spool.Position, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inFlight--
	l.busy = false
	switch {
	case err == nil:
		r.succeeded(now)
		r.delivered.Add(uint64(len(positions)))
		r.finish(l, positions)
	case ctx.Err() != nil:
		r.trouble.abandon(l)
		return
	default:
		r.failed(now, l, events, positions, err)
	}
	r.enqueue(l)
	if len(r.ready) > 0 {
		r.nudge()
	}
}

// enqueue puts a lane that may go on at the end of the ready list.
func (r *Runner) enqueue(l *lane) {
	if l.ready() {
		l.queued = true
		r.ready = append(r.ready, l)
	}
}

// finish takes events off the lane and out of the queue.
func (r *Runner) finish(l *lane, positions []spool.Position) {
	l.pop(len(positions))
	l.attempt = 0
	l.src.cursor.Ack(positions...)
	l.src.held -= len(positions)
	if l.src.full {
		l.src.full = false
		r.enlist(l.src)
		r.nudge()
	}
	r.checkEmpty()
}
