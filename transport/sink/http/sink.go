package httpsink

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// Sink delivers events to one URL.
type Sink struct {
	config   Config
	requests *requests
	pool     *pool
}

var _ delivery.Sink = (*Sink)(nil)

// New makes a sink. It does not connect. Its errors name the setting that is
// wrong, in one line, with what to do.
func New(config Config) (*Sink, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Sink{
		config:   config,
		requests: newRequests(config.URL, config.UserAgent, config.Authorization),
		pool:     newPool(config),
	}, nil
}

// Close closes idle connections, and others once their delivery is done.
// Deliveries are still possible, each on a connection of its own.
func (s *Sink) Close() error {
	s.pool.close()
	return nil
}

// Deliver implements [delivery.Sink]. Any answer of 2xx acknowledges all
// events, as soon as its head is there.
func (s *Sink) Deliver(ctx context.Context, events []event.Event, attempt int) error {
	if len(events) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.pool.enter(ctx); err != nil {
		return err
	}
	defer s.pool.leave()
	r := s.requests.build(events, attempt)
	defer s.requests.done(r)
	err := s.send(ctx, r.wire())
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// send delivers a request: on a kept connection if there is one, and if that
// turns out to be dead, on a new one.
func (s *Sink) send(ctx context.Context, request []byte) error {
	now := s.config.Clock.Now()
	deadline := now.Add(s.config.Timeout)
	if c := s.pool.kept(ctx, now); c != nil {
		answer, err := c.exchange(request, deadline)
		if err == nil {
			return s.conclude(c, &answer, deadline, len(request))
		}
		c.close()
		if !diedUnused(c, err) || ctx.Err() != nil {
			return s.noAnswer(err)
		}
	}
	c, err := s.pool.dial(ctx, deadline)
	if err != nil {
		return s.noConnection(err)
	}
	answer, err := c.exchange(request, deadline)
	if err != nil {
		c.close()
		return s.noAnswer(err)
	}
	return s.conclude(c, &answer, deadline, len(request))
}

// diedUnused reports whether a kept connection was closed before the bot said
// anything on it: most likely it has restarted, or closed the connection while
// the request was on its way.
func diedUnused(c *conn, err error) bool {
	var timeout net.Error
	return !c.got && !errors.Is(err, os.ErrDeadlineExceeded) &&
		!(errors.As(err, &timeout) && timeout.Timeout())
}

// conclude judges an answer and keeps or closes its connection.
func (s *Sink) conclude(c *conn, answer *response, deadline time.Time, size int) error {
	now := s.config.Clock.Now()
	text, keep := c.finish(answer, deadline, now)
	if keep {
		c.keepFor = answer.keepFor
		s.pool.keep(c, now)
	} else {
		c.close()
	}
	if answer.status >= 200 && answer.status < 300 {
		return nil
	}
	return s.refusal(answer, text, now, size)
}
