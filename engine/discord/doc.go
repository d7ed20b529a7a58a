// Package discord holds the facts of Discord's gateway protocol, version 10:
// opcodes, close codes and what to do about each, intents, the frame scanner,
// the frames a client sends, and the answer of GET /gateway/bot.
//
// Everything is a pure function or a value; nothing here does IO, reads a clock
// or owns a goroutine, and all of it may be used concurrently.
package discord

// Version is the gateway and REST version spoken.
const Version = 10

// Limits of the gateway (Discord docs, Gateway: rate limiting, sending events;
// Sharding).
const (
	MaxSendBytes      = 4096 // a longer frame from a client closes with 4002
	MaxSendsPerMinute = 120  // per connection, heartbeats included; more closes with 4008
	MaxGuildsPerShard = 2500 // more closes with 4011
)
