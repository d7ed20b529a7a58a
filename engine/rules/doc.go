// Package rules decides which events a sink takes.
//
// A [Set] is compiled once from a [Config] and asked for every event and sink. It
// is safe for concurrent use and starts no goroutine. The rules are asked from the
// cheapest to the dearest, and the first that refuses an event is the one that
// counts it: types, shards, guilds, sample, when.
//
// # What is judged
//
// Guild lists judge events that have a guild. Whatever has none, such as a direct
// message, passes both of them; when: guild != "" keeps it away.
//
// Shards are those of the fleet that an event came from: after a reshard, the same
// guild is on another one.
//
// Gatehouse's own notices, whose types begin with GATEHOUSE_, pass all rules but an
// events.drop that names them: exactly, or as GATEHOUSE_* or longer. A * or G* does
// not name them.
//
// # One event, several times
//
// The answer depends on the event and the configuration alone: neither on time, nor
// on chance, nor on what was asked before. An event that is asked about again, on a
// retry or because a RESUME replays it after a crash, is decided as the first time;
// this includes sample, which goes by the event's id. Two sinks that sample alike
// take the same events.
//
// Every refusal counts, so the queue asks once for each event and sink. Gap markers,
// for which it asks whenever events are dropped, are never counted.
//
// # Expressions
//
// [Config.When] is an expression of the language of github.com/expr-lang/expr over
//
//	type    "MESSAGE_CREATE"
//	guild   its id as a string; "" for none
//	shard   number of the shard, from 0
//	shards  how many the fleet has
//	size    bytes of the frame
//	kind    "loaded", "joined", "available", "replayed", "late", "expired", "left", "outage" or ""
//	seq     sequence number in the session
//	d       the event's data
//
// with the functions all, any, none, one, filter and count over lists, len, first
// and last, lower, upper and trim, abs, min, max and bitand. Nothing in it can read
// the clock, files or the environment, and its work on one event is bounded: after a
// million rounds of its loops, of which three can stand in each other, it is given up,
// and the event passes. Only numbers can be added.
//
// Of d, only what the expression names is read from the frame, and only when it is
// needed: in type == "MESSAGE_CREATE" && d.author.bot, nothing is read for other
// types. What is not there is nil, at any depth: d.author.bot != true is true for a
// webhook without an author. Where a yes or no is asked for, as in !d.author.bot, nil
// is a no; where a list is, as in any(d.mentions, .bot), it is an empty one. If a frame
// names a field twice, the first counts.
//
// An id can be written as a string or as a number: guild == 81384788765712384 and
// guild in ["81384788765712384"] do what they look like. To this end a number is
// taken as a string where it is compared by ==, != or in with guild or with a field
// that is called id or ends in _id, and so is any number beyond 2^53, which no float
// can hold; such a number in d is a string of its digits likewise. guild == 0 means
// none.
//
// What cannot be judged, because a type does not fit (nil > 5), passes and is counted
// in [ops.Rule].Errors.
package rules
