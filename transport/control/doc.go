// Package control lets another process see and steer a running Gatehouse: a
// [Server] that answers for an [ops.Operator], and a [Client] that is one.
//
// They speak HTTP/1.1 with JSON over a Unix socket that only its owner may open.
//
//	GET  /v1/version        which Gatehouse this is, and the protocol it speaks
//	GET  /v1/status         the snapshot
//	GET  /v1/shards/{id}    what the snapshot leaves out about one shard
//	GET  /v1/guilds/ID      ?total=N
//	GET  /v1/shards/ID/guilds ?contains=DIGITS&max=N
//	GET  /v1/history        ?range=5m|1h|24h
//	GET  /v1/log            ?after=SEQ&max=N&level=debug|info|warn|error&shard=ID
//	GET  /v1/dead-letters   ?sink=NAME&max=N
//	POST /v1/plan           {"total":32,"slice":{"first":0,"last":15}}: what a reshard would
//	                        do and cost; an empty body for what reshard.target says
//	POST /v1/actions        a command: 202 with its id, 409 if it is refused;
//	                        ?follow=true says that the client will wait for its end;
//	                        without "by" it is booked on the user at the socket
//	GET  /v1/actions/{id}   ?wait=10s waits for its end for that long
//	POST /v1/send           a command for Discord, {"op":8,"d":{…},"shards":[…],"answers":true}:
//	                        200 with shards, sent_at and answers once it is done, 409 if it
//	                        is not sent, 504 after ?timeout=30s; the body has up to 64 KiB
//
// Every name in the JSON is decided in the files wire*.go. Names are lower case
// with underscores and never change their meaning within a protocol version.
// States are words, times RFC 3339 in UTC; a time that does not apply is left
// out, everything else is always there. Durations end in _ms and are
// milliseconds, rates in _per_second. What goes wrong is answered as
//
//	{"code":"refused","message":"shard 3 is stopped already"}
//
// and a command that Discord is not sent, or not by all shards, as
//
//	{"code":"not_sent","message":"…","retry_at":"2026-11-22T12:00:30Z","sent":[0,1]}
//
// Server and Client are safe for concurrent use. Goroutines of the server end
// before [Server.Serve] returns, those of the client before [Client.Close] does.
// A client that is slow, silent or greedy costs a place among those that are
// served at a time, and never holds the engine: answers are made in memory from
// copies before the first byte is sent. Commands for Discord have places of their
// own, since they may wait.
package control
