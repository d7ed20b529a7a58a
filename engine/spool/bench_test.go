package spool

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/durable"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// benchSize is the data of an event in benchmarks, in bytes.
const benchSize = 1200

// benchDepth is how many events are on disk before they are read back.
const benchDepth = 16 * 1024

// cpu is the processor time that the process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkThroughDisk is an event that is written, forgotten, read back,
// delivered and acknowledged.
func BenchmarkThroughDisk(b *testing.B) {
	folder, err := NewFolder(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	l := New(Config{
		Bounds: Bounds{Memory: 4 << 20}, Store: folder, Prefix: "0001_1-0-0-1/000/",
		PersistAfter: time.Hour, Clock: clock.System(),
	})
	c, err := l.Open(CursorConfig{Name: "bot", Wake: func() {}})
	if err != nil {
		b.Fatal(err)
	}
	ev := event.Event{Type: "MESSAGE_CREATE", Shards: 1, Data: make([]byte, benchSize)}
	items := make([]Item, 0, 256)
	b.ReportAllocs()
	b.SetBytes(benchSize)
	start := cpu(b)
	for done := 0; done < b.N; {
		n := min(benchDepth, b.N-done)
		for i := range n {
			ev.ID.Seq, ev.Received = int64(done+i+1), time.Now()
			l.push(&ev, 1, ours)
			if i%2048 == 2047 || i == n-1 {
				l.hurry()
				l.work()
			}
		}
		for left := n; left > 0; {
			items = c.Next(items[:0], cap(items))
			for _, it := range items {
				c.Ack(it.Pos)
			}
			if left -= len(items); len(items) == 0 {
				l.work()
			}
		}
		done += n
	}
	b.ReportMetric(float64((cpu(b)-start).Nanoseconds())/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(l.health().written.Load())/float64(b.N), "disk-B/op")
}

// BenchmarkChunkFileCopy is the same bytes in files of the same size, written as
// durably and read back, and nothing else.
func BenchmarkChunkFileCopy(b *testing.B) {
	dir := b.TempDir()
	data, back := make([]byte, chunkBytes), make([]byte, chunkBytes)
	b.ReportAllocs()
	b.SetBytes(benchSize)
	start := cpu(b)
	per := chunkBytes / benchSize
	for done := 0; done < b.N; {
		n := min(benchDepth, b.N-done)
		var paths []string
		for i := 0; i < n; i += per {
			path := filepath.Join(dir, fmt.Sprintf("%d.chunk", i))
			if err := durable.Replace(path, data[:min(per, n-i)*benchSize]); err != nil {
				b.Fatal(err)
			}
			paths = append(paths, path)
		}
		for _, path := range paths {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := f.Read(back); err != nil {
				b.Fatal(err)
			}
			f.Close()
			os.Remove(path)
		}
		done += n
	}
	b.ReportMetric(float64((cpu(b)-start).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

// BenchmarkRecover is a start with a million events on disk.
func BenchmarkRecover(b *testing.B) {
	if testing.Short() {
		b.Skip("writes 1.3 GB")
	}
	folder, err := NewFolder(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	cfg := QueueConfig{
		Store: folder, Clock: clock.System(), PersistAfter: time.Hour, Bounds: Bounds{Memory: 8 << 20},
		Layout: Layout{Total: 100, First: 0, Last: 99, PerWorker: 25}, Bot: "1",
	}
	const events = 1_000_000
	benchFill(b, cfg, events)
	b.ResetTimer()
	for b.Loop() {
		q := benchOpen(b, cfg)
		if n := q.Stats().Events; n != events {
			b.Fatalf("%d events found", n)
		}
	}
}

// benchFill leaves so many events on disk.
func benchFill(b *testing.B, cfg QueueConfig, events int) {
	b.Helper()
	q := benchOpen(b, cfg)
	ev := event.Event{Type: "MESSAGE_CREATE", Shards: 100, Data: make([]byte, benchSize)}
	for i := range events {
		ev.ShardID, ev.ID.Seq, ev.Received = i%100, int64(i/100+1), time.Now()
		l := q.Log(ev.ShardID / 25)
		if _, err := l.Append(context.Background(), &ev); err != nil {
			b.Fatal(err)
		}
		if i%2048 == 2047 {
			for _, l := range q.all() {
				l.hurry()
				l.work()
			}
		}
	}
	for _, l := range q.all() {
		l.finish()
	}
}

func benchOpen(b *testing.B, cfg QueueConfig) *Queue {
	b.Helper()
	q, err := OpenQueue(cfg)
	if err != nil {
		b.Fatal(err)
	}
	q.Log(3)
	for _, logs := range q.Generations() {
		for _, l := range logs {
			if _, err := l.Open(CursorConfig{Name: "bot", Wake: func() {}}); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := q.Recover(); err != nil {
		b.Fatal(err)
	}
	return q
}
