package ops

import "testing"

func TestRangesReadAsPeopleWriteThem(t *testing.T) {
	for want, ids := range map[string][]int{
		"": nil, "7": {7}, "0-24": span(0, 24), "0-1": {0, 1}, "0, 2, 4-6, 9": {0, 2, 4, 5, 6, 9},
	} {
		if got := Ranges(ids); got != want {
			t.Errorf("%v: %q, want %q", ids, got, want)
		}
	}
}

func span(first, last int) (ids []int) {
	for id := first; id <= last; id++ {
		ids = append(ids, id)
	}
	return ids
}
