package shard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// wire is one connection, with the test at the other end.
type wire struct {
	in     chan string // frames from Discord
	gone   chan struct{}
	once   sync.Once
	mu     sync.Mutex
	sent   []string
	closed int // code of our Close; 0 if Discord ended it
}

func (w *wire) Read() ([]byte, error) {
	select {
	case frame, ok := <-w.in:
		if !ok {
			return nil, &discord.CloseError{Reason: "reset"}
		}
		return []byte(frame), nil
	case <-w.gone:
		return nil, &discord.CloseError{Code: w.closed, Reason: "closed by us"}
	}
}

func (w *wire) Write(frame []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, string(frame))
	return nil
}

func (w *wire) Close(code int, _ string) error {
	w.once.Do(func() { w.closed = code; close(w.gone) })
	return nil
}

func (w *wire) Received() (uint64, uint64) { return 10, 20 }

func (w *wire) frames() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.sent, " ")
}

// desk dials, grants identifies and handles events, all for one shard.
type desk struct {
	wires   chan *wire // each dial takes one; a closed channel refuses
	slots   int
	mu      sync.Mutex
	dialled []string
	got     []string
	states  []string
	beats   []time.Duration
	hold    chan struct{} // Dispatch waits for it, if set
}

func (d *desk) Dial(ctx context.Context, url string) (Conn, error) {
	d.mu.Lock()
	d.dialled = append(d.dialled, url)
	d.mu.Unlock()
	select {
	case w, ok := <-d.wires:
		if !ok {
			return nil, errors.New("connection refused")
		}
		return w, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (d *desk) Acquire(context.Context, int, bool) (Slot, error) { return d, nil }
func (d *desk) Sent()                                            { d.slots++ }
func (d *desk) Confirmed()                                       {}
func (d *desk) Rejected()                                        {}
func (d *desk) Release()                                         {}
func (d *desk) Started(*discord.Ready)                           {}

func (d *desk) Dispatch(id event.ID, f *discord.Frame, _ []byte, _ time.Time) bool {
	d.mu.Lock()
	hold := d.hold
	d.mu.Unlock()
	if hold != nil {
		<-hold
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.got = append(d.got, fmt.Sprintf("%s/%d", f.Type, id.Seq))
	return hold != nil
}

func (d *desk) StateChanged(_, to ops.ShardState, _ string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.states = append(d.states, to.String())
}

func (d *desk) Beat(l time.Duration) { d.beats = append(d.beats, l) }

func (d *desk) seen(of *[]string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(*of, " ")
}

// withRunner runs a story about one shard. It ends when the runner has stopped
// and nothing of it is left.
func withRunner(t *testing.T, story func(t *testing.T, d *desk, r *Runner)) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{wires: make(chan *wire, 8)}
		r := NewRunner(d.config())
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx, func() bool { return true }) }()
		story(t, d, r)
		cancel()
		<-done
	})
}

func (d *desk) config() Config {
	return Config{
		Machine:  DefaultMachineConfig("wss://main", func() float64 { return 0.5 }),
		Dialer:   d,
		Slots:    d,
		Handler:  d,
		Clock:    clock.System(),
		Logger:   slog.New(slog.DiscardHandler),
		Identify: func() ([]byte, error) { return []byte("identify"), nil },
		Pace:     func(context.Context) error { return nil },
		Probe:    func() ([]byte, bool) { return []byte("probe"), true },
		Resume: func(session string, seq int64) ([]byte, error) {
			return fmt.Appendf(nil, "resume:%s:%d", session, seq), nil
		},
	}
}

// connect gives the shard a connection that has greeted it.
func (d *desk) connect() *wire {
	w := &wire{in: make(chan string, 100), gone: make(chan struct{})}
	w.in <- `{"op":10,"d":{"heartbeat_interval":40000}}`
	d.wires <- w
	synctest.Wait()
	return w
}

func (w *wire) say(frames ...string) {
	for _, f := range frames {
		w.in <- f
	}
	synctest.Wait()
}

// pass lets time pass until everything stands still.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

const readyFrame = `{"t":"READY","s":1,"op":0,"d":{"v":10,"session_id":"abc","resume_gateway_url":"wss://resume","guilds":[]}}`

func message(seq int) string { return fmt.Sprintf(`{"t":"MESSAGE_CREATE","s":%d,"op":0,"d":{}}`, seq) }

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

func TestAShardIdentifiesBeatsAndDelivers(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		w := d.connect()
		w.say(readyFrame, message(2), message(3))
		expect(t, "states", d.seen(&d.states), "connecting queued identifying ready")
		expect(t, "delivered", d.seen(&d.got), "READY/1 MESSAGE_CREATE/2 MESSAGE_CREATE/3")
		pass(21 * time.Second)
		w.say(`{"op":11}`)
		pass(40 * time.Second)
		w.say(`{"op":11}`)
		expect(t, "sent", w.frames(), `identify {"op":1,"d":3} {"op":1,"d":3}`)
		if len(d.beats) != 2 || d.beats[0] != time.Second || r.Status().Latency != time.Second {
			t.Errorf("latencies %v, status %v", d.beats, r.Status().Latency)
		}
		if wire, inflated := r.Received(); wire != 10 || inflated != 20 {
			t.Errorf("received %d, %d", wire, inflated)
		}
	})
}

func TestALostConnectionIsResumed(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		w := d.connect()
		w.say(readyFrame, message(2))
		close(w.in)
		pass(time.Second)
		w = d.connect()
		w.say(message(3), `{"t":"RESUMED","s":4,"op":0,"d":{}}`)
		expect(t, "dialled", d.seen(&d.dialled), "wss://main wss://resume")
		expect(t, "sent", w.frames(), "resume:abc:2")
		expect(t, "delivered", d.seen(&d.got), "READY/1 MESSAGE_CREATE/2 MESSAGE_CREATE/3 RESUMED/4")
		if d.slots != 1 {
			t.Errorf("%d identifies", d.slots)
		}
		if wire, _ := r.Received(); wire != 20 {
			t.Errorf("received %d bytes over two connections", wire)
		}
	})
}

func TestAnUnreadableFrameLeadsToAResume(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, _ *Runner) {
		w := d.connect()
		w.say(readyFrame, `{"t":"MESSAGE_CREATE","s":2,"op":0,"d":{`)
		pass(time.Second)
		if w.closed != discord.CloseKeepSession {
			t.Errorf("closed with %d", w.closed)
		}
		w = d.connect()
		expect(t, "sent", w.frames(), "resume:abc:1")
	})
}

func TestEventsOfAnOldConnectionComeBeforeThoseOfTheNew(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		w := d.connect()
		w.say(readyFrame)
		d.mu.Lock()
		d.hold = make(chan struct{})
		d.mu.Unlock()
		w.say(message(2)) // its delivery hangs
		r.Restart()
		w = d.connect()
		w.say(message(3))
		expect(t, "delivered while the first hangs", d.seen(&d.got), "READY/1")
		close(d.hold)
		synctest.Wait()
		expect(t, "sent", w.frames(), "resume:abc:2")
		w.say(`{"t":"RESUMED","s":4,"op":0,"d":{}}`)
		expect(t, "delivered", d.seen(&d.got), "READY/1 MESSAGE_CREATE/2 MESSAGE_CREATE/3 RESUMED/4")
	})
}

func TestAFullQueueIsNoZombie(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		w := d.connect()
		w.say(readyFrame)
		d.mu.Lock()
		d.hold = make(chan struct{})
		d.mu.Unlock()
		w.say(message(2))
		pass(299 * time.Second)
		if n := strings.Count(w.frames(), `"op":1`); n != 7 {
			t.Errorf("%d heartbeats in 299 s of waiting for room, want 7", n)
		}
		if st := r.Status().State; st != ops.ShardReady {
			t.Errorf("the shard is %s", st)
		}
		close(d.hold)
		synctest.Wait()
	})
}

func TestAMissingAckIsAZombie(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		w := d.connect()
		w.say(readyFrame)
		pass(61 * time.Second)
		if w.closed != discord.CloseKeepSession {
			t.Errorf("closed with %d", w.closed)
		}
		w = d.connect()
		expect(t, "sent", w.frames(), "resume:abc:1")
	})
}

func TestStopEndsTheSessionAndStartBeginsAnother(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		w := d.connect()
		w.say(readyFrame)
		r.Stop(false)
		synctest.Wait()
		if w.closed != discord.CloseNormal || r.ResumeHost() != "" {
			t.Errorf("closed with %d, resumes at %q", w.closed, r.ResumeHost())
		}
		r.Start()
		w = d.connect()
		w.say(readyFrame)
		expect(t, "sent", w.frames(), "identify")
	})
}

func TestRunEndsWhileADialHangs(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		synctest.Wait()
		if st := r.Status().State; st != ops.ShardConnecting {
			t.Errorf("the shard is %s", st)
		}
	})
}
