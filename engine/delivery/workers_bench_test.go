package delivery

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// swift takes everything, after a while.
type swift struct{ wait time.Duration }

func (s swift) Deliver(context.Context, []event.Event, int) error {
	if s.wait > 0 {
		<-time.After(s.wait)
	}
	return nil
}

func (swift) Close() error { return nil }

// BenchmarkWorkers measures the way of an event of 1.2 kB from a shard through its
// worker's queue to a bot that takes it at once, or after 200 µs: 16 shards at a time,
// on 1, 2 and 4 workers.
func BenchmarkWorkers(b *testing.B) {
	for _, wait := range []time.Duration{0, 200 * time.Microsecond} {
		for _, workers := range []int{1, 2, 4} {
			b.Run(fmt.Sprintf("bot=%v/workers=%d", wait, workers), func(b *testing.B) { benchWorkers(b, workers, wait) })
		}
	}
}

func benchWorkers(b *testing.B, workers int, wait time.Duration) {
	const shards, inHand = 16, 4000
	r := runnerOf(nil, 64)
	r.cfg.Sink, r.cfg.Batch = swift{wait}, 16
	logs := make([]*spool.Log, workers)
	for i := range logs {
		logs[i] = spool.New(spool.Config{Bounds: spool.Bounds{Events: inHand, Policy: spool.Block}})
		if err := r.Attach(logs[i], 0); err != nil {
			b.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(b.Context())
	var running, hands sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	data := make([]byte, 1200)
	b.ReportAllocs()
	b.ResetTimer()
	for shard := range shards {
		hands.Go(func() {
			for seq := shard; seq < b.N; seq += shards {
				ev := event.Event{ID: event.ID{Session: 1, Seq: int64(seq + 1)}, ShardID: shard, Type: "MESSAGE_CREATE", Received: time.Now(), Data: data}
				if _, err := logs[shard*workers/shards].Append(ctx, &ev); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	hands.Wait()
	if err := r.Drained(ctx); err != nil {
		b.Error(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	cancel()
	running.Wait()
}
