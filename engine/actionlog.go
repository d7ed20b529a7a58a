package engine

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// How many actions are kept, and how many of them a snapshot shows.
const (
	keptActions  = 200
	shownActions = 50
)

// actionLog is who did what, when, and how it came out. It is safe for concurrent
// use.
type actionLog struct {
	clock  clock.Clock
	redact func(string) string

	mu   sync.Mutex
	last uint64
	list []*logged // oldest first
}

// logged is an action, with its operation while that is under way.
type logged struct {
	ops.Action
	op ops.Operation // nil once it has ended
}

// timed is an operation that knows when it ended.
type timed interface{ endedAt() time.Time }

// canceller is an operation that can be ended before it is done.
type canceller interface {
	cancel(by string)
	cancels() bool
}

// begin takes up an accepted action and returns its id.
func (l *actionLog) begin(cmd ops.Command, op ops.Operation) uint64 {
	return l.add(ops.Action{By: asker(cmd), What: cmd.What()}, op)
}

// refuse notes an action that was not carried out.
func (l *actionLog) refuse(cmd ops.Command, why string) {
	l.add(ops.Action{By: asker(cmd), What: cmd.What(), State: ops.ActionRefused, Result: why}, nil)
}

// note takes note of something that is over already.
func (l *actionLog) note(by, what string, err error, result string, began time.Time) {
	a := ops.Action{By: by, What: what, State: ops.ActionDone, Result: result}
	if err != nil {
		a.State, a.Result = ops.ActionFailed, err.Error()
	}
	if !began.IsZero() {
		a.Took = l.clock.Now().Sub(began)
	}
	l.add(a, nil)
}

func (l *actionLog) add(a ops.Action, op ops.Operation) uint64 {
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	a.ID, a.At = l.last, now.Add(-a.Took)
	a.What, a.Result = l.redact(a.What), l.redact(a.Result)
	entry := &logged{Action: a, op: op}
	l.list = append(l.list, entry)
	if n := len(l.list) - keptActions; n > 0 {
		l.list = append([]*logged(nil), l.list[n:]...)
	}
	l.follow(entry, now)
	return a.ID
}

// shown are the newest actions, newest first.
func (l *actionLog) shown() []ops.Action {
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []ops.Action
	for _, entry := range slices.Backward(l.list) {
		if len(out) == shownActions {
			break
		}
		l.follow(entry, now)
		out = append(out, entry.Action)
	}
	return out
}

// settle books what has ended since, so that no operation is held for longer than
// it takes.
func (l *actionLog) settle() {
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, entry := range l.list {
		l.follow(entry, now)
	}
}

// follow keeps up with an action under way. l.mu is held.
func (l *actionLog) follow(entry *logged, now time.Time) {
	op, a := entry.op, &entry.Action
	if op == nil {
		return
	}
	ended := false
	select {
	case <-op.Done():
		ended = true
	default:
	}
	p := op.Progress() // read after the end, if it has come
	a.Done, a.Total, a.Took = p.Done, p.Total, now.Sub(a.At)
	a.Result = l.redact(afterWhat(p.Text, a.What))
	c, ok := op.(canceller)
	a.Cancels = ok && !ended && c.cancels()
	if !ended {
		return
	}
	entry.op, a.State = nil, ops.ActionDone
	if t, ok := op.(timed); ok {
		a.Took = max(t.endedAt().Sub(a.At), 0)
	}
	if err := op.Err(); err != nil {
		a.State, a.Result = ops.ActionFailed, l.redact(err.Error())
	}
}

// afterWhat is a result without the action's name, which stands before it.
func afterWhat(text, what string) string {
	return strings.TrimPrefix(strings.TrimPrefix(text, what), ": ")
}

// find is the operation of an action; nil if it has ended, or there is none.
func (l *actionLog) find(id uint64) ops.Operation {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.list, func(entry *logged) bool { return entry.ID == id })
	if i < 0 {
		return nil
	}
	return l.list[i].op
}
