package delivery

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

func TestAnInteractionIsMarkedAtEachAttempt(t *testing.T) {
	var kinds []string
	b := &bot{answer: func(events []event.Event, _ int) error {
		if k := events[0].Kind.String(); len(kinds) == 0 || kinds[len(kinds)-1] != k {
			kinds = append(kinds, k)
		}
		if len(kinds) < 3 {
			return down
		}
		return nil
	}}
	play(t, Config{}, b, func(s *stage) {
		s.append(0, event.TypeInteraction)
		s.after(20 * time.Minute)
		s.complete()
		if got := strings.Join(kinds, ","); got != ",late,expired" {
			t.Errorf("the bot saw %q", got)
		}
		if st := s.runner.Status(time.Now()); st.Late != 0 || st.Expired != 1 || st.Delivered != 1 {
			t.Errorf("status %+v", st)
		}
	})
}

func TestOnlyWhatIsAcknowledgedCountsAsLate(t *testing.T) {
	b := &bot{}
	play(t, Config{Batch: 8}, b, func(s *stage) {
		s.runner.Pause()
		s.append(0, event.TypeInteraction)
		s.after(4 * time.Second)
		s.append(0, "MESSAGE_CREATE")
		s.append(0, event.TypeInteraction)
		s.append(0, "GATEHOUSE_GAP")
		if st := s.runner.Status(time.Now()); st.Late+st.Expired+st.Gaps != 0 {
			t.Errorf("before the delivery: %+v", st)
		}
		s.runner.Resume()
		s.after(time.Second)
		s.complete()
		if st := s.runner.Status(time.Now()); st.Late != 1 || st.Expired != 0 || st.Gaps != 1 {
			t.Errorf("status %+v", st)
		}
		if b.kinds[1] != event.KindLate || b.kinds[2] != event.KindNone || b.kinds[3] != event.KindNone {
			t.Errorf("kinds %v", b.kinds)
		}
	})
}

// An outage of sixteen minutes, in which a shard's events pile up: a message,
// expired interactions around one more message, and one that has just come.
func outage(s *stage) {
	s.runner.Pause()
	s.append(0, "MESSAGE_CREATE") // 1
	s.append(0, event.TypeInteraction)
	s.append(0, event.TypeInteraction)
	s.append(0, "MESSAGE_CREATE") // 4
	s.append(0, event.TypeInteraction)
	s.after(16 * time.Minute)
	s.append(0, event.TypeInteraction) // 6
	s.append(0, "MESSAGE_CREATE")
	s.runner.Resume()
	s.after(10 * time.Second)
}

func TestExpiredInteractionsAreDelivered(t *testing.T) {
	for _, batch := range []int{1, 3, 16} {
		play(t, Config{Batch: batch}, &bot{}, func(s *stage) {
			outage(s)
			s.complete()
			if st := s.runner.Status(time.Now()); st.Expired != 3 || st.Delivered != 7 || s.bot.kinds[5] != event.KindExpired {
				t.Errorf("status %+v, kinds %v", st, s.bot.kinds)
			}
		})
	}
}

func TestExpiredInteractionsAreDropped(t *testing.T) {
	for _, batch := range []int{1, 3, 16} {
		play(t, Config{Batch: batch, Expired: DropExpired}, &bot{}, func(s *stage) {
			outage(s)
			st := s.runner.Status(time.Now())
			if got := fmt.Sprint(s.bot.got[0]); got != "[1 4 6 7]" || st.Depth != 0 || st.Expired != 3 || st.Delivered != 4 || st.Buried != 0 {
				t.Errorf("the bot has %s, status %+v", got, st)
			}
			if log := s.journal.String(); !strings.Contains(log, "events=2 shard=0 age=16m0s") {
				t.Errorf("log %s", log)
			}
		})
	}
}

func TestExpiredInteractionsAreBuried(t *testing.T) {
	for _, batch := range []int{1, 3, 16} {
		play(t, Config{Batch: batch, Expired: BuryExpired}, &bot{}, func(s *stage) {
			outage(s)
			st := s.runner.Status(time.Now())
			if got := fmt.Sprint(s.bot.got[0]); got != "[1 4 6 7]" || st.Depth != 0 || st.Expired != 3 || st.Buried != 3 || st.Letters != 3 {
				t.Errorf("the bot has %s, status %+v", got, st)
			}
			want := "bot 2: expired: it was 16m0s old when its turn came, and Discord takes nothing for an interaction after 15m0s"
			if len(s.grave.buried) != 3 || s.grave.buried[0] != want {
				t.Errorf("buried %q", s.grave.buried)
			}
		})
	}
}

// What a person has replayed is delivered, whatever becomes of others.
func TestAReplayedInteractionIsNotPutAsideAgain(t *testing.T) {
	for _, policy := range []ExpiredPolicy{DeliverExpired, DropExpired, BuryExpired} {
		play(t, Config{Expired: policy}, &bot{}, func(s *stage) {
			ev := event.Event{
				ID: event.ID{Seq: 9}, Type: event.TypeInteraction, Kind: event.KindExpired,
				Received: time.Now().Add(-time.Hour), Data: []byte(`{"op":0,"d":{}}`),
			}
			if err := s.runner.Put(s.t.Context(), s.log, ev); err != nil {
				s.t.Fatal(err)
			}
			s.after(time.Second)
			if got := fmt.Sprint(s.bot.got[0]); got != "[9]" || s.bot.kinds[9] != event.KindExpired {
				t.Errorf("%v: the bot has %s, as %q", policy, got, s.bot.kinds[9])
			}
		})
	}
}

func TestPuttingAsideIsNoSignOfLife(t *testing.T) {
	b := &bot{answer: func([]event.Event, int) error { return down }}
	play(t, Config{Expired: DropExpired}, b, func(s *stage) {
		s.events(0, 1)
		s.append(1, event.TypeInteraction)
		s.after(20 * time.Minute)
		st := s.runner.Status(time.Now())
		if got := strings.Join(s.states, " "); got != "retrying" || st.Depth != 1 || st.Expired != 1 {
			t.Errorf("states %s, status %+v", got, st)
		}
		b.with(func() { b.answer = nil })
		s.after(10 * time.Second)
		if got := fmt.Sprint(s.bot.got[0]); got != "[1]" {
			t.Errorf("the bot has %s", got)
		}
	})
}

func TestABurialHoldsUpNobody(t *testing.T) {
	b := &bot{answer: func(events []event.Event, _ int) error {
		if events[0].ShardID == 0 {
			return &Error{Verdict: Refused, Status: 422, Err: errors.New("no")}
		}
		return nil
	}}
	play(t, Config{MaxAttempts: 3}, b, func(s *stage) {
		s.grave.busy = make(chan struct{})
		s.events(0, 1)
		s.after(time.Minute) // the disk hangs
		s.events(1, 10)
		s.after(time.Second)
		b.with(func() {
			if len(b.got[1]) != 10 {
				t.Errorf("%d of 10 events while a burial waits for the disk", len(b.got[1]))
			}
		})
		if st := s.runner.Status(time.Now()); st.Depth != 1 {
			t.Errorf("acknowledged before it is safe: %+v", st)
		}
		close(s.grave.busy)
		s.after(time.Second)
		if st := s.runner.Status(time.Now()); st.Depth != 0 || st.Buried != 1 {
			t.Errorf("%+v", st)
		}
	})
}

func TestWhatCannotBeBuriedIsSaidToBeLost(t *testing.T) {
	b := &bot{answer: func([]event.Event, int) error {
		return &Error{Verdict: Refused, Status: 422, Err: errors.New("no")}
	}}
	play(t, Config{}, b, func(s *stage) {
		s.grave.err = errors.New("no space left on device")
		s.events(0, 1)
		s.after(time.Minute)
		if st := s.runner.Status(time.Now()); st.Depth != 0 || st.Buried != 0 || st.Dropped != 1 {
			t.Errorf("%+v", st)
		}
		if log := s.journal.String(); !strings.Contains(log, "and lost: the dead-letter file cannot be written") ||
			!strings.Contains(log, "no space left on device") {
			t.Errorf("log %s", log)
		}
		s.grave.err, s.grave.gone = nil, 7
		s.events(0, 1)
		s.after(time.Minute)
		if st := s.runner.Status(time.Now()); st.Buried != 1 || st.Dropped != 8 {
			t.Errorf("%+v", st)
		}
		if log := s.journal.String(); !strings.Contains(log, "the oldest dead letters are lost: their file is full") ||
			!strings.Contains(log, "letters=7") {
			t.Errorf("log %s", log)
		}
	})
}

func TestPoliciesHaveTheirConfiguredNames(t *testing.T) {
	if got := fmt.Sprint(DeliverExpired, DropExpired, BuryExpired, ExpiredPolicy(9)); got != "deliver drop dead_letter unknown" {
		t.Error(got)
	}
}
