package identify

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestReserveHoldsAStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{Reserve: tenPercent})
		f.Update(limit(1000, 103, 16))
		ctx, cancel := context.WithCancel(t.Context())
		for shard := range 8 {
			f.identify(ctx, shard, Options{})
			synctest.Wait()
		}
		pass(30 * time.Minute)
		f.expect(t, "at the reserve", 0, 1, 2)
		if s := f.Snapshot(); f.Held() != 5 || s.Waiting != 5 || s.Remaining != 100 || !s.NextAt.Equal(s.ResetAt) {
			t.Fatalf("%d held, %+v", f.Held(), s)
		}
		f.identify(ctx, 40, Options{Force: true})
		f.expect(t, "an operator forces a new one", 0, 1, 2, 40)
		f.Update(limit(1000, 1000, 16))
		synctest.Wait()
		if got := f.shards()[4:]; len(got) != 5 {
			t.Fatalf("after the reset %v went, want five", got)
		}
		cancel()
		f.wg.Wait()
	})
}

func TestLastStartIsNeverUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{})
		f.Update(limit(1000, 2, 16))
		ctx, cancel := context.WithCancel(t.Context())
		for shard := range 3 {
			f.identify(ctx, shard, Options{Force: true})
			synctest.Wait()
		}
		pass(24 * time.Hour)
		f.expect(t, "a day later", 0)
		if s := f.Snapshot(); s.Remaining != 1 || f.Held() != 2 {
			t.Fatalf("%d held, %+v", f.Held(), s)
		}
		cancel()
		f.wg.Wait()
	})
}

func TestASlotSetAsideForAnotherBucketComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(Config{Reserve: tenPercent})
		f.Update(limit(1000, 101, 2))
		slot, _ := f.Acquire(t.Context(), 0, Options{})
		f.identify(t.Context(), 1, Options{})
		f.expect(t, "while the last of the budget is set aside")
		slot.Release()
		f.expect(t, "after the release", 1)
	})
}

func TestTheLedgerTellsWhatWasSpentSinceDiscordSpoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := newStorm(budget(1000, 1000, 16, time.Hour))
		f.all(t, 40)
		s := f.Snapshot()
		if s.Spent != 40 || !s.ToldAt.Equal(f.start) || s.Remaining != 960 {
			t.Errorf("%+v", s)
		}
		pass(time.Minute)
		f.Update(budget(1000, 960, 16, time.Hour))
		if s := f.Snapshot(); s.Spent != 0 || !s.ToldAt.Equal(time.Now()) || s.LastHour != 40 {
			t.Errorf("%+v", s)
		}
	})
}

func TestTheForecastSaysWhenTheReserveIsReached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := newStorm(budget(1000, 1000, 1, 24*time.Hour))
		f.dies(t, 3, 30*time.Second, 3)
		if s := f.Snapshot(); !s.RunsOutAt.IsZero() {
			t.Errorf("two repeats are no pace: %s", s.RunsOutAt)
		}
		f.dies(t, 3, 30*time.Second, 38)
		s := f.Snapshot()
		in := time.Until(s.RunsOutAt)
		if in < 7*time.Hour || in > 7*time.Hour+30*time.Minute { // 859 at 2 a minute
			t.Errorf("runs out in %s with %d left", in, s.Remaining)
		}
		f.Update(budget(1000, 959, 1, 2*time.Hour))
		if s := f.Snapshot(); !s.RunsOutAt.IsZero() {
			t.Errorf("the reset comes first: %s", s.RunsOutAt)
		}
		f.Update(budget(1000, 959, 1, 20*time.Hour))
		pass(2 * time.Hour)
		if s := f.Snapshot(); !s.RunsOutAt.IsZero() || s.LastHour != 0 {
			t.Errorf("the storm is over: %s, %d in the last hour", s.RunsOutAt, s.LastHour)
		}
	})
}
