package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// stopWithin bounds an orderly stop. What hangs longer is left behind, and said.
const stopWithin = 5 * time.Second

// session is one life of an engine with, or without, a console.
type session struct {
	engine   engine.Config
	console  *console      // nil for none
	control  *controlling  // nil for none
	duration time.Duration // after which to stop; 0 for never
	// company runs beside the engine and ends with its context. farewell runs
	// when something has ended the session, before the engine stops.
	company   func(context.Context, ops.Operator)
	farewell  func(ops.Operator)
	reloading *reloading // of the configuration; nil if there is no file
	log       *slog.Logger
}

// lifetime is an engine that runs.
type lifetime struct {
	done chan struct{} // closed when it has ended
	err  error         // why, once done is closed
}

// hold runs the engine until ctx ends, the operator quits, the time is over or
// the engine gives up. It returns the engine's last state beside its error.
func (s *session) hold(ctx context.Context) (*ops.Snapshot, error) {
	eng, err := engine.New(s.engine)
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer s.control.serve(eng)()
	life := &lifetime{done: make(chan struct{})}
	go func() {
		defer close(life.done)
		life.err = eng.Run(running)
	}()
	err = s.attend(ctx, eng, life)
	if s.farewell != nil {
		s.farewell(eng)
	}
	stop()
	err = errors.Join(err, life.end())
	last, _ := eng.Snapshot(context.WithoutCancel(ctx))
	return last, err
}

// end waits for the engine, for a bounded time.
func (l *lifetime) end() error {
	timer := time.NewTimer(stopWithin)
	defer timer.Stop()
	select {
	case <-l.done:
		if errors.Is(l.err, context.Canceled) {
			return nil
		}
		return l.err
	case <-timer.C:
		return fmt.Errorf("the engine did not stop within %s; exit without it", stopWithin)
	}
}

// attend waits for whatever ends the session, with the console on if there is
// one. A terminal that is lost ends the console and nothing else.
func (s *session) attend(ctx context.Context, op ops.Operator, life *lifetime) error {
	ctx, cancel := context.WithCancel(ctx)
	var others sync.WaitGroup
	defer others.Wait()
	defer cancel()
	if s.duration > 0 {
		end := time.AfterFunc(s.duration, cancel)
		defer end.Stop()
	}
	others.Go(func() {
		select {
		case <-ctx.Done():
		case <-life.done:
			cancel()
		}
	})
	others.Go(func() { tuneMemory(ctx) })
	others.Go(func() { s.reloading.attend(ctx, op) })
	if s.company != nil {
		others.Go(func() { s.company(ctx, op) })
	}
	if s.console != nil {
		watching, unwatch := context.WithCancel(ctx)
		others.Go(func() { s.console.watchTheme(watching) })
		stay, err := s.console.show(ctx, op)
		unwatch()
		if err != nil || !stay {
			return err
		}
		s.log.Info("the console has ended; the engine goes on without it")
	}
	<-ctx.Done()
	return nil
}
