// Package reshard decides when and how a bot's number of shards changes, and
// merges the event streams of the two fleets while both are up.
//
// [Plan] and [Auto] are pure: what they go by is handed to them. A [Merge] is told
// the time by its clock and owns no goroutine.
package reshard
