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
	total int // events and gap markers that waited when the shards were closed
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
	for _, s := range e.sinks {
		n += s.runner.Status(now).Depth
	}
	return n
}

// run waits until the sinks have everything, or ctx ends. The shards are closed.
func (d *drain) run(ctx context.Context) {
	e := d.engine
	d.mu.Lock()
	d.begun, d.total = e.cfg.Clock.Now(), e.waiting()
	d.mu.Unlock()
	e.logger.Info("draining: the shards are closed, what is queued is delivered to its end", "events", d.total, "by", d.by)
	var sinks sync.WaitGroup
	for _, s := range e.sinks {
		sinks.Go(func() { _ = s.runner.Drained(ctx) })
	}
	sinks.Wait()
	left := e.waiting()
	d.mu.Lock()
	defer d.mu.Unlock()
	if left > 0 {
		d.err = fmt.Errorf("the drain was cut short by a stop: %d events were not delivered", left)
		return
	}
	e.logger.Info("drained", "events", d.total, "after", e.cfg.Clock.Now().Sub(d.begun).Round(time.Millisecond))
}

// refuseDrain ends a drain that was asked for when a stop had begun.
func (e *Engine) refuseDrain() {
	select {
	case late := <-e.drains:
		late.err = errStopped
		late.end()
	default:
	}
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
		p.Text = fmt.Sprintf("drained: %d events delivered", d.total)
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
	for _, s := range e.sinks {
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
