package fleet

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func TestShardsAreSharedOutEvenly(t *testing.T) {
	for shards := 1; shards <= 130; shards++ {
		for _, per := range []int{1, 2, 7, 25, 200} {
			for _, most := range []int{0, 1, 3, 10} {
				for _, roundRobin := range []bool{false, true} {
					place := Place(shards, per, most, roundRobin)
					what := fmt.Sprintf("%d shards, %d a worker, at most %d, round robin %v: %v", shards, per, most, roundRobin, place)
					if err := CheckPlace(place, shards); err != nil {
						t.Fatalf("%s: %v", what, err)
					}
					sizes := make([]int, slices.Max(place)+1)
					for i, w := range place {
						sizes[w]++
						if i > 0 && !roundRobin && w < place[i-1] || roundRobin && i > 0 && len(sizes) > 1 && w == place[i-1] {
							t.Fatal(what)
						}
					}
					if slices.Max(sizes)-slices.Min(sizes) > 1 || most > 0 && len(sizes) > most || most == 0 && slices.Max(sizes) > per {
						t.Fatal(what)
					}
				}
			}
		}
	}
}

// Queues are found again by the name of the placement: that of earlier versions is
// the plain one.
func TestPlacementsAreToldApart(t *testing.T) {
	for _, c := range []struct {
		place []int
		per   int
		plain bool
	}{
		{[]int{0, 0, 0, 1, 1, 1}, 3, true},
		{[]int{0, 0, 0, 1}, 3, true},
		{[]int{0, 0}, 2, true},
		{[]int{0, 1, 0, 1}, 2, false},
		{[]int{0, 0, 1, 1, 1}, 3, false},
	} {
		per, digest := PlacementName(c.place)
		if per != c.per || (digest == "") != c.plain {
			t.Errorf("%v: %d %q", c.place, per, digest)
		}
	}
	_, a := PlacementName(Place(10, 3, 0, true))
	_, b := PlacementName([]int{1, 0, 1, 0, 1, 0, 1, 0, 1, 0})
	if a == b || len(a) != 8 {
		t.Errorf("%q and %q", a, b)
	}
}

func TestAPlacementThatCannotBeSaysWhy(t *testing.T) {
	for want, place := range map[string][]int{
		"3 shards were placed, there are 4": {0, 0, 0},
		"was given to worker -1":            {0, 0, -1, 0},
		"was given to worker 4":             {0, 0, 4, 0},
		"of 3 workers only 2 hold shards":   {0, 0, 2, 0},
	} {
		if err := CheckPlace(place, 4); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", place, err, want)
		}
	}
}

func TestOnlyWhatThereIsCanBeRestarted(t *testing.T) {
	f := newFleet(Config{Total: 4, Last: 3, Place: []int{0, 0, 1, 1}})
	for want, cmd := range map[string]ops.Command{
		"there is no worker 2; they are 0 to 1": {Kind: ops.CommandRestart, Workers: []int{2}},
		"workers can be restarted, and nothing": {Kind: ops.CommandStop, Workers: []int{1}},
		"none of their shards can be restarted": {Kind: ops.CommandRestart, Workers: []int{1}},
	} {
		_, err := f.Resolve(cmd)
		var refused *ops.RefusedError
		if !errors.As(err, &refused) || !strings.HasPrefix(refused.Reason, want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if cmd, err := f.Resolve(ops.Command{Kind: ops.CommandRestart, Shards: []int{3, 1, 3}}); err != nil || !slices.Equal(cmd.Shards, []int{1, 3}) {
		t.Errorf("%v, %v", cmd.Shards, err)
	}
}
