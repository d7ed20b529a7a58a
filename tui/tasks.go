package tui

import (
	"context"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
)

// tasks owns what runs beside the program: pulls, timers, waits for an
// operation. Bubble Tea starts each in a goroutine of its own and forgets it;
// tasks remembers and waits.
type tasks struct {
	ctx   context.Context
	clock clock.Clock

	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

func newTasks(ctx context.Context, c clock.Clock) *tasks { return &tasks{ctx: ctx, clock: c} }

// do makes a command of f. Commands that Bubble Tea starts after close return at once.
func (t *tasks) do(f func(ctx context.Context) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		if !t.begin() {
			return nil
		}
		defer t.wg.Done()
		return f(t.ctx)
	}
}

// after is a command that sends msg when d has passed, unless the console ends first.
func (t *tasks) after(d time.Duration, msg tea.Msg) tea.Cmd {
	return t.do(func(ctx context.Context) tea.Msg {
		timer := t.clock.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C():
			return msg
		}
	})
}

func (t *tasks) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.wg.Add(1)
	return true
}

// close lets no further task begin and waits for those under way. The context
// must have been cancelled.
func (t *tasks) close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.wg.Wait()
}
