package filter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func parseTerm(word string) (term, error) {
	if rest, ok := strings.CutPrefix(word, "!"); ok {
		t, err := parseTerm(rest)
		if err != nil {
			return nil, err
		}
		return func(s *ops.Shard, now time.Time) bool { return !t(s, now) }, nil
	}
	if at := strings.IndexAny(word, "<>"); at > 0 {
		return parseCompare(word[:at], word[at:])
	}
	if key, value, ok := strings.Cut(word, ":"); ok {
		return parseKey(key, value)
	}
	if word != "" && strings.Trim(word, "0123456789-,") == "" {
		return parseIDs(word, shardID)
	}
	if state, ok := stateNamed(word); ok {
		return func(s *ops.Shard, _ time.Time) bool { return s.State == state }, nil
	}
	return nil, fmt.Errorf("%q: expected an id, a state (ready, resuming, backoff …; {help} lists all), key:value or key>number", word)
}

func parseKey(key, value string) (term, error) {
	switch key {
	case "state":
		return parseStates(value)
	case "id", "shard":
		return parseIDs(value, shardID)
	case "worker":
		return parseIDs(value, func(s *ops.Shard) int { return s.Worker })
	default:
		return nil, fmt.Errorf("%q: keys are state, id and worker", key)
	}
}

func parseStates(list string) (term, error) {
	var states []ops.ShardState
	for name := range strings.SplitSeq(list, ",") {
		state, ok := stateNamed(name)
		if !ok {
			return nil, fmt.Errorf("state %q: states are %s", name, stateList())
		}
		states = append(states, state)
	}
	return func(s *ops.Shard, _ time.Time) bool { return slices.Contains(states, s.State) }, nil
}

func stateNamed(name string) (ops.ShardState, bool) {
	for _, state := range ops.ShardStates() {
		if state.String() == name {
			return state, true
		}
	}
	return 0, false
}

func stateList() string {
	var names []string
	for _, state := range ops.ShardStates() {
		names = append(names, state.String())
	}
	return strings.Join(names, ", ")
}

func shardID(s *ops.Shard) int { return s.ID }

// parseIDs reads 3, 0-63, and lists of them.
func parseIDs(list string, of func(*ops.Shard) int) (term, error) {
	type span struct{ from, to int }
	var spans []span
	for part := range strings.SplitSeq(list, ",") {
		low, high, ranged := strings.Cut(part, "-")
		if !ranged {
			high = low
		}
		from, err1 := strconv.Atoi(low)
		to, err2 := strconv.Atoi(high)
		if err1 != nil || err2 != nil || from < 0 || to < from {
			return nil, fmt.Errorf("%q: expected numbers such as 7 or 0-63", part)
		}
		spans = append(spans, span{from, to})
	}
	return func(s *ops.Shard, _ time.Time) bool {
		n := of(s)
		return slices.ContainsFunc(spans, func(p span) bool { return n >= p.from && n <= p.to })
	}, nil
}
