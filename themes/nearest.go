package themes

import (
	"fmt"
	"maps"
	"slices"
)

// unknownTokens complains about keys of [colors] that are no tokens, in order.
func (f file) unknownTokens() []error {
	known := map[string]bool{}
	var names []string
	for _, token := range Tokens() {
		known[string(token)] = true
		names = append(names, string(token))
	}
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(f.Colors)) {
		if !known[key] {
			problems = append(problems, fmt.Errorf("colors.%q is unknown, did you mean %q?", key, nearest(key, names)))
		}
	}
	return problems
}

// nearest is the candidate with the fewest edits from s.
func nearest(s string, candidates []string) string {
	best, least := "", -1
	for _, c := range candidates {
		if d := edits(s, c); least < 0 || d < least {
			best, least = c, d
		}
	}
	return best
}

// edits is the Levenshtein distance of two strings.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next := min(row[j]+1, row[j-1]+1, diagonal+cost)
			diagonal, row[j] = row[j], next
		}
	}
	return row[len(b)]
}
