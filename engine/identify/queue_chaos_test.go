package identify

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
)

// TestChaosKeepsTheRules sends a fleet through refusals, unused slots, impatient
// shards and changes of max_concurrency. Nobody starves (the bubble would report
// a deadlock), and no two Identifies of a bucket are closer than the spacing.
func TestChaosKeepsTheRules(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			c := chaos{queue: New(Config{Clock: clock.System()}), rng: rand.New(rand.NewPCG(seed, 1))}
			c.update(7)
			for shard := range 120 {
				c.wg.Go(func() { c.live(t.Context(), shard) })
			}
			for range 6 {
				pass(c.jitter(20 * time.Second))
				c.update([]int{1, 2, 7, 16}[c.roll(4)])
			}
			c.update(16)
			c.wg.Wait()
			c.check(t)
		})
	}
}

type chaos struct {
	queue *Queue
	wg    sync.WaitGroup

	mu      sync.Mutex
	rng     *rand.Rand
	buckets int
	sends   []chaosSend
}

type chaosSend struct {
	shard, buckets int // buckets as the slot was granted
	at             time.Time
}

func (c *chaos) roll(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rng.IntN(n)
}

func (c *chaos) jitter(most time.Duration) time.Duration {
	return time.Duration(c.roll(int(most))) + 1
}

func (c *chaos) update(buckets int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buckets = buckets
	c.queue.Update(limit(100000, 100000, buckets))
}

// live tries until the shard's Identify has been accepted.
func (c *chaos) live(ctx context.Context, shard int) {
	for accepted := false; !accepted; {
		patience, cancel := context.WithTimeout(ctx, c.jitter(10*time.Minute))
		slot, err := c.queue.Acquire(patience, shard, Options{Spare: shard%3 == 0})
		cancel()
		if err != nil {
			continue
		}
		buckets := c.now()
		pass(c.jitter(100 * time.Millisecond)) // the way to the socket
		if c.roll(10) == 0 {
			slot.Release()
			continue
		}
		c.send(shard, buckets, slot)
		accepted = c.roll(10) != 0
		if !accepted {
			pass(c.jitter(time.Second))
			slot.Rejected()
		}
	}
}

// now is max_concurrency at this instant. The bubble's time stands still between
// a grant and the line behind it, so no update comes between.
func (c *chaos) now() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buckets
}

func (c *chaos) send(shard, buckets int, slot *Slot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	slot.Sent()
	slot.Confirmed()
	c.sends = append(c.sends, chaosSend{shard, buckets, time.Now()})
}

func (c *chaos) check(t *testing.T) {
	for i, later := range c.sends {
		for _, earlier := range c.sends[:i] {
			// Slots granted before and after a change of the buckets may meet.
			same := earlier.shard%later.buckets == later.shard%later.buckets && earlier.buckets == later.buckets
			if gap := later.at.Sub(earlier.at); same && gap < DefaultSpacing {
				t.Errorf("shards %d and %d of one bucket (of %d) sent %v apart", earlier.shard, later.shard, later.buckets, gap)
			}
		}
	}
}
