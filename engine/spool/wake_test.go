package spool

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// A sink that looks only when it is woken, as delivery does, must be woken for
// whatever it can get: new events, what was read back, written or joined, and
// what need not wait for a broken disk.
func TestASinkThatIsOnlyWokenGetsEverything(t *testing.T) {
	for name, change := range map[string]func(r *rig){
		"in memory":    func(r *rig) {},
		"from disk":    func(r *rig) { r.cfg.Bounds.Memory = 60_000; r.cfg.PersistAfter = 10 * time.Millisecond },
		"strict":       func(r *rig) { r.cfg.PersistAfter = 0 },
		"strict, tiny": func(r *rig) { r.cfg.PersistAfter = 0; r.cfg.Bounds.Memory = 60_000 },
	} {
		for _, broken := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, broken %v", name, broken), func(t *testing.T) {
				live(t, func(r *rig) {
					r.sinks[0].Early = func(e *event.Event) bool { return e.ShardID == 1 }
					change(r)
				}, func(r *rig) { r.onlyWoken(broken) })
			})
		}
	}
}

func (r *rig) onlyWoken(broken bool) {
	const shards, each = 3, 400
	c, got := r.cursor("bot"), 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		var hand []Item
		for pause := 0; got < shards*each; pause++ {
			for woken := 0; woken == 0; <-time.After(time.Millisecond) {
				c.log.mu.Lock()
				woken, r.woken["bot"] = r.woken["bot"], 0
				c.log.mu.Unlock()
			}
			for {
				n := len(hand)
				hand = c.Next(c.NextEarly(hand, 20), 20)
				if got += len(hand) - n; len(hand) == n {
					break
				}
			}
			if pause%40 == 0 {
				<-time.After(3 * time.Second)
			}
			for _, it := range hand {
				c.Ack(it.Pos)
			}
			hand = hand[:0]
		}
	}()
	rnd := rand.New(rand.NewPCG(1, 1))
	for i := range shards * each {
		shard := i % shards
		r.seqs[shard]++
		ev := r.event(shard, r.seqs[shard], "X", 200)
		if _, err := r.first().Append(r.t.Context(), &ev); err != nil {
			r.t.Fatal(err)
		}
		<-time.After(time.Duration(rnd.IntN(60)) * time.Millisecond)
		if broken && i%200 == 50 {
			r.store.fail(errDisk, "put")
		}
		if broken && i%200 == 150 {
			r.store.fail(nil)
		}
	}
	r.store.fail(nil)
	select {
	case <-done:
	case <-time.After(5 * time.Minute):
		r.t.Fatalf("%d of %d came: the sink sleeps, %d wait for it", got, shards*each, c.Depth())
	}
	if len(r.dropped) > 0 {
		r.t.Errorf("dropped %v", r.dropped)
	}
}
