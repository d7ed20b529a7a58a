package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// process is a queue on disk with a runner, from a start to its end.
type process struct {
	t      *testing.T
	queue  *spool.Queue
	runner *Runner
	end    func()
}

// layoutOf is that of a fleet that is held on two workers.
func layoutOf(shards int) spool.Layout {
	return spool.Layout{Total: shards, Last: shards - 1, PerWorker: shards / 2}
}

// begin starts a process on the folder that the one before it has left.
func begin(t *testing.T, folder *spool.Folder, persist time.Duration, b *bot, shards int) *process {
	t.Helper()
	q, err := spool.OpenQueue(spool.QueueConfig{
		Layout: layoutOf(shards), Store: folder, PersistAfter: persist, Clock: clock.System(),
	})
	if err != nil {
		t.Fatal(err)
	}
	q.Log(1)
	p := &process{t: t, queue: q, runner: New(Config{
		Name: "bot", Sink: b, Batch: 8, Parallel: 4, MaxAttempts: 3, DeadLetters: &grave{}, Clock: clock.System(),
		Random: func() float64 { return 0.5 }, Logger: slog.New(slog.DiscardHandler), StateChanged: func(ops.SinkState, string) {},
	})}
	for generation, logs := range q.Generations() {
		p.attach(generation, logs)
	}
	if err := q.Recover(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { p.runner.Run(ctx) })
	all.Go(func() { q.Run(ctx) })
	synctest.Wait()
	p.end = func() { cancel(); all.Wait() }
	return p
}

func (p *process) attach(generation int, logs []*spool.Log) {
	p.t.Helper()
	for _, log := range logs {
		if err := p.runner.Attach(log, generation); err != nil {
			p.t.Fatal(err)
		}
	}
}

// reshard goes on to another fleet.
func (p *process) reshard(shards int) {
	p.t.Helper()
	generation := p.queue.Extend(layoutOf(shards))
	p.queue.LogOf(generation, 1)
	p.attach(generation, p.queue.Logs(generation))
	p.queue.Promote(generation)
	p.runner.Admit(generation)
}

// tidy lets go of what is empty, and tells what is left.
func (p *process) tidy() (generations int) {
	for _, generation := range p.queue.Forget() {
		p.runner.Detach(generation)
	}
	for range p.queue.Generations() {
		generations++
	}
	return generations
}

// A bot is away while the fleet goes from 4 shards to 8, to 8 others, and back to
// 4, and the process starts anew in between. Guild 1 is always on shard 1: the bot
// gets its events once and in order, and the queues of all fleets go.
func TestABotThatWasAwayGetsEveryFleetsEventsInOrder(t *testing.T) {
	for name, persist := range map[string]time.Duration{"stored in time": 50 * time.Millisecond, "stored at once": 0} {
		t.Run(name, func(t *testing.T) { fleetsInOrder(t, persist) })
	}
}

func fleetsInOrder(t *testing.T, persist time.Duration) {
	b := &bot{delay: time.Millisecond, got: map[int][]int64{}, inShard: map[lanes]bool{}, kinds: map[int64]event.Kind{}}
	b.answer = func([]event.Event, int) error { return down }
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		folder, err := spool.NewFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		sent := int64(0)
		send := func(p *process, n int) {
			for range n {
				sent++
				ev := event.Event{ID: event.ID{Session: uint64(p.queue.Present()), Seq: sent}, ShardID: 1, Type: "X", Received: time.Now(), Data: []byte("{}")}
				if _, err := p.queue.Log(0).Append(t.Context(), &ev); err != nil {
					t.Fatal(err)
				}
				<-time.After(3 * time.Millisecond)
			}
		}
		p := begin(t, folder, persist, b, 4)
		send(p, 40)
		p.reshard(8)
		send(p, 40)
		p.end()
		p = begin(t, folder, persist, b, 8)
		send(p, 20)
		p.reshard(8)
		send(p, 20)
		p.reshard(4)
		if n := p.tidy(); n != 4 {
			t.Errorf("%d fleets wait, want 4", n)
		}
		send(p, 20)
		p.end()
		p = begin(t, folder, persist, b, 4)
		b.with(func() { b.answer = nil })
		send(p, 20)
		<-time.After(time.Minute)
		if n := p.tidy(); n != 1 {
			t.Errorf("%d fleets are left: %+v", n, p.queue.Stats())
		}
		var want []int64
		for seq := range sent {
			want = append(want, seq+1)
		}
		if fmt.Sprint(b.got[1]) != fmt.Sprint(want) {
			t.Errorf("the bot has %v", b.got[1])
		}
		p.end()
		if b.broken != "" {
			t.Error(b.broken)
		}
		files, err := folder.List()
		if err != nil || len(files) != 1 {
			t.Errorf("left in the folder: %v, %v", files, err)
		}
	})
}

// Fleets follow one another while shards append and the bot is slow: nothing is
// lost, repeated, or out of order.
func TestManyFleetsFollowOneAnother(t *testing.T) {
	play(t, Config{Batch: 8, Priority: true}, &bot{delay: 3 * time.Millisecond}, func(s *stage) {
		const each = 40
		logs := []*spool.Log{s.log}
		for generation := 1; generation < 12; generation++ {
			var next *spool.Log
			var shards sync.WaitGroup
			shards.Go(func() {
				aborted := s.another(100*generation - 50)
				_, _ = aborted.Append(s.t.Context(), &event.Event{ID: event.ID{Seq: 1}, ShardID: 99, Type: event.TypeInteraction})
				next = s.another(100 * generation)
				s.runner.Detach(100*generation - 50)
			})
			for range each {
				s.events(generation%3, 1)
				<-time.After(time.Millisecond)
			}
			shards.Wait()
			s.runner.Admit(100 * generation)
			for i, log := range logs[:len(logs)-1] {
				if log != nil && log.Stats().Depth == 0 {
					s.runner.Detach(100 * i)
					logs[i] = nil
				}
			}
			logs, s.log = append(logs, next), next
		}
		s.after(time.Minute)
		s.complete()
		s.has("of what was withdrawn", 99, 0)
		if got := fmt.Sprint(s.runner.Status(time.Now()).Delivered); got != fmt.Sprint(11*each) {
			t.Errorf("%s delivered", got)
		}
	})
}
