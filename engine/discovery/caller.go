package discovery

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// Source asks Discord, each time it is called.
type Source interface {
	// GatewayBot is GET /gateway/bot. An answer that is not a success gives a
	// *discord.RESTError.
	GatewayBot(ctx context.Context) (discord.GatewayBot, error)
}

// Config is what a caller is made of.
type Config struct {
	Source Source         // required
	Clock  clock.Clock    // required
	Random func() float64 // from 0 up to 1, for the pauses; default math/rand/v2

	// Owner says whose answers these are: the token's fingerprint and the
	// address of the API. It is saved with them, and must hold no secret.
	Owner string
}

// heard is what Discord said.
type heard struct {
	discord.GatewayBot
	ToldAt time.Time
}

// Status is how asking has gone.
type Status struct {
	Asked    uint64    // questions since start
	Failed   uint64    // of those, without an answer that could be used
	InARow   int       // failures since the last answer
	ToldAt   time.Time // of the last answer; zero before the first
	Err      error     // of the last failure; nil before the first
	ErrAt    time.Time
	HoldTill time.Time // nothing is asked before; zero or past if it may be
}

// Error is why there is no answer.
type Error struct {
	Err     error     // of the last question
	RetryAt time.Time // Discord is not asked before
	Held    bool      // it was not asked now, because of an earlier failure
}

func (e *Error) Error() string {
	if !e.Held {
		return e.Err.Error()
	}
	return "not asked again before " + e.RetryAt.UTC().Format("2006-01-02 15:04:05 MST") + ": " + e.Err.Error()
}

// Unwrap is the error of the last question.
func (e *Error) Unwrap() error { return e.Err }

// Caller is the one who asks Discord.
type Caller struct {
	source Source
	clock  clock.Clock
	random func() float64
	owner  string

	mu     sync.Mutex
	flight *flight // the question that is under way; nil if none is
	last   *heard
	status Status

	holdTold bool   // Discord itself has said how long to hold back
	recalled *Saved // of an earlier run
}

// flight is one question.
type flight struct {
	done      chan struct{} // closed when it is over
	answer    discord.GatewayBot
	err       error
	abandoned bool // its asker gave up
}

// New returns a caller that has not asked yet.
func New(cfg Config) *Caller {
	if cfg.Random == nil {
		cfg.Random = rand.Float64
	}
	return &Caller{source: cfg.Source, clock: cfg.Clock, random: cfg.Random, owner: cfg.Owner}
}

var _ Source = (*Caller)(nil)

// GatewayBot asks now, or joins a question that is under way: [Caller.Get] for
// an answer of no age.
func (c *Caller) GatewayBot(ctx context.Context) (discord.GatewayBot, error) {
	return c.Get(ctx, 0)
}

// Get returns Discord's answer: the last one if it is younger than maxAge, else
// a new one. It fails with ctx's error if ctx ends, and else with an [*Error],
// which says when Discord may be asked again; until then it is not.
func (c *Caller) Get(ctx context.Context, maxAge time.Duration) (discord.GatewayBot, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if err := ctx.Err(); err != nil {
			return discord.GatewayBot{}, err
		}
		now := c.clock.Now()
		switch {
		case c.last != nil && now.Sub(c.last.ToldAt) < maxAge:
			return c.last.GatewayBot, nil
		case c.flight != nil:
			if f := c.join(ctx); f != nil && !f.abandoned {
				return f.answer, f.err
			}
		case now.Before(c.status.HoldTill):
			return discord.GatewayBot{}, &Error{Err: c.status.Err, RetryAt: c.status.HoldTill, Held: true}
		default:
			f := c.ask(ctx)
			return f.answer, f.err
		}
	}
}

// join waits, unlocked, for the question that is under way; nil if ctx ends
// before.
func (c *Caller) join(ctx context.Context) *flight {
	f := c.flight
	c.mu.Unlock()
	defer c.mu.Lock()
	select {
	case <-f.done:
		return f
	case <-ctx.Done():
		return nil
	}
}

// ask asks, unlocked, for everybody.
func (c *Caller) ask(ctx context.Context) *flight {
	f := &flight{done: make(chan struct{})}
	c.flight = f
	c.status.Asked++
	c.mu.Unlock()
	answer, err := c.source.GatewayBot(ctx)
	c.mu.Lock()
	c.flight = nil
	defer close(f.done)
	now := c.clock.Now()
	switch {
	case err == nil:
		f.answer = answer
		c.last = &heard{answer, now}
		c.status.ToldAt, c.status.InARow, c.status.HoldTill = now, 0, time.Time{}
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		f.err, f.abandoned = ctx.Err(), true
	default:
		f.abandoned = ctx.Err() != nil
		f.err = c.failed(now, err)
	}
	return f
}

// failed notes a failure, and holds back the next question.
func (c *Caller) failed(now time.Time, err error) error {
	s := &c.status
	s.Failed++
	s.InARow++
	s.Err, s.ErrAt = err, now
	s.HoldTill = now.Add(Pause(s.InARow, err, c.random()))
	told, _, _ := reading(err)
	c.holdTold = told > 0
	return &Error{Err: err, RetryAt: s.HoldTill}
}

// Status is how asking has gone so far.
func (c *Caller) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}
