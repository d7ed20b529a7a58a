package engine

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/pipeline"
	"github.com/gatehouse-gateway/gatehouse/engine/stats"
)

// sink is a delivery.Runner with what the engine measures of it.
type sink struct {
	cfg    SinkConfig
	runner *delivery.Runner

	mu    sync.Mutex
	meter stats.Meter
}

// newSink makes the n-th sink.
func (e *Engine) newSink(sc SinkConfig, n uint64) (*sink, error) {
	wants, err := pipeline.TypeRule(sc.Only, sc.Drop)
	if err != nil {
		return nil, configErrorf("sink %s: %v", sc.Name, err)
	}
	runner := delivery.New(delivery.Config{
		Name:        sc.Name,
		Sink:        sc.Sink,
		Batch:       sc.Batch,
		Parallel:    sc.Parallel,
		MaxAttempts: sc.MaxAttempts,
		Wants:       wants,
		DeadLetters: delivery.NewDeadLetterFiles(e.cfg.DeadLetterDir, e.cfg.Clock),
		Clock:       e.cfg.Clock,
		Random:      e.random(1000 + n),
		Logger:      e.logger.With("sink", sc.Name),
		StateChanged: func(to ops.SinkState, why string) {
			e.logger.Log(context.Background(), sinkLevel(to), "sink "+sc.Name+" "+to.String(), "reason", why)
			e.hub.publish(ops.Event{Kind: ops.EventSinkState, At: e.cfg.Clock.Now(), Shard: -1, Sink: sc.Name, Text: to.String() + ": " + why})
		},
	})
	return &sink{cfg: sc, runner: runner}, nil
}

func (s *sink) sample() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meter.Sample(s.runner.Delivered())
}

// snapshot is the sink's part of the operator's snapshot.
func (s *sink) snapshot(now time.Time) ops.Sink {
	out := s.runner.Status(now)
	out.Kind, out.Target = s.cfg.Kind, s.cfg.Target
	s.mu.Lock()
	defer s.mu.Unlock()
	out.Rate = s.meter.Rate()
	return out
}

// sinkLevel is how loudly a sink's state is logged.
func sinkLevel(to ops.SinkState) slog.Level {
	switch to {
	case ops.SinkRefused:
		return slog.LevelError
	case ops.SinkRetrying, ops.SinkPaused, ops.SinkRejecting:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}
