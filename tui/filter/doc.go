// Package filter is the console's language for picking shards:
//
//	state:resuming,backoff   in one of these states
//	ready   !ready           short for state:ready, and its opposite
//	7   id:0-63,70           by id
//	worker:3                 by worker
//	lat>200                  heartbeat latency in ms, or with a unit: lat>1.5s
//	rate>10  guilds<100      also events, unavailable, loading, resumes, reconnects, identifies
//	outbox>0  sends>100      commands that wait, frames of the last minute; deaf>0: probes unanswered
//	since<5m                 time since the last change of state
//	ack>1m  quiet>2m         time since the last ACK, since the last event
//
// Terms are joined by blanks and all must hold; "!" before a term negates it.
// An error says {help} where the key of the help shall stand. The package is pure; a [Filter] may be shared between goroutines.
package filter
