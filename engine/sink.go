package engine

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/rules"
	"github.com/gatehouse-gateway/gatehouse/engine/stats"
)

// sink is a delivery.Runner with what the engine measures of it.
type sink struct {
	cfg    SinkConfig
	runner *delivery.Runner
	rules  atomic.Pointer[rules.Set]
	ruled  rules.Config       // what they are made of; steering's
	cancel context.CancelFunc // of the runner; nil before it runs
	ended  chan struct{}      // closed when the runner has ended

	mu     sync.Mutex
	meter  stats.Meter
	depths []int // of each of the last seconds, oldest first

	asked, unsent atomic.Uint64 // commands that its bot has sent back; those refused
	unsentTold    atomic.Int64  // when the log last told of those, in Unix nanoseconds
}

// depthSeconds is over how many seconds the change of a sink's depth is measured.
const depthSeconds = 5

// newSinks makes sinks of a configuration.
func (e *Engine) newSinks(configs []SinkConfig) ([]*sink, error) {
	list := make([]*sink, 0, len(configs))
	for i, sc := range configs {
		s, err := e.newSink(sc, uint64(i))
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// newSink makes the n-th sink.
func (e *Engine) newSink(sc SinkConfig, n uint64) (*sink, error) {
	set, err := compileRules(&sc)
	if err != nil {
		return nil, err
	}
	if f, ok := sc.Sink.(SinkFunc); ok {
		sc.Sink = &f // which can be compared
	}
	s := &sink{cfg: sc, ruled: sc.Rules}
	s.rules.Store(set)
	s.runner = delivery.New(delivery.Config{
		Name:        sc.Name,
		Sink:        guardedSink{sc.Sink, &e.hooks, sc.Name},
		Batch:       sc.Batch,
		Parallel:    sc.Parallel,
		MaxAttempts: sc.MaxAttempts,
		Wants:       s.wants,
		Priority:    sc.Priority,
		Expired:     sc.Expired.policy(),
		DeadLetters: e.letters,
		Clock:       e.cfg.Clock,
		Random:      e.random(1000 + n),
		Logger:      e.logger.With("sink", sc.Name),
		StateChanged: func(to ops.SinkState, why string) {
			e.logger.Log(context.Background(), sinkLevel(to), "sink "+sc.Name+" "+to.String(), "reason", why)
			e.hub.publish(ops.Event{Kind: ops.EventSinkState, At: e.cfg.Clock.Now(), Shard: -1, Sink: sc.Name, Text: to.String() + ": " + why})
		},
	})
	if sc.Commands {
		asking, ok := sc.Sink.(delivery.Asking)
		if !ok {
			return nil, configErrorf("sinks: %s: commands: a sink of kind %s cannot send anything back", sc.Name, sc.Kind)
		}
		asking.Asks(func(body []byte) { e.asked(s, body) })
	}
	return s, nil
}

func compileRules(sc *SinkConfig) (*rules.Set, error) {
	set, err := rules.Compile(sc.Rules)
	if err != nil {
		return nil, configErrorf("sinks: %s: %v", sc.Name, err)
	}
	return set, nil
}

func (s *sink) sample(depth int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meter.Sample(s.runner.Delivered())
	if len(s.depths) > depthSeconds {
		s.depths = append(s.depths[:0], s.depths[1:]...)
	}
	s.depths = append(s.depths, depth)
}

// pace is by how many events a second the depth shrinks, and how long it takes at
// that pace until nothing is left. A queue that shrinks because it is full, or its
// events are too old, is never delivered.
func (s *sink) pace(depth int) (drain float64, eta time.Duration) {
	if n := len(s.depths); n > 1 {
		drain = float64(s.depths[0]-s.depths[n-1]) / float64(n-1)
	}
	if s.meter.Rate() == 0 {
		drain = min(drain, 0)
	}
	if depth > 0 && drain > 0 {
		eta = time.Duration(float64(depth) / drain * float64(time.Second))
	}
	return drain, eta
}

// snapshot is the sink's part of the operator's snapshot.
func (s *sink) snapshot(now time.Time) ops.Sink {
	out := s.runner.Status(now)
	out.Kind, out.Target = s.cfg.Kind, s.cfg.Target
	out.Asked, out.Unsent = s.asked.Load(), s.unsent.Load()
	out.Rules = s.rules.Load().Rules()
	for i := range out.Rules {
		out.Filtered += out.Rules[i].Dropped
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out.Rate = s.meter.Rate()
	out.Drain, out.ETA = s.pace(out.Depth)
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
