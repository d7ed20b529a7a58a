package engine_test

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/discovery"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/session"
	"github.com/gatehouse-gateway/gatehouse/engine/shard"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// wild is everything that a configuration can bring, and panics whatever it is asked.
type wild struct{}

func (wild) Load() (*session.Saved, error)                { panic("sessions") }
func (wild) Save(*session.Saved) error                    { panic("sessions") }
func (wild) LoadGuilds() (*session.Guilds, error)         { panic("guilds") }
func (wild) SaveGuilds(*session.Guilds) error             { panic("guilds") }
func (wild) LoadIdentifies() (*session.Identifies, error) { panic("identifies") }
func (wild) SaveIdentifies(*session.Identifies) error     { panic("identifies") }
func (wild) LoadGateway() (*discovery.Saved, error)       { panic("address") }
func (wild) SaveGateway(*discovery.Saved) error           { panic("address") }

// wildStore is empty and keeps the first thing, without which nothing starts.
type wildStore struct{ puts atomic.Int64 }

func (*wildStore) List() ([]spool.Stored, error)           { return nil, nil }
func (*wildStore) Get(string, []byte, int) ([]byte, error) { return nil, fs.ErrNotExist }
func (*wildStore) Delete(string) error                     { panic("delete") }
func (*wildStore) SetAside(string) error                   { panic("set aside") }
func (s *wildStore) Put(string, []byte) error {
	if s.puts.Add(1) > 1 {
		panic("put")
	}
	return nil
}

// slippery panics at its first dial.
type slippery struct {
	shard.Dialer
	dials *atomic.Int64
}

func (d slippery) Dial(ctx context.Context, url string) (shard.Conn, error) {
	if d.dials.Add(1) == 1 {
		panic(discordtest.DefaultToken)
	}
	return d.Dialer.Dial(ctx, url)
}

// What a configuration brings may panic wherever it is asked: all events arrive.
func TestPortsThatPanicStopNothing(t *testing.T) {
	var dials atomic.Int64
	adapt := func(c *engine.Config) {
		c.Sessions, c.GatewayStore, c.Store = wild{}, wild{}, &wildStore{}
		c.Dialer = slippery{c.Dialer, &dials}
	}
	inWorld(t, discordtest.Config{Shards: 2, Guilds: 20, Rate: 20}, adapt, func(w *world) {
		w.awaitReady()
		w.bot.SetMode(discordtest.BotBusy)
		w.pass(time.Minute)
		w.bot.SetMode(discordtest.BotUp)
		w.settle()
		s := w.snapshot()
		for _, name := range []string{"dial", "session store", "gateway store", "queue store"} {
			if h := hooked(s, name); h.Panics == 0 || h.Last == "" || h.LastWhen == "" || strings.Contains(h.Last, discordtest.DefaultToken) {
				t.Errorf("%s: %+v", name, h)
			}
		}
	})
}

// A sink's function that panics gets the same events again, in order.
func TestASinksFunctionThatPanicsGetsItsEventsAgain(t *testing.T) {
	var ids []event.ID // of one shard, so of one goroutine at a time
	var done atomic.Int64
	adapt := func(c *engine.Config) {
		engine.WithSink("go", func(_ context.Context, events []event.Event, attempt int) error {
			if attempt == 1 {
				panic("not now: " + discordtest.DefaultToken)
			}
			ids = append(ids, events[0].ID)
			done.Add(1)
			return nil
		})(c)
	}
	inWorld(t, discordtest.Config{Shards: 1, Guilds: 5}, adapt, func(w *world) {
		w.awaitReady()
		w.await("all events with the function", time.Minute, func(s *ops.Snapshot) bool {
			i := slices.IndexFunc(s.Sinks, func(k ops.Sink) bool { return k.Name == "go" })
			return done.Load() > 5 && s.Sinks[i].Depth == 0
		})
		w.pass(2 * time.Second)
		s := w.snapshot()
		if h := hooked(s, "forward"); h.Panics < 6 || !strings.HasPrefix(h.LastWhen, "sink go, ") || strings.Contains(h.Last, discordtest.DefaultToken) {
			t.Errorf("%+v", h)
		}
		if !slices.ContainsFunc(s.Alerts, func(a ops.Alert) bool { return a.ID == "hook/forward" }) {
			t.Errorf("no alert in %+v", s.Alerts)
		}
		w.settle()
		w.halt()
		ids = slices.DeleteFunc(ids, func(id event.ID) bool { return id.Session != ids[0].Session }) // of ours
		for i := 1; i < len(ids); i++ {
			if ids[i].Seq <= ids[i-1].Seq {
				t.Errorf("%v came behind %v", ids[i], ids[i-1])
			}
		}
	})
}

// listSink is a sink whose type cannot be compared.
type listSink struct {
	engine.SinkFunc
	closed []*atomic.Uint64
}

func (s listSink) Close() error {
	s.closed[0].Add(1)
	return nil
}

// A reload compares sinks, which those of some types do not bear. One that may be in
// use is not closed, and what reads the configuration may panic.
func TestAReloadWithSinksThatCannotBeCompared(t *testing.T) {
	f := engine.SinkFunc(func(context.Context, []event.Event, int) error { return nil })
	closed := new(atomic.Uint64)
	mine := []engine.SinkConfig{
		{Name: "go", Kind: "func", Sink: f},
		{Name: "list", Kind: "func", Sink: listSink{f, []*atomic.Uint64{closed}}},
	}
	var next []engine.SinkConfig
	read := func(context.Context) (*engine.Reloaded, error) { return &engine.Reloaded{Sinks: next}, nil }
	inWorld(t, discordtest.Config{Shards: 1}, func(c *engine.Config) {
		c.Sinks = append(c.Sinks, mine...)
		next = c.Sinks
		c.Reload = func(ctx context.Context) (*engine.Reloaded, error) { return read(ctx) }
	}, func(w *world) {
		w.awaitReady()
		op, err := w.engine.Do(context.Background(), ops.Command{Kind: ops.CommandReload})
		if err != nil {
			t.Fatal(err)
		}
		<-op.Done()
		if s := w.snapshot(); len(s.Sinks) != 3 || op.Progress().Text == "" || closed.Load() != 0 {
			t.Errorf("%+v, %+v, %d closed", op.Progress(), s.Sinks, closed.Load())
		}
		read = func(context.Context) (*engine.Reloaded, error) { panic("no disk") }
		if _, err := w.engine.Do(context.Background(), ops.Command{Kind: ops.CommandReload}); err == nil || !strings.Contains(err.Error(), "reload has panicked: no disk") {
			t.Errorf("it said %v", err)
		}
		read = func(context.Context) (*engine.Reloaded, error) { return nil, nil }
		if _, err := w.engine.Do(context.Background(), ops.Command{Kind: ops.CommandReload}); err == nil || !strings.Contains(err.Error(), "gave nothing") {
			t.Errorf("it said %v", err)
		}
		if h := hooked(w.snapshot(), "reload"); h.Panics != 1 {
			t.Errorf("%+v", h)
		}
	})
}

// far is a Discord that answers after a while.
type far struct{ shard.Dialer }

type farConn struct{ shard.Conn }

func (d far) Dial(ctx context.Context, url string) (shard.Conn, error) {
	conn, err := d.Dialer.Dial(ctx, url)
	return farConn{conn}, err
}

func (c farConn) Read() ([]byte, error) {
	msg, err := c.Conn.Read()
	<-time.After(time.Millisecond)
	return msg, err
}

// The heartbeat hook is told of each beat, and a shard whose hook panics stays up.
func TestAHeartbeatHookThatPanicsStopsNoShard(t *testing.T) {
	hooks := engine.Hooks{Heartbeat: func(shard int, latency time.Duration) {
		panic(fmt.Sprint("shard ", shard, " after ", latency >= 0))
	}}
	sim := discordtest.Config{Shards: 2, Rate: 20, HeartbeatInterval: 5 * time.Second}
	inWorld(t, sim, func(c *engine.Config) { c.Hooks, c.Dialer = hooks, far{c.Dialer} }, func(w *world) {
		w.awaitReady()
		w.pass(time.Minute)
		s := w.snapshot()
		if h := hooked(s, "heartbeat"); h.Panics < 20 || h.Panics != h.Calls || !strings.HasSuffix(h.Last, "after true") {
			t.Errorf("%+v", h)
		}
		for _, sh := range s.Shards {
			if sh.State != ops.ShardReady || sh.Reconnects > 0 || sh.Latency <= 0 {
				t.Errorf("%+v", sh)
			}
		}
		if errors := strings.Count(w.log(), "has panicked"); errors == 0 || errors > 8 {
			t.Errorf("the log tells of %d panics:\n%s", errors, w.log())
		}
	})
}
