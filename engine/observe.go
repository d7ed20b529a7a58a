package engine

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/fleet"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/stats"
)

// keptSeconds is how much of the past the snapshot shows.
const keptSeconds = 300

// series are the engine's samples of each of the last seconds.
type series struct {
	mu             sync.Mutex
	events         *stats.Ring
	depth, lag     *stats.Ring
	latency        *stats.Ring
	histories      []*stats.History // by ops.HistoryRange
	eventMeter     stats.Meter
	byteMeter      stats.Meter
	wire, inflated uint64
	earlier        fleet.Totals // of fleets before the active one, less what that had received when it took over
}

func newSeries() *series {
	s := &series{
		events:  stats.NewRing(keptSeconds),
		depth:   stats.NewRing(keptSeconds),
		lag:     stats.NewRing(keptSeconds),
		latency: stats.NewRing(keptSeconds),
	}
	for _, r := range ops.HistoryRanges() {
		s.histories = append(s.histories, stats.NewHistory(int64(r.Step()/time.Second), r.Steps(), historyFolds()...))
	}
	return s
}

// sampleEverySecond takes measurements until ctx ends.
func (e *Engine) sampleEverySecond(ctx context.Context) {
	next := e.cfg.Clock.Now()
	timer := e.cfg.Clock.NewTimer(0)
	defer timer.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-timer.C():
		}
		snap := e.sample()
		if n%60 == 59 {
			e.asks.Sweep()
			e.renewPresence(ctx, snap.Shards)
		}
		if n%10 == 0 {
			for _, s := range e.sinks.all() {
				s.runner.Turn()
			}
		}
		next = next.Add(time.Second)
		timer.Reset(next.Sub(e.cfg.Clock.Now()))
	}
}

// sample takes one second's measurements.
func (e *Engine) sample() *ops.Snapshot {
	totals := e.current().Sample()
	now := e.cfg.Clock.Now()
	var depth int
	var lag time.Duration
	for _, s := range e.sinks.all() {
		st := s.runner.Status(now)
		s.sample(st.Depth)
		depth, lag = max(depth, st.Depth), max(lag, st.Lag)
	}
	e.series.push(now, totals, depth, lag)
	e.tellLosses(now)
	e.actions.settle()
	snap, _ := e.Snapshot(context.Background())
	e.notePhase(snap)
	e.loading.look(e.current(), &snap.Load)
	e.askForRecheck()
	fresh, over := e.alerts.update(snap, e.conditions(now))
	for _, a := range over {
		e.logger.Info("alert over", "alert", a.ID, "after", snap.At.Sub(a.Since).Round(time.Second))
	}
	for _, a := range fresh {
		level := slog.LevelWarn
		if a.Level == ops.AlertCritical {
			level = slog.LevelError
		}
		e.logger.Log(context.Background(), level, "alert: "+a.Text, "alert", a.ID)
		e.hub.publish(ops.Event{Kind: ops.EventAlert, At: now, Shard: a.Shard, Sink: a.Sink, Text: a.Text})
	}
	return snap
}

func (e *Engine) conditions(now time.Time) conditions {
	c := conditions{held: e.queue.Held(), lost: e.lost.Load(), unsaved: e.keeper.trouble(now), api: e.apiTrouble(now), reshard: e.reshards.alarms()}
	if why := e.lostWhy.Load(); why != nil {
		c.lostWhy = *why
	}
	if st := e.caller.Status(); st.Err != nil {
		c.untold = lastFailure(&st, now)
	}
	if q := e.queued(); q != nil && e.cfg.Queue.WhenFull == Block {
		c.blocked = q.Stats().Waiting
	}
	return c
}

// notePhase ends the start once every shard is ready.
func (e *Engine) notePhase(snap *ops.Snapshot) {
	if snap.Fleet.ByState[ops.ShardReady] < len(snap.Shards) {
		return
	}
	if e.phase.CompareAndSwap(int32(ops.PhaseStarting), int32(ops.PhaseRunning)) {
		e.logger.Info("all shards are ready", "shards", len(snap.Shards), "after", snap.At.Sub(e.started).Round(time.Millisecond))
	}
}

func (s *series) push(now time.Time, t fleet.Totals, depth int, lag time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Events, t.Wire, t.Inflated = t.Events+s.earlier.Events, t.Wire+s.earlier.Wire, t.Inflated+s.earlier.Inflated
	events, bytes := s.eventMeter.Sample(t.Events), s.byteMeter.Sample(t.Inflated)
	s.events.Push(events)
	s.depth.Push(float64(depth))
	s.lag.Push(lag.Seconds())
	s.latency.Push(float64(t.MedianLatency) / float64(time.Millisecond))
	s.wire, s.inflated = t.Wire, t.Inflated
	for _, h := range s.histories {
		h.Push(now.Unix(), events, bytes, inMillis(t.MedianLatency), inMillis(t.P99Latency), float64(depth), lag.Seconds())
	}
}

// carry has the sums go on where another fleet takes over.
func (s *series) carry(old, next fleet.Totals) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// What is negative wraps around, and back when it is added.
	s.earlier.Events += old.Events - next.Events
	s.earlier.Wire += old.Wire - next.Wire
	s.earlier.Inflated += old.Inflated - next.Inflated
}

// fill writes the series into a snapshot.
func (s *series) fill(snap *ops.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &snap.Traffic
	t.Events += s.earlier.Events
	t.Rate = s.eventMeter.Rate()
	t.Bytes, t.WireBytes, t.ByteRate = s.inflated, s.wire, s.byteMeter.Rate()
	t.PerSecond, t.DepthPerSecond, t.LagPerSecond = s.events.Samples(), s.depth.Samples(), s.lag.Samples()
	snap.Latency.PerSecond = s.latency.Samples()
}

// adopt makes a fleet the active one.
func (e *Engine) adopt(f *fleet.Fleet) {
	e.series.carry(e.current().Totals(), f.Totals())
	e.operations.outlive(errResharded)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fleet = f
}

// gateway is what Discord has told about it last.
func (e *Engine) gateway() discord.GatewayBot {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.told
}

func (e *Engine) current() *fleet.Fleet {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.fleet
}

// Snapshot is the engine's state now.
func (e *Engine) Snapshot(context.Context) (*ops.Snapshot, error) {
	now := e.cfg.Clock.Now()
	snap := &ops.Snapshot{
		At:        now,
		StartedAt: e.started,
		Name:      e.cfg.Name,
		Version:   e.cfg.Version,
		Phase:     ops.EnginePhase(e.phase.Load()),
		Identify:  e.queue.Snapshot(),
		LastLog:   e.journal.Last(),
		Alerts:    e.alerts.list(),
		Actions:   e.actions.shown(),
		LogLevel:  ops.Level(e.cfg.LogLevel.Level()),
		Store:     e.store(),

		KeepsSessions: e.cfg.Sessions != nil,
	}
	if f := e.current(); f != nil {
		f.Fill(snap)
		snap.Load = f.Load()
	}
	snap.Fleet.Compress, snap.Presence = e.cfg.Compress, e.presence.shared()
	snap.Commands = e.commands(snap.Shards)
	e.series.fill(snap)
	for _, s := range e.sinks.all() {
		st := s.snapshot(now)
		snap.Sinks = append(snap.Sinks, st)
		snap.Traffic.Delivered += st.Rate
		snap.Traffic.Depth = max(snap.Traffic.Depth, st.Depth)
		snap.Traffic.Lag = max(snap.Traffic.Lag, st.Lag)
	}
	snap.Sinks = append(snap.Sinks, e.orphans(now)...)
	snap.Reshard = e.reshards.report()
	snap.Reshard.Recommended = e.gateway().Shards
	snap.Filter = e.filtered()
	snap.Hooks = e.hooks.report()
	return snap, nil
}

// Shard is what the snapshot leaves out about one shard.
func (e *Engine) Shard(_ context.Context, id int) (*ops.ShardDetail, error) {
	f := e.current()
	if f == nil {
		return nil, ops.ErrNoShard
	}
	return f.Detail(id)
}

// Log returns lines of the log ring.
func (e *Engine) Log(_ context.Context, q ops.LogQuery) (ops.LogPage, error) {
	return e.journal.Page(q), nil
}

// Subscribe delivers rare events until ctx ends.
func (e *Engine) Subscribe(ctx context.Context, buffer int) (<-chan ops.Event, error) {
	return e.hub.subscribe(ctx, buffer), nil
}

// shardChanged follows every change of state of the active fleet's shards. The
// shard's lock is held.
func (e *Engine) shardChanged(fl *flight, id int, from, to ops.ShardState, reason string) {
	now := e.cfg.Clock.Now()
	e.hub.publish(ops.Event{Kind: ops.EventShardState, At: now, Shard: id, From: from, To: to, Text: reason})
	for _, op := range e.operations.follow(id, to, reason, now) {
		p := op.Progress()
		e.logger.Info(p.Text)
		e.hub.publish(ops.Event{Kind: ops.EventOperation, At: now, Shard: -1, Text: p.Text})
	}
	switch to {
	case ops.ShardIdentifying:
		_, _, total := fl.fleet.Slice()
		e.asks.Lost(id, total)
	case ops.ShardReady:
		if from == ops.ShardIdentifying {
			e.noteIdentified()
		}
		if !e.wasUp.Swap(true) {
			e.logger.Info("the first shard is ready", "after", now.Sub(e.started).Round(time.Millisecond))
		}
	case ops.ShardFailed:
		if !e.wasUp.Load() {
			e.giveUp(id, reason)
		}
	}
}

// giveUp ends Run: Discord has refused the first shard that identified, for a
// reason that all others share.
func (e *Engine) giveUp(id int, reason string) {
	select {
	case e.fatal <- &FatalError{fmt.Errorf("shard %d: %s", id, reason)}:
	default:
	}
}
