package reshard

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// counted is an outlet that counts what each guild gets, by its number.
type counted struct {
	mu   sync.Mutex
	next map[uint64]int64
	bad  string
}

func (o *counted) take(ev *event.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if aboutSession(ev.Type) {
		return
	}
	var n int64
	if _, err := fmt.Sscan(string(ev.Data), &n); err != nil || n != o.next[ev.Guild] {
		o.bad = fmt.Sprintf("guild %d got %s, want %d", ev.Guild>>22, ev.Data, o.next[ev.Guild])
	}
	o.next[ev.Guild] = n + 1
}

func (o *counted) Forward(_ context.Context, ev *event.Event) bool { o.take(ev); return false }
func (o *counted) Pass(*event.Event)                               {}
func (o *counted) Rescue(_ context.Context, ev *event.Event)       { o.take(ev) }
func (o *counted) Lead(_ context.Context, ev *event.Event) bool    { o.take(ev); return false }
func (o *counted) Skip(*event.Event)                               {}
func (o *counted) Mine(uint64) bool                                { return true }
func (o *counted) Held(uint64) Holding                             { return HoldsAvailable }

// A goroutine per shard on both sides, and one that holds, releases and cuts.
func TestShardsAtTheSameTimeLoseNothing(t *testing.T) {
	const total, next, guilds, events = 3, 5, 20, 300
	out := &counted{next: map[uint64]int64{}}
	m := NewMerge(MergeConfig{Clock: clock.System(), Total: total, NextTotal: next, Outlet: out})
	var shards, steering sync.WaitGroup
	run := func(of, shard int, take func(context.Context, *event.Event, []byte) bool) {
		if of == next { // the old fleet has been up for long
			take(t.Context(), &event.Event{ID: event.ID{Session: uint64(of*100 + shard), Seq: 1}, ShardID: shard, Type: "READY"}, nil)
		}
		seq := int64(1)
		for n := range events {
			for g := uint64(1); g <= guilds; g++ {
				if discord.ShardOf(g<<22, of) == shard {
					seq++
					ev := &event.Event{ID: event.ID{Session: uint64(of*100 + shard), Seq: seq}, ShardID: shard, Type: "M", Guild: g << 22, Data: fmt.Append(nil, n)}
					take(t.Context(), ev, ev.Data)
				}
			}
		}
	}
	for shard := range total {
		m.OldState(shard, true)
		shards.Go(func() { run(total, shard, m.Old) })
	}
	for shard := range next {
		m.NewState(shard, true)
		shards.Go(func() { run(next, shard, m.New) })
	}
	done := make(chan struct{})
	steering.Go(func() {
		for {
			m.Tick(t.Context())
			m.Stats()
			if err := m.Hold(t.Context()); err != nil {
				t.Error(err)
			}
			select {
			case <-done:
				if _, ok := m.Cut(t.Context(), func() {}); ok {
					return
				}
			default:
			}
			m.Release(t.Context())
		}
	})
	shards.Wait()
	close(done)
	steering.Wait()
	if out.bad != "" {
		t.Error(out.bad)
	}
	for g := uint64(1); g <= guilds; g++ {
		if n := out.next[g<<22]; n != events {
			t.Errorf("guild %d got %d events, want %d", g, n, events)
		}
	}
}

// silent is an outlet that takes no time.
type silent struct{ counted }

func (*silent) Forward(context.Context, *event.Event) bool { return false }

func BenchmarkPair(b *testing.B) {
	m := NewMerge(MergeConfig{Clock: clock.System(), Total: 16, NextTotal: 32, Outlet: &silent{}, Settle: time.Hour})
	const guilds = 1024
	d := make([]byte, 600)
	old, next := make([]event.Event, guilds), make([]event.Event, guilds)
	for i := range guilds {
		id := uint64(i) << 22
		old[i] = event.Event{ID: event.ID{Session: 1}, ShardID: shardOf(id, 16), Type: "MESSAGE_CREATE", Guild: id, Data: d}
		next[i] = event.Event{ID: event.ID{Session: 2}, ShardID: shardOf(id, 32), Type: "MESSAGE_CREATE", Guild: id, Data: d}
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		m.Old(b.Context(), &old[n%guilds], d)
		m.New(b.Context(), &next[n%guilds], d)
	}
}
