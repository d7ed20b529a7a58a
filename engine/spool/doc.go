// Package spool holds the events of each worker until every sink has
// acknowledged them, in memory while that takes moments and on disk when it
// takes longer.
//
// A [Log] is one worker's ordered log: shards append, and each sink reads with
// a [Cursor] of its own, acknowledging in any order. Events stand in chunks. A
// chunk that every sink has acknowledged in time is forgotten and never touches
// the disk; one that waits longer becomes a file that is written once, whole,
// and read back when its turn comes. The log is bounded; what happens when it is
// full is a [Policy], and in the place of what is dropped stands a gap marker.
//
// A [Queue] is the logs of all workers with the [Store] below them. It finds
// again what an earlier run has left. [Queue.Run] owns a goroutine per log, which
// alone touches the store: appending, reading and acknowledging never wait for
// the disk, except with [Block] or while the memory is full. All methods may be
// called concurrently.
//
// The logs of one layout of shards are a generation. Its number is the one that
// [Queue.Extend] returns, [Queue.Generations] tells, and its folder in the store is
// named by; it grows, and none is given out twice by one process. A process that
// changes its layout while it runs makes another generation beside the present
// one, which comes to nothing until [Queue.Promote] makes it the present one. Those
// before it are read to their end, and then forgotten.
package spool
