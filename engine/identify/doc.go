// Package identify rations session starts, which Discord counts per day and
// limits in time (Discord docs, Gateway: session start limit; rate limiting):
//
//   - one Identify per spacing (5 s) for each bucket, which is the shard id
//     modulo max_concurrency; different buckets go in parallel;
//   - a budget a day for all shards and processes of the bot. At zero Discord
//     ends every session and resets the token. RESUMEs are free.
//
// The arithmetic is a ledger, pure and driven by the instants it is given.
// [Queue] is the thin blocking wrapper that shards wait in. It starts no
// goroutine: every waiter keeps its own timer, and whoever changes the ledger
// wakes the waiters whose turn may have come. A Queue and its slots are safe
// for concurrent use.
//
// # The margin
//
// Discord measures the spacing between arrivals, we measure it from the send,
// and an Identify may travel long while the next one travels fast. The answer,
// READY, bounds when it arrived: the next may go a spacing after READY, and a
// spacing and a margin after the send at the earliest. As long as there is no
// READY, a second is allowed for the way; what takes longer than that to answer
// is Discord's work and not the way. On a line where READY comes within 50 ms,
// 64 shards in buckets of 16 send their last Identify 150 ms over the bound of
// 15 s.
//
// # The reserve and the reset
//
// Identifies that nobody asked for stop when no more than the reserve is left;
// an operator may force one through, down to the last, which nobody gets. When
// the time of the reset has come the ledger assumes nothing, since Discord alone
// knows what other processes have spent: what was left stays left until Discord
// is asked again. A waiter that the budget holds up asks by itself, through
// [Config.Refresh].
package identify
