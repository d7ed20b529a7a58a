// Package discordtest is a simulated Discord: its REST routes around the
// gateway and the gateway itself, strict as the real one, with faults on demand
// and an audit of every event it issued.
//
// A [Server] listens on TCP or in memory ([MemoryListener]), speaks gateway
// versions 9 and 10 in JSON, plain, as zlib-stream or zstd-stream, or with payload
// compression, and plays a bot with thousands of guilds: READY, backfill, live
// traffic, RESUME with replay, members on request. What a client does wrong is
// answered as Discord answers it and counted by kind ([Stats].Violations).
//
// Not simulated: ETF, and the effect of intents on what an event contains.
//
// # Several fleets
//
// Sessions of several shard totals exist side by side, as while a bot is
// resharded. Each gets what its own formula selects: an event of a guild goes to
// one session of every total with the same bytes and the same number, what is of
// no guild to shard 0 of every total, and the answer to a command to the session
// that asked. The window for identifies, by shard_id % max_concurrency, and the
// budget of session starts are one for all totals.
//
// # Faults
//
// Each is a method of [Server], counted in [Stats].Faults, and part of [EveryFault]
// where a day can hold it:
//
//   - of connections: DropConnection, DropAll, CloseConnection, GoSilent, StopACKs,
//     GoDeaf, ProbeHeartbeat, CorruptNext, JoinNext
//   - op 7 and op 9: Reconnect, ReconnectAfter, ReconnectAndHush, InvalidateSession,
//     RefuseIdentify, RefuseResume
//   - of the next connections' greeting: [Server.Welcome]
//   - of hosts: GatewayOutage, FullOutage, RESTFault, and [Network.Kill]
//   - of the stream: UnknownOpcode, StrayDispatch, RepeatDispatch, OddEvent, HugeEvent
//   - of the world: GuildOutage, GuildJoin, GuildLeave, GuildRejoin, AddGuilds,
//     SetJoins, SetQuiet, SetShards, SetSessionStarts
//
// # Numbers
//
// Every event that stands for something that happened (not READY, RESUMED or a
// control frame) carries a unique, increasing number as the last key of `d`,
// [NumberKey]. The [Audit] keeps, for each number, where it was put and what
// the bot made of it, and [Audit.Report] tells what was lost, repeated,
// reordered or sent to the wrong shard. [Bot] is a sample bot, an http.Handler,
// that feeds the audit with what the HTTP sink posts. Where events go to several
// destinations, each has an audit of its own ([Server.NewAudit]).
//
// # What "lost" means
//
// An event is owed to the bot as soon as it is put in a session. It is no longer
// owed (forfeited, with a reason) once every session it was put in has ended and
// none of their clients had proved to have it: by a heartbeat's or RESUME's seq,
// or by answering the op 9 that followed it. While a session could still be
// resumed, its events are pending. An event that is owed and has not reached the
// bot is outstanding; it is lost if it is still outstanding when the bot has
// been given the time to drain, which is when a test asks for the report.
// GUILD_CREATEs that a second session of the same guild is given as backfill
// (a reshard, two processes) are not owed: the bot knows the guild. Neither are
// answers to op 8, which are for who asked; nor are their bytes compared, because
// their nonce may be one that the asker had not chosen.
//
// # What "repeated" and "out of order" mean
//
// Both are judged by the number alone, whatever session brought the event: one
// that comes again under another id, as from another fleet, is
// [Report].RepeatedOtherID, and one that comes after a later one of its guild is
// [Report].OutOfOrderGuild. Answers to commands have no order with the rest of
// their guild. [Audit.Watch] measures how evenly deliveries come.
//
// # Goroutines
//
// [Server.Start] starts one goroutine for HTTP and one for the traffic; every
// gateway connection has the goroutine of its HTTP handler, which reads, and one
// that writes and keeps its timers. [Server.Close] ends and waits for all of
// them. Every exported method may be called concurrently. One mutex guards the
// simulated world; events are rendered and compressed outside of it. Time comes
// from Config.Clock alone, so a whole story fits in a testing/synctest bubble.
//
// # Stated tolerances
//
// An Identify counts as too fast if it is received more than
// Config.IdentifyTolerance before its bucket's window has passed. A heartbeat
// counts as late if it is received more than Config.HeartbeatTolerance after the
// interval. Neither is known of the real Discord; the facts that are, come from
// its documentation (Gateway; Gateway events; Opcodes and status codes).
package discordtest
