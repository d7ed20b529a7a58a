package engine

import (
	"context"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// maxChores is how many chores may wait.
const maxChores = 4

// chore is an action that takes its time, though it is about no shard.
type chore struct {
	op *operation
	// do does it and returns how it came out, in words that follow the action's name.
	do func(ctx context.Context, op *operation) (string, error)
}

// beginChore has a chore done as soon as those before it are.
func (e *Engine) beginChore(cmd ops.Command, text string, do func(context.Context, *operation) (string, error)) (*operation, error) {
	op := newOperation(cmd, e.cfg.Clock)
	op.text = text
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.shut {
		return nil, &ops.RefusedError{Command: cmd, Reason: "the engine is stopping"}
	}
	select {
	case e.chores <- chore{op, do}:
		return op, nil
	default:
		return nil, &ops.RefusedError{Command: cmd, Reason: "others of the kind are under way: try again when they have ended"}
	}
}

// doChores does them one by one until ctx ends.
func (e *Engine) doChores(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			for len(e.chores) > 0 {
				c := <-e.chores
				c.op.abandon(errStopped)
			}
			return
		case c := <-e.chores:
			text, err := c.do(ctx, c.op)
			if err != nil {
				text = err.Error()
			}
			text = c.op.what + ": " + text
			c.op.end(err, text)
			e.logger.Info(text)
			e.hub.publish(ops.Event{Kind: ops.EventOperation, At: e.cfg.Clock.Now(), Shard: -1, Sink: c.op.cmd.Sink, Text: text})
		}
	}
}
