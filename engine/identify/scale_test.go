package identify

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
)

// BenchmarkStart starts 4096 shards that wait all at once, window after window.
// It must stay far below linear in shards × waiters: who leaves the queue wakes
// one of its own bucket.
func BenchmarkStart(b *testing.B) {
	const shards = 4096
	for _, concurrency := range []int{1, 16, 256, shards} {
		b.Run(fmt.Sprintf("%d at a time", concurrency), func(b *testing.B) {
			for b.Loop() {
				startAll(b, shards, concurrency)
			}
		})
	}
}

func startAll(b *testing.B, shards, concurrency int) {
	c := clock.NewManual(start)
	q := New(Config{Clock: c})
	q.Update(limit(100_000, 100_000, concurrency))
	var wg sync.WaitGroup
	for shard := range shards {
		wg.Go(func() {
			slot, err := q.Acquire(context.Background(), shard, Options{})
			if err != nil {
				b.Error(err)
				return
			}
			slot.Sent()
			slot.Confirmed()
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for {
		select {
		case <-done:
			return
		default:
			c.Advance(time.Second)
		}
	}
}
