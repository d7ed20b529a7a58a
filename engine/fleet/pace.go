package fleet

import (
	"context"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
)

// Dials are free, but thousands at once serve nobody: they slow each other down,
// and Discord's edge takes them for an attack. So a few go at once, as when one
// host has gone, and the others one after the other.
const (
	paceBurst = 16
	paceGap   = 5 * time.Millisecond // between two dials, on the average
)

// Pacer spreads the dials of shards that have all lost their connections. It is
// safe for concurrent use.
type Pacer struct {
	clock  clock.Clock
	random func() float64

	mu   sync.Mutex
	next time.Time // when the next dial would be due if none was early
}

// NewPacer returns a pacer; random gives numbers of [0,1).
func NewPacer(c clock.Clock, random func() float64) *Pacer {
	return &Pacer{clock: c, random: random}
}

// Wait waits until it is a dial's turn. It fails with ctx's error only.
func (p *Pacer) Wait(ctx context.Context) error {
	wait := p.take(p.clock.Now())
	if wait <= 0 {
		return ctx.Err()
	}
	timer := p.clock.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take books a dial and returns how long it has to wait.
func (p *Pacer) take(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	gap := time.Duration((0.5 + p.random()) * float64(paceGap))
	if p.next.Before(now) {
		p.next = now
	}
	wait := p.next.Sub(now) - paceBurst*paceGap
	p.next = p.next.Add(gap)
	return wait
}
