package tui

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"
)

// stuckAfter is how long a console that shall end may take. A terminal that
// takes no bytes (flow control, a dead connection) blocks the writer for good.
const stuckAfter = 2 * time.Second

// framesPerSecond bounds how often the screen is written. Keys are answered
// within one frame.
const framesPerSecond = 45

// Run shows the console until the operator leaves it or ctx ends.
//
// It returns nil when the operator chose to quit, which means to stop unless
// [Options.Attached]; [ErrDetached] when the engine shall go on; an error that
// wraps [ErrTerminalLost] when the terminal went away, on its own or because
// ctx was cancelled with that cause; and ctx's cause otherwise. Signals are the
// caller's: none is caught but the one for a change of size. Should the terminal
// block for good, Run gives up waiting after two seconds and leaves the writer behind.
func Run(ctx context.Context, o Options) error {
	o, err := o.defaults()
	if err != nil {
		return err
	}
	if o.Env != nil && dumb(o.Env) {
		return ErrDumbTerminal
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	jobs := newTasks(ctx, o.Clock)
	m, err := newModel(o, jobs)
	if err != nil {
		return err
	}
	lost := func() { cancel(ErrTerminalLost) }
	program := tea.NewProgram(m, programOptions(o, lost)...)
	// Asked to quit, Bubble Tea waits for its reader; were it given the context,
	// it would leave the reader behind.
	defer context.AfterFunc(ctx, program.Quit)()
	done := make(chan error, 1)
	go func() {
		_, err := program.Run()
		done <- err
	}()
	err, stuck := await(ctx, o, done)
	cause := context.Cause(ctx)
	cancel(nil)
	if stuck {
		return fmt.Errorf("%w: it takes no output", ErrTerminalLost)
	}
	jobs.close()
	return m.verdict(err, cause)
}

// await waits for the program, but not for ever once ctx has ended.
func await(ctx context.Context, o Options, done <-chan error) (err error, stuck bool) {
	select {
	case err := <-done:
		return err, false
	case <-ctx.Done():
	}
	timer := o.Clock.NewTimer(stuckAfter)
	defer timer.Stop()
	select {
	case err := <-done:
		return err, false
	case <-timer.C():
		return nil, true
	}
}

func programOptions(o Options, lost func()) []tea.ProgramOption {
	out := []tea.ProgramOption{tea.WithoutSignalHandler(), tea.WithFPS(framesPerSecond)}
	if o.Input != nil {
		out = append(out, tea.WithInput(watchInput(o.Input, lost)))
	}
	if o.Output != nil {
		out = append(out, tea.WithOutput(watchOutput(o.Output, lost)))
	}
	if o.Env != nil {
		out = append(out, tea.WithEnvironment(o.Env), tea.WithColorProfile(profile(o.Env, o.NoColor)))
	}
	return out
}

// verdict is what Run returns, from how the program ended and why its context did.
func (m *model) verdict(err, cause error) error {
	switch {
	case m.leaving == leaveDetach:
		return ErrDetached
	case m.leaving != leaveNot:
		return nil
	case errors.Is(cause, ErrTerminalLost):
		return cause
	case cause != nil:
		return cause
	case err == nil:
		return errors.New("console ended without being asked to")
	case errors.Is(err, tea.ErrProgramPanic):
		return fmt.Errorf("console failed: %w", err)
	default:
		// What is left are reads and writes of the terminal.
		return fmt.Errorf("%w: %w", ErrTerminalLost, err)
	}
}
