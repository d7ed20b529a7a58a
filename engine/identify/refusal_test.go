package identify

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// refused has a shard identify and Discord refuse it at once, and returns how
// long it waited for its turn.
func (f *fleet) refused(t *testing.T, shard int) time.Duration {
	t.Helper()
	begin := time.Now()
	slot, err := f.Acquire(t.Context(), shard, Options{})
	if err != nil {
		t.Fatal(err)
	}
	slot.Sent()
	slot.Rejected()
	slot.Rejected() // says nothing new
	return time.Since(begin)
}

func TestRefusalsInARowSlowTheirBucketDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{})
		f.Update(limit(1000, 1000, 2))
		var waits []time.Duration
		for range 8 {
			waits = append(waits, f.refused(t, 4))
		}
		want := []time.Duration{0, width, 2 * width, 4 * width, 8 * width, longestRefusal, longestRefusal, longestRefusal}
		if !slices.Equal(waits, want) {
			t.Errorf("waited %v, want %v", waits, want)
		}
		if s := f.Snapshot(); s.Rejected != 8 || len(s.Buckets) != 1 || s.Buckets[0].Key != 0 ||
			s.Buckets[0].Refused != 8 || !s.Buckets[0].OpenAt.Equal(time.Now().Add(longestRefusal)) {
			t.Errorf("shown: %+v", s)
		}
		begin := time.Now()
		f.identify(t.Context(), 5, Options{})
		f.wg.Wait()
		if time.Since(begin) != 0 {
			t.Errorf("the other bucket waited %s", time.Since(begin))
		}
	})
}

func TestARefusalWaitsLongerByChance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		f := newFleet(Config{Random: rng.Float64})
		f.Update(limit(1000, 1000, 1))
		f.refused(t, 0)
		least, most := time.Hour, time.Duration(0)
		for range 200 {
			wait := f.refused(t, 0)
			least, most = min(least, wait), max(most, wait)
			pass(wait) // a READY between would end the row
			f.try(t, 0, Options{})
			pass(time.Minute)
			f.refused(t, 0)
		}
		if least < width || least > width+200*time.Millisecond || most < width+width/2-200*time.Millisecond || most > width+width/2 {
			t.Errorf("first refusals waited from %s to %s", least, most)
		}
	})
}

func TestAReadyEndsTheRowOfItsBucketAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{})
		f.Update(limit(1000, 1000, 2))
		for shard := range 2 {
			f.refused(t, shard)
			f.refused(t, shard)
		}
		f.try(t, 0, Options{})
		pass(time.Minute)
		for shard, want := range []int{1, 3} {
			f.refused(t, shard)
			if got := f.ledger.refusal(shard).count; got != want {
				t.Errorf("bucket %d: %d in a row, want %d", shard, got, want)
			}
		}
	})
}

func TestAReadyToAnEarlierIdentifyDoesNotEndTheRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{})
		f.Update(limit(1000, 1000, 1))
		early, _ := f.Acquire(t.Context(), 0, Options{})
		early.Sent() // Discord takes long
		f.refused(t, 1)
		early.Confirmed()
		if r := f.ledger.refusal(0); r == nil || r.count != 1 {
			t.Fatalf("refused: %+v", r)
		}
		if wait := f.refused(t, 1); wait != width {
			t.Errorf("waited %s", wait)
		}
	})
}

func TestARefusalLongAgoIsNotInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{})
		f.Update(limit(1000, 1000, 1))
		f.refused(t, 0)
		f.refused(t, 0)
		pass(time.Hour)
		f.refused(t, 0)
		if wait := f.refused(t, 0); wait != width {
			t.Errorf("waited %s", wait)
		}
	})
}

func TestRefusalsSurviveAChangeOfTheBuckets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{})
		f.Update(limit(1000, 1000, 16))
		for range 3 {
			f.refused(t, 3)
		}
		begin := time.Now()
		f.Update(limit(1000, 1000, 1))
		f.try(t, 0, Options{})
		if wait := time.Since(begin); wait != 4*width {
			t.Errorf("waited %s", wait)
		}
	})
}

func TestTwoFleetsShareTheWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{})
		f.Update(limit(1000, 1000, 2))
		order := make(chan Options, 16)
		live, next := Options{Total: 4}, Options{Total: 6, Spare: true}
		start := func(shard int, opts Options) {
			f.wg.Go(func() {
				slot, err := f.Acquire(t.Context(), shard, opts)
				if err != nil {
					t.Error(err)
					return
				}
				slot.Sent()
				slot.Confirmed()
				f.note(shard)
				order <- opts
			})
		}
		for shard := range 6 {
			start(shard, next)
			synctest.Wait() // the first of each bucket goes at once
		}
		for shard := range 4 {
			start(shard, live)
		}
		f.wg.Wait()
		want := []send{{0, 0}, {1, 0}, {0, width}, {1, width}, {2, 2 * width}, {3, 2 * width}, {2, 3 * width}, {3, 3 * width}, {4, 4 * width}, {5, 4 * width}}
		slices.SortStableFunc(f.sent, func(a, b send) int {
			if a.at != b.at {
				return int(a.at - b.at)
			}
			return a.shard - b.shard
		})
		if !reflect.DeepEqual(f.sent, want) {
			t.Errorf("sent %v\nwant %v", f.sent, want)
		}
		close(order)
		var fleets []int
		for opts := range order {
			fleets = append(fleets, opts.Total)
		}
		if !slices.Equal(fleets, []int{6, 6, 4, 4, 4, 4, 6, 6, 6, 6}) {
			t.Errorf("fleets: %v", fleets)
		}
	})
}

func TestAReadyDoesNotOpenABucketThatIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{})
		f.Update(limit(1000, 1000, 16))
		other, _ := f.Acquire(t.Context(), 4, Options{})
		f.refused(t, 3)
		f.Update(limit(1000, 1000, 1)) // both are of one bucket now
		pass(time.Second)
		other.Sent()
		other.Confirmed()
		f.Update(limit(1000, 1000, 16)) // and of two again
		f.try(t, 3, Options{})
		if waited := time.Since(f.start); waited != width {
			t.Errorf("waited %s", waited)
		}
	})
}
