package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/fleet"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/session"
	"github.com/gatehouse-gateway/gatehouse/engine/shard"
)

// Types of the pseudo events that tell a bot how far its guilds have come.
const (
	// ShardLoadedType comes behind the last GUILD_CREATE that a shard's READY has
	// announced, or once that has been waited for too long.
	ShardLoadedType = "GATEHOUSE_SHARD_LOADED"
	// LoadedType comes to each sink once in the life of a fleet, when the guilds of
	// all shards are there and the sink has taken them.
	LoadedType = "GATEHOUSE_LOADED"
)

// shardLoadedBody is `d` of ShardLoadedType.
type shardLoadedBody struct {
	Guilds  int      `json:"guilds"`            // that have come
	Missing []string `json:"missing,omitempty"` // ids of those that have not
}

// loadedBody is `d` of LoadedType.
type loadedBody struct {
	Shards  int `json:"shards"` // held by this process
	First   int `json:"first"`
	Last    int `json:"last"`
	Guilds  int `json:"guilds"`  // that are there
	Missing int `json:"missing"` // that did not come in time
}

// shardLoaded tells the sinks that a shard's guilds are there, in the shard's order.
func (fl *flight) shardLoaded(ctx context.Context, id int, session uint64, guilds int, missing []uint64) {
	e := fl.engine
	_, _, total := fl.fleet.Slice()
	body := shardLoadedBody{Guilds: guilds}
	for _, g := range missing {
		body.Missing = append(body.Missing, fmt.Sprint(g))
	}
	level := slog.LevelDebug
	if len(missing) > 0 {
		level = slog.LevelWarn
	}
	fl.logger.Log(ctx, level, "guilds loaded", "shard", id, "guilds", guilds, "missing", len(missing), "ids", some(missing))
	ev := pseudo(ShardLoadedType, fmt.Sprintf("loaded %x", session), body, e.cfg.Clock.Now())
	ev.ShardID, ev.Shards = id, total
	if err := fl.fleet.Tell(ctx, &ev); err != nil {
		e.logger.Warn("the sinks are not told that a shard's guilds are loaded: the queue is full", "shard", id)
	}
}

// some are the first few ids.
func some(ids []uint64) []uint64 { return ids[:min(len(ids), 5)] }

// pseudo is an event of ours. Its id depends on the seed alone.
func pseudo(kind, seed string, body any, now time.Time) event.Event {
	d, _ := json.Marshal(body)
	return event.Event{
		ID: event.ID{Session: shard.Digest(seed), Seq: 1}, Type: kind, Received: now,
		Data: fmt.Appendf(nil, `{"t":%q,"s":null,"op":0,"d":%s}`, kind, d),
	}
}

// loading tells each sink once when the guilds of the whole fleet are there.
type loading struct {
	engine *Engine

	mu    sync.Mutex
	state session.Loaded
	sent  map[string]time.Time // when the notice was queued, by sink; a crash may take it along until it is delivered
	done  bool                 // all are there, and the log has said so
}

// begin takes up what an earlier run has told; saved is nil if none of its sessions
// is taken up.
func (l *loading) begin(saved *session.Saved) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state, l.sent = session.Loaded{Since: l.engine.cfg.Clock.Now()}, make(map[string]time.Time)
	switch {
	case saved == nil:
	case saved.Loaded != nil:
		l.state = *saved.Loaded
	default: // of a version that told nobody: the bots know their guilds
		for _, s := range l.engine.sinks.all() {
			l.state.Told = append(l.state.Told, s.cfg.Name)
		}
	}
	l.save()
}

// save has what has been told outlive the process. l.mu is held.
func (l *loading) save() {
	state := l.state
	l.engine.keeper.loaded.Store(&state)
}

// look tells the sinks that have taken all guilds by now. It is called every second.
func (l *loading) look(f *fleet.Fleet, load *ops.Load) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.engine
	if load.LoadedAt.IsZero() {
		return
	}
	now := e.cfg.Clock.Now()
	if !l.done {
		l.done = true
		e.logger.Info("the guilds of all shards are loaded", "guilds", load.Guilds, "missing", load.TimedOut, "after", load.LoadedAt.Sub(e.started).Round(time.Millisecond))
	}
	for _, s := range e.sinks.all() {
		name := s.cfg.Name
		if slices.Contains(l.state.Told, name) {
			continue
		}
		at, sent := l.sent[name]
		switch {
		case sent && s.passed(at, now):
			l.state.Told = append(slices.Clone(l.state.Told), name)
			delete(l.sent, name)
			l.save()
			e.keeper.hasten()
		case !sent && s.passed(load.LoadedAt, now) && l.tell(f, s, load, now):
			l.sent[name] = now
		}
	}
}

// passed reports whether a sink has taken all that was received by a time.
func (s *sink) passed(at, now time.Time) bool {
	st := s.runner.Status(now)
	return st.Depth == 0 || now.Add(-st.Lag).After(at)
}

// tell queues the notice for one sink and reports whether there was room.
func (l *loading) tell(f *fleet.Fleet, s *sink, load *ops.Load, now time.Time) bool {
	first, last, total := f.Slice()
	body := loadedBody{Shards: last - first + 1, First: first, Last: last, Guilds: load.Guilds, Missing: load.TimedOut}
	ev := pseudo(LoadedType, fmt.Sprintf("all loaded %d", l.state.Since.UnixNano()), body, now)
	ev.ShardID, ev.Shards, ev.To = first, total, s.cfg.Name
	over, cancel := context.WithCancel(context.Background())
	cancel() // a full queue is not waited for: it is tried again in a second
	return f.Tell(over, &ev) == nil
}

// loadAlerts tell of guilds that have not come in time.
func loadAlerts(load *ops.Load) []ops.Alert {
	if load.TimedOut == 0 || len(load.Missing) == 0 {
		return nil
	}
	return []ops.Alert{{ID: "guilds/missing", Level: ops.AlertWarn, Shard: -1, Text: fmt.Sprintf(
		"%d guilds that READY announced have not come, such as %d: look at Discord's status; re-identify their shard if it stays so",
		load.GuildsAll-load.Guilds, load.Missing[0])}}
}
