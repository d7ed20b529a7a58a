package engine

import (
	"context"
	"log/slog"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// Option changes a configuration on its way into an engine. Later ones win.
type Option func(*Config)

// WithHooks overrides steps of the engine.
func WithHooks(h Hooks) Option { return func(c *Config) { c.Hooks = h } }

// WithSink adds a sink that hands events to a function.
func WithSink(name string, deliver SinkFunc) Option {
	return func(c *Config) {
		c.Sinks = append(append([]SinkConfig(nil), c.Sinks...), SinkConfig{Name: name, Kind: "func", Sink: deliver})
	}
}

// WithLogger has the engine log there.
func WithLogger(l *slog.Logger) Option { return func(c *Config) { c.Logger = l } }

// WithClock has the engine go by another clock.
func WithClock(k clock.Clock) Option { return func(c *Config) { c.Clock = k } }

// WithSessions has sessions outlive the process.
func WithSessions(s SessionStore) Option { return func(c *Config) { c.Sessions = s } }

// WithStore keeps what waits long for the bot; dir says where, for people.
func WithStore(s spool.Store, dir string) Option {
	return func(c *Config) { c.Store, c.StoreDir = s, dir }
}

// SinkFunc makes a sink of a function: it is given events in order per shard, one at
// a time unless the sink's Batch says otherwise, and returns nil once they are done
// with. After an error the same events come again, under the same ids, after a pause;
// a [*delivery.Error] says how to go on instead. It is called by several goroutines
// at a time, but never twice at a time for one shard, and must not keep the events.
// It may take as long as it likes, which holds up its shard's events of this sink
// only, but must return when ctx ends. A panic is an error like any other.
type SinkFunc func(ctx context.Context, events []event.Event, attempt int) error

var _ delivery.Sink = SinkFunc(nil)

// Deliver calls the function.
func (f SinkFunc) Deliver(ctx context.Context, events []event.Event, attempt int) error {
	return f(ctx, events, attempt)
}

// Close does nothing.
func (SinkFunc) Close() error { return nil }
