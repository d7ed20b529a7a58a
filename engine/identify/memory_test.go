package identify

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
)

// restart is the next run of the program, told the same budget as Discord would.
func (f *fleet) restart(t *testing.T) *fleet {
	t.Helper()
	data, err := json.Marshal(f.Memory())
	if err != nil {
		t.Fatal(err)
	}
	var m Memory
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	s := f.Snapshot()
	next, _ := newStorm(budget(s.Total, s.Remaining, s.MaxConcurrency, time.Until(s.ResetAt)))
	next.Recall(m)
	kept := next.Memory()
	kept.Left, kept.Breaker.Left, kept.Breaker.ResetAt = m.Left, m.Breaker.Left, m.Breaker.ResetAt // as told since
	if again, err := json.Marshal(kept); err != nil || string(again) != string(data) {
		t.Fatalf("recalled %.500s\nkept %.500s, %v", data, again, err)
	}
	return next
}

func TestACrashLoopIsAStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := newStorm(budget(1000, 1000, 16, 24*time.Hour))
		runs := 0
		for ; f.all(t, 16) && runs < 60; runs++ {
			pass(20 * time.Second) // then it crashes, with all sessions
			f = f.restart(t)
		}
		s := f.Snapshot()
		if spent := 1000 - s.Remaining; !s.Breaker.Open || spent > 120 {
			t.Fatalf("%d identifies in %d runs, breaker %+v", spent, runs, s.Breaker)
		}
		for range 3 { // it goes on crashing
			f = f.restart(t)
			if f.all(t, 16) || !f.Snapshot().Breaker.Open || f.Snapshot().Breaker.Why != s.Breaker.Why {
				t.Fatalf("the next run is not held up: %+v", f.Snapshot().Breaker)
			}
		}
		if _, was := f.Allow(); !was || !f.all(t, 16) {
			t.Error("an operator could not open the way")
		}
	})
}

func TestTheHourIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := newStorm(budget(1000, 1000, 16, 24*time.Hour))
		f.all(t, 40)
		pass(10 * time.Minute)
		f.refused(t, 3)
		f = f.restart(t)
		if s := f.Snapshot(); s.LastHour != 41 || len(s.Buckets) != 1 || s.Buckets[0].Refused != 1 {
			t.Errorf("after the restart: %+v", s)
		}
		begin := time.Now()
		f.try(t, 5, Options{})
		if waited := time.Since(begin); waited != width+longestTransit {
			t.Errorf("waited %s for the earlier run's identify", waited)
		}
		pass(55 * time.Minute)
		if s := f.Snapshot(); s.LastHour != 2 {
			t.Errorf("%d in the last hour, want 2", s.LastHour)
		}
	})
}

func TestAStormThatIsOverSleepsWithTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := newStorm(budget(1000, 1000, 1, 6*time.Hour))
		f.dies(t, 3, 10*time.Second, 1000)
		m := f.Memory()
		next := newFleet(Config{Reserve: tenPercent})
		next.Recall(m)
		next.Update(budget(1000, 948, 1, 5*time.Hour))
		if next.try(t, 3, Options{}) {
			t.Error("nobody has told that the budget is fresh")
		}
		pass(8 * time.Hour)
		told := newFleet(Config{Reserve: tenPercent})
		told.Update(budget(1000, 1000, 1, 24*time.Hour))
		told.Recall(m) // only now
		next.Update(budget(1000, 1000, 1, 24*time.Hour))
		for _, f := range []*fleet{next, told} {
			if s := f.Snapshot(); !f.try(t, 3, Options{}) || s.LastHour != 0 || s.Breaker.Since.IsZero() {
				t.Errorf("after the reset: %+v", s)
			}
		}
	})
}

func TestAClockThatWasWrongDoesNotHoldTheShardsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		later := time.Now().Add(1000 * time.Hour)
		f, _ := newStorm(budget(1000, 1000, 1, 24*time.Hour))
		f.Recall(Memory{
			LastSent:   later,
			Identifies: []Identified{{At: later, Shard: 3}, {At: later.Add(-5000 * time.Hour), Shard: 4}, {At: later, Shard: -7}},
			Refusals:   []Refusal{{Shard: 0, Count: 1 << 40, At: later, Until: later}, {Shard: -1, Count: 1}, {Shard: 2}},
		})
		if s := f.Snapshot(); s.LastHour != 1 {
			t.Errorf("%d in the last hour", s.LastHour)
		}
		begin := time.Now()
		if !f.identified(t, 1) || time.Since(begin) > longestRefusal {
			t.Errorf("waited %s", time.Since(begin))
		}
		f = newFleet(Config{})
		f.Recall(Memory{Breaker: BreakerMemory{Open: true, Since: later, ResetAt: later, Why: "it was so"}})
		f.Update(budget(1000, 300, 1, 0))
		if b := f.Snapshot().Breaker; !b.Open || !b.Since.Equal(time.Now()) || b.Why != "it was so" {
			t.Errorf("breaker: %+v", b)
		}
		pass(25 * time.Hour)
		f.Update(budget(1000, 1000, 1, 0))
		if f.Snapshot().Breaker.Open {
			t.Error("the reset did not open it")
		}
	})
}

// identified lets a shard identify, however long it takes.
func (f *fleet) identified(t *testing.T, shard int) bool {
	slot, err := f.Acquire(t.Context(), shard, Options{})
	if err != nil {
		return false
	}
	slot.Sent()
	slot.Confirmed()
	return true
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := newStorm(budget(1_000_000, 1_000_000, 1024, 24*time.Hour))
		for i := range 17 * 1024 {
			h := f.ledger.history
			h.charge(h.add(time.Now(), who{shard: i % 1024}, false))
			pass(10 * time.Millisecond)
		}
		m := f.Memory()
		if len(m.Identifies) != mostRemembered || len(f.ledger.history.known) > 1024 {
			t.Errorf("%d are remembered, of %d shards", len(m.Identifies), len(f.ledger.history.known))
		}
		data, err := json.Marshal(m)
		if err != nil || len(data) > 30*mostRemembered {
			t.Errorf("%d bytes, %v", len(data), err)
		}
		pass(7 * time.Hour)
		if m := f.Memory(); len(m.Identifies) != 0 || len(f.ledger.history.known) != 0 || len(f.ledger.history.watch.again) != 0 {
			t.Errorf("hours later %d are remembered", len(m.Identifies))
		}
	})
}

func TestAnEmptyMemoryIsSmall(t *testing.T) {
	data, err := json.Marshal(New(Config{Clock: at0{}}).Memory())
	if err != nil || string(data) != "{}" {
		t.Errorf("%s, %v", data, err)
	}
}

func TestDamagedIdentifiesAreAnError(t *testing.T) {
	for _, text := range []string{`{"identifies":[3]}`, `{"identifies":["x"]}`, `{"identifies":[{"at":1}]}`} {
		if err := json.Unmarshal([]byte(text), &Memory{}); err == nil {
			t.Errorf("%s was read", text)
		}
	}
	var m Memory // longer and shorter arrays are those of other versions
	if err := json.Unmarshal([]byte(`{"identifies":[[1795000000000,3,16,1,9],[1795000000000,4]]}`), &m); err != nil ||
		m.Identifies[0] != (Identified{At: time.UnixMilli(1795000000000).UTC(), Shard: 3, Total: 16, Again: true}) {
		t.Errorf("%+v, %v", m, err)
	}
}

// at0 is a clock that stands still.
type at0 struct{ clock.Clock }

func (at0) Now() time.Time { return start }
