// Package delivery moves events from the workers' queues to the sinks: in order
// per shard, again and again until the bot has acknowledged them.
//
// A [Runner] serves one [Sink]. It owns a fixed set of goroutines, each of which
// takes a shard's next events, hands them to the sink and waits for the answer,
// so that shards do not wait for one another. Events of one shard are under way
// once at a time. Interactions may go their own way beside them, since they are
// worth nothing after seconds. All methods may be called concurrently.
//
// Queues come and go while it runs, in generations: one is read once those before
// it are empty, so that a bot whose number of shards changes gets everything of the
// old fleet before the first event of the new one.
//
// What the bot refuses for good goes into [DeadLetterFiles], from where a person
// can have it tried again.
package delivery
