package identify

import (
	"cmp"
	"context"
	"slices"
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

	// Refresh asks Discord for the budget. A waiter calls it while the budget
	// is not known, or does not suffice though its reset has come: one waiter
	// at a time, at most once a minute, with the waiter's context. Nil leaves
	// the ledger to [Queue.Update] alone.
	Refresh func(ctx context.Context) (discord.SessionStartLimit, error)
}

// Options say how a shard waits.
type Options struct {
	Force bool // an operator asks: may use the reserve, but for the last start
	Spare bool // of a fleet that is not live yet: shards of the live one go first
}

// Queue is where shards wait for their turn to identify, of all fleets of the
// process. It is safe for concurrent use.
type Queue struct {
	clock   clock.Clock
	refresh func(ctx context.Context) (discord.SessionStartLimit, error)
	spacing time.Duration

	mu          sync.Mutex
	ledger      *ledger
	waiting     []*waiter // in the order of service
	refreshing  bool
	nextRefresh time.Time
}

// waiter is one call of Acquire.
type waiter struct {
	shard int
	opts  Options
	wake  chan struct{} // holds at most one
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
	r := rules{width: cfg.Spacing + max(0, cfg.Margin), spacing: cfg.Spacing, reserve: cfg.Reserve}
	return &Queue{clock: cfg.Clock, refresh: cfg.Refresh, spacing: cfg.Spacing, ledger: newLedger(r)}
}

// Update takes what Discord says now.
func (q *Queue) Update(limit discord.SessionStartLimit) {
	q.change(func(now time.Time) { q.ledger.update(now, limit) })
}

// LastSent is when the last Identify was sent, by this run or as told by
// [Queue.After]; zero if none was.
func (q *Queue) LastSent() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ledger.last
}

// After tells of an Identify that an earlier run of the program sent: nobody
// goes before its window is over, whatever its bucket was.
func (q *Queue) After(sent time.Time) {
	q.change(func(time.Time) {
		q.ledger.last = sent
		q.ledger.shut = sent.Add(q.ledger.rules.width + longestTransit)
	})
}

// change carries out a change and wakes those who may go because of it.
func (q *Queue) change(do func(now time.Time)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	do(q.clock.Now())
	q.wakeHeads()
}

// Acquire blocks until the shard may identify, and fails with ctx's error only.
// Of the shards that wait for one bucket the lowest id goes first, those of a
// live fleet before spare ones. A shard that the budget holds up keeps waiting,
// and lets forced ones pass.
//
// The slot must be settled soon by [Slot.Sent] or [Slot.Release]: until then
// nobody else of its bucket can go.
func (q *Queue) Acquire(ctx context.Context, shard int, opts Options) (*Slot, error) {
	w := &waiter{shard: shard, opts: opts, wake: make(chan struct{}, 1)}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.join(w)
	defer q.leave(w)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		now := q.clock.Now()
		again, ok := q.turn(now, w)
		switch {
		case ok:
			return &Slot{queue: q, grant: q.ledger.grant(shard)}, nil
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

// join puts w in its place.
func (q *Queue) join(w *waiter) {
	i, _ := slices.BinarySearchFunc(q.waiting, w, func(other, w *waiter) int {
		if order := compare(other, w); order != 0 {
			return order
		}
		return -1 // behind those that came before
	})
	q.waiting = slices.Insert(q.waiting, i, w)
	q.wakeHeads()
}

// compare is the order of service.
func compare(a, b *waiter) int {
	if a.opts.Spare != b.opts.Spare {
		if b.opts.Spare {
			return -1
		}
		return 1
	}
	return cmp.Compare(a.shard, b.shard)
}

// leave takes w out, whether it has its slot or has given up.
func (q *Queue) leave(w *waiter) {
	if i := slices.Index(q.waiting, w); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	q.wakeHeads()
}

// head is whose turn it is in a bucket: the first that the budget allows, or
// the first at all.
func (q *Queue) head(bucket int) (first *waiter) {
	normal, forced := q.ledger.affords(false), q.ledger.affords(true)
	for _, w := range q.waiting {
		if q.ledger.bucket(w.shard) != bucket {
			continue
		}
		if normal || forced && w.opts.Force {
			return w
		}
		if first == nil {
			first = w
		}
	}
	return first
}

// wakeHeads lets the first of every bucket look again. The others have nothing
// to look for.
func (q *Queue) wakeHeads() {
	normal := q.ledger.affords(false)
	seen := make(map[int]bool, q.ledger.buckets)
	for _, w := range q.waiting {
		bucket := q.ledger.bucket(w.shard)
		if seen[bucket] && (normal || !w.opts.Force) {
			continue
		}
		seen[bucket] = true
		select {
		case w.wake <- struct{}{}:
		default: // it has not looked since it was last woken
		}
	}
}

// mayRefresh reports whether a waiter with this answer is to ask Discord.
func (q *Queue) mayRefresh(now time.Time, a answer) bool {
	return a.starved() && q.refresh != nil && !q.refreshing && !a.at.After(now)
}

// ask asks Discord, unlocked, for all waiters.
func (q *Queue) ask(ctx context.Context) {
	q.refreshing = true
	q.mu.Unlock()
	limit, err := q.refresh(ctx)
	q.mu.Lock()
	q.refreshing = false
	now := q.clock.Now()
	if err == nil {
		q.ledger.update(now, limit)
	}
	if ctx.Err() == nil {
		q.nextRefresh = now.Add(refreshEvery)
	}
	q.wakeHeads()
}
