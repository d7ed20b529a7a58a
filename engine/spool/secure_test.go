package spool

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

func TestSecuringStoresWhatIsInMemoryAlone(t *testing.T) {
	live(t, func(r *rig) { r.cfg.PersistAfter = time.Hour }, func(r *rig) {
		r.add(0, 3)
		_, promote := r.extend(eight)
		promote()
		r.bring(r.queue.Log(1), nextSession, 4, 1)
		another := r.queue.Extend(eight)
		r.bring(r.queue.LogOf(another, 0), nextSession+1, 0, 1)
		start := time.Now()
		if err := r.queue.Secure(r.t.Context()); err != nil || time.Since(start) > 0 {
			r.t.Errorf("%v after %v", err, time.Since(start))
		}
		r.expect("on disk", r.stored(), "0001_4-0-3-4 0002_8-0-7-4")
		puts := len(r.store.puts)
		if err := r.queue.Secure(r.t.Context()); err != nil || len(r.store.puts) != puts {
			r.t.Errorf("%v, %d files written for nothing", err, len(r.store.puts)-puts)
		}
	})
}

// What has been acknowledged need not be stored.
func TestSecuringWaitsForTheDiskOrTheBot(t *testing.T) {
	live(t, nil, func(r *rig) {
		stall := make(chan struct{})
		r.store.spoil(func(f *fakeStore) { f.stall = stall })
		r.add(0, 3)
		c := r.cursor("bot")
		items := c.Next(nil, 9)
		secured := make(chan error, 1)
		go func() { secured <- r.queue.Secure(r.t.Context()) }()
		synctest.Wait()
		select {
		case err := <-secured:
			r.t.Fatalf("secure: %v, and nothing is stored", err)
		default:
		}
		for _, it := range items {
			c.Ack(it.Pos)
		}
		synctest.Wait()
		select {
		case err := <-secured:
			if err != nil {
				r.t.Error(err)
			}
		default:
			r.t.Error("secure waits for what has been acknowledged")
		}
		close(stall)
	})
}

func TestSecuringTellsWhyItCannot(t *testing.T) {
	live(t, nil, func(r *rig) {
		r.store.fail(errDisk, "put")
		r.add(0, 1)
		ctx, cancel := context.WithTimeout(r.t.Context(), 3*time.Second)
		defer cancel()
		if err := r.queue.Secure(ctx); !errors.Is(err, errDisk) {
			r.t.Errorf("a full disk: %v", err)
		}
		r.store.fail(nil)
		if err := r.queue.Secure(r.t.Context()); err != nil {
			r.t.Errorf("after it was mended: %v", err)
		}
		stall := make(chan struct{})
		r.store.spoil(func(f *fakeStore) { f.stall = stall })
		r.add(0, 1)
		ctx, cancel = context.WithTimeout(r.t.Context(), 3*time.Second)
		defer cancel()
		if err := r.queue.Secure(ctx); !errors.Is(err, context.DeadlineExceeded) {
			r.t.Errorf("a disk that stalls: %v", err)
		}
		close(stall)
	})
}

// standIn appends an event of another session for a shard.
func (r *rig) standIn(l *Log, session uint64, shard int, seq int64) {
	r.t.Helper()
	ev := r.event(shard, seq, "MESSAGE_CREATE", 1000)
	ev.ID.Session = session
	if err := l.AppendForeign(r.t.Context(), &ev); err != nil {
		r.t.Fatal(err)
	}
}

func TestAnEventThatStandsInForAnotherKeepsItsPlace(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.PersistAfter = time.Hour; r.cfg.Bounds.Age = time.Minute })
	r.add(2, 2)
	r.standIn(r.first(), nextSession, 2, 77)
	r.work()
	r.expect("stored at once", r.stored(), "0001_4-0-3-4")
	r.add(2, 1)
	if got := r.first().Progress(); len(got) != 1 || got[2] != (Progress{rigSession, 2}) {
		t.Errorf("%+v", got)
	}
	r.open() // after a crash
	r.check()
	if a, b := r.queue.Stored(2, rigSession), r.queue.Stored(2, nextSession); a != 2 || b != 0 {
		t.Errorf("stored up to %d of the shard's session, %d of the other's", a, b)
	}
	r.first().Restore(2, Progress{rigSession, 0}, r.queue.Stored(2, rigSession))
	r.bring(r.first(), rigSession, 2, 1, 2, 3) // the RESUME
	r.expect("each once, in order", r.take("bot"), "2:1-2 2:77 2:3")
	r.empty()

	r.standIn(r.first(), nextSession, 2, 78)
	r.work()
	r.evictAll()
	r.pass(2 * time.Minute)
	r.expect("it grows old as any other", r.take("bot"), "2:-1")
	r.empty()
}

func TestWhatIsPassedIsDealtWith(t *testing.T) {
	s := newStand(t, Bounds{Events: 3, Policy: Block}, nil)
	check := func(when string, want Progress) {
		t.Helper()
		if got := s.log.Progress()[1]; got != want {
			t.Errorf("%s: %+v, want %+v", when, got, want)
		}
	}
	pass := func(seq int64) { s.log.Pass(event.ID{Session: 7, Seq: seq}, 1) }
	pass(20)
	check("a shard that is new", Progress{7, 20})
	s.put(1, 7, 5, "X")
	s.put(1, 7, 9, "X")
	check("two that came before", Progress{7, 4})
	pass(12)
	items := s.cursors[0].Next(nil, 9)
	s.ack(0, items[0])
	check("one is left", Progress{7, 8})
	s.put(1, 7, 21, "X")
	s.put(1, 7, 7, "X") // not in the order of their numbers
	s.ack(0, items[1])
	check("the lowest of two", Progress{7, 6})
	two := s.cursors[0].Next(nil, 9)
	s.ack(0, two[1])
	check("the other one", Progress{7, 20})

	s.put(1, 7, 22, "X")
	s.put(1, 7, 23, "X")
	stopped, stop := context.WithCancel(context.Background())
	stop()
	ev := event.Event{ID: event.ID{Session: 7, Seq: 24}, ShardID: 1, Type: "X", Received: epoch}
	if _, err := s.log.Append(stopped, &ev); err == nil {
		t.Fatal("there was room")
	}
	pass(25)
	s.ack(0, two[0])
	s.ack(0, s.cursors[0].Next(nil, 9)...)
	check("event 24 is nowhere", Progress{7, 23})
}
