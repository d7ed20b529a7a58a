package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/fleet"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Bounds of an action that goes from shard to shard.
const (
	// identifyWithin is how long a wave of identifies may take beside the waits that
	// Discord's pace asks for.
	identifyWithin = 2 * time.Minute
	// lostSessions is after how many sessions that were not resumed a rolling restart
	// stops: to lose them all would cost as many session starts.
	lostSessions = 3
)

// roll is an action on shards that goes on to the next ones when the last are back. It
// is carried out by one goroutine.
type roll struct {
	engine *Engine
	cmd    ops.Command
	what   string
	waves  [][]int
	total  int // shards
	every  time.Duration
	within time.Duration
	done   chan struct{}
	halt   chan struct{} // closed when it shall end
	halted sync.Once

	mu     sync.Mutex
	begun  time.Time
	ended  time.Time
	nextAt time.Time // of the next wave; zero while one is under way
	wave   []int     // the last that has begun
	waved  int       // waves that are back
	back   int       // shards likewise
	away   int       // shards that were left out, because they had gone by themselves
	lost   int       // sessions that were not resumed
	by     string    // who cancelled it
	text   string
	err    error
}

var (
	_ ops.Operation = (*roll)(nil)
	_ canceller     = (*roll)(nil)
	_ timed         = (*roll)(nil)
)

// beginRolling takes up a rolling restart, or the re-identify of more shards than may
// identify at a time. cmd names its shards.
func (e *Engine) beginRolling(f *fleet.Fleet, cmd ops.Command) (ops.Operation, error) {
	refuse := func(why string) (ops.Operation, error) {
		return nil, &ops.RefusedError{Command: cmd, Reason: why}
	}
	if why := cmd.Rolling.Wrong(); why != "" {
		return refuse(why)
	}
	if err := f.Check(cmd); err != nil {
		return nil, err
	}
	r := &roll{
		engine: e, cmd: cmd, what: cmd.What(), total: len(cmd.Shards), begun: e.cfg.Clock.Now(),
		done: make(chan struct{}), halt: make(chan struct{}),
	}
	if cmd.Kind == ops.CommandRestart {
		r.waves, r.every, r.within = waves(cmd.Shards, 1), cmd.Rolling.Every, cmd.Rolling.Within
		if r.within == 0 {
			r.within = ops.RollingWithin
		}
	} else {
		r.waves, r.within = waves(cmd.Shards, e.queue.Snapshot().MaxConcurrency), identifyWithin
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.shut {
		return refuse("the engine is stopping")
	}
	if e.rolling != nil {
		return refuse(e.rolling.what + " is under way: wait for its end, or cancel it")
	}
	e.rolling = r
	e.rolls <- r // there is room: no other one is under way
	return r, nil
}

// waves are shards in their order, each with those that may identify together: one of
// each bucket. With one bucket they go one by one.
func waves(shards []int, buckets int) (out [][]int) {
	var taken map[int]bool
	for _, id := range shards {
		bucket := id % max(buckets, 1)
		if len(out) == 0 || taken[bucket] {
			out, taken = append(out, nil), map[int]bool{}
		}
		taken[bucket] = true
		out[len(out)-1] = append(out[len(out)-1], id)
	}
	return out
}

// rollEach carries out what goes from shard to shard until ctx ends.
func (e *Engine) rollEach(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			for len(e.rolls) > 0 {
				(<-e.rolls).end(errStopped)
			}
			return
		case r := <-e.rolls:
			r.end(r.run(ctx))
			e.mu.Lock()
			e.rolling = nil
			e.mu.Unlock()
			text := r.Progress().Text
			e.logger.Info(text)
			e.hub.publish(ops.Event{Kind: ops.EventOperation, At: e.cfg.Clock.Now(), Shard: -1, Text: text})
		}
	}
}

// run goes from wave to wave.
func (r *roll) run(ctx context.Context) error {
	f := r.engine.current()
	for i, wave := range r.waves {
		if i > 0 && !r.pause(ctx) {
			return r.stopped()
		}
		switch {
		case r.engine.current() != f:
			return errResharded
		case ops.EnginePhase(r.engine.phase.Load()) >= ops.PhaseDraining:
			return errStopped
		}
		if err := r.do(ctx, f, wave); err != nil {
			return err
		}
	}
	return nil
}

// pause waits until the next wave is due and reports whether it shall begin.
func (r *roll) pause(ctx context.Context) bool {
	clock := r.engine.cfg.Clock
	r.mu.Lock()
	r.nextAt = clock.Now().Add(r.every)
	r.mu.Unlock()
	timer := clock.NewTimer(r.every)
	defer timer.Stop()
	select {
	case <-timer.C():
	case <-r.halt:
	case <-ctx.Done():
	}
	select {
	case <-r.halt:
		return false
	default:
		return ctx.Err() == nil
	}
}

// do has a wave done, and waits until its shards are back.
func (r *roll) do(ctx context.Context, f *fleet.Fleet, wave []int) error {
	e := r.engine
	ready, before := r.ready(f, wave)
	r.mu.Lock()
	r.wave, r.nextAt = ready, time.Time{}
	r.away += len(wave) - len(ready)
	r.mu.Unlock()
	if len(ready) == 0 {
		r.came(nil, 0)
		return nil
	}
	cmd := ops.Command{Kind: r.cmd.Kind, Shards: ready, By: r.cmd.By}
	op := newOperation(cmd, e.cfg.Clock)
	e.operations.add(op)
	if err := f.Do(cmd); err != nil {
		e.operations.remove(op)
		return err
	}
	timer := e.cfg.Clock.NewTimer(r.within)
	defer timer.Stop()
	select {
	case <-op.Done():
	case <-timer.C():
		e.operations.remove(op)
		return fmt.Errorf("%s did not come back within %s", r.waiting(op), r.within)
	case <-r.halt:
		e.operations.remove(op)
		return r.stopped()
	case <-ctx.Done():
		return errStopped
	}
	if err := op.Err(); err != nil {
		return err
	}
	_, after := r.ready(f, ready)
	if r.came(ready, int(after-before)) >= lostSessions && cmd.Kind == ops.CommandRestart {
		return fmt.Errorf("%d sessions were not resumed, and cost session starts", lostSessions)
	}
	return nil
}

// ready are those shards of a wave that can be restarted now without harm, and how
// often those have identified. What is away by itself comes back by itself.
func (r *roll) ready(f *fleet.Fleet, wave []int) (ids []int, identifies uint64) {
	for _, id := range wave {
		d, err := f.Detail(id)
		if err != nil || r.cmd.Kind == ops.CommandRestart && d.Shard.State != ops.ShardReady {
			continue
		}
		if f.Check(ops.Command{Kind: r.cmd.Kind, Shards: []int{id}}) == nil {
			ids, identifies = append(ids, id), identifies+d.Shard.Identifies
		}
	}
	return ids, identifies
}

// came books a wave that is back and returns how many sessions have been lost so far.
func (r *roll) came(ids []int, lost int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waved++
	r.back += len(ids)
	r.lost += lost
	return r.lost
}

// waiting names the first shard that an operation still waits for.
func (r *roll) waiting(op *operation) string {
	op.mu.Lock()
	defer op.mu.Unlock()
	for _, id := range r.wave {
		if op.left[id] {
			return fmt.Sprintf("shard %d", id)
		}
	}
	return "a shard"
}

// stopped is why it ends early though nothing has gone wrong.
func (r *roll) stopped() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == "" {
		return errStopped
	}
	return errors.New("cancelled by " + r.by)
}

// cancel ends it before the next shard.
func (r *roll) cancel(by string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == "" && r.ended.IsZero() {
		r.by = by
		r.interrupt()
	}
}

// interrupt ends it, be it because the engine stops.
func (r *roll) interrupt() { r.halted.Do(func() { close(r.halt) }) }

// cancels reports whether it has not been cancelled yet.
func (r *roll) cancels() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.by == ""
}

// end books how it came out.
func (r *roll) end(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = r.engine.cfg.Clock.Now()
	if err != nil {
		untouched := r.total - r.back - r.away
		if r.nextAt.IsZero() { // a wave is under way
			untouched -= len(r.wave)
		}
		theEnd := errors.Is(err, errResharded) || errors.Is(err, errStopped)
		if n := untouched; n > 0 && !theEnd {
			err = fmt.Errorf("%w; %s left as they were", err, were(n))
		}
		r.err, r.text = err, r.what+": "+err.Error()
	} else {
		r.text = fmt.Sprintf("%s: done in %s", r.what, r.ended.Sub(r.begun).Round(time.Millisecond))
		if r.away > 0 {
			r.text += fmt.Sprintf(", %s left out: not ready", were(r.away))
		}
	}
	close(r.done)
}

func were(n int) string {
	if n == 1 {
		return "1 shard was"
	}
	return fmt.Sprintf("%d shards were", n)
}

// Progress is how many shards are back, what it waits for, and for about how long.
func (r *roll) Progress() ops.Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := ops.Progress{Done: r.back + r.away, Total: r.total, Text: r.text}
	if !r.ended.IsZero() {
		return p
	}
	now := r.engine.cfg.Clock.Now()
	switch {
	case r.by != "":
		p.Text = "is being cancelled"
	case !r.nextAt.IsZero():
		p.Text = fmt.Sprintf("next in %s", roundUp(r.nextAt.Sub(now)))
	case len(r.wave) == 0:
		p.Text = "goes on to the next shard"
	case len(r.wave) == 1:
		p.Text = fmt.Sprintf("waits for shard %d", r.wave[0])
	default:
		p.Text = fmt.Sprintf("waits for %d shards", len(r.wave))
	}
	if left := len(r.waves) - r.waved; r.waved > 0 && left > 0 {
		pace := now.Sub(r.begun) / time.Duration(r.waved)
		p.Text += fmt.Sprintf(", about %s to go", roundUp(pace*time.Duration(left)))
	}
	return p
}

// roundUp is a span in full seconds, never below one.
func roundUp(d time.Duration) time.Duration {
	return max((d + time.Second - 1).Truncate(time.Second), time.Second)
}

// Done is closed when it has ended.
func (r *roll) Done() <-chan struct{} { return r.done }

// Err is nil while it runs and after success.
func (r *roll) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

func (r *roll) endedAt() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}
