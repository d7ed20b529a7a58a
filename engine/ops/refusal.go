package ops

// Refusal says why a shard command is not possible in a state, in words that
// follow "shard 3 "; empty if it is possible. The engine refuses by it and a
// console greys out by it.
func Refusal(kind CommandKind, s ShardState) string {
	switch kind {
	case CommandStart:
		if s != ShardStopped && s != ShardFailed {
			return "is " + s.String() + ", only a stopped or failed one can be started"
		}
	case CommandStop:
		if s == ShardStopped || s == ShardFailed {
			return "is " + s.String() + " already"
		}
	case CommandRestart:
		if s == ShardStopped || s == ShardFailed {
			return "is " + s.String() + ": start it instead"
		}
	case CommandReidentify:
		// One that is queued may be held by the reserve, which a person may use.
		if s == ShardIdentifying {
			return "is identifying already"
		}
	}
	return ""
}
