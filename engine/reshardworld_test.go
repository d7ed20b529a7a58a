package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/session"
	"github.com/gatehouse-gateway/gatehouse/transport/gateway"
)

// sixteen is a bot of sixteen shards that gets everything there is, also what is
// of no guild.
func sixteen() discordtest.Config {
	mix := discordtest.DefaultMix()
	mix["MESSAGE_CREATE/direct"], mix["ENTITLEMENT_CREATE"], mix["USER_UPDATE"] = 2, 0.5, 0.5
	return discordtest.Config{
		Shards: 16, Guilds: 320, MaxConcurrency: 16, Rate: 60, SessionStarts: 2000, Mix: mix,
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
			c.Dialer = &gateway.Dialer{NetDial: r.line.tie(dialer.NetDial)}
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

// awaitPhase lets time pass until a reshard has come to a phase.
func (w *reshardWorld) awaitPhase(phase ops.ReshardPhase) *ops.ReshardRun {
	w.t.Helper()
	var now *ops.ReshardRun
	w.await("the phase "+phase.String(), 10*time.Minute, func(s *ops.Snapshot) bool {
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
	s := w.await("the end of the reshard", 30*time.Minute, func(s *ops.Snapshot) bool {
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

// lifeline ties an engine to Discord until it is cut, as when a process dies.
type lifeline struct {
	mu    sync.Mutex
	tied  bool
	dead  bool
	conns []net.Conn
}

// tie wraps what opens connections.
func (l *lifeline) tie(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	l.tied = true
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.dead {
			_ = c.Close()
			return nil, net.ErrClosed
		}
		l.conns = append(l.conns, c)
		return c, nil
	}
}

// cut ends every connection without a word, and every new one.
func (l *lifeline) cut(dead bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = dead
	for _, c := range l.conns {
		_ = c.Close()
	}
	l.conns = nil
}

// kill ends what the engine can do, as kill -9 does, towards Discord and the bot
// too. It may be called by the engine itself.
func (w *reshardWorld) kill() {
	w.disk.spoil(func(d *disk) { d.dead = true })
	w.shelf.spoil(true, nil)
	w.bot.SetMode(discordtest.BotCrashed)
	w.line.cut(true)
}

// revive starts another engine after kill, with a bot in a mode.
func (w *reshardWorld) revive(bot discordtest.BotMode) {
	w.t.Helper()
	w.stop()
	<-w.ended
	w.disk.spoil(func(d *disk) { d.dead = false })
	w.shelf.spoil(false, nil)
	w.bot.SetMode(bot)
	w.line.cut(false)
	w.repeats = true
	w.start(nil)
}

// savingShelf tells a test of sessions that are about to be saved, and that were.
type savingShelf struct {
	*shelf
	hook          sync.Mutex
	before, after func(*session.Saved)
}

// watch has before and after called around every Save; nil for not.
func (s *savingShelf) watch(before, after func(*session.Saved)) {
	s.hook.Lock()
	defer s.hook.Unlock()
	s.before, s.after = before, after
}

// Save calls the hooks.
func (s *savingShelf) Save(saved *session.Saved) error {
	s.hook.Lock()
	before, after := s.before, s.after
	s.hook.Unlock()
	if before != nil {
		before(saved)
	}
	err := s.shelf.Save(saved)
	if after != nil {
		after(saved)
	}
	return err
}

// ledger is what the bot knows of its guilds, its events and the fleet.
type ledger struct {
	mu      sync.Mutex
	guilds  map[string][]string // what happened to each, by id
	ids     map[string]uint64   // numbers by event id
	doubled []string            // ids that stood for two events
	notices []string            // of a reshard
	totals  map[int]uint64      // events by the total they named
}

func newLedger() *ledger {
	return &ledger{guilds: make(map[string][]string), ids: make(map[string]uint64), totals: make(map[int]uint64)}
}

// take sees every event that the bot takes.
func (l *ledger) take(d discordtest.Delivered) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d.Type == engine.NoticeType {
		l.notices = append(l.notices, string(d.Line))
	}
	if d.Number == 0 {
		return
	}
	before, again := l.ids[d.ID]
	switch {
	case again && before != d.Number:
		l.doubled = append(l.doubled, d.ID)
	case again:
		return
	}
	l.ids[d.ID] = d.Number
	l.totals[d.Shards]++
	if d.Type == "GUILD_CREATE" || d.Type == "GUILD_DELETE" {
		l.guild(d)
	}
}

// guild books what an event says about a guild.
func (l *ledger) guild(d discordtest.Delivered) {
	var line struct {
		Data struct {
			D struct {
				ID          string
				Unavailable bool
			}
		}
	}
	what := d.Kind
	if err := json.Unmarshal(d.Line, &line); err != nil {
		what = err.Error()
	}
	switch gone := d.Type == "GUILD_DELETE"; {
	case gone && line.Data.D.Unavailable:
		what = "down"
	case gone:
		what = "left"
	}
	l.guilds[line.Data.D.ID] = append(l.guilds[line.Data.D.ID], what)
}

// of is what the bot was told of a guild, in order.
func (l *ledger) of(guild uint64) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.guilds[fmt.Sprint(guild)], " ")
}

// resharded are the notices of that, without what differs from run to run.
func (l *ledger) resharded() (all []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.notices {
		_, d, _ := strings.Cut(line, `"d":`)
		d, _, _ = strings.Cut(d, `,"at"`)
		all = append(all, d)
	}
	return all
}

// counted is how many different events have named a total.
func (l *ledger) counted(total int) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.totals[total]
}

// guildSteps are what can befall a guild after what.
var guildSteps = map[string][]string{
	"":          {"loaded", "joined", "down", "left"},
	"loaded":    {"down", "left"},
	"joined":    {"down", "left"},
	"available": {"down", "left"},
	"down":      {"available", "left"},
	"left":      {"joined"},
}

// judge fails if an id stood for two events, or a guild's story makes no sense.
func (l *ledger) judge(t *testing.T, rough bool) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.doubled) > 0 {
		t.Errorf("%d event ids stood for two events, such as %s", len(l.doubled), l.doubled[0])
	}
	if rough {
		return
	}
	for id, story := range l.guilds {
		last := ""
		for _, what := range story {
			if !slices.Contains(guildSteps[last], what) {
				t.Errorf("the bot was told of guild %s: %s", id, strings.Join(story, ", "))
				break
			}
			last = what
		}
	}
}

// noticeOf is the notice of a reshard as resharded shows it.
func noticeOf(from, to, first, last int) string {
	return fmt.Sprintf(`{"from":%d,"to":%d,"first":%d,"last":%d`, from, to, first, last)
}

// compact is JSON without its spaces, for messages.
func compact(v any) string {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}
