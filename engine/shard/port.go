package shard

import (
	"context"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Dialer opens connections to Discord's gateway.
type Dialer interface {
	// Dial connects to a gateway URL as Discord names it, such as
	// wss://gateway.discord.gg: the dialer adds path and query (version,
	// encoding, compression). It honours ctx and its own handshake timeout.
	Dial(ctx context.Context, gatewayURL string) (Conn, error)
}

// Conn is one connection to the gateway.
//
// One goroutine reads. Write and Close may be called from any other, several
// at a time, while a Read is under way.
type Conn interface {
	// Read returns the next gateway message, inflated and complete. It is
	// valid until the next call. A connection that ends gives a
	// *discord.CloseError; every call after it gives the same again.
	Read() ([]byte, error)
	// Write sends one text frame. It gives up after a bounded time, since a
	// peer that does not read must not hold up a heartbeat for ever.
	Write(frame []byte) error
	// Close sends a close frame with the code, waits a short bounded time for
	// it to leave, and frees the connection. A Read under way ends. Codes other
	// than 1000 and 1001 keep the session alive at Discord for a while.
	Close(code int, reason string) error
	// Received is the number of bytes that came over the wire so far, and of
	// the messages they inflated to.
	Received() (wire, inflated uint64)
}

// Slots is the queue for identifies, shared by all shards of the bot.
type Slots interface {
	// Acquire waits for the shard's turn. force may use the reserve of the
	// budget, because a person asked for it.
	Acquire(ctx context.Context, shard int, force bool) (Slot, error)
}

// Slot is the right to send one Identify. Every method may be called more than
// once.
type Slot interface {
	// Sent starts the bucket's window: the Identify has left now.
	Sent()
	// Confirmed says that Discord has answered with READY.
	Confirmed()
	// Rejected says that Discord answered the Identify with op 9.
	Rejected()
	// Release gives the slot back; after Sent it does nothing.
	Release()
}

// Handler takes what a shard produces. Started and Dispatch are called by one
// goroutine at a time, in the order in which Discord sent; StateChanged may be
// called at the same time and must not call back into the Runner.
type Handler interface {
	// Started says that a new session began. The READY itself follows as a
	// dispatch.
	Started(ready *discord.Ready)
	// Dispatch takes one event of the session. f and msg are valid during the
	// call alone. It may hold the shard back by waiting for room, and reports
	// whether it did.
	Dispatch(id event.ID, f *discord.Frame, msg []byte, now time.Time) (waited bool)
	// StateChanged reports a change of state with its reason in words.
	StateChanged(from, to ops.ShardState, reason string)
	// Beat reports a measured heartbeat latency.
	Beat(latency time.Duration)
}
