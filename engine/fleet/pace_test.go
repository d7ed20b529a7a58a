package fleet

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
)

func TestAFewDialsGoAtOnceAndManyAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(clock.System(), rand.New(rand.NewPCG(1, 2)).Float64)
		start := time.Now()
		for range 10 {
			if p.Wait(context.Background()) != nil || time.Since(start) > 0 {
				t.Fatal("one of a few waited")
			}
		}
		<-time.After(time.Second)
		start = time.Now()
		var mu sync.Mutex
		var waits []time.Duration
		var wg sync.WaitGroup
		for range 2000 {
			wg.Go(func() {
				p.Wait(context.Background())
				mu.Lock()
				defer mu.Unlock()
				waits = append(waits, time.Since(start))
			})
		}
		wg.Wait()
		slices.Sort(waits)
		if last := waits[1999]; last < 8*time.Second || last > 12*time.Second {
			t.Errorf("2000 dials are spread over %v", last)
		}
		for i := range waits {
			if i >= 60 && waits[i]-waits[i-60] < 100*time.Millisecond {
				t.Fatalf("60 dials within %v", waits[i]-waits[i-60])
			}
		}
	})
}

func TestAWaitForADialEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(clock.System(), func() float64 { return 0.5 })
		ctx, cancel := context.WithCancel(context.Background())
		for range paceBurst + 1 {
			p.Wait(ctx)
		}
		cancel()
		if p.Wait(ctx) == nil {
			t.Error("it waited on")
		}
	})
}
