package reshard

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

func TestAHoldIsOverOnceTheNextFleetHasCaughtUp(t *testing.T) {
	s := newStory(t)
	s.old("M", "1")
	s.hold()
	s.old("M", "2")
	if s.caughtUp() {
		t.Error("M1 has not come from the next fleet")
	}
	s.next("M", "1")
	if !s.caughtUp() {
		t.Error("M1 has come, and M2 is not forwarded")
	}
	s.m.Release(t.Context())
	s.says("forward M1", "forward M2")
	s.next("M", "2")
	s.says()
}

func TestTheCutLeadsWhatTheNextFleetAloneHasBrought(t *testing.T) {
	s := newStory(t)
	s.old("M", "1")
	s.next("M", "1")
	s.next("M", "2")
	first := s.seq
	s.hold()
	s.old("M", "2")
	s.old("M", "3")
	s.old("RESUMED", "")
	all := s.cut()
	s.old("M", "4")
	s.next("M", "3")
	s.next("RESUMED", "")
	s.says("forward M1", "notice", "lead M2", "lead M3", "lead RESUMED")
	if len(all) != 1 || all[0].Session != 2 || all[0].Seq != first || len(all[0].Open) != 1 || all[0].Open[0] != first {
		t.Errorf("standing %+v, want M2, which is %d, open", all, first)
	}
}

// The old fleet knows already, and the bot does not: what was kept is forgotten by
// the cut.
func TestAGuildThatLeavesDuringAHoldIsTold(t *testing.T) {
	s := newStory(t)
	s.hold()
	delete(s.out.held, home)
	s.old("GUILD_DELETE", "{}")
	s.next("GUILD_DELETE", "{}")
	s.cut()
	s.says("notice", "lead GUILD_DELETE{}")
}

func TestACutIsRefusedWhenTheNextFleetLosesASession(t *testing.T) {
	s := newStory(t)
	s.hold()
	s.old("M", "1")
	s.next("READY", "")
	if _, done := s.m.Cut(t.Context(), func() { t.Error("the sinks are told") }); done {
		t.Fatal("cut, and M1 may never come from the next fleet")
	}
	s.m.Release(t.Context())
	s.says("forward M1")
}

func TestWhatWasDeliveredFromTheNextFleetDoesNotComeAgainAfterItsEnd(t *testing.T) {
	s := newStory(t)
	s.old("READY", "")
	s.next("M", "1")
	s.next("M", "2")
	s.m.Close(t.Context())
	s.old("M", "1")
	s.old("M", "2")
	s.old("M", "3")
	s.says("forward READY", "rescue M1", "rescue M2", "pass M1", "pass M2", "forward M3")
}

func TestTheEndForwardsWhatIsKept(t *testing.T) {
	s := newStory(t)
	s.next("M", "9") // the old fleet is going to bring it
	s.hold()
	s.old("M", "1")
	s.m.Close(t.Context())
	s.old("M", "9")
	s.says("forward M1", "forward M9")
	if st := s.m.Stats(); st.Bytes != 0 {
		t.Errorf("%+v", st)
	}
}

func TestTooManyBytesAreNotWaitedFor(t *testing.T) {
	s := newStory(t)
	s.m.cfg.MaxBytes = 100
	s.next("M", strings.Repeat("x", 50))
	s.wait(time.Second)
	s.says()
	s.wait(time.Second)
	s.says("rescue M" + strings.Repeat("x", 50))
	if st := s.m.Stats(); st.Bytes != 0 {
		t.Errorf("%+v", st)
	}
}

func TestAHoldGivesWayToAnEventThatWaitsForRoom(t *testing.T) {
	s := newStory(t)
	s.m.stripe(home).lock.take(t.Context()) // as one that is being forwarded does
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.m.Hold(ctx); err == nil || s.m.holding.Load() {
		t.Errorf("held nevertheless: %v", err)
	}
	s.m.stripe(home).lock.give()
	s.old("M", "1")
	s.says("forward M1")
}

// In a hold the old fleet loses its session: what the next one brings waits behind
// what is kept.
func TestASessionLostDuringAHoldKeepsTheOrder(t *testing.T) {
	s := newStory(t)
	s.old("M", "1")
	s.hold()
	s.old("M", "2") // kept
	s.next("M", "3")
	s.old("READY", "")
	s.next("M", "4")
	s.says("forward M1")
	s.m.Release(s.t.Context())
	s.next("M", "5")
	got := strings.Join(s.out.words, "; ")
	if at := strings.Index(got, "M2"); at >= 0 && strings.Contains(got[:at], "rescue") {
		t.Errorf("a later event came first: %s", got)
	}
}

// A session that both fleets have lost, one after the other: what the next one brings
// while the guild is being restated comes before that, unless the old one brings it.
func TestAGuildIsRestatedBehindWhatHappenedBefore(t *testing.T) {
	as := "GUILD_CREATE"
	restated := func() *story {
		s := newStory(t)
		s.next("READY", "")
		s.backfill(home)
		s.wait(time.Second)
		s.old("READY", "")
		ev, d := s.event(1, as, `{"unavailable":true}`)
		if as == "GUILD_CREATE" {
			ev, d = s.event(1, as, "")
			ev.Kind = event.KindLoaded
		}
		s.m.Old(t.Context(), ev, d)
		s.next("M", "1")
		s.says("forward READY")
		return s
	}
	s := restated()
	s.next("M", "2")
	s.old("M", "2")
	s.says("rescue M1", "forward GUILD_CREATE loaded", "forward M2")
	s.old("M", "3")
	s.next("M", "3")
	s.says("forward M3")

	s = restated()
	s.old("M", "1")
	s.says("forward GUILD_CREATE loaded", "forward M1")

	s = restated()
	s.wait(3 * time.Second)
	s.says("rescue M1", "forward GUILD_CREATE loaded")

	as = "GUILD_DELETE" // an outage
	s = restated()
	s.wait(3 * time.Second)
	s.says("rescue M1", `forward GUILD_DELETE{"unavailable":true}`)
	s.next("M", "2")
	s.says("rescue M2")
}
