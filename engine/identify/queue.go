package identify

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// Defaults of [Config].
const (
	DefaultSpacing = 5 * time.Second
	DefaultMargin  = 50 * time.Millisecond
)

// refreshEvery is the least time between two questions to Discord by waiters.
const refreshEvery = time.Minute

// Config is what a queue is made of.
type Config struct {
	Clock   clock.Clock         // required
	Spacing time.Duration       // between Identifies of one bucket; default 5 s, the least that Discord accepts
	Margin  time.Duration       // added to Spacing; default 50 ms, negative for none
	Reserve func(total int) int // session starts that only forced Identifies use; nil for none

	// Random gives numbers from 0 up to 1, for the back-off after op 9; default
	// [math/rand/v2.Float64].
	Random func() float64

	// Tripped is told why the breaker has opened, once each time. It is called
	// without the queue's lock, by whoever has sent the Identify or brought
	// Discord's word: it must not block.
	Tripped func(why string)

	// Refresh asks Discord for the budget. A waiter calls it while the budget
	// is not known, or while it does not suffice, or the breaker is open, though
	// its reset has come, and when many Identifies were never answered: one
	// waiter at a time, at most once a minute, with the waiter's context. Nil
	// leaves the ledger to [Queue.Update] alone.
	Refresh func(ctx context.Context) (discord.SessionStartLimit, error)
}

// Options say how a shard waits.
type Options struct {
	Force bool // an operator asks: may pass the breaker and use the reserve, but for the last start
	Spare bool // of a fleet that is not live yet: shards of the live one go first
	Total int  // num_shards of its fleet: shard 3 of 16 has nothing to do with shard 3 of 32
}

// Queue is where shards wait for their turn to identify, of all fleets of the
// process. It is safe for concurrent use.
type Queue struct {
	clock   clock.Clock
	refresh func(ctx context.Context) (discord.SessionStartLimit, error)
	tripped func(why string)
	spacing time.Duration

	mu          sync.Mutex
	ledger      *ledger
	lines       *lines
	refreshing  bool
	nextRefresh time.Time
}

// New returns a queue. Nobody passes it before the first [Queue.Update], or the
// first answer of [Config.Refresh].
func New(cfg Config) *Queue {
	if cfg.Spacing <= 0 {
		cfg.Spacing = DefaultSpacing
	}
	if cfg.Margin == 0 {
		cfg.Margin = DefaultMargin
	}
	if cfg.Random == nil {
		cfg.Random = rand.Float64
	}
	r := rules{width: cfg.Spacing + max(0, cfg.Margin), spacing: cfg.Spacing, reserve: cfg.Reserve, random: cfg.Random}
	q := &Queue{clock: cfg.Clock, refresh: cfg.Refresh, tripped: cfg.Tripped, spacing: cfg.Spacing, ledger: newLedger(r)}
	q.lines = newLines(q.ledger.buckets)
	return q
}

// Update takes what Discord says now.
func (q *Queue) Update(limit discord.SessionStartLimit) {
	q.change(func(now time.Time) { q.ledger.update(now, limit) })
}

// Allow lets the shards identify again that the breaker has stopped, because an
// operator says so. What happened so far is no evidence any more: it takes a new
// storm to trip it again. It returns why the breaker had tripped, and whether it
// was open at all.
func (q *Queue) Allow() (why string, was bool) {
	q.change(func(time.Time) {
		was = q.ledger.allow()
		why = q.ledger.breaker.why
	})
	return why, was
}

// LastSent is when the last Identify was sent, by this run or as told by
// [Queue.After] or [Queue.Recall]; zero if none was.
func (q *Queue) LastSent() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ledger.last
}

// After tells of an Identify that an earlier run of the program sent: nobody
// goes before its window is over, whatever its bucket was.
func (q *Queue) After(sent time.Time) {
	q.change(func(time.Time) { q.ledger.after(sent) })
}

// after closes every bucket for the window of an Identify of an earlier run.
func (l *ledger) after(sent time.Time) {
	if sent.After(l.last) {
		l.last = sent
	}
	if shut := sent.Add(l.rules.width + longestTransit); shut.After(l.shut) {
		l.shut = shut
	}
}

// change carries out a change that may concern every bucket.
func (q *Queue) change(do func(now time.Time)) {
	q.mu.Lock()
	do(q.clock.Now())
	q.lines.regroup(q.ledger.buckets)
	q.wakeAll()
	why := q.takeTrip()
	q.mu.Unlock()
	q.tell(why)
}

// settle carries out a change of one slot, and wakes who may go because of it:
// of its bucket alone, unless the budget or the breaker now says otherwise.
func (q *Queue) settle(g *grant, do func(now time.Time)) {
	q.mu.Lock()
	normal, forced := q.ledger.passes(false), q.ledger.passes(true)
	do(q.clock.Now())
	if normal == q.ledger.passes(false) && forced == q.ledger.passes(true) {
		q.wakeHead(q.ledger.bucket(g.shard))
	} else {
		q.wakeAll()
	}
	why := q.takeTrip()
	q.mu.Unlock()
	q.tell(why)
}

func (q *Queue) takeTrip() string {
	why := q.ledger.untold
	q.ledger.untold = ""
	return why
}

func (q *Queue) tell(why string) {
	if why != "" && q.tripped != nil {
		q.tripped(why)
	}
}

// Acquire blocks until the shard may identify, and fails with ctx's error only.
// Of the shards that wait for one bucket the lowest id goes first, those of a
// live fleet before spare ones. A shard that the budget or the breaker holds up
// keeps waiting, and lets forced ones pass.
//
// The slot must be settled soon by [Slot.Sent] or [Slot.Release]: until then
// nobody else of its bucket can go.
func (q *Queue) Acquire(ctx context.Context, shard int, opts Options) (*Slot, error) {
	w := &waiter{shard: shard, opts: opts, wake: make(chan struct{}, 1)}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lines.join(w)
	defer q.leave(w)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		now := q.clock.Now()
		again, ok := q.turn(now, w)
		switch {
		case ok && q.mayVerify(now):
			q.ask(ctx)
		case ok:
			return &Slot{queue: q, grant: q.ledger.grant(shard, opts.Total, opts.Force)}, nil
		case q.mayRefresh(now, again):
			q.ask(ctx)
		default:
			q.sleep(ctx, w, again.at.Sub(now))
		}
	}
}

// turn reports whether it is w's turn, and if not what it waits for.
func (q *Queue) turn(now time.Time, w *waiter) (answer, bool) {
	if q.head(q.ledger.bucket(w.shard)) != w {
		return answer{verdict: closed}, false
	}
	a := q.ledger.ask(now, w.shard, w.opts.Force)
	if q.refresh != nil && a.starved() && a.at.Before(q.nextRefresh) {
		a.at = q.nextRefresh
	}
	return a, a.verdict == granted
}

// sleep waits, unlocked, until w is woken, d has passed if it is positive, or
// ctx has ended.
func (q *Queue) sleep(ctx context.Context, w *waiter, d time.Duration) {
	var due <-chan time.Time
	if d > 0 {
		timer := q.clock.NewTimer(d)
		defer timer.Stop()
		due = timer.C()
	}
	q.mu.Unlock()
	defer q.mu.Lock()
	select {
	case <-w.wake:
	case <-due:
	case <-ctx.Done():
	}
}

// leave takes w out, whether it has its slot or has given up.
func (q *Queue) leave(w *waiter) {
	q.lines.leave(w)
	q.wakeHead(q.ledger.bucket(w.shard))
}

func (q *Queue) head(bucket int) *waiter {
	return q.lines.head(bucket, q.ledger.passes(false), q.ledger.passes(true))
}

// wakeHead lets the first of a bucket look again. The others have nothing to
// look for.
func (q *Queue) wakeHead(bucket int) {
	w := q.head(bucket)
	if w == nil {
		return
	}
	select {
	case w.wake <- struct{}{}:
	default: // it has not looked since it was last woken
	}
}

func (q *Queue) wakeAll() {
	for bucket := range q.lines.of {
		q.wakeHead(bucket)
	}
}

// mayRefresh reports whether a waiter with this answer is to ask Discord.
func (q *Queue) mayRefresh(now time.Time, a answer) bool {
	return a.starved() && q.refresh != nil && !q.refreshing && !a.at.After(now)
}

// mayVerify reports whether a waiter whose turn it is should ask Discord first
// what the unanswered Identifies have cost. If that fails it goes all the same.
func (q *Queue) mayVerify(now time.Time) bool {
	return q.refresh != nil && !q.refreshing && !now.Before(q.nextRefresh) && q.ledger.doubts()
}

// ask asks Discord, unlocked, for all waiters.
func (q *Queue) ask(ctx context.Context) {
	q.refreshing = true
	q.mu.Unlock()
	limit, err := q.refresh(ctx)
	if err == nil {
		q.Update(limit)
	}
	q.mu.Lock()
	q.refreshing = false
	if ctx.Err() == nil {
		q.nextRefresh = q.clock.Now().Add(refreshEvery)
	}
	q.wakeAll()
}
