package reshard

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// told is an outlet that notes what is put into it, one word for each event.
type told struct {
	words []string
	held  map[uint64]Holding
	other map[uint64]bool // guilds of another process
}

func (o *told) note(what string, ev *event.Event) {
	word := fmt.Sprintf("%s %s%s", what, ev.Type, ev.Data)
	if ev.Kind != event.KindNone {
		word += " " + ev.Kind.String()
	}
	o.words = append(o.words, word)
}

func (o *told) Forward(_ context.Context, ev *event.Event) bool { o.note("forward", ev); return false }
func (o *told) Pass(ev *event.Event)                            { o.note("pass", ev) }
func (o *told) Rescue(_ context.Context, ev *event.Event)       { o.note("rescue", ev) }
func (o *told) Lead(_ context.Context, ev *event.Event) bool    { o.note("lead", ev); return false }
func (o *told) Skip(ev *event.Event)                            { o.note("skip", ev) }
func (o *told) Mine(guild uint64) bool                          { return !o.other[guild] }
func (o *told) Held(guild uint64) Holding                       { return o.held[guild] }

// story is a merge of two fleets of one shard each, up for long, and a guild that
// both hold.
type story struct {
	t   *testing.T
	clk *clock.Manual
	out *told
	m   *Merge
	seq int64
}

const home = uint64(5) << 22

func newStory(t *testing.T) *story {
	s := &story{t: t, clk: clock.NewManual(noon()), out: &told{held: map[uint64]Holding{home: HoldsAvailable}, other: map[uint64]bool{}}}
	s.m = NewMerge(MergeConfig{Clock: s.clk, Total: 1, NextTotal: 1, Outlet: s.out})
	s.m.OldState(0, true)
	s.next("READY", "")
	s.m.NewState(0, true)
	s.backfill(home)
	s.wait(30 * time.Second)
	s.says()
	return s
}

func (s *story) event(session uint64, typ, d string) (*event.Event, []byte) {
	s.seq++
	ev := &event.Event{ID: event.ID{Session: session, Seq: s.seq}, Shards: 1, Type: typ, Guild: home, Data: []byte(d)}
	if aboutSession(typ) {
		ev.Guild = 0
	}
	return ev, ev.Data
}

// old has the old fleet bring an event, and next the next one.
func (s *story) old(typ, d string) {
	ev, data := s.event(1, typ, d)
	s.m.Old(s.t.Context(), ev, data)
}

func (s *story) next(typ, d string) {
	ev, data := s.event(2, typ, d)
	s.m.New(s.t.Context(), ev, data)
}

// backfill has the next fleet told of a guild.
func (s *story) backfill(guild uint64) {
	ev, data := s.event(2, "GUILD_CREATE", "")
	ev.Guild, ev.Kind = guild, event.KindLoaded
	s.m.New(s.t.Context(), ev, data)
}

// wait lets time pass, during which the merge is looked after.
func (s *story) wait(d time.Duration) {
	for range d / (250 * time.Millisecond) {
		s.clk.Advance(250 * time.Millisecond)
		s.m.Tick(s.t.Context())
	}
}

// says checks what has come out since it was asked last.
func (s *story) says(want ...string) {
	s.t.Helper()
	got := strings.Join(s.out.words, "; ")
	if w := strings.Join(want, "; "); got != w {
		s.t.Errorf("got %q, want %q", got, w)
	}
	s.out.words = nil
}

func (s *story) hold() {
	s.t.Helper()
	if err := s.m.Hold(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) caughtUp() bool {
	select {
	case <-s.m.CaughtUp():
		return true
	default:
		return false
	}
}

func (s *story) cut() []Standing {
	s.t.Helper()
	all, done := s.m.Cut(s.t.Context(), func() { s.out.words = append(s.out.words, "notice") })
	if !done {
		s.t.Fatal("the cut was refused")
	}
	return all
}

func TestAnEventOfBothIsForwardedOnceFromTheOldFleet(t *testing.T) {
	s := newStory(t)
	s.old("M", "1")
	s.says("forward M1") // at once
	s.next("M", "1")
	s.next("M", "2") // before the old one
	s.says()
	s.old("M", "2")
	s.says("forward M2")
	if st := s.m.Stats(); st.Both != 2 || st.Waiting != 0 || st.Bytes != 0 || st.Ahead != 0 {
		t.Errorf("%+v", st)
	}
}

func TestWhatComesTwiceOnBothSidesIsTwoEvents(t *testing.T) {
	s := newStory(t)
	s.old("M", "1")
	s.old("M", "1")
	s.next("M", "1")
	s.next("M", "1")
	s.next("M", "1")
	s.says("forward M1", "forward M1")
	s.old("M", "1")
	s.says("forward M1")
}

func TestAnswersBelongToWhoeverAsked(t *testing.T) {
	s := newStory(t)
	for _, typ := range []string{"GUILD_MEMBERS_CHUNK", "SOUNDBOARD_SOUNDS", "CHANNEL_INFO", "RATE_LIMITED", "VOICE_SERVER_UPDATE"} {
		if !PerSession(typ) {
			t.Errorf("%s has a twin", typ)
		}
	}
	s.old("RATE_LIMITED", "1")
	s.next("RATE_LIMITED", "2")
	s.hold()
	s.old("RATE_LIMITED", "3")
	s.cut()
	s.old("RATE_LIMITED", "4")
	s.next("RATE_LIMITED", "5")
	s.says("forward RATE_LIMITED1", "forward RATE_LIMITED3", "notice", "forward RATE_LIMITED4", "lead RATE_LIMITED5")
}

func TestWhatTheOldFleetLostComesFromTheNextOneInOrder(t *testing.T) {
	s := newStory(t)
	s.next("M", "1")
	s.next("M", "2")
	s.m.OldState(0, false)
	s.wait(time.Minute)
	s.says() // a RESUME may bring them
	s.old("READY", "")
	s.m.OldState(0, true)
	s.says("rescue M1", "rescue M2", "forward READY")
	s.old("M", "2") // its new session has it after all
	s.old("M", "4")
	s.says("pass M2") // for a while the next one leads
	s.next("M", "3")
	s.next("M", "4")
	s.says("rescue M3", "forward M4")
	if st := s.m.Stats(); st.OnlyNew != 2 || st.Both != 2 || st.Differs != "" {
		t.Errorf("%+v", st)
	}
}

func TestWithNoSessionTheOldFleetIsNotWaitedFor(t *testing.T) {
	s := newStory(t)
	s.next("M", "1")
	s.out.held[home] = HoldsStale
	s.next("M", "2")
	s.says("rescue M1", "rescue M2")
}

func TestWhatTheOldFleetPassesOverIsRescuedOnceItsStreamIsPast(t *testing.T) {
	s := newStory(t)
	s.next("M", "1")
	s.wait(30 * time.Second)
	s.says() // its connection may be dead, without anybody knowing
	s.old("M", "9")
	s.says("forward M9")
	s.wait(time.Second)
	s.says("rescue M1")
	if st := s.m.Stats(); st.OnlyNew != 1 || !strings.Contains(st.Differs, "M of guild 20971520 has not come from the active fleet") {
		t.Errorf("%+v", st)
	}
}

func TestWhatTheNextFleetDoesNotBringIsADifference(t *testing.T) {
	s := newStory(t)
	s.old("M", "1")
	s.wait(9 * time.Second)
	if st := s.m.Stats(); st.OnlyOld != 0 || st.Overdue != 1 || st.Ahead != 1 {
		t.Errorf("before the time is up: %+v", st)
	}
	s.wait(2 * time.Second)
	if st := s.m.Stats(); st.OnlyOld != 1 || st.Ahead != 0 || !st.AgreedSince.After(noon()) || !strings.Contains(st.Differs, "has not come from the next fleet") {
		t.Errorf("after it: %+v", st)
	}
	s.next("M", "1") // its connection was dead
	s.says("forward M1")
	if st := s.m.Stats(); st.OnlyOld != 0 || st.Both != 1 {
		t.Errorf("it was late: %+v", st)
	}
}

// Else what is equal took the place of what was lost, and so on without an end.
func TestWhatTheNextFleetHasPassedOverStandsBack(t *testing.T) {
	s := newStory(t)
	for _, d := range []string{"1", "2", "1"} {
		s.old("M", d)
	}
	s.next("M", "2") // the first 1 was lost
	s.next("M", "1")
	s.wait(3 * time.Second)
	s.old("M", "3")
	s.next("M", "3")
	s.wait(time.Second)
	if st := s.m.Stats(); st.OnlyOld != 1 || st.Ahead != 0 || st.Waiting != 0 {
		t.Errorf("%+v", st)
	}
	s.hold()
	s.cut()
	s.next("M", "1")
	s.says("forward M1", "forward M2", "forward M1", "forward M3", "notice", "lead M1")
}

func TestAGuildsOwnEventsAreEqualWhateverTheirBytes(t *testing.T) {
	s := newStory(t)
	s.old("GUILD_DELETE", `{"unavailable":true,"a":1}`)
	s.next("GUILD_DELETE", `{"unavailable":true,"a":2}`)
	s.old("GUILD_CREATE", `{"seen":1}`)
	s.next("GUILD_CREATE", `{"seen":2}`)
	s.old("GUILD_DELETE", `{}`)
	s.next("GUILD_DELETE", `{"a":3}`)
	s.says(`forward GUILD_DELETE{"unavailable":true,"a":1}`, `forward GUILD_CREATE{"seen":1}`, `forward GUILD_DELETE{}`)
	if st := s.m.Stats(); st.Both != 3 || st.Waiting != 0 {
		t.Errorf("%+v", st)
	}
}

func TestWhatBackfillMeansToTheBot(t *testing.T) {
	const other = uint64(6) << 22
	for held, want := range map[Holding]string{
		HoldsAvailable:   "",
		HoldsUnavailable: "lead GUILD_CREATE available",
		HoldsNot:         "lead GUILD_CREATE joined",
		HoldsStale:       "rescue GUILD_CREATE loaded",
	} {
		s := newStory(t)
		s.out.held[other] = held
		s.backfill(other)
		s.hold()
		s.cut()
		if got := strings.Join(s.out.words, "; "); strings.Trim(strings.Replace(got, "notice", "", 1), "; ") != want {
			t.Errorf("held as %d: %q, want %q", held, got, want)
		}
	}
}

func TestAGuildOfAnotherProcessIsNoneOfTheBotsYet(t *testing.T) {
	s := newStory(t)
	s.out.other[home] = true
	s.next("M", "1")
	s.hold()
	all := s.cut()
	s.next("M", "2")
	s.says("notice", "lead M2")
	if len(all) != 1 || len(all[0].Open) != 0 || all[0].Seq != s.seq-1 {
		t.Errorf("%+v", all)
	}
}

// Both fleets lose their sessions one after the other: what the old one has brought
// since, and the next one never will, comes before what both bring then.
func TestWhatNeitherFleetCanBringAnyMoreHoldsNobodyUp(t *testing.T) {
	s := newStory(t)
	s.old("READY", "")
	s.says("forward READY")
	s.old("M", "1") // the next fleet may have more before it
	s.says()
	s.next("READY", "")
	s.says("forward M1")
	s.next("M", "2")
	s.says("rescue M2")
	s.old("M", "2")
	s.says("pass M2")
}
