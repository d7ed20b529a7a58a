package spool

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

var epoch = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// stand is a log with cursors, and how often each was woken.
type stand struct {
	t       *testing.T
	log     *Log
	cursors []*Cursor
	woken   []int
	gone    []string // "seq why" of dropped events
	seq     int64
}

func newStand(t *testing.T, b Bounds, wants ...func(*event.Event) bool) *stand {
	t.Helper()
	s := &stand{t: t}
	s.log = New(Config{Bounds: b, Dropped: func(e *event.Event, why string) {
		s.gone = append(s.gone, fmt.Sprintf("%d %s", e.ID.Seq, why))
	}})
	for i, w := range wants {
		s.woken = append(s.woken, 0)
		c, err := s.log.Open(CursorConfig{Wants: w, Wake: func() { s.woken[i]++ }})
		if err != nil {
			t.Fatal(err)
		}
		s.cursors = append(s.cursors, c)
	}
	return s
}

// add appends an event of a type whose data is n bytes, received at+seq seconds.
func (s *stand) add(eventType string, n int) {
	s.t.Helper()
	s.seq++
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(s.seq)
	}
	ev := event.Event{ID: event.ID{Seq: s.seq}, Type: eventType, Data: data,
		Received: epoch.Add(time.Duration(s.seq) * time.Second)}
	if _, err := s.log.Append(context.Background(), &ev); err != nil {
		s.t.Fatal(err)
	}
	// The log must have copied it.
	clear(data)
}

// take hands out up to n events of a cursor and checks their data.
func (s *stand) take(cursor, n int) []Item {
	s.t.Helper()
	items := s.cursors[cursor].Next(nil, n)
	for _, it := range items {
		if it.Event.Type == GapType {
			continue
		}
		for _, b := range it.Event.Data {
			if b != byte(it.Event.ID.Seq) {
				s.t.Fatalf("event %d holds the data of another", it.Event.ID.Seq)
			}
		}
	}
	return items
}

func (s *stand) ack(cursor int, items ...Item) {
	for _, it := range items {
		s.cursors[cursor].Ack(it.Pos)
	}
}

// seqs are the items' sequence numbers; of a gap marker it is what it stands for.
func seqs(items []Item) string {
	var out []string
	for _, it := range items {
		text := fmt.Sprint(it.Event.ID.Seq)
		if it.Event.Type == GapType {
			g, err := parseGap(it.Event.Data)
			if err != nil {
				return err.Error()
			}
			text = fmt.Sprintf("gap of %d", g.Count)
		}
		out = append(out, text)
	}
	return fmt.Sprint(out)
}

func (s *stand) expect(what, got, want string) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("%s: got %s, want %s", what, got, want)
	}
}

func TestEventsComeInOrderAndOnce(t *testing.T) {
	s := newStand(t, Bounds{}, nil)
	for range 5 {
		s.add("X", 10)
	}
	s.expect("first", seqs(s.take(0, 2)), "[1 2]")
	s.expect("then", seqs(s.take(0, 9)), "[3 4 5]")
	s.expect("then", seqs(s.take(0, 9)), "[]")
	if s.woken[0] != 5 {
		t.Errorf("woken %d times for 5 events", s.woken[0])
	}
}

func TestAcknowledgedEventsLeaveInAnyOrder(t *testing.T) {
	s := newStand(t, Bounds{}, nil)
	for range 4 {
		s.add("X", 10)
	}
	items := s.take(0, 4)
	s.ack(0, items[2], items[0])
	if st := s.cursors[0].Stats(); st.Depth != 2 || !st.Oldest.Equal(items[1].Event.Received) {
		t.Errorf("after 1 and 3 are acknowledged: %+v", st)
	}
	s.ack(0, items[2]) // once more is harmless
	s.ack(0, items[1], items[3])
	if st := s.log.Stats(); st.Depth != 0 || st.Bytes != 0 || !st.Oldest.IsZero() {
		t.Errorf("an emptied log says %+v", st)
	}
}

func TestAnEventStaysUntilEverySinkHasIt(t *testing.T) {
	s := newStand(t, Bounds{}, nil, nil)
	s.add("X", 10)
	s.ack(0, s.take(0, 1)...)
	if d := s.log.Stats().Depth; d != 1 {
		t.Fatalf("depth %d while the second sink waits", d)
	}
	s.ack(1, s.take(1, 1)...)
	if d := s.log.Stats().Depth; d != 0 {
		t.Errorf("depth %d after both have it", d)
	}
}

func TestASinkSeesOnlyWhatItWants(t *testing.T) {
	noTyping := func(e *event.Event) bool { return e.Type != "TYPING_START" }
	s := newStand(t, Bounds{}, noTyping)
	s.add("TYPING_START", 10)
	s.add("X", 10)
	s.expect("wanted", seqs(s.take(0, 9)), "[2]")
	if d := s.log.Stats().Depth; d != 1 {
		t.Errorf("the log kept %d events, one is wanted", d)
	}
}

func TestAFullLogDropsTheOldestThatWaits(t *testing.T) {
	s := newStand(t, Bounds{Events: 3}, nil)
	for range 3 {
		s.add("X", 10)
	}
	first := s.take(0, 1) // in the sink's hands: cannot be dropped
	s.add("X", 10)
	s.add("X", 10)
	s.expect("dropped", fmt.Sprint(s.gone), "[2 the queue is full 3 the queue is full]")
	s.expect("left", seqs(s.take(0, 9)), "[gap of 2 4 5]")
	s.ack(0, first...)
	if st := s.cursors[0].Stats(); st.Dropped != 2 || st.Depth != 3 {
		t.Errorf("cursor says %+v", st)
	}
}

func TestNoiseGoesFirst(t *testing.T) {
	s := newStand(t, Bounds{Events: 4, Policy: DropNoise}, nil)
	for _, typ := range []string{"X", "TYPING_START", "X", "PRESENCE_UPDATE", "X", "X", "X"} {
		s.add(typ, 10)
	}
	s.expect("left", seqs(s.take(0, 9)), "[gap of 1 gap of 2 3 5 6 7]")
	s.expect("dropped", fmt.Sprint(s.gone), "[2 the queue is full 4 the queue is full 1 the queue is full]")
}

func TestBytesAreBounded(t *testing.T) {
	one := (&event.Event{Data: make([]byte, 1000)}).Size()
	s := newStand(t, Bounds{Bytes: int64(3 * one)}, nil)
	for range 10 {
		s.add("X", 1000)
	}
	if st := s.log.Stats(); st.Depth != 3 || st.Bytes != int64(3*one) || st.Dropped != 7 {
		t.Errorf("log says %+v", st)
	}
}

func TestOneBusyWorkerMayUseWhatTheOthersLeave(t *testing.T) {
	budget := new(Budget)
	bounds := Bounds{Events: 100}
	var logs []*Log
	var dropped int
	for range 4 {
		log := New(Config{Bounds: bounds, Budget: budget, Dropped: func(*event.Event, string) { dropped++ }})
		if _, err := log.Open(CursorConfig{Wake: func() {}}); err != nil {
			t.Fatal(err)
		}
		logs = append(logs, log)
	}
	fill := func(log *Log, n int) {
		for range n {
			if _, err := log.Append(context.Background(), &event.Event{Data: []byte("{}")}); err != nil {
				t.Fatal(err)
			}
		}
	}
	fill(logs[0], 100)
	if dropped != 0 {
		t.Errorf("%d events dropped within the bounds", dropped)
	}
	fill(logs[1], 10) // within its fair part: nothing of its own gives way
	if d := logs[1].Stats().Depth; d != 10 || dropped != 0 {
		t.Errorf("the second log holds %d, %d dropped", d, dropped)
	}
	fill(logs[0], 1) // the one that holds more gives way
	if a, b := logs[0].Stats().Depth, logs[1].Stats().Depth; a != 90 || b != 10 || dropped != 11 {
		t.Errorf("the logs hold %d and %d, %d dropped", a, b, dropped)
	}
}

func TestOldEventsExpire(t *testing.T) {
	s := newStand(t, Bounds{Age: 3 * time.Second}, nil)
	for range 6 {
		s.add("X", 10)
	}
	s.expect("dropped", fmt.Sprint(s.gone), "[1 too old 2 too old]")
}

func TestABlockingLogMakesTheShardWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t, Bounds{Events: 1, Policy: Block}, nil)
		s.add("X", 10)
		var appended, waited bool
		go func() {
			ev := event.Event{ID: event.ID{Seq: 2}, Data: []byte{2}}
			waited, _ = s.log.Append(context.Background(), &ev)
			appended = true
		}()
		synctest.Wait()
		if appended {
			t.Fatal("appended to a full log")
		}
		s.ack(0, s.take(0, 1)...)
		synctest.Wait()
		if !appended || !waited {
			t.Errorf("appended %v, waited %v", appended, waited)
		}
		s.expect("next", seqs(s.take(0, 9)), "[2]")
	})
}

func TestRoomMadeInOneLogHelpsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := new(Budget)
		bounds := Bounds{Events: 10, Policy: Block}
		var logs []*Log
		var cursors []*Cursor
		for range 2 {
			log := New(Config{Bounds: bounds, Budget: budget})
			c, err := log.Open(CursorConfig{Wake: func() {}})
			if err != nil {
				t.Fatal(err)
			}
			logs, cursors = append(logs, log), append(cursors, c)
		}
		for range 5 {
			for _, log := range logs {
				if _, err := log.Append(context.Background(), &event.Event{}); err != nil {
					t.Fatal(err)
				}
			}
		}
		var appended bool
		go func() {
			_, err := logs[0].Append(context.Background(), &event.Event{})
			appended = err == nil
		}()
		synctest.Wait()
		if appended {
			t.Fatal("appended to a full log")
		}
		cursors[1].Ack(cursors[1].Next(nil, 1)[0].Pos)
		synctest.Wait()
		if !appended {
			t.Error("room in the other log does not help")
		}
	})
}

func TestWaitingForRoomEndsWithTheContext(t *testing.T) {
	s := newStand(t, Bounds{Events: 1, Policy: Block}, nil)
	s.add("X", 10)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.log.Append(ctx, &event.Event{}); err != context.Canceled {
		t.Errorf("err = %v", err)
	}
}

func TestMemoryIsUsedAgain(t *testing.T) {
	s := newStand(t, Bounds{}, nil)
	data := make([]byte, 1200)
	ev := event.Event{Data: data}
	items := make([]Item, 0, 8)
	allocs := testing.AllocsPerRun(5000, func() {
		if _, err := s.log.Append(context.Background(), &ev); err != nil {
			t.Fatal(err)
		}
		for _, it := range s.cursors[0].Next(items[:0], 8) {
			s.cursors[0].Ack(it.Pos)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations an event", allocs)
	}
}

func TestALargeBacklogGivesItsMemoryBack(t *testing.T) {
	s := newStand(t, Bounds{}, nil)
	for range 20_000 {
		s.add("X", 1)
	}
	s.ack(0, s.take(0, 20_000)...)
	if len(s.log.chunks) > 1 || cap(s.log.chunks[0].entries) > chunkEvents {
		t.Errorf("%d chunks kept for an empty log", len(s.log.chunks))
	}
}

func BenchmarkAppendReadAck(b *testing.B) {
	log := New(Config{})
	c, err := log.Open(CursorConfig{Wake: func() {}})
	if err != nil {
		b.Fatal(err)
	}
	ev := event.Event{Data: make([]byte, 1200)}
	items := make([]Item, 0, 8)
	b.SetBytes(1200)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := log.Append(context.Background(), &ev); err != nil {
			b.Fatal(err)
		}
		for _, it := range c.Next(items[:0], 8) {
			c.Ack(it.Pos)
		}
	}
}
