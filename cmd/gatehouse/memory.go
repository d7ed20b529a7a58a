package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// When the garbage collector runs: after the heap has grown by so many per cent.
// A large heap is a queue, or thousands of shards. It lives long, little garbage
// comes beside it, and at Go's 100 the process would take twice its size; a small
// one is cheap to let grow.
const (
	largeHeap    = 96 << 20
	collectLarge = 20
	collectSmall = 100
	heapEvery    = 2 * time.Second
)

// tuneMemory sets the garbage collector by the size of the heap until ctx ends,
// unless the environment does.
func tuneMemory(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	ticker := time.NewTicker(heapEvery)
	defer ticker.Stop()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	now := collectSmall
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		metrics.Read(live)
		if want := collectAt(live[0].Value.Uint64()); want != now {
			debug.SetGCPercent(want)
			now = want
		}
	}
}

// collectAt is the percentage for a heap of so many bytes that are in use.
func collectAt(live uint64) int {
	if live > largeHeap {
		return collectLarge
	}
	return collectSmall
}
