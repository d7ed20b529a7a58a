package engine_test

import (
	"context"
	"flag"
	"net"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/gateway"
)

var stormLoad = flag.Duration("stormload", 0, "how long the process is loaded to its limit while its heartbeats are watched, at Discord's interval; 0 for some seconds at a short one")

// beatMargin is one percent of Discord's interval: with a shorter one, too, no
// heartbeat may be further off, unless the machine itself is: see metronome.
const beatMargin = 41250 * time.Millisecond / 100

// metronome is what the machine can do: a goroutine in the same process that has
// nothing to do but to wake up at an interval. On a machine that others use as
// well, it is late, too.
func metronome(ctx context.Context, interval time.Duration) (worst func() time.Duration) {
	late := make(chan time.Duration, 1)
	go func() {
		most, next := time.Duration(0), time.Now().Add(interval)
		timer := time.NewTimer(interval)
		defer timer.Stop()
		for {
			select {
			case <-timer.C:
				most = max(most, time.Since(next))
				next = next.Add(interval)
				timer.Reset(time.Until(next))
			case <-ctx.Done():
				late <- most
				return
			}
		}
	}()
	return func() time.Duration { return <-late }
}

// beatTimes are when the engine wrote its heartbeats: the short ones of what it
// writes.
type beatTimes struct {
	mu    sync.Mutex
	conns []*timedConn
}

// dial wraps what a network opens.
func (b *beatTimes) dial(n *discordtest.Network) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := n.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		timed := &timedConn{Conn: c}
		b.conns = append(b.conns, timed)
		return timed, nil
	}
}

// drift is the furthest of a heartbeat from its interval.
func (b *beatTimes) drift(interval time.Duration) (worst time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.conns {
		c.mu.Lock()
		for i := 1; i < len(c.beats); i++ {
			off := c.beats[i].Sub(c.beats[i-1]) - interval
			worst = max(worst, off, -off)
		}
		c.mu.Unlock()
	}
	return worst
}

type timedConn struct {
	net.Conn
	mu    sync.Mutex
	beats []time.Time
}

func (c *timedConn) Write(p []byte) (int, error) {
	if len(p) < 48 {
		c.mu.Lock()
		c.beats = append(c.beats, time.Now())
		c.mu.Unlock()
	}
	return c.Conn.Write(p)
}

// The simulator, the engine and the bot have the machine's cores to themselves,
// and as many events as those can take.
func TestHeartbeatsUnderFullLoad(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("it takes real time, and as much of the machine as there is")
	}
	interval, length := time.Second, 4*time.Second
	if *stormLoad > 0 {
		interval, length = 41250*time.Millisecond, *stormLoad
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	machine := metronome(ctx, 50*time.Millisecond)
	w, written := loadWorld(t, interval)
	idle, all := cpuSeconds("/cpu/classes/idle:cpu-seconds"), cpuSeconds("/cpu/classes/total:cpu-seconds")
	before, start := w.discord.Audit().Received(), time.Now()
	w.overload(length)
	perSecond := float64(w.discord.Audit().Received()-before) / time.Since(start).Seconds()
	idle, all = cpuSeconds("/cpu/classes/idle:cpu-seconds")-idle, cpuSeconds("/cpu/classes/total:cpu-seconds")-all
	cancel()
	t.Logf("%.0f events a second through simulator, engine and bot for %v, the cores %.0f %% busy",
		perSecond, time.Since(start).Round(time.Second), 100*(1-idle/all))
	w.judgeLoaded(interval, written.drift(interval), machine())
	w.end()
}

// loadWorld is 16 shards in real time, all of them ready.
func loadWorld(t *testing.T, interval time.Duration) (*world, *beatTimes) {
	t.Helper()
	n, err := discordtest.NewNetwork()
	if err != nil {
		t.Fatal(err)
	}
	written := new(beatTimes)
	w := newWorld(t, discordtest.Config{
		Shards: 16, Guilds: 160, MaxConcurrency: 16, Network: n,
		HeartbeatInterval: interval, HeartbeatTolerance: 10 * time.Second, // the verdict is the test's
		ReplayBuffer: 100_000, CompressLevel: discordtest.CompressLight,
	}, func(c *engine.Config) {
		c.Dialer = &gateway.Dialer{NetDial: written.dial(n)}
		c.Sinks[0].Batch = 64
		c.Queue.Memory = 1 << 30
	})
	w.whileReal("all shards ready", time.Minute, func() bool {
		s := w.snapshot()
		return len(s.Shards) == 16 && s.Fleet.ByState[ops.ShardReady] == 16
	})
	return w, written
}

// judgeLoaded fails if heartbeats were written, or came, further off their interval
// than they may be on this machine.
func (w *world) judgeLoaded(interval, own, late time.Duration) {
	w.t.Helper()
	worst, beats, first := time.Duration(0), 0, time.Duration(0)
	for _, r := range w.discord.Beats() {
		beats += r.Beats
		worst = max(worst, r.Drift)
		if len(r.Delays) > 0 {
			first = max(first, r.Delays[0])
		}
	}
	margin := max(beatMargin, 4*late)
	if own > margin || worst > 2*margin || first > interval+margin || beats < 16 {
		w.t.Errorf("heartbeats were off by more than %v, or the first one was: it came after %v", margin, first)
	}
	w.t.Logf("%d heartbeats every %v: the worst was written %v off its interval (%.2f %% of Discord's) and came %v off; a bare timer in the same process was up to %v late",
		beats, interval, own.Round(10*time.Microsecond), own.Seconds()/beatMargin.Seconds(),
		worst.Round(10*time.Microsecond), late.Round(10*time.Microsecond))
}

// overload makes as many events as the bot can take.
func (w *world) overload(length time.Duration) {
	end := time.After(length)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-end:
			w.discord.SetRate(0)
			return
		case <-tick.C:
		}
		rate := 0.0
		if w.discord.Audit().Outstanding() < 5000 {
			rate = 60_000
		}
		w.discord.SetRate(rate)
	}
}

// whileReal waits for a condition, outside of a bubble.
func (w *world) whileReal(what string, within time.Duration, holds func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.t.Fatalf("waited %v in vain for: %s", within, what)
		}
	}
}

// cpuSeconds reads one of the runtime's figures, as of the last collection.
func cpuSeconds(name string) float64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	return sample[0].Value.Float64()
}

// How long op 7 takes when time is real: over TCP on this machine, with traffic.
func TestOp7InRealTime(t *testing.T) {
	if *stormLoad == 0 {
		t.Skip("it takes half a minute of real time; -stormload runs it")
	}
	n, err := discordtest.NewNetwork()
	if err != nil {
		t.Fatal(err)
	}
	sim := discordtest.Config{Shards: 16, Guilds: 160, MaxConcurrency: 16, Rate: 4000, Network: n}
	w := newWorld(t, sim, func(c *engine.Config) {
		c.Dialer = &gateway.Dialer{NetDial: n.DialContext}
		c.Sinks[0].Batch = 64
	})
	w.whileReal("16 shards ready for ten seconds", time.Minute, func() bool {
		s, ready := w.snapshot(), 0
		for _, shard := range s.Shards {
			if shard.State == ops.ShardReady && time.Since(shard.Since) > 11*time.Second {
				ready++
			}
		}
		return ready == 16
	})
	for id := range 16 {
		w.must(w.discord.Reconnect(shardOf(id)))
	}
	w.whileReal("16 changes of connection", time.Minute, func() bool { return len(w.discord.Handovers()) == 16 })
	w.settle()
	w.judgeIdentifies(16)
	w.logHandovers()
	t.Logf("times of events from Discord to the bot: %+v", w.discord.Audit().Report().Latency)
	w.end()
}
