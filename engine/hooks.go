package engine

import (
	"context"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Hooks override steps of the engine from Go. Every field may be nil, which leaves
// the step as it is. Steps that are not here are interfaces of [Config]: the
// gateway's address and the connections to it (Gateway, Dialer), what is kept
// (Sessions, GatewayStore, Store), the clock, and each sink ([SinkFunc] makes one of
// a function).
//
// Hooks are called by several goroutines at a time, and, unless it says so, hold up
// the shard that they are called for: they must be quick. One that panics is caught,
// counted, shown ([ops.Snapshot] Hooks, and an alert), and the step goes on as if the
// hook were not there. A panic in a Sink, a Gateway, a Dialer's Dial or one of the
// stores is caught too, and is an error of the call. One in a clock or in a connection
// is not.
type Hooks struct {
	// Gateway is asked for the gateway's address and limits; next asks Discord. ctx
	// ends when nobody waits for the answer any more.
	Gateway func(ctx context.Context, next func(context.Context) (discord.GatewayBot, error)) (discord.GatewayBot, error)
	// Place gives shards to workers, whenever a fleet is made. A placement that
	// cannot be counts as a panic.
	Place func(p Placement) []int
	// Identify is called before a shard waits for its turn to identify. It may take
	// as long as it likes: no other shard waits for it. After an error it is called
	// again, with pauses of 5 s, until it returns nil.
	Identify func(ctx context.Context, i Identifying) error
	// IdentifyFrame may change a shard's Identify, an op 2 of at most 4096 bytes. It
	// holds the token: do not log it. A frame that is too long, or no JSON, is not sent,
	// and the shard tries again later.
	IdentifyFrame func(shard, shards int, frame []byte) []byte
	// Resume is told before a RESUME is sent, with the session's last sequence number.
	Resume func(shard int, seq int64)
	// Heartbeat is told of every heartbeat that Discord has acknowledged.
	Heartbeat func(shard int, latency time.Duration)
	// Frame is shown every message of a connection, inflated, before anything is done
	// with it. It must neither keep nor change it. READY holds the session's id, with
	// which, and the token, the session can be taken over: do not log it.
	Frame func(shard int, msg []byte)
	// Dispatch may look at an event on its way into the queue, and put another frame
	// into its Data, as the bot is to see it: another JSON object in a slice of its
	// own, for the bytes that are there must stay. Anything else counts as a panic,
	// and what it does to the other fields is undone. Events come in order per shard;
	// one that Discord sends again after a RESUME may be seen again.
	Dispatch func(ev *event.Event)
	// Filter reports whether an event may go on, as Dispatch has left it. What it
	// refuses no sink gets, and is done with: it does not come again. It must not
	// change the event.
	Filter func(ev *event.Event) bool
	// Plan may add refusals and warnings to a plan of a reshard. If it changes To, the
	// plan is made anew for that number of shards.
	Plan func(p *ops.ReshardPlan)
}

// Placement is shards that are to be given to workers.
type Placement struct {
	First, Shards int   // the first shard, and how many there are
	Worker        []int // as the configuration would have it, by place; a hook may change and return it
}

// Identifying is a shard that is about to identify.
type Identifying struct {
	Shard, Shards, Worker int
	Attempt               int // counts from 1; rises when the hook has refused
}
