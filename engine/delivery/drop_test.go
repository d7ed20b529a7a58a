package delivery

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

func TestABacklogIsGivenUpThoughItIsInHand(t *testing.T) {
	down := true
	b := &bot{answer: func([]event.Event, int) error {
		if down {
			return errors.New("connection refused")
		}
		return nil
	}}
	play(t, Config{Batch: 4}, b, func(s *stage) {
		for shard := range 3 {
			s.events(shard, 200)
		}
		<-time.After(time.Minute)
		if n, more := s.runner.Drop(100); n != 100 || more {
			t.Fatalf("gave up %d, more %v", n, more)
		}
		n, _ := s.runner.Drop(10000)
		// What is being delivered at this moment goes on.
		if st := s.runner.Status(time.Now()); 100+n < 600-4 || st.Depth-(600-100-n) != 3 {
			t.Fatalf("then %d; %+v", n, st)
		}
		b.with(func() { down = false })
		s.events(1, 5)
		<-time.After(time.Minute)
		if st := s.runner.Status(time.Now()); st.Depth != 0 || st.Gaps != 3 || st.Dropped != uint64(100+n) {
			t.Errorf("at the end: %+v", st)
		}
		b.with(func() {
			if got := b.got[1]; !slices.Contains(got, 205) {
				t.Errorf("shard 1 got %v", got)
			}
		})
	})
}

func TestADropLeavesTheNewest(t *testing.T) {
	b := &bot{}
	play(t, Config{}, b, func(s *stage) {
		s.runner.Pause()
		s.events(0, 1000)
		if n, _ := s.runner.Drop(990); n != 990 {
			t.Fatalf("gave up %d", n)
		}
		s.runner.Resume()
		<-time.After(time.Minute)
		var got []int64
		b.with(func() { got = slices.Clone(b.got[0]) })
		if want := []int64{991, 992, 993, 994, 995, 996, 997, 998, 999, 1000}; len(got) != 11 || !slices.Equal(got[:10], want) {
			t.Errorf("got %v", got)
		}
	})
}
