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
	take     func(request []byte) // what the bot sends back; nil to ignore it
}

var _ delivery.Asking = (*Sink)(nil)

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

// Asks implements [delivery.Asking]: the body of an answer of 2xx is given to take
// as it is, if it is application/json of at most 64 KiB and comes before the
// delivery's time is over. Take is called by the deliveries, several at a time.
func (s *Sink) Asks(take func(request []byte)) { s.take = take }

// Deliver implements [delivery.Sink]. Any answer of 2xx acknowledges all
// events, as soon as its head is there; only an answer that may hold commands is
// read to its end before.
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
	b := answer.bodyOf(c.br)
	if s.take != nil && answer.json && answer.success() {
		// It may lie in the connection's buffer, which is ours until we keep it.
		if asked := b.whole(); len(asked) > 0 {
			s.take(asked)
		}
	}
	now := s.config.Clock.Now()
	text, keep := c.finish(answer, &b, deadline, now)
	if keep {
		c.keepFor = answer.keepFor
		s.pool.keep(c, now)
	} else {
		c.close()
	}
	if answer.success() {
		return nil
	}
	return s.refusal(answer, text, now, size)
}
