package engine_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/gateway"
)

var (
	stormFor  = flag.Duration("stormfor", 0, "how long the day of every fault is, in its own time; 0 for 20 minutes, or less with -short or -race")
	stormSeed = flag.Uint64("stormseed", 1, "of the plan of that day; it also chooses the compression")
	stormPace = flag.Float64("stormpace", 1, "how many times as often things go wrong on that day")
)

// resumeHost is where the sessions of a storm are resumed.
const resumeHost = "resume.discord.test"

// inStorm runs a story in which hosts can die.
func inStorm(t *testing.T, sim discordtest.Config, story func(w *world, n *discordtest.Network), adapt ...func(*engine.Config, *discordtest.Network)) {
	t.Helper()
	n, err := discordtest.NewNetwork()
	if err != nil {
		t.Fatal(err)
	}
	sim.Network = n
	if sim.ResumeURL == "" {
		sim.ResumeURL = "ws://" + resumeHost
	}
	inWorld(t, sim, func(c *engine.Config) {
		c.Dialer = &gateway.Dialer{NetDial: n.DialContext}
		c.Sinks[0].Batch = 64
		for _, a := range adapt {
			a(c, n)
		}
	}, func(w *world) {
		story(w, n)
		w.end()
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
}

// stormLength is how long the day is.
func stormLength() time.Duration {
	switch {
	case *stormFor > 0:
		return *stormFor
	case testing.Short():
		return 3 * time.Minute
	case raceEnabled:
		return 5 * time.Minute
	default:
		return time.Hour
	}
}

// large is a bot of 64 shards.
var large = discordtest.Config{
	Shards: 64, Guilds: 640, MaxConcurrency: 16, Rate: 25, SessionStarts: 2000,
	ReplayBuffer: 50_000, ResumeWindow: 10 * time.Minute, CompressLevel: discordtest.CompressLight,
}

// Everything that can go wrong does, several times a minute, for an hour, while
// eight askers send commands.
func TestADayOfEveryFault(t *testing.T) {
	began, length := time.Now(), stormLength()
	inStorm(t, large, func(w *world, _ *discordtest.Network) {
		w.awaitReady()
		w.awaitPace()
		ctx, cancel := context.WithCancel(context.Background())
		over := make(chan struct{})
		chaos := discordtest.EveryFault().Times(*stormPace)
		chaos.Seed = *stormSeed
		go func() {
			defer close(over)
			w.discord.RunChaos(ctx, chaos)
		}()
		asked := w.ask(ctx, 8, *stormSeed)
		w.pass(length)
		cancel()
		<-over
		asked.done.Wait()
		w.calm()
		w.awaitReady()
		w.settle()
		w.awaitReady()
		w.judgeIdentifies(64)
		w.judgeBeats()
		w.judgeDay(asked)
		if length == time.Hour && *stormSeed == 1 && *stormPace == 1 {
			everyKind(t, w.discord.Stats().Faults)
		}
		w.logHandovers()
	}, func(c *engine.Config, n *discordtest.Network) {
		how := [...]gateway.Compression{gateway.ZstdStream, gateway.ZlibStream, gateway.Payload}[*stormSeed%3]
		c.Dialer = &gateway.Dialer{NetDial: n.DialContext, Compress: how}
		c.PayloadCompress = how.InIdentify()
	})
	t.Logf("%v went by in %v", length, time.Since(began).Round(10*time.Millisecond))
}

// awaitPace has so much happen that every shard has shown what is normal for it:
// before that nobody could tell a deaf one from a quiet one.
func (w *world) awaitPace() {
	w.t.Helper()
	w.discord.SetRate(10 * large.Rate)
	w.await("the pace of every shard", 20*time.Minute, func(s *ops.Snapshot) bool {
		return !slices.ContainsFunc(s.Shards, func(shard ops.Shard) bool { return shard.Quiet == 0 })
	})
	w.discord.SetRate(large.Rate)
}

// judgeDay looks at what came to the bot, and what became of commands.
func (w *world) judgeDay(asked *askers) {
	w.t.Helper()
	d, r, got := w.discord.Stats(), w.discord.Audit().Report(), w.bot.Stats()
	if r.Lost > 0 || r.Pending > 0 {
		w.t.Errorf("lost %d, pending %d", r.Lost, r.Pending)
	}
	if strays := got.Notices[discordtest.StrayType]; got.Malformed > 0 || got.Unauthorized > 0 || strays == 0 || strays > d.Strays {
		w.t.Errorf("the bot says %+v, of %d dispatches without a number", got, d.Strays)
	}
	sent, failed := asked.sent.Load(), asked.failed.Load()
	if sent < failed {
		w.t.Errorf("%d commands were sent, %d were not", sent, failed)
	}
	probes, deaf, faults := uint64(0), uint64(0), uint64(0)
	for _, shard := range w.snapshot().Shards {
		probes, deaf = probes+shard.Probes, deaf+shard.Deaf
	}
	for _, n := range d.Faults {
		faults += n
	}
	w.t.Logf("%d shards, seed %d: %d faults, %d events, %d connections, %d resumes, %d identifies, forfeited %v",
		len(d.Sessions), *stormSeed, faults, r.Received, d.ConnectionsEver, d.Resumes, d.Identifies, r.Forfeited)
	w.t.Logf("%d commands sent, %d not; %d probes of quiet shards, %d of which were deaf", sent, failed, probes, deaf)
	w.t.Logf("faults: %s", counted(d.Faults))
}

// everyKind fails if something that should have gone wrong in an hour did not.
func everyKind(t *testing.T, faults map[string]uint64) {
	t.Helper()
	all := counted(faults)
	for _, what := range []string{
		"connection dropped", "all connections dropped", "full outage", "gateway outage", "closed with 4000",
		"closed with 1011", "closed with 1012", "op 7 ", "op 7, then silence", "op 7 instead of Hello",
		"op 7 on a new connection", "op 9 true", "op 9 false", "op 9 after Hello", "op 1 ", "silent", "deaf",
		"no ACKs ", "no ACKs from the start", "no Hello", "Hello with interval", "identify refused",
		"resume refused, op 9 true", "resume refused, op 9 false", "resume host dead", "unknown opcode",
		"odd event", "huge event", "dispatch repeated", "dispatch without s", "corrupt frame", "joined frames",
	} {
		if !strings.Contains(all, what) {
			t.Errorf("%q never happened: %s", what, all)
		}
	}
}

// calm ends what is left of the storm: nothing that is yet to be refused, or
// greeted badly, stays so.
func (w *world) calm() {
	any := discordtest.Pair{Shard: -1}
	w.discord.Welcome(0, discordtest.Welcome{})
	w.discord.RefuseIdentify(any, 0)
	w.discord.RefuseResume(any, 0, true)
	w.discord.RefuseResume(any, 0, false)
}

// judgeIdentifies fails unless every identify beyond the first ones was for a
// session that Discord had ended, for no fault of ours.
func (w *world) judgeIdentifies(first uint64) {
	w.t.Helper()
	d := w.discord.Stats()
	unavoidable := first
	for why, n := range d.SessionsEnded {
		switch why {
		case "invalidated by Discord", "resume refused by Discord", "closed with 4003", "closed with 4007", "closed with 4009":
			unavoidable += n
		default:
			w.t.Errorf("%d sessions ended: %s", n, why)
		}
	}
	if d.Identifies > unavoidable {
		w.t.Errorf("%d identifies, %d were unavoidable: sessions ended %v", d.Identifies, unavoidable, d.SessionsEnded)
	}
	if len(d.Violations) > 0 {
		w.t.Errorf("violations %v", d.Violations)
	}
}

// judgeBeats fails unless the heartbeats of every connection kept within 1 % of
// their interval, and the first came within the first one.
func (w *world) judgeBeats() {
	w.t.Helper()
	const interval = 41250 * time.Millisecond
	worst, beats := time.Duration(0), 0
	for _, r := range w.discord.Beats() {
		beats += r.Beats
		worst = max(worst, r.Drift)
		if r.Drift > interval/100 || len(r.Delays) > 0 && r.Delays[0] > interval {
			w.t.Errorf("shard %d kept its heartbeat so: %+v", r.Shard, r)
		}
	}
	w.t.Logf("%d heartbeats, the worst was %v off its interval", beats, worst)
}

// logHandovers tells how long op 7 took.
func (w *world) logHandovers() {
	w.t.Helper()
	all := w.discord.Handovers()
	if len(all) == 0 {
		return
	}
	slices.SortFunc(all, func(a, b discordtest.Handover) int { return int(a.Dispatch - b.Dispatch) })
	standing := 0
	for _, h := range all {
		if h.Standing {
			standing++
		}
	}
	w.t.Logf("%d changes of connection after op 7, from op 7 to the next dispatch there: median %v, p90 %v, worst %v; %d were resumed while the old one stood",
		len(all), time.Duration(all[len(all)/2].Dispatch), time.Duration(all[len(all)*9/10].Dispatch), time.Duration(all[len(all)-1].Dispatch), standing)
}

// counted writes totals in the order of their names.
func counted(m map[string]uint64) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, "%s %d, ", k, m[k])
	}
	return strings.TrimSuffix(b.String(), ", ")
}

// notUnderRace skips a story that is long under the race detector and meets no
// goroutines that others do not meet.
func notUnderRace(t *testing.T) {
	t.Helper()
	if raceEnabled {
		t.Skip("too long under the race detector")
	}
}
