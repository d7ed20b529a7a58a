package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// engine plays an operator with four shards and one sink.
type engine struct {
	mu       sync.Mutex
	commands []ops.Command
	logs     []ops.LogQuery
	letters  []ops.DeadLetterQuery
	plans    []ops.Target
	refuse   string
	fail     error
	begun    []*job
	asked    chan struct{} // a value for each snapshot begun, if somebody takes it
	gate     chan struct{} // a snapshot waits for it, if there is one
	sends    []ops.Send
	sending  func(context.Context) (ops.Sent, error) // what comes of a command for Discord
}

var _ ops.Operator = (*engine)(nil)

func (e *engine) Snapshot(ctx context.Context) (*ops.Snapshot, error) {
	if e.gate != nil {
		e.asked <- struct{}{}
		select {
		case <-e.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return &ops.Snapshot{Name: "here", Phase: ops.PhaseRunning, Fleet: ops.Fleet{Total: 4, Last: 3}}, e.fail
}

func (e *engine) Shard(_ context.Context, id int) (*ops.ShardDetail, error) {
	if id > 3 {
		return nil, fmt.Errorf("shard %d: %w", id, ops.ErrNoShard)
	}
	return &ops.ShardDetail{Shard: ops.Shard{ID: id, State: ops.ShardReady}}, nil
}

func (e *engine) Where(_ context.Context, guild uint64, total int) (ops.GuildPlace, error) {
	p := ops.GuildPlace{Guild: guild, Shard: int(guild >> 22 % 4), Shards: 4, Held: true, Worker: 1, State: ops.GuildUnavailable}
	if total > 0 {
		p.Planned, p.PlannedShards = int(guild>>22%uint64(total)), total
	}
	return p, nil
}

func (e *engine) Guilds(_ context.Context, q ops.GuildQuery) (ops.GuildPage, error) {
	if q.Shard > 3 {
		return ops.GuildPage{}, ops.ErrNoShard
	}
	return ops.GuildPage{Guilds: []ops.Guild{{ID: 81384788765712384, State: ops.GuildLoading}}, Matching: 1, Total: q.Max}, nil
}

func (e *engine) History(_ context.Context, r ops.HistoryRange) (*ops.History, error) {
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

func (e *engine) Log(_ context.Context, q ops.LogQuery) (ops.LogPage, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.logs = append(e.logs, q)
	return ops.LogPage{Lines: []ops.LogLine{{Seq: 7, Level: ops.LevelWarn, Shard: -1, Text: "careful"}}, Last: 7}, nil
}

func (e *engine) DeadLetters(_ context.Context, q ops.DeadLetterQuery) (ops.DeadLetterPage, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.letters = append(e.letters, q)
	return ops.DeadLetterPage{Letters: []ops.DeadLetter{{Sink: "bot", ID: "a-1", Event: []byte("{broken")}}, Total: 1}, nil
}

func (e *engine) Plan(_ context.Context, to ops.Target) (*ops.ReshardPlan, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.plans = append(e.plans, to)
	if e.refuse != "" {
		return nil, &ops.RefusedError{Command: ops.Command{Kind: ops.CommandReshard, Target: to}, Reason: e.refuse}
	}
	return &ops.ReshardPlan{From: 4, To: 8, Last: 7, Why: "asked for", ETA: time.Minute}, nil
}

func (e *engine) Subscribe(context.Context, int) (<-chan ops.Event, error) {
	return nil, errors.New("not played")
}

func (e *engine) Do(_ context.Context, cmd ops.Command) (ops.Operation, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.refuse != "" {
		return nil, &ops.RefusedError{Command: cmd, Reason: e.refuse}
	}
	e.commands = append(e.commands, cmd)
	j := &job{done: make(chan struct{}), progress: ops.Progress{Total: 4, Text: "waits for READY"}}
	e.begun = append(e.begun, j)
	return j, nil
}

// job is an operation that ends when the test says so.
type job struct {
	mu       sync.Mutex
	progress ops.Progress
	err      error
	done     chan struct{}
}

func (j *job) set(done int, text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.progress.Done, j.progress.Text = done, text
}

func (j *job) end(err error, text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err, j.progress.Text = err, text
	close(j.done)
}

func (j *job) Progress() ops.Progress {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.progress
}

func (j *job) Done() <-chan struct{} { return j.done }

func (j *job) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// house is a served engine.
type house struct {
	*engine
	path   string
	server *Server
	stop   context.CancelFunc
	ended  chan error
}

// socketPath is short enough for a socket, whatever the test is called.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "c.sock")
}

// open serves an engine; the test runs beside others from here on.
func open(t *testing.T, e *engine) *house {
	t.Helper()
	t.Parallel()
	h := &house{engine: e, path: socketPath(t), ended: make(chan error, 1)}
	l, err := Listen(t.Context(), h.path)
	if err != nil {
		t.Fatal(err)
	}
	h.server = NewServer(Config{Operator: e, Version: "1.2.3"})
	var ctx context.Context
	ctx, h.stop = context.WithCancel(context.Background())
	go func() { h.ended <- h.server.Serve(ctx, l) }()
	t.Cleanup(func() { h.close(t) })
	return h
}

// close stops the server and waits for it.
func (h *house) close(t *testing.T) {
	t.Helper()
	h.stop()
	select {
	case err := <-h.ended:
		if err != nil {
			t.Errorf("Serve: %v", err)
		}
		h.ended <- nil
	case <-time.After(patience):
		t.Fatal("Serve does not return")
	}
}

func (h *house) client(t *testing.T) *Client {
	t.Helper()
	c := NewClient(ClientConfig{Socket: h.path})
	t.Cleanup(c.Close)
	return c
}

// raw sends a request as curl would, and returns status and body.
func (h *house) raw(t *testing.T, method, target string, body io.Reader, header ...string) (int, string) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", h.path)
	}}
	req, err := http.NewRequestWithContext(t.Context(), method, "http://gatehouse"+target, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

func within(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("%s did not happen within %s", what, patience)
	}
}

func (e *engine) Send(ctx context.Context, s ops.Send) (ops.Sent, error) {
	e.mu.Lock()
	e.sends = append(e.sends, s)
	e.mu.Unlock()
	if e.sending != nil {
		return e.sending(ctx)
	}
	return ops.Sent{Shards: s.Shards}, nil
}
