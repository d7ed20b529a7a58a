package ops

import (
	"encoding/json"
	"time"
)

// Send is a gateway command for Discord (Discord docs, Gateway events: send
// events).
type Send struct {
	// Op is 3 (presence), 4 (voice state), 8 (guild members), 31 (soundboard
	// sounds) or 43 (channel info).
	Op int
	// Data is `d`. That of op 3 is a template, in whose strings {{shard}},
	// {{shards}} and {{guilds}} stand for the shard's figures; it also becomes
	// what the shards identify with from then on.
	Data json.RawMessage
	// Shards are those of the active fleet that op 3 is for; empty for all. All
	// other commands find their shard by the guild that they name, and Shards
	// must be empty.
	Shards []int
	// Answers asks for the dispatches with which Discord answers op 8, 31 or 43.
	// Those of op 8 then go to the asker alone.
	Answers bool
	By      string // who asks, for the log
	// Sink names the sink whose bot asks. The answers to op 8 are delivered to
	// that sink alone, with the nonce that the bot had chosen.
	Sink string
}

// Sent is a command that has left.
type Sent struct {
	Shards []int     // that have written it, by id
	At     time.Time // when the last of them did
	// Answers are the dispatches asked for, as Discord sent them but for a nonce
	// restored, in their order.
	Answers []json.RawMessage
}

// SendError is a command that has not been sent, or not by all of its shards.
type SendError struct {
	Op      int
	Reason  string    // for people: why, and what to do
	RetryAt time.Time // when it would be sent; zero if that does not help, or is not known
	Sent    []int     // shards that have written it all the same
}

func (e *SendError) Error() string { return "not sent: " + e.Reason }

// Commands is what was sent to Discord beside heartbeats, identifies and RESUMEs.
type Commands struct {
	Sent    uint64 // written since start
	Refused uint64 // not sent since start: bad, over a limit, or not in time
	Waiting int    // in the queues of the shards
	Asked   int    // requests whose answers are not complete
}
