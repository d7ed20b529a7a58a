package engine

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// drain is a stop that waits for the bot: the shards are closed so that their
// sessions can be resumed, and the engine ends when every sink has taken all that
// is queued for it.
type drain struct {
	engine *Engine
	by     string
	done   chan struct{}

	mu    sync.Mutex
	begun time.Time
	total int    // events and gap markers that waited when the shards were closed
	fate  string // what has become of them
	err   error
	over  bool
}

var _ ops.Operation = (*drain)(nil)

// beginDrain asks Run to drain. It can be asked for once.
func (e *Engine) beginDrain(cmd ops.Command) (ops.Operation, error) {
	if phase := ops.EnginePhase(e.phase.Load()); phase >= ops.PhaseDraining {
		return nil, &ops.RefusedError{Command: cmd, Reason: "the engine is " + phase.String() + " already"}
	}
	if e.current() == nil {
		return nil, &ops.RefusedError{Command: cmd, Reason: "the engine has not started yet"}
	}
	d := &drain{engine: e, by: asker(cmd), done: make(chan struct{}), total: e.waiting()}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.shut {
		return nil, &ops.RefusedError{Command: cmd, Reason: "the engine is stopping already"}
	}
	select {
	case e.drains <- d:
		return d, nil
	default:
		return nil, &ops.RefusedError{Command: cmd, Reason: "the engine is about to drain already"}
	}
}

// waiting is how much the sinks have not acknowledged, over all of them.
func (e *Engine) waiting() int {
	n := 0
	now := e.cfg.Clock.Now()
	for _, s := range e.sinks.all() {
		n += s.runner.Status(now).Depth
	}
	return n
}

// run waits until the sinks have everything, or ctx ends. The shards are closed.
func (d *drain) run(ctx context.Context) {
	e := d.engine
	before := e.tally()
	d.mu.Lock()
	d.begun, d.total = e.cfg.Clock.Now(), e.waiting()
	d.mu.Unlock()
	e.logger.Info("draining: the shards are closed, what is queued is delivered to its end", "events", d.total, "by", d.by)
	for e.awaitEmpty(ctx); ctx.Err() == nil && e.waiting() > 0; e.awaitEmpty(ctx) {
		// A replay that was under way has put more into the queue.
	}
	left, now := e.waiting(), e.tally()
	d.mu.Lock()
	defer d.mu.Unlock()
	if left > 0 {
		d.err = fmt.Errorf("the drain was cut short by a stop: %d events were not delivered", left)
		return
	}
	d.fate = now.since(before)
	e.logger.Info("drained: "+d.fate, "after", e.cfg.Clock.Now().Sub(d.begun).Round(time.Millisecond))
}

// awaitEmpty waits until nothing is left for any sink, or ctx ends.
func (e *Engine) awaitEmpty(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var sinks sync.WaitGroup
	for _, s := range e.sinks.all() {
		sinks.Go(func() { _ = s.runner.Drained(ctx) })
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		sinks.Wait()
	}()
	timer := e.cfg.Clock.NewTimer(time.Second)
	defer timer.Stop()
	for {
		select {
		case <-done:
			return
		case <-timer.C():
		}
		if e.waiting() == 0 { // the last may have become too old, which no sink is told of
			cancel()
		}
		timer.Reset(time.Second)
	}
}

// tally is what has become of events so far, over all sinks.
type tally struct{ delivered, dropped, buried uint64 }

func (e *Engine) tally() (t tally) {
	now := e.cfg.Clock.Now()
	for _, s := range e.sinks.all() {
		st := s.runner.Status(now)
		t.delivered += st.Delivered
		t.dropped += st.Dropped
		t.buried += st.Buried
	}
	return t
}

// since is the difference in words.
func (t tally) since(before tally) string {
	text := fmt.Sprintf("%d events delivered", t.delivered-before.delivered)
	if n := t.dropped - before.dropped; n > 0 {
		text += fmt.Sprintf(", %d dropped", n)
	}
	if n := t.buried - before.buried; n > 0 {
		text += fmt.Sprintf(", %d put aside as dead letters", n)
	}
	return text
}

// end says that the engine has ended. It may be called on nil.
func (d *drain) end() {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	close(d.done)
}

// Progress is how many of the events have been delivered.
func (d *drain) Progress() ops.Progress {
	left := d.engine.waiting()
	d.mu.Lock()
	defer d.mu.Unlock()
	p := ops.Progress{Done: max(d.total-left, 0), Total: d.total}
	switch {
	case d.over && d.err == nil:
		p.Text = "drained: " + d.fate
	case d.over:
		p.Text = d.err.Error()
	case d.begun.IsZero():
		p.Text = "closes the shards"
	default:
		p.Text = d.engine.obstacle(left)
	}
	return p
}

// obstacle says what a drain waits for.
func (e *Engine) obstacle(left int) string {
	text := fmt.Sprintf("%d events left", left)
	var held []string
	now := e.cfg.Clock.Now()
	for _, s := range e.sinks.all() {
		if st := s.runner.Status(now); st.Depth > 0 && !taking(st.State) {
			held = append(held, fmt.Sprintf("sink %s is %s", st.Name, st.State))
		}
	}
	if len(held) > 0 {
		text += ": " + strings.Join(held, ", ")
	}
	return text
}

// Done is closed when the engine has ended.
func (d *drain) Done() <-chan struct{} { return d.done }

// Err is nil while it runs and if everything was delivered.
func (d *drain) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.over {
		return nil
	}
	return d.err
}
