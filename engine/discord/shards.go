package discord

// largeBotFrom is the number of shards from which totals are rounded.
const largeBotFrom = 100

// defaultLargeBotMultiple is what Discord's shard numbers of large bots were
// multiples of, where max_concurrency does not tell.
const defaultLargeBotMultiple = 16

// LargeBotShards rounds a shard total to what Discord accepts of large bots,
// which close with 4010 otherwise (Discord docs, Gateway: sharding for large
// bots). Fewer than 100 shards stay as they are; more are rounded up to a
// multiple of maxConcurrency, or of 16 if that is 1 or not known: 270 becomes
// 272.
func LargeBotShards(n, maxConcurrency int) int {
	if n < largeBotFrom {
		return n
	}
	multiple := maxConcurrency
	if multiple <= 1 {
		multiple = defaultLargeBotMultiple
	}
	return (n + multiple - 1) / multiple * multiple
}
