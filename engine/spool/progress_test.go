package spool

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// put appends an event of a shard's session.
func (s *stand) put(shard int, session uint64, seq int64, eventType string) {
	s.t.Helper()
	ev := event.Event{ID: event.ID{Session: session, Seq: seq}, ShardID: shard, Type: eventType, Received: epoch}
	if _, err := s.log.Append(context.Background(), &ev); err != nil {
		s.t.Fatal(err)
	}
}

func TestASessionIsDealtWithUpToTheFirstEventThatIsLeft(t *testing.T) {
	noTyping := func(e *event.Event) bool { return e.Type != "TYPING_START" }
	s := newStand(t, Bounds{Events: 5}, noTyping)
	check := func(when string, shard int, want Progress) {
		t.Helper()
		if got := s.log.Progress()[shard]; got != want {
			t.Errorf("%s: shard %d: %+v, want %+v", when, shard, got, want)
		}
	}
	if n := len(s.log.Progress()); n != 0 {
		t.Errorf("an empty log knows of %d shards", n)
	}
	s.put(1, 7, 10, "X")
	s.put(1, 7, 11, "TYPING_START") // nobody wants it
	s.put(2, 8, 5, "X")
	s.put(1, 7, 12, "X")
	check("nothing acknowledged", 1, Progress{7, 9})
	check("nothing acknowledged", 2, Progress{8, 4})

	items := s.cursors[0].Next(nil, 9)
	s.ack(0, items[2])
	check("the last acknowledged first", 1, Progress{7, 9})
	s.ack(0, items[0])
	check("all acknowledged", 1, Progress{7, 12})
	check("the other shard", 2, Progress{8, 4})

	s.put(2, 9, 1, "X") // a new session; the old one's event is left
	check("a new session", 2, Progress{9, 0})
	s.ack(0, items[1])
	check("the old session's event acknowledged", 2, Progress{9, 0})
	s.ack(0, s.cursors[0].Next(nil, 9)...)
	check("the new session's too", 2, Progress{9, 1})

	for seq := int64(13); seq < 20; seq++ {
		s.put(1, 7, seq, "X")
	}
	check("two dropped, five wait", 1, Progress{7, 14})
	if got := fmt.Sprint(len(s.gone)); got != "2" {
		t.Errorf("%s dropped", got)
	}
}

func TestARestoredSessionStandsWhereItStood(t *testing.T) {
	s := newStand(t, Bounds{}, nil)
	s.log.Restore(1, Progress{7, 40}, 0)
	if got := s.log.Progress()[1]; got != (Progress{7, 40}) {
		t.Errorf("got %+v", got)
	}
	s.put(1, 7, 41, "X")
	if got := s.log.Progress()[1]; got != (Progress{7, 40}) {
		t.Errorf("with an event waiting: %+v", got)
	}
}

// At a stop, the event that waits for room is given up while those behind it
// may still find some: a RESUME has to bring it again.
func TestAnEventThatFoundNoRoomIsNotDealtWith(t *testing.T) {
	s := newStand(t, Bounds{Events: 1, Policy: Block}, nil)
	s.put(1, 7, 10, "X")
	stopped, stop := context.WithCancel(context.Background())
	stop()
	late := event.Event{ID: event.ID{Session: 7, Seq: 11}, ShardID: 1, Type: "X", Received: epoch}
	if _, err := s.log.Append(stopped, &late); err == nil {
		t.Fatal("there was room")
	}
	s.ack(0, s.cursors[0].Next(nil, 9)...)
	next := late
	next.ID.Seq = 12
	if _, err := s.log.Append(context.Background(), &next); !errors.Is(err, ErrGap) {
		t.Errorf("event 12 passes event 11: %v", err)
	}
	s.ack(0, s.cursors[0].Next(nil, 9)...)
	if got := s.log.Progress()[1]; got != (Progress{7, 10}) {
		t.Errorf("%+v, though event 11 is nowhere", got)
	}
	s.put(1, 8, 1, "READY")
	s.ack(0, s.cursors[0].Next(nil, 9)...)
	if got := s.log.Progress()[1]; got != (Progress{8, 1}) {
		t.Errorf("a new session: %+v", got)
	}
}
