// Package spool holds the events of a worker until every sink has acknowledged
// them.
//
// A [Log] is one worker's ordered log: shards append, and each sink reads with
// a [Cursor] of its own, acknowledging in any order. The log is bounded; what
// happens when it is full is a [Policy], and whatever is dropped is counted and
// reported. This log lives in memory.
//
// Logs and cursors may be used concurrently and own no goroutine.
package spool
