package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/gateway"
)

// sixteen is a bot of sixteen shards that gets everything there is, also what is
// of no guild.
func sixteen() discordtest.Config {
	mix := discordtest.DefaultMix()
	mix["MESSAGE_CREATE/direct"], mix["ENTITLEMENT_CREATE"], mix["USER_UPDATE"] = 2, 0.5, 0.5
	guilds, rate := 320, 60.0
	if raceEnabled {
		guilds, rate = 160, 15
	}
	return discordtest.Config{
		Shards: 16, Guilds: guilds, MaxConcurrency: 16, Rate: rate, SessionStarts: 2000, Mix: mix,
		ReplayBuffer: 50_000, ResumeWindow: 10 * time.Minute, CompressLevel: discordtest.CompressLight, GuildOrder: true,
	}
}

// reshardWorld is a world whose bot is to be resharded.
type reshardWorld struct {
	*world
	ledger *ledger
	line   *lifeline
	disk   *disk
	shelf  *savingShelf

	repeats bool // events may come to the bot again under their own ids
	rough   bool // Discord ends sessions: guilds may be loaded anew
}

// inReshard runs a story. At its end the bot must have got everything once, in
// order per guild, with the right kinds.
func inReshard(t *testing.T, sim discordtest.Config, story func(w *reshardWorld), adapt ...func(*engine.Config)) {
	t.Helper()
	r := &reshardWorld{ledger: newLedger(), line: &lifeline{}, disk: newDisk(t), shelf: &savingShelf{shelf: &shelf{}}}
	inWorld(t, sim, func(c *engine.Config) {
		if dialer, ok := c.Dialer.(*gateway.Dialer); ok && r.world == nil && !r.line.tied {
			c.Dialer = &gateway.Dialer{NetDial: r.line.tie(dialer.NetDial), Compress: dialer.Compress}
		}
		c.Sessions, c.Store, c.StoreDir = r.shelf, r.disk, r.disk.dir
		c.Queue.PersistAfter = time.Second
		c.Reshard = engine.ReshardConfig{Soak: 10 * time.Second}
		c.Sinks[0].Batch = 64
		for _, a := range adapt {
			a(c)
		}
	}, func(w *world) {
		r.world = w
		w.bot.SetTap(r.ledger.take)
		story(r)
		r.judge()
	})
}

// judge stops the traffic and looks at what came to the bot.
func (w *reshardWorld) judge() {
	w.t.Helper()
	if !w.over {
		w.settle()
	}
	r := w.discord.Audit().Report()
	if r.Lost > 0 || r.Pending > 0 || r.RepeatedOtherID > 0 || r.OutOfOrderGuild > 0 || len(r.Violations) > 0 {
		w.t.Errorf("lost %d (such as %+v), pending %d, repeated under another id %d, out of order per guild %d, violations %v; odd ones %+v",
			r.Lost, r.LostSamples[:min(len(r.LostSamples), 3)], r.Pending, r.RepeatedOtherID, r.OutOfOrderGuild, r.Violations, r.OddSamples[:min(len(r.OddSamples), 6)])
	}
	if r.Repeated > 0 && !w.repeats {
		w.t.Errorf("%d events were repeated", r.Repeated)
	}
	forfeited := uint64(0)
	for _, n := range r.Forfeited {
		forfeited += n
	}
	if forfeited > r.Revived && !w.rough { // what came all the same only lacked the proof that we had it
		w.t.Errorf("forfeited %v, of which %d came", r.Forfeited, r.Revived)
	}
	w.ledger.judge(w.t, w.rough || w.repeats)
}

// resharding is what the snapshot shows of a reshard under way; nil for none.
func (w *reshardWorld) resharding() *ops.ReshardRun { return w.snapshot().Reshard.Now }

// reshard begins one.
func (w *reshardWorld) reshard(to int) ops.Operation {
	w.t.Helper()
	return w.do(ops.Command{Kind: ops.CommandReshard, By: "a test", Target: ops.Target{Total: to}})
}

// command is one about the reshard under way.
func (w *reshardWorld) command(kind ops.CommandKind) {
	w.t.Helper()
	w.do(ops.Command{Kind: kind, By: "a test"})
}

// refused fails unless a command is refused, with a reason that has all the parts.
func (w *reshardWorld) refused(cmd ops.Command, parts ...string) {
	w.t.Helper()
	_, err := w.engine.Do(context.Background(), cmd)
	if err == nil {
		w.t.Errorf("%s was accepted", cmd.What())
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			w.t.Errorf("%s: %v; it does not say %q", cmd.What(), err, part)
		}
	}
}

// look is await with a step: what takes long need not be looked at often.
func (w *reshardWorld) look(what string, step, within time.Duration, holds func(*ops.Snapshot) bool) *ops.Snapshot {
	w.t.Helper()
	for end := time.Now().Add(within); ; w.pass(step) {
		s := w.snapshot()
		if holds(s) {
			return s
		}
		if time.Now().After(end) {
			w.t.Fatalf("waited %v in vain for: %s; it is %s\n%s", within, what, compact(s.Reshard), w.log())
		}
	}
}

// awaitPhase lets time pass until a reshard has come to a phase.
func (w *reshardWorld) awaitPhase(phase ops.ReshardPhase) *ops.ReshardRun {
	w.t.Helper()
	var now *ops.ReshardRun
	w.look("the phase "+phase.String(), 100*time.Millisecond, 10*time.Minute, func(s *ops.Snapshot) bool {
		now = s.Reshard.Now
		if now == nil && len(s.Reshard.History) > 0 {
			w.t.Fatalf("the reshard has ended before the phase %s: %+v", phase, s.Reshard.History[0])
		}
		return now != nil && now.Phase >= phase
	})
	return now
}

// awaitEnd lets time pass until the reshard has ended, and returns its result.
func (w *reshardWorld) awaitEnd(op ops.Operation) ops.ReshardResult {
	w.t.Helper()
	s := w.look("the end of the reshard", 200*time.Millisecond, 30*time.Minute, func(s *ops.Snapshot) bool {
		return s.Reshard.Now == nil && len(s.Reshard.History) > 0
	})
	select {
	case <-op.Done():
	default:
		w.t.Error("the reshard has ended, its handle does not say so")
	}
	return s.Reshard.History[0]
}

// succeed has a reshard run to its end.
func (w *reshardWorld) succeed(op ops.Operation) ops.ReshardResult {
	w.t.Helper()
	result := w.awaitEnd(op)
	if result.Err != "" || op.Err() != nil || result.Phase != ops.ReshardRetire {
		w.t.Fatalf("the reshard failed: %+v, %v\n%s", result, op.Err(), w.log())
	}
	return result
}

// sessions are the ids of Discord's living sessions of a total.
func (w *reshardWorld) sessions(total int) (ids []string) {
	for _, s := range w.discord.Stats().Sessions {
		if s.Shards == total {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// wantFleet fails unless Discord knows the sessions of one total and no others.
func (w *reshardWorld) wantFleet(total, size int) {
	w.t.Helper()
	all := w.discord.Stats().Sessions
	if len(w.sessions(total)) != size || len(all) != size {
		w.t.Errorf("Discord knows %d sessions, %d of them of %d shards; want %d of those and no others",
			len(all), len(w.sessions(total)), total, size)
	}
	if s := w.snapshot(); s.Fleet.Total != total || len(s.Shards) != size || s.Fleet.ByState[ops.ShardReady] != size {
		w.t.Errorf("the console shows %d of %d shards, by state %v", len(s.Shards), s.Fleet.Total, s.Fleet.ByState)
	}
}

// closedFor is how many sessions were closed for good by their client.
func (w *reshardWorld) closedForGood() int {
	return int(w.discord.Stats().SessionsEnded["closed by its client with 1000"])
}

// compact is JSON without its spaces, for messages.
func compact(v any) string {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}
