package plain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// ErrDetached means that the operator left and wants the engine to go on.
var ErrDetached = errors.New("console left, engine goes on")

// Options of a plain console. All of it is required but what says otherwise.
type Options struct {
	Operator  ops.Operator
	Clock     clock.Clock
	Input     io.Reader // lines; at its end the console goes on telling
	Output    io.Writer
	User      string // who acts, for the engine's log; may be empty
	ReadOnly  bool   // no action on the engine
	Attached  bool   // the engine is another process: leaving does not stop it
	CanDetach bool   // offers to leave with the engine going on
}

// Times of a plain console.
const (
	every  = 2 * time.Second // between two looks
	within = 2 * time.Second // an answer of the engine
	// staleAfter is how many looks in a row may fail before that is told.
	staleAfter = 2
)

// console is one that runs.
type console struct {
	Options
	teller  Teller
	snap    *ops.Snapshot
	pending *question // whose answer is the next line
	failed  int
	ended   error // why it shall end; nil while it shall not
	over    bool
}

// Run tells what changes, and does what is typed, until the operator leaves or ctx
// ends. It returns nil if the engine shall stop, or goes on elsewhere, [ErrDetached]
// if it shall go on here, and the error of an output that takes nothing.
func Run(ctx context.Context, o Options) error {
	c := &console{Options: o}
	lines := make(chan string)
	go func() {
		defer close(lines)
		in := bufio.NewScanner(o.Input)
		for in.Scan() {
			select {
			case lines <- in.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	c.say("Gatehouse, told in sentences. Type help for the commands.")
	timer := o.Clock.NewTimer(0)
	defer timer.Stop()
	for !c.over {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C():
			c.look(ctx)
			timer.Reset(every)
		case line, open := <-lines:
			if !open {
				lines = nil
				continue
			}
			c.obey(ctx, line)
		}
	}
	return c.ended
}

// say writes sentences, each on a line of its own.
func (c *console) say(sentences ...string) {
	for _, s := range sentences {
		if _, err := fmt.Fprintln(c.Output, s); err != nil {
			c.over, c.ended = true, fmt.Errorf("the output is gone: %w", err)
		}
	}
}

// look tells what has changed.
func (c *console) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	snap, err := c.Operator.Snapshot(ctx)
	if err != nil {
		if c.failed++; c.failed == staleAfter {
			c.say("The engine does not answer: " + err.Error() + ".")
		}
		return
	}
	if c.failed >= staleAfter {
		c.say("The engine answers again.")
	}
	c.failed, c.snap = 0, snap
	c.say(c.teller.Tell(snap)...)
	if snap.Phase == ops.PhaseStopped {
		c.over = true
	}
}
