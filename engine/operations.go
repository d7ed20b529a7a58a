package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Do starts an operator's action.
func (e *Engine) Do(ctx context.Context, cmd ops.Command) (ops.Operation, error) {
	op, err := e.begin(ctx, cmd)
	if err != nil {
		e.actions.refuse(cmd, reasonOf(err))
		e.logger.Warn(cmd.Kind.String()+" refused", "by", asker(cmd), "reason", err)
		return nil, err
	}
	e.actions.begin(cmd, op)
	e.logger.Info(cmd.What()+" asked for", "by", asker(cmd))
	return op, nil
}

// asker is who asked for a command, for the log.
func asker(cmd ops.Command) string {
	if cmd.By == "" {
		return "somebody"
	}
	return cmd.By
}

// reasonOf is why a command was refused, without its name.
func reasonOf(err error) string {
	if refused := (*ops.RefusedError)(nil); errors.As(err, &refused) {
		return refused.Reason
	}
	return err.Error()
}

func (e *Engine) begin(ctx context.Context, cmd ops.Command) (ops.Operation, error) {
	switch cmd.Kind {
	case ops.CommandDrain:
		return e.beginDrain(cmd)
	case ops.CommandDiscard:
		return orRefusal(e.beginDiscard(cmd))
	case ops.CommandAllow:
		return orRefusal(e.beginAllow(cmd))
	case ops.CommandDrop:
		return orRefusal(e.beginDrop(cmd))
	case ops.CommandDump:
		return orRefusal(e.beginDump(cmd))
	case ops.CommandLogLevel:
		return orRefusal(e.beginLogLevel(cmd))
	case ops.CommandAck:
		return orRefusal(e.beginAck(cmd))
	case ops.CommandCancel:
		return orRefusal(e.beginCancel(cmd))
	case ops.CommandReplay:
		return orRefusal(e.beginReplay(cmd))
	case ops.CommandPauseSink, ops.CommandResumeSink:
		return orRefusal(e.beginSink(cmd))
	case ops.CommandReshard, ops.CommandReshardPause, ops.CommandReshardResume, ops.CommandReshardAbort, ops.CommandReshardForce,
		ops.CommandReload:
		return e.order(ctx, cmd)
	case ops.CommandRestart, ops.CommandReidentify, ops.CommandStop, ops.CommandStart:
		return e.beginShards(cmd)
	default:
		return nil, &ops.RefusedError{Command: cmd, Reason: "this engine does not know the action"}
	}
}

// orRefusal keeps a nil *operation from becoming an ops.Operation that is not nil.
func orRefusal(op *operation, err error) (ops.Operation, error) {
	if err != nil {
		return nil, err
	}
	return op, nil
}

func (e *Engine) beginSink(cmd ops.Command) (*operation, error) {
	s := e.sinks.named(cmd.Sink)
	switch {
	case s == nil:
		return nil, &ops.RefusedError{Command: cmd, Reason: fmt.Sprintf("there is no sink named %q", cmd.Sink)}
	case cmd.Kind == ops.CommandPauseSink:
		s.runner.Pause()
	default:
		s.runner.Resume()
	}
	op := newOperation(cmd, e.cfg.Clock)
	op.end(nil, op.what+": done")
	return op, nil
}

// beginAllow lets the identifies go on that the breaker has stopped.
func (e *Engine) beginAllow(cmd ops.Command) (*operation, error) {
	why, was := e.queue.Allow()
	if !was {
		return nil, &ops.RefusedError{Command: cmd, Reason: "identifies are not stopped"}
	}
	op := newOperation(cmd, e.cfg.Clock)
	op.end(nil, "identifies go on")
	if e.current() != nil { // else there is no keeper yet
		e.keeper.hasten()
	}
	e.logger.Warn("identifies go on, the breaker was closed by an operator", "by", asker(cmd), "it_had_tripped_because", why)
	return op, nil
}

// beginCancel ends an action under way.
func (e *Engine) beginCancel(cmd ops.Command) (*operation, error) {
	c, ok := e.actions.find(cmd.Action).(canceller)
	if !ok || !c.cancels() {
		return nil, &ops.RefusedError{Command: cmd, Reason: fmt.Sprintf("action %d is over, or cannot be cancelled: gatehouse ctl actions lists those that can", cmd.Action)}
	}
	c.cancel(asker(cmd))
	op := newOperation(cmd, e.cfg.Clock)
	op.end(nil, op.what+": done")
	return op, nil
}

func (e *Engine) beginShards(cmd ops.Command) (ops.Operation, error) {
	f := e.current()
	if f == nil || ops.EnginePhase(e.phase.Load()) >= ops.PhaseDraining {
		return nil, &ops.RefusedError{Command: cmd, Reason: "the engine is " + ops.EnginePhase(e.phase.Load()).String()}
	}
	cmd, err := f.Resolve(cmd)
	if err != nil {
		return nil, err
	}
	if why := e.unaffordable(cmd); why != "" {
		return nil, &ops.RefusedError{Command: cmd, Reason: why}
	}
	paced := cmd.Kind == ops.CommandReidentify && len(cmd.Shards) > 1
	if cmd.Rolling.On || paced {
		return e.beginRolling(f, cmd)
	}
	op := newOperation(cmd, e.cfg.Clock)
	e.operations.add(op)
	if err := f.Do(cmd); err != nil {
		e.operations.remove(op)
		return nil, err
	}
	if f != e.current() { // it has just been retired, and nobody follows its shards any more
		e.operations.outlive(errResharded)
	}
	return op, nil
}

// unaffordable says why the budget does not cover a command; empty if it does. A
// live session is not to be given up for an identify that cannot be sent.
func (e *Engine) unaffordable(cmd ops.Command) string {
	id := e.queue.Snapshot()
	switch {
	case cmd.Kind != ops.CommandReidentify:
		return ""
	case id.ToldAt.IsZero():
		return "Discord's REST API has not told yet how many session starts are left, and nobody identifies before: try again once it has answered"
	case !id.Known || len(cmd.Shards) < id.Remaining: // not known is without a bound, once told
		return ""
	}
	return fmt.Sprintf("it takes %d session starts and %d are left, the last of which is never used: "+
		"Discord would reset the token; name fewer shards or wait for the reset", len(cmd.Shards), id.Remaining)
}

// operation is an action under way on some shards.
type operation struct {
	cmd   ops.Command
	what  string
	clock clock.Clock
	begun time.Time
	done  chan struct{}

	mu    sync.Mutex
	ended time.Time    // zero before
	left  map[int]bool // shards that have not got there
	rest  int          // dead letters likewise
	total int
	text  string
	err   error
}

var _ ops.Operation = (*operation)(nil)

func newOperation(cmd ops.Command, c clock.Clock) *operation {
	op := &operation{cmd: cmd, clock: c, begun: c.Now(), done: make(chan struct{}), left: make(map[int]bool)}
	for _, id := range cmd.Shards {
		op.left[id] = true
	}
	op.total = len(op.left)
	op.what = cmd.What()
	if op.total > 0 && goal(cmd.Kind) == ops.ShardReady {
		op.text = "waits for READY"
	}
	return op
}

// Progress is how many shards, or dead letters, have got there.
func (op *operation) Progress() ops.Progress {
	op.mu.Lock()
	defer op.mu.Unlock()
	return ops.Progress{Done: op.total - len(op.left) - op.rest, Total: op.total, Text: op.text}
}

// advance notes that n more dead letters have got there.
func (op *operation) advance(n int) {
	op.mu.Lock()
	defer op.mu.Unlock()
	op.rest -= n
}

// Done is closed when the last shard has got there, or one has failed.
func (op *operation) Done() <-chan struct{} { return op.done }

// Err is nil while it runs and after success.
func (op *operation) Err() error {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.err
}

// end ends the operation, with words on how.
func (op *operation) end(err error, text string) {
	op.mu.Lock()
	defer op.mu.Unlock()
	op.finish(err, text)
}

// finish is end while op.mu is held.
func (op *operation) finish(err error, text string) {
	op.err, op.text, op.ended = err, text, op.clock.Now()
	close(op.done)
}

// endedAt is when it ended; zero before.
func (op *operation) endedAt() time.Time {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.ended
}

// goal is the state that a command brings a shard to.
func goal(k ops.CommandKind) ops.ShardState {
	if k == ops.CommandStop {
		return ops.ShardStopped
	}
	return ops.ShardReady
}

// follow books a shard's change of state and reports whether the operation has
// ended with it.
func (op *operation) follow(id int, to ops.ShardState, reason string, now time.Time) bool {
	op.mu.Lock()
	defer op.mu.Unlock()
	if !op.left[id] {
		return false
	}
	switch {
	case to == goal(op.cmd.Kind):
		delete(op.left, id)
		if len(op.left) > 0 {
			return false
		}
		op.finish(nil, fmt.Sprintf("%s: done in %s", op.what, now.Sub(op.begun).Round(time.Millisecond)))
		return true
	case to == ops.ShardFailed || to == ops.ShardStopped:
		err := fmt.Errorf("shard %d %s: %s", id, to, reason)
		op.finish(err, op.what+": "+err.Error())
		return true
	default:
		return false
	}
}

// abandon ends the operation because what it waits for cannot come any more.
func (op *operation) abandon(why error) {
	op.mu.Lock()
	defer op.mu.Unlock()
	op.finish(why, op.what+": "+why.Error())
}

// errResharded ends the operations on shards of a fleet that is no more.
var errResharded = errors.New("the bot was resharded meanwhile, and those shards are gone")

// errStopped ends the operations that a stop of the engine overtakes.
var errStopped = errors.New("the engine stopped first")

// operations are those under way.
type operations struct {
	mu   sync.Mutex
	open []*operation
	over bool // abandoned: nothing can be begun any more
}

// add takes up an operation, which ends at once if the stop came first.
func (o *operations) add(op *operation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over {
		op.abandon(errStopped)
		return
	}
	o.open = append(o.open, op)
}

func (o *operations) remove(op *operation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, other := range o.open {
		if other == op {
			o.open = append(o.open[:i], o.open[i+1:]...)
			return
		}
	}
}

// follow books a shard's change of state and returns the operations that have
// ended with it.
func (o *operations) follow(id int, to ops.ShardState, reason string, now time.Time) []*operation {
	o.mu.Lock()
	defer o.mu.Unlock()
	var ended []*operation
	open := o.open[:0]
	for _, op := range o.open {
		if op.follow(id, to, reason, now) {
			ended = append(ended, op)
		} else {
			open = append(open, op)
		}
	}
	clear(o.open[len(open):])
	o.open = open
	return ended
}

// abandon ends all of them, and those that come later.
func (o *operations) abandon() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	o.clear(errStopped)
}

// outlive ends all of them, because their shards are gone.
func (o *operations) outlive(why error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clear(why)
}

// clear ends all of them. o.mu is held.
func (o *operations) clear(why error) {
	for _, op := range o.open {
		op.abandon(why)
	}
	o.open = nil
}
