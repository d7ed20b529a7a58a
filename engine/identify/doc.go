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
// # Refusals
//
// An Identify that Discord answers with op 9 came too close to another one, which
// may be one of another process of the same bot: Discord's windows are shared, and
// nobody knows of the others. Its bucket, and no other, backs off: see
// [Slot.Rejected].
//
// # The reserve and the reset
//
// Identifies that nobody asked for stop when no more than the reserve is left;
// an operator may force one through, down to the last, which nobody gets. When
// the time of the reset has come the ledger assumes nothing, since Discord alone
// knows what other processes have spent: what was left stays left until Discord
// is asked again. A waiter that the budget holds up asks by itself, through
// [Config.Refresh].
//
// # The breaker
//
// A shard whose sessions die again and again burns the budget of a day within
// hours, and with it the token. So the breaker stops what nobody asked for long
// before the reserve is reached. It trips when both hold:
//
//   - evidence: a shard may identify twice again within an hour, and four times
//     within six, since Discord drops all sessions at once now and then, and
//     starts of a fleet are planned. What goes beyond that, of all shards
//     together, is evidence: at least 10 Identifies, and a twentieth of the budget
//     or a quarter of what is left above the reserve, whichever is less;
//   - projection: those shards, at their pace, leave less than the reserve when
//     the budget is reset. If that time is not known, it is a day away.
//
// One shard that identifies twice a minute is stopped after 26 minutes and 53 of
// 1000 Identifies. Forced ones and those that Discord has refused are no evidence.
// Those that were never answered are evidence once Discord's account shows that
// it has counted them, for which a waiter asks if they are many, and at the latest
// when they are more than what is left to spend.
// Forced ones pass the open breaker; RESUMEs have nothing to do with it. It opens
// the way again when an operator says so ([Queue.Allow]), or when an answer of
// Discord shows that the budget has been reset. What was evidence then is none any
// more. A restart of the program does not forget it: see [Queue.Memory].
package identify
