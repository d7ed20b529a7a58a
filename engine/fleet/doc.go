// Package fleet holds one complete set of shards with one total: it places them
// on workers, starts them in the order in which they may identify, carries out
// an operator's commands on them, and measures them.
//
// [Fleet.Run] owns a goroutine per shard and waits for all of them. Everything
// else may be called concurrently.
package fleet
