// Package shard keeps one gateway session alive.
//
// [Machine] knows the protocol and nothing else: it is stepped with inputs
// (a frame arrived, a timer fired, an operator asks) and answers with effects
// (dial, send, close, deliver). It has no goroutine, clock or socket, so that
// every story of Discord's documents can be told to it in a test.
//
// [Runner] is the machine's body: it owns the connection, the timers and two
// goroutines per connection at most, and carries out the effects. Its methods
// may be called concurrently.
package shard
