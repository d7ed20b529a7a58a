package control

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Bounds of what is remembered.
const (
	maxActions = 1024 // under way
	keptEnded  = 256  // ended, the newest, for whoever asks how they came out
)

// accepted is a command that the engine has taken.
type accepted struct {
	id   string
	kind ops.CommandKind
	op   ops.Operation

	mu     sync.Mutex
	heard  time.Time     // when whoever waits for its end last asked; zero if nobody does
	isTold bool          // told is closed
	told   chan struct{} // closed when somebody has been told of the end
}

// now is how far it has come.
func (a *accepted) now() action {
	ended := a.ended()
	// Asked before the end, and read after it: a step done in between shows.
	p := a.op.Progress()
	out := action{ID: a.id, Action: a.kind.String(), State: actionRunning, Done: p.Done, Total: p.Total, Text: p.Text}
	if ended {
		out.State = actionDone
		if err := a.op.Err(); err != nil {
			out.State, out.Error = actionFailed, err.Error()
		}
	}
	return out
}

func (a *accepted) ended() bool {
	select {
	case <-a.op.Done():
		return true
	default:
		return false
	}
}

// hear notes that somebody who waits for the end asked at an instant; the zero
// one says that they have gone.
func (a *accepted) hear(at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heard = at
}

func (a *accepted) markTold() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.isTold {
		a.isTold = true
		close(a.told)
	}
}

// owed reports whether somebody who waits for the end has still to be told, and
// will ask again soon: one who has not asked for long has gone.
func (a *accepted) owed(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.heard.IsZero() && now.Sub(a.heard) < stopWithin && !a.isTold
}

// actions are the commands that this server has seen accepted.
type actions struct {
	run string // begins every id, so that one of an earlier life is not found

	mu   sync.Mutex
	next int
	list []*accepted // in the order in which they were begun
}

func newActions() *actions { return &actions{run: rand.Text()[:6]} }

// room reports whether one more may be begun.
func (s *actions) room() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	running := 0
	for _, a := range s.list {
		if !a.ended() {
			running++
		}
	}
	return running < maxActions
}

// add remembers an operation.
func (s *actions) add(cmd ops.Command, op ops.Operation) *accepted {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	a := &accepted{id: fmt.Sprintf("%s-%d", s.run, s.next), kind: cmd.Kind, op: op, told: make(chan struct{})}
	s.list = append(s.list, a)
	s.forget()
	return a
}

// forget drops the oldest of those that have ended.
func (s *actions) forget() {
	over := -keptEnded
	for _, a := range s.list {
		if a.ended() {
			over++
		}
	}
	s.list = slices.DeleteFunc(s.list, func(a *accepted) bool {
		if over <= 0 || !a.ended() {
			return false
		}
		over--
		return true
	})
}

// find is the action with an id, or nil.
func (s *actions) find(id string) *accepted {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.list, func(a *accepted) bool { return a.id == id })
	if i < 0 {
		return nil
	}
	return s.list[i]
}

// awaitTold waits until whoever follows an action that has ended knows, or ctx
// ends.
func (s *actions) awaitTold(ctx context.Context, now time.Time) {
	s.mu.Lock()
	list := slices.Clone(s.list)
	s.mu.Unlock()
	for _, a := range list {
		if !a.ended() || !a.owed(now) {
			continue
		}
		select {
		case <-a.told:
		case <-ctx.Done():
			return
		}
	}
}
