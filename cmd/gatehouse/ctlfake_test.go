package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

// fakeEngine is an engine with four shards and two sinks, at a fixed instant.
type fakeEngine struct {
	mu       sync.Mutex
	commands []ops.Command
	log      ops.LogQuery
	letters  ops.DeadLetterQuery
	refuse   string
	steps    []ops.Progress // of every operation; the last is its end
	fail     error          // of every operation
	broken   bool           // the breaker has stopped identifies
	sends    []ops.Send
	sent     ops.Sent // what comes of every command for Discord
	unsent   error
	plan     *ops.ReshardPlan
	asked    ops.Target      // for a plan
	run      *ops.ReshardRun // under way
	auto     ops.ReshardAuto
	history  []ops.ReshardResult
	slow     bool // a command for Discord never comes to its end
}

var _ ops.Operator = (*fakeEngine)(nil)

func fakeNow() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func ago(d time.Duration) time.Time { return fakeNow().Add(-d) }

func (e *fakeEngine) Snapshot(context.Context) (*ops.Snapshot, error) {
	s := &ops.Snapshot{
		At: fakeNow(), StartedAt: ago(70 * time.Minute), Name: "web-1", Version: "9.9", Phase: ops.PhaseRunning,
		Fleet: ops.Fleet{Total: 8, First: 0, Last: 3, Guilds: 4000, Unavailable: 12, Loading: 3, Compress: "zstd-stream"},
		Shards: []ops.Shard{
			{ID: 0, State: ops.ShardReady, Since: ago(time.Hour), Latency: 41 * time.Millisecond, Guilds: 1000, Rate: 12.34, Seq: 123456, Identifies: 1},
			{ID: 1, State: ops.ShardReady, Since: ago(70 * time.Second), Latency: 1200 * time.Millisecond, Guilds: 1000, Seq: 7, Resumes: 2, Reconnects: 2},
			{ID: 2, State: ops.ShardBackoff, Since: ago(3 * time.Second), Guilds: 1000, RetryAt: ago(-4 * time.Second),
				LastClose: ops.Close{At: ago(3 * time.Second), Code: 1006, Meaning: "connection lost\x1b[2J"}},
			{ID: 3, State: ops.ShardFailed, Since: ago(30 * time.Hour), Fault: "token refused; set another"},
		},
		Sinks: []ops.Sink{
			{Name: "bot", Kind: "http", Target: "http://127.0.0.1:8080/events", State: ops.SinkRetrying, Since: ago(9 * time.Second), Depth: 1234,
				Lag: 9 * time.Second, Delivered: 1234567, Rate: 0, P99: 3 * time.Millisecond, Letters: 2,
				Filtered: 4321, Rules: []ops.Rule{
					{Key: "events.drop", Text: "TYPING_*", Dropped: 4300, Bytes: 2 << 20},
					{Key: "when", Text: "d.size > 3", Dropped: 21, Bytes: 900, Errors: 2, Err: "nil > 3\x1b[2J"},
				},
				LastError: "connection refused", LastErrorAt: ago(time.Second), NextTry: ago(-500 * time.Millisecond)},
			{Name: "old", State: ops.SinkIdle, Depth: 5, Orphan: true},
		},
		Workers: []ops.Worker{
			{ID: 0, Shards: []int{0, 1, 3}, ByState: [ops.ShardFailed + 1]int{ops.ShardReady: 2, ops.ShardFailed: 1}, Guilds: 2000, Events: 99, Rate: 12.34, Bytes: 2048, Share: 0.755,
				Lag: 9 * time.Second, Queue: ops.Queue{Depth: 1234, Dropped: 3}},
			{ID: 1, Shards: []int{2}, Guilds: 1000},
		},
		Filter: ops.Filter{On: true, Seen: 1000, Dropped: 432, Bytes: 3 << 20, Known: 5000, Capacity: 100_000},
		Load: ops.Load{Shards: 4, Loaded: 2, Guilds: 3997, GuildsAll: 4000, Missing: []uint64{81384788765712384, 2, 3}, Began: ago(time.Hour),
			Timeout: ago(-30 * time.Second), TimedOut: 1},
		Hooks: []ops.Hook{{Name: "dispatch", Calls: 1234}, {Name: "filter", Calls: 7, Panics: 1, Last: "index out of range", LastAt: ago(time.Minute), LastWhen: "MESSAGE_CREATE of shard 3"}},
		Store: ops.Store{OnDisk: true, Dir: "/var/lib/gatehouse/queue", Bytes: 3 << 20, MaxBytes: 4 << 30, Memory: 1 << 20, MaxMemory: 256 << 20, Disk: 2 << 20, Files: 3,
			Fault: "no space left on device", FaultSince: ago(time.Minute)},
		Identify: ops.Identify{
			Known: true, Total: 1000, Remaining: 990, Reserve: 100, ResetAt: ago(-3 * time.Hour), Waiting: 1, NextAt: ago(-2 * time.Second),
			MaxConcurrency: 16, Spacing: 5 * time.Second, Sent: 34, Rejected: 2, ToldAt: ago(10 * time.Minute), Spent: 4, LastHour: 12, RunsOutAt: ago(-2 * time.Hour),
			Breaker: ops.Breaker{Open: e.broken, Since: ago(time.Minute), Why: "40 identifies in 5m", Trips: 1},
			Buckets: []ops.Bucket{{Key: 3, Waiting: 1, OpenAt: ago(-2 * time.Second), Refused: 2}, {Key: 5, Refused: 1}},
		},
		Commands: ops.Commands{Sent: 1234, Refused: 5, Waiting: 2, Asked: 1},
		Traffic:  ops.Traffic{Events: 7654321, Bytes: 6_200_000, WireBytes: 1_000_000, Rate: 312.5, ByteRate: 1.5 * (1 << 20), Depth: 1234, Lag: 9 * time.Second},
		Latency:  ops.Latency{P50: 41 * time.Millisecond, P99: 90 * time.Millisecond, Max: 1200 * time.Millisecond},
		Reshard:  ops.Reshard{Recommended: 16, Now: e.run, Auto: e.auto, History: e.history},
		Alerts: []ops.Alert{{ID: "shard/3/failed", Level: ops.AlertCritical, Since: ago(30 * time.Hour), Shard: 3, Text: "shard 3 has failed: token refused"},
			{ID: "sink/bot", Level: ops.AlertWarn, Since: ago(time.Minute), Shard: -1, Sink: "bot", Text: "sink bot lags", AckedAt: ago(30 * time.Second), AckedBy: "ann"}},
		Actions: []ops.Action{
			{ID: 3, At: ago(time.Minute), By: "ann (ctl)", What: "rolling restart of all shards", Took: time.Minute, Done: 1, Total: 4, Result: "next in 2s", Cancels: true},
			{ID: 2, At: ago(time.Hour), By: "by itself", What: "stop identifies\x1b[2J", State: ops.ActionDone, Result: "40 identifies in 5m"},
		},
	}
	s.Fleet.ByState[ops.ShardReady], s.Fleet.ByState[ops.ShardBackoff], s.Fleet.ByState[ops.ShardFailed] = 2, 1, 1
	return s, nil
}

func (e *fakeEngine) Shard(ctx context.Context, id int) (*ops.ShardDetail, error) {
	s, _ := e.Snapshot(ctx)
	if id >= len(s.Shards) {
		return nil, fmt.Errorf("shard %d: %w", id, ops.ErrNoShard)
	}
	return &ops.ShardDetail{
		Shard: s.Shards[id], ResumeHost: "gateway-us-east1-b.discord.gg",
		Types:   []ops.TypeCount{{Type: "MESSAGE_CREATE", Count: 1234, Rate: 1.5}, {Type: "READY", Count: 1}},
		History: []ops.Transition{{At: ago(3 * time.Second), From: ops.ShardReady, To: ops.ShardBackoff, Reason: "connection lost"}},
	}, nil
}

func (e *fakeEngine) Where(_ context.Context, guild uint64, total int) (ops.GuildPlace, error) {
	p := ops.GuildPlace{Guild: guild, Shard: int(guild >> 22 % 4), Shards: 4, Held: true, Worker: 1, State: ops.GuildUnavailable}
	if total > 0 {
		p.Planned, p.PlannedShards = int(guild>>22%uint64(total)), total
	}
	return p, nil
}

func (e *fakeEngine) Guilds(_ context.Context, q ops.GuildQuery) (ops.GuildPage, error) {
	if q.Shard > 3 {
		return ops.GuildPage{}, ops.ErrNoShard
	}
	return ops.GuildPage{Guilds: []ops.Guild{{ID: 81384788765712384, State: ops.GuildLoading}}, Matching: 1, Total: q.Max}, nil
}

func (e *fakeEngine) History(_ context.Context, r ops.HistoryRange) (*ops.History, error) {
	h := &ops.History{Range: r, End: time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)}
	for i := range r.Steps() {
		v := float64(i)
		if i < 10 {
			v = math.NaN()
		}
		for _, to := range []*[]float64{&h.Events, &h.Bytes, &h.P50, &h.P99, &h.Depth, &h.Lag} {
			*to = append(*to, v)
			v *= 2
		}
	}
	return h, nil
}

func (e *fakeEngine) Log(_ context.Context, q ops.LogQuery) (ops.LogPage, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log = q
	return ops.LogPage{Lines: []ops.LogLine{
		{Seq: 1, At: ago(time.Second), Level: ops.LevelInfo, Shard: -1, Text: "all shards are ready"},
		{Seq: 2, At: ago(0), Level: ops.LevelWarn, Shard: 2, Text: "shard backoff"},
	}, Last: 2}, nil
}

func (e *fakeEngine) DeadLetters(_ context.Context, q ops.DeadLetterQuery) (ops.DeadLetterPage, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.letters = q
	return ops.DeadLetterPage{Total: 2, Letters: []ops.DeadLetter{
		{Sink: "bot", At: ago(time.Hour), Reason: "the bot answered 400", ID: "9c1f-42", Type: "MESSAGE_CREATE", Shard: 3, Event: []byte(`{"id":"9c1f-42"}`)},
	}}, nil
}

func (e *fakeEngine) Subscribe(context.Context, int) (<-chan ops.Event, error) {
	return nil, errors.New("not played")
}

func (e *fakeEngine) Plan(_ context.Context, to ops.Target) (*ops.ReshardPlan, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = to
	if e.plan == nil {
		return nil, &ops.RefusedError{Command: ops.Command{Kind: ops.CommandReshard, Target: to}, Reason: "the engine has not started yet"}
	}
	return e.plan, nil
}

func (e *fakeEngine) Do(_ context.Context, cmd ops.Command) (ops.Operation, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.refuse != "" {
		return nil, &ops.RefusedError{Command: cmd, Reason: e.refuse}
	}
	e.commands = append(e.commands, cmd)
	op := &fakeOperation{steps: e.steps, fail: e.fail, done: make(chan struct{})}
	if len(op.steps) == 1 {
		close(op.done)
	}
	return op, nil
}

// did is what the engine was asked last.
func (e *fakeEngine) did() ops.Command {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.commands) == 0 {
		return ops.Command{}
	}
	return e.commands[len(e.commands)-1]
}

// fakeOperation comes a step further each time somebody looks.
type fakeOperation struct {
	mu    sync.Mutex
	steps []ops.Progress
	fail  error
	done  chan struct{}
}

func (o *fakeOperation) Progress() ops.Progress {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.steps[0]
	if len(o.steps) > 1 {
		if o.steps = o.steps[1:]; len(o.steps) == 1 {
			close(o.done)
		}
	}
	return now
}

func (o *fakeOperation) Done() <-chan struct{} { return o.done }

func (o *fakeOperation) Err() error {
	select {
	case <-o.done:
		return o.fail
	default:
		return nil
	}
}

// serveFake opens a control socket for a fake engine and returns its path.
func serveFake(t *testing.T, e ops.Operator) string {
	t.Helper()
	path := filepath.Join(shortDir(t), "c.sock")
	l, err := control.Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	stop := (&controlling{listener: l}).serve(e)
	t.Cleanup(stop)
	return path
}

// shortDir is a folder whose path leaves room for a socket, whatever the test is
// called.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (e *fakeEngine) Send(ctx context.Context, s ops.Send) (ops.Sent, error) {
	e.mu.Lock()
	e.sends = append(e.sends, s)
	e.mu.Unlock()
	if e.slow {
		<-ctx.Done()
		return ops.Sent{}, ctx.Err()
	}
	return e.sent, e.unsent
}
