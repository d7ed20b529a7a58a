package delivery

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// Sink hands events to the bot. Deliver is called concurrently, but never twice
// at a time with events of the same shard of a fleet; only those that overtake
// ([Config].Priority) may be under way beside others of their shard, and never
// twice at a time either.
type Sink interface {
	// Deliver sends the events, which are in order, and returns nil once the
	// bot has acknowledged all of them. attempt counts from 1 for the first of
	// them. It returns a [*Error] if the bot did not, and ctx's error if ctx
	// ended first. The events must not be kept after it has returned.
	Deliver(ctx context.Context, events []event.Event, attempt int) error
	// Close frees idle connections.
	Close() error
}

// Asking is a [Sink] whose bot can send commands for Discord back.
type Asking interface {
	Sink
	// Asks has what the bot sends back given to take, which does not block and
	// does not keep it. It is called before the first delivery or not at all;
	// without it, what the bot sends back is ignored.
	Asks(take func(request []byte))
}

// Verdict says what a failed delivery means.
type Verdict uint8

// The verdicts.
const (
	// Retry: the bot is away, busy or slow. The same events are sent again, in
	// order, after a back-off.
	Retry Verdict = iota
	// Refused: the bot does not want these very events. They are given up
	// after the sink's last attempt.
	Refused
	// Unauthorized: the bot refuses our secret. The sink is held until an
	// operator lets it go on.
	Unauthorized
)

// Error is a delivery that the bot did not acknowledge.
type Error struct {
	Verdict    Verdict
	Status     int           // HTTP status; 0 if there was no answer
	Accepted   int           // events at the front that were acknowledged all the same
	RetryAfter time.Duration // asked for by the bot; 0 if it did not say
	Err        error         // the cause, without secrets
}

func (e *Error) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("the bot answered %d: %v", e.Status, e.Err)
	}
	return e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }
