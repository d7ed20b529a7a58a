package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/fleet"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// bounds are those of the queue. Without a store its memory is all there is.
func (c *Config) bounds() spool.Bounds {
	policy, _ := c.Queue.policy() // checked by New
	b := spool.Bounds{
		Events: c.Queue.MaxEvents,
		Bytes:  c.Queue.MaxBytes,
		Memory: c.Queue.Memory,
		Age:    c.Queue.MaxAge,
		Policy: policy,
	}
	if c.Store == nil {
		b.Bytes, b.Memory = min(b.Bytes, b.Memory), 0
	}
	return b
}

// openQueue looks at what earlier runs have left of the queue.
func (e *Engine) openQueue(p slice) (*spool.Queue, error) {
	q, err := spool.OpenQueue(spool.QueueConfig{
		Bounds:       e.cfg.bounds(),
		Dropped:      e.noteDropped,
		Layout:       e.cfg.layout(p),
		Bot:          e.cfg.Token.Bot(),
		Store:        e.cfg.Store,
		PersistAfter: e.cfg.Queue.PersistAfter,
		Clock:        e.cfg.Clock,
		Logger:       e.logger,
	})
	var foreign *spool.ForeignError
	if errors.As(err, &foreign) {
		return nil, configErrorf("queue.dir: %s: %v", e.cfg.StoreDir, foreign)
	}
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	return q, nil
}

func (c *Config) layout(p slice) spool.Layout {
	per, digest := fleet.PlacementName(p.place)
	return spool.Layout{Total: p.total, First: p.first, Last: p.last, PerWorker: per, Placement: digest}
}

// takeOver gives the sinks the queue, with what earlier runs have left in it.
func (e *Engine) takeOver(q *spool.Queue) error {
	for generation, logs := range q.Generations() {
		for _, log := range logs {
			for _, s := range e.sinks.all() {
				if err := s.attach(log, generation); err != nil {
					return err
				}
			}
		}
	}
	start := e.cfg.Clock.Now()
	if err := q.Recover(); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	if st := q.Stats(); st.Events > 0 {
		e.logger.Info("events of the last run wait for delivery", "events", st.Events, "files", st.Files, "bytes", st.Disk,
			"found_in", e.cfg.Clock.Now().Sub(start).Round(time.Millisecond))
	}
	return nil
}

func (s *sink) attach(log *spool.Log, generation int) error {
	if err := s.runner.Attach(log, generation); err != nil {
		return fmt.Errorf("sink %s: %w", s.cfg.Name, err)
	}
	return nil
}

// attach gives a sink that is new the queue.
func (e *Engine) attach(s *sink) error {
	for generation, logs := range e.queued().Generations() {
		for _, log := range logs {
			if err := s.attach(log, generation); err != nil {
				return err
			}
		}
	}
	return nil
}

// queued is nil before the queue has been taken over, which takes as long as the
// disk takes: nobody who looks at the engine is to wait for it.
func (e *Engine) queued() *spool.Queue {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.events
}

// noteDropped is told of each event that the queue's bounds, or a damaged file,
// have cost.
func (e *Engine) noteDropped(_ *event.Event, why string) {
	e.lostWhy.Store(&why) // first: whoever sees the number looks for the reason
	e.lost.Add(1)
}

// lossEvery is how often the log tells that events go on being dropped.
const lossEvery = 10 * time.Second

// tellLosses logs how many events were dropped since it last did.
func (e *Engine) tellLosses(now time.Time) {
	lost := e.lost.Load()
	if lost == e.lostTold || now.Sub(e.lostToldAt) < lossEvery {
		return
	}
	e.logger.Error("events dropped", "events", lost-e.lostTold, "reason", *e.lostWhy.Load(), "since_start", lost)
	e.lostTold, e.lostToldAt = lost, now
}

// store is the queue's part of the operator's snapshot.
func (e *Engine) store() ops.Store {
	s := ops.Store{
		OnDisk: e.cfg.Store != nil, Dir: e.cfg.StoreDir,
		MaxBytes: e.cfg.bounds().Bytes, MaxMemory: e.cfg.Queue.Memory,
	}
	q := e.queued()
	if q == nil {
		return s
	}
	st := q.Stats()
	s.Bytes, s.Memory, s.Disk, s.Files = st.Bytes, st.Memory, st.Disk, st.Files
	s.Written, s.Read, s.Busy, s.Slowest, s.Damaged = st.Written, st.Read, st.Busy, st.Slowest, st.Damaged
	if st.Fault != nil {
		s.Fault, s.FaultSince = st.Fault.Error(), st.FaultSince
	}
	return s
}

// orphans are the sinks that are not configured any more.
func (e *Engine) orphans(now time.Time) []ops.Sink {
	q := e.queued()
	if q == nil {
		return nil
	}
	var out []ops.Sink
	for _, o := range q.Stats().Orphans {
		out = append(out, ops.Sink{Name: o.Sink, Orphan: true, State: ops.SinkPaused, Depth: o.Depth, Dropped: o.Dropped, Lag: now.Sub(o.Oldest)})
	}
	return out
}

// beginDiscard forgets what waits for a sink that is not configured any more.
func (e *Engine) beginDiscard(cmd ops.Command) (*operation, error) {
	q := e.queued()
	switch {
	case e.sinks.named(cmd.Sink) != nil:
		return nil, &ops.RefusedError{Command: cmd, Reason: fmt.Sprintf("sink %q is configured: what waits for it is delivered", cmd.Sink)}
	case q == nil || !slices.ContainsFunc(q.Stats().Orphans, func(o spool.Orphan) bool { return o.Sink == cmd.Sink }):
		return nil, &ops.RefusedError{Command: cmd, Reason: fmt.Sprintf("nothing waits for a sink named %q", cmd.Sink)}
	}
	n := q.Discard(cmd.Sink)
	op := newOperation(cmd, e.cfg.Clock)
	op.end(nil, fmt.Sprintf("%s: %d events forgotten", op.what, n))
	e.logger.Warn("events forgotten", "sink", cmd.Sink, "events", n, "by", asker(cmd))
	return op, nil
}

// deliverRest gives the sinks until ctx ends to take what is queued, but waits for
// none that takes nothing while it can wait on disk.
func (e *Engine) deliverRest(ctx context.Context) {
	var waited group
	for _, s := range e.sinks.all() {
		if e.cfg.Store != nil && !taking(s.runner.Status(e.cfg.Clock.Now()).State) {
			continue
		}
		waited.wg.Go(func() { _ = s.runner.Drained(ctx) })
	}
	waited.wg.Wait()
}

// taking reports whether a sink in a state can be expected to take events.
func taking(s ops.SinkState) bool {
	return s == ops.SinkOK || s == ops.SinkIdle || s == ops.SinkRejecting
}

// tellUndelivered logs what a stop leaves behind, and what becomes of it.
func (e *Engine) tellUndelivered(ctx context.Context) {
	for _, s := range e.sinks.all() {
		st := s.runner.Status(e.cfg.Clock.Now())
		if st.Depth == 0 {
			continue
		}
		level, what := slog.LevelError, "events lost: the sink did not take them before the stop"
		switch {
		case e.cfg.Store != nil && e.queued().Stats().Fault == nil:
			level = slog.LevelWarn
			what = "events not delivered before the stop: they are on disk, and the next start delivers them"
		case e.keeper.keeps():
			level = slog.LevelWarn
			what = "events not delivered before the stop: they come again by RESUME if Gatehouse starts within minutes"
		}
		e.logger.Log(ctx, level, what, "sink", s.cfg.Name, "events", st.Depth, "last_error", lastError(&st))
	}
}

func lastError(s *ops.Sink) string {
	if s.LastError == "" {
		return "none: the bot was too slow"
	}
	return s.LastError
}
