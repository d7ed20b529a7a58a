// Package outbox is the queue of what one shard sends to Discord beside
// heartbeats, Identifies and RESUMEs, and keeps all of its frames below Discord's
// limits (Discord docs, Gateway: rate limiting; Gateway events: update presence).
//
// It is pure: driven by the instants it is given, without a clock, a goroutine or
// a lock. A [Queue] is not safe for concurrent use; its shard's lock protects it.
// It never calls anybody: what leaves the queue, however it does, is returned, and
// the caller tells whoever waits, best after it has let go of its lock.
//
// # The window
//
// Discord closes a connection (4008) that sends more than 120 frames within 60 s,
// and counts them when they arrive. On the way they may be delayed and bunched, by
// a second at most is assumed: the window is 61 s by the instants of sending.
// Every frame counts ([Queue.Count]), but heartbeats are never held up: the queue
// leaves room for as many as can fall due within a window, and for three that
// Discord asks for with op 1; five at least.
//
// Presence updates are limited beside that, to 5 within 20 s. Whether Discord
// counts them by connection or by session is not documented; here they count by
// shard, across connections, within 21 s.
//
// # The order
//
// Voice state updates go first, because people wait for them; then the presence,
// of which only the latest waits; then the others in their order. After four voice
// state updates in a row one of the others goes. Voice state updates keep their
// order among themselves, and so within a guild.
package outbox
