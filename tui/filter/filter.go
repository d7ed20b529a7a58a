package filter

import (
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Filter picks shards. The zero Filter matches every one.
type Filter struct {
	text  string
	terms []term
}

// term decides about one shard at an instant.
type term func(s *ops.Shard, now time.Time) bool

// Parse reads a filter. Its errors are for the person who typed it and name
// what would have been possible.
func Parse(text string) (Filter, error) {
	f := Filter{text: strings.Join(strings.Fields(text), " ")}
	for _, word := range strings.Fields(strings.ToLower(text)) {
		t, err := parseTerm(word)
		if err != nil {
			return Filter{}, err
		}
		f.terms = append(f.terms, t)
	}
	return f, nil
}

// Match reports whether a shard passes every term.
func (f Filter) Match(s *ops.Shard, now time.Time) bool {
	for _, t := range f.terms {
		if !t(s, now) {
			return false
		}
	}
	return true
}

// Empty reports whether the filter lets everything pass.
func (f Filter) Empty() bool { return len(f.terms) == 0 }

// String is the filter as it was typed, with single blanks.
func (f Filter) String() string { return f.text }
