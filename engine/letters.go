package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// DeadLetters are the events that were put aside.
func (e *Engine) DeadLetters(_ context.Context, q ops.DeadLetterQuery) (ops.DeadLetterPage, error) {
	var page ops.DeadLetterPage
	for _, s := range e.sinks.all() {
		if q.Sink != "" && q.Sink != s.cfg.Name {
			continue
		}
		letters, total, err := e.letters.List(s.cfg.Name, q.Max)
		if err != nil {
			return ops.DeadLetterPage{}, err
		}
		page.Letters = append(page.Letters, letters...)
		page.Total += total
	}
	slices.SortStableFunc(page.Letters, func(a, b ops.DeadLetter) int { return a.At.Compare(b.At) })
	if q.Max > 0 && len(page.Letters) > q.Max {
		page.Letters = page.Letters[len(page.Letters)-q.Max:]
	}
	return page, nil
}

// beginReplay puts dead letters back into the queue.
func (e *Engine) beginReplay(cmd ops.Command) (*operation, error) {
	refuse := func(format string, args ...any) (*operation, error) {
		return nil, &ops.RefusedError{Command: cmd, Reason: fmt.Sprintf(format, args...)}
	}
	to := e.sinks.named(cmd.Sink)
	phase := ops.EnginePhase(e.phase.Load())
	switch {
	case to == nil:
		return refuse("there is no sink named %q", cmd.Sink)
	case e.current() == nil || phase >= ops.PhaseDraining:
		return refuse("the engine is %s", phase)
	}
	taken, err := e.letters.Take(cmd.Sink, cmd.Letters)
	switch {
	case err != nil:
		return refuse("%v", err)
	case len(taken.Events) == 0 && len(taken.Missing) > 0:
		_ = taken.Done(0)
		return refuse("sink %s has no dead letter %s", cmd.Sink, strings.Join(taken.Missing, ", "))
	case len(taken.Events) == 0:
		_ = taken.Done(0)
		return refuse("sink %s has no dead letters", cmd.Sink)
	}
	op := newOperation(cmd, e.cfg.Clock)
	op.total, op.rest, op.text = len(taken.Events), len(taken.Events), "puts them back into the queue"
	if !e.queueReplay(replay{op, to, taken}) {
		_ = taken.Done(0)
		return refuse("other replays are under way, or the engine is stopping")
	}
	return op, nil
}

// queueReplay reports whether a replay will be carried out.
func (e *Engine) queueReplay(r replay) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.shut {
		return false
	}
	select {
	case e.replays <- r:
		return true
	default:
		return false
	}
}

// replay is dead letters on their way back into the queue.
type replay struct {
	op    *operation
	sink  *sink
	taken *delivery.Taken
}

// replayEach carries out replays until ctx ends.
func (e *Engine) replayEach(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			for len(e.replays) > 0 { // they stay dead letters
				r := <-e.replays
				_ = r.taken.Done(0)
				r.finish(0, errStopped)
			}
			return
		case r := <-e.replays:
			n, err := e.putBack(ctx, r)
			if done := r.taken.Done(n); err == nil {
				err = done
			} else if ctx.Err() != nil {
				err = errStopped
			}
			r.finish(n, err)
			e.logger.Info(r.op.Progress().Text)
			e.hub.publish(ops.Event{Kind: ops.EventOperation, At: e.cfg.Clock.Now(), Shard: -1, Sink: r.sink.cfg.Name, Text: r.op.Progress().Text})
		}
	}
}

// replayBatch is how many letters are put back at a time.
const replayBatch = 256

// putBack puts letters into the queues of their shards and returns how many are
// safe there.
func (e *Engine) putBack(ctx context.Context, r replay) (n int, err error) {
	for batch := range slices.Chunk(r.taken.Events, replayBatch) {
		byWorker := make(map[int][]event.Event)
		for _, ev := range batch {
			w := e.current().Worker(ev.ShardID)
			byWorker[w] = append(byWorker[w], ev)
		}
		for w, events := range byWorker {
			if err := r.sink.runner.Put(ctx, e.queued().Log(w), events...); err != nil {
				return n, err // what of the batch is in a queue comes twice, with its id
			}
		}
		n += len(batch)
		r.op.advance(len(batch))
	}
	return n, nil
}

// finish ends the operation.
func (r replay) finish(n int, err error) {
	text := fmt.Sprintf("%s: %d dead letters are back in the queue", r.op.what, n)
	if err != nil {
		text += ": " + err.Error()
	}
	r.op.mu.Lock()
	defer r.op.mu.Unlock()
	r.op.rest = len(r.taken.Events) - n
	r.op.finish(err, text)
}
