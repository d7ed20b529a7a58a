package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// How long a drop goes on with what has to be read back from the disk first.
const (
	dropWithin = 30 * time.Second
	dropPause  = 100 * time.Millisecond
)

// beginDrop gives up what waits for a sink.
func (e *Engine) beginDrop(cmd ops.Command) (*operation, error) {
	refuse := func(format string, args ...any) (*operation, error) {
		return nil, &ops.RefusedError{Command: cmd, Reason: fmt.Sprintf(format, args...)}
	}
	s := e.sinks.named(cmd.Sink)
	switch {
	case s == nil:
		return refuse("there is no sink named %q; what waits for one that is not configured any more can be discarded", cmd.Sink)
	case cmd.Events < 1:
		return refuse("say how many events may be given up at most")
	case e.queued() == nil:
		return refuse("the engine has not started yet")
	case s.runner.Status(e.cfg.Clock.Now()).Depth == 0:
		return refuse("nothing waits for sink %s", cmd.Sink)
	}
	op, err := e.beginChore(cmd, "gives up events", func(ctx context.Context, op *operation) (string, error) {
		return e.drop(ctx, op, s)
	})
	return op, err
}

// drop carries it out.
func (e *Engine) drop(ctx context.Context, op *operation, s *sink) (string, error) {
	most, done := op.cmd.Events, 0
	for end := e.cfg.Clock.Now().Add(dropWithin); ; {
		n, more := s.runner.Drop(most - done)
		done += n
		if done == most || !more || e.cfg.Clock.Now().After(end) {
			break
		}
		if !e.wait(ctx, dropPause) {
			break
		}
	}
	left := s.runner.Status(e.cfg.Clock.Now()).Depth
	e.logger.Warn("events given up", "sink", s.cfg.Name, "events", done, "left", left, "by", asker(op.cmd))
	return fmt.Sprintf("%s given up, %d left", howMany(done, "event"), left), nil
}

// wait reports whether a span has passed before ctx ended.
func (e *Engine) wait(ctx context.Context, d time.Duration) bool {
	timer := e.cfg.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
		return true
	case <-ctx.Done():
		return false
	}
}
