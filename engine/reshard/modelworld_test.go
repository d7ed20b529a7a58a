package reshard

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// mostLag is how long a dispatch is on its way to a connection that works.
const mostLag = 900 * time.Millisecond

// dispatch is what Discord has sent in a session.
type dispatch struct {
	guild  uint64
	typ    string
	d      string
	at     time.Time
	nth    int  // of the guild's true stream; -1 for what only the session is told
	loaded bool // the state of a guild that is told at first
}

// mSession is a session as Discord keeps it: a log that is brought in order, again
// after a RESUME.
type mSession struct {
	id   uint64
	log  []dispatch
	sent int
}

// mShard is a shard of one of the fleets.
type mShard struct {
	id      int
	session *mSession // nil while lost
	up      bool      // as Gatehouse sees it
	silent  bool      // the connection is dead, whether that is seen or not
	until   time.Time // when the trouble goes on
	loses   bool      // the session does not survive the trouble
	well    time.Time // since when there is none
}

type mFleet struct {
	shards []*mShard
	total  int
	known  map[uint64]Holding
}

// model is Discord, two fleets, the merge between them, and what comes out.
type model struct {
	t        *testing.T
	rng      *rand.Rand
	clk      *clock.Manual
	m        *Merge
	fleets   [2]*mFleet // old, next
	sessions uint64
	state    map[uint64]Holding    // as it is at Discord
	truth    map[uint64][]dispatch // by guild
	carried  map[uint64]map[int]bool
	blurred  map[uint64]bool // its life went on while the old fleet had no session
	out      map[uint64][]string
	leads    []event.ID // of those that came out by Cut
	cutting  bool
	queued   map[uint64]int // labels of out before Cut, by guild
	losses   bool           // sessions are lost
	messages int            // so far, that differ
}

func newModel(t *testing.T, seed uint64, total, next, guilds int) *model {
	w := &model{
		t: t, rng: rand.New(rand.NewPCG(seed, 7)), clk: clock.NewManual(time.Unix(1_700_000_000, 0)),
		state: map[uint64]Holding{}, truth: map[uint64][]dispatch{}, carried: map[uint64]map[int]bool{},
		blurred: map[uint64]bool{}, out: map[uint64][]string{}, queued: map[uint64]int{},
	}
	for i, n := range []int{total, next} {
		f := &mFleet{total: n, known: map[uint64]Holding{}}
		for id := range n {
			f.shards = append(f.shards, &mShard{id: id})
		}
		w.fleets[i] = f
	}
	w.state[0] = HoldsAvailable
	w.losses = w.rng.IntN(3) > 0
	for i := range guilds {
		w.state[uint64(i+1)<<22] = HoldsAvailable
	}
	for _, s := range w.fleets[0].shards {
		w.begin(w.fleets[0], s, true)
	}
	w.m = NewMerge(MergeConfig{Clock: w.clk, Total: total, NextTotal: next, Outlet: w})
	for _, s := range w.fleets[0].shards {
		w.m.OldState(s.id, true)
	}
	for _, s := range w.fleets[1].shards {
		if s.until = w.clk.Now(); w.losses {
			s.until = s.until.Add(time.Duration(w.rng.IntN(5000)) * time.Millisecond)
		}
	}
	return w
}

// Forward and those below are the outlet.
func (w *model) Forward(_ context.Context, ev *event.Event) bool { w.emit(ev); return false }

func (w *model) Pass(*event.Event) {}

func (w *model) Rescue(_ context.Context, ev *event.Event) { w.emit(ev) }

func (w *model) Lead(_ context.Context, ev *event.Event) bool {
	if w.cutting {
		w.leads = append(w.leads, ev.ID)
	}
	w.emit(ev)
	return false
}

func (w *model) Skip(*event.Event) {}

func (w *model) Mine(uint64) bool { return true }

func (w *model) Held(guild uint64) Holding {
	f := w.fleets[0]
	if h := f.known[guild]; h != HoldsNot {
		if f.shards[shardOf(guild, f.total)].session == nil {
			return HoldsStale
		}
		return h
	}
	return HoldsNot
}

// emit notes what the bot gets, but for what a session is told of at first.
func (w *model) emit(ev *event.Event) {
	if aboutSession(ev.Type) || ev.Kind == event.KindLoaded {
		return
	}
	w.out[ev.Guild] = append(w.out[ev.Guild], label(ev.Type, string(ev.Data)))
}

// label is what makes two events the same to a bot.
func label(typ, d string) string {
	if typ == "GUILD_CREATE" || typ == "GUILD_DELETE" {
		_, out := discord.GuildUnavailable([]byte(d))
		return fmt.Sprintf("%s %t", typ, out)
	}
	return typ + " " + d
}

// begin gives a shard a session. It tells of the guilds that are there at first.
func (w *model) begin(f *mFleet, s *mShard, quietly bool) {
	w.sessions++
	s.session, s.up, s.silent, s.loses = &mSession{id: w.sessions}, true, false, false
	s.well = w.clk.Now()
	told := []dispatch{{typ: "READY", d: "{}", at: s.well, nth: -1}}
	for id := uint64(1); id <= uint64(len(w.state)); id++ {
		guild := id << 22
		h, known := w.state[guild]
		if !known || shardOf(guild, f.total) != s.id {
			continue
		}
		switch f.known[guild] = h; h {
		case HoldsNot:
			delete(f.known, guild)
		case HoldsAvailable:
			told = append(told, dispatch{guild: guild, typ: "GUILD_CREATE", d: w.create(s), at: s.well, nth: -1, loaded: true})
		default:
		}
	}
	if quietly {
		told = nil
	}
	s.session.log = told
}

func (w *model) create(s *mShard) string {
	return fmt.Sprintf(`{"seen_by":%d,"unavailable":false}`, s.session.id)
}

// happen has something happen in a guild: Discord sends it in the sessions there are.
func (w *model) happen(guild uint64, typ, d string) {
	nth := len(w.truth[guild])
	now := w.clk.Now()
	w.truth[guild] = append(w.truth[guild], dispatch{guild: guild, typ: typ, d: d, nth: nth})
	for _, f := range w.fleets {
		s := f.shards[shardOf(guild, f.total)]
		if s.session == nil {
			continue
		}
		e := dispatch{guild: guild, typ: typ, d: d, at: now, nth: nth}
		if typ == "GUILD_CREATE" {
			e.d = w.create(s)
		}
		s.session.log = append(s.session.log, e)
	}
}

// live is one thing that happens in some guild.
func (w *model) live() {
	guild := uint64(w.rng.IntN(len(w.state))) << 22
	switch h := w.state[guild]; {
	case guild == 0 || h == HoldsAvailable && w.rng.IntN(12) > 0:
		if h == HoldsAvailable {
			w.happen(guild, "MESSAGE_CREATE", w.message(guild))
		}
	case h == HoldsAvailable && w.rng.IntN(2) == 0:
		w.turn(guild, HoldsNot, "GUILD_DELETE", `{"id":1}`)
	case h == HoldsAvailable:
		w.turn(guild, HoldsUnavailable, "GUILD_DELETE", `{"id":1,"unavailable":true}`)
	default:
		w.turn(guild, HoldsAvailable, "GUILD_CREATE", `{"unavailable":false}`)
	}
}

// message is often one that has been before. Which of two that are equal was lost
// with a session nobody can tell, nor where there is no order: there they differ.
func (w *model) message(guild uint64) string {
	if w.losses || guild == 0 {
		w.messages++
		return fmt.Sprintf(`{"n":%d}`, w.messages)
	}
	return fmt.Sprintf(`{"n":%d}`, w.rng.IntN(4))
}

// turn changes a guild's life. What sessions that begin at that moment are told of it
// is for the stories: here only how it ends counts.
func (w *model) turn(guild uint64, to Holding, typ, d string) {
	w.state[guild] = to
	for _, f := range w.fleets {
		s := f.shards[shardOf(guild, f.total)]
		if s.session == nil || s.silent || w.clk.Now().Sub(s.well) < 3*time.Second {
			w.blurred[guild] = true
		}
	}
	w.happen(guild, typ, d)
}

// bring has a shard bring the next dispatch of its session.
func (w *model) bring(side int, s *mShard) {
	f := w.fleets[side]
	e := s.session.log[s.session.sent]
	s.session.sent++
	w.take(side, f, s, e, int64(s.session.sent))
}

func (w *model) take(side int, f *mFleet, s *mShard, e dispatch, seq int64) {
	ev := event.Event{
		ID: event.ID{Session: s.session.id, Seq: seq}, ShardID: s.id, Shards: f.total,
		Type: e.typ, Guild: e.guild, Data: []byte(e.d), Received: w.clk.Now(),
	}
	_, outage := discord.GuildUnavailable(ev.Data)
	switch {
	case e.typ == "GUILD_DELETE" && outage:
		f.known[e.guild] = HoldsUnavailable
	case e.typ == "GUILD_DELETE":
		delete(f.known, e.guild)
	case e.typ == "GUILD_CREATE":
		switch was := f.known[e.guild]; {
		case e.loaded:
			ev.Kind = event.KindLoaded
		case was == HoldsUnavailable:
			ev.Kind = event.KindAvailable
		default:
			ev.Kind = event.KindJoined
		}
		f.known[e.guild] = HoldsAvailable
	}
	if e.nth >= 0 {
		if w.carried[e.guild] == nil {
			w.carried[e.guild] = map[int]bool{}
		}
		w.carried[e.guild][e.nth] = true
	}
	if side == 0 {
		w.m.Old(w.t.Context(), &ev, ev.Data)
		return
	}
	w.m.New(w.t.Context(), &ev, ev.Data)
}
