package tui

import (
	"testing"

	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// everyScreen are the sizes at which each screen has a golden frame.
func everyScreen() []size {
	return []size{{200, 60}, {120, 40}, {80, 24}, {60, 16}, {40, 10}}
}

// The numbered pages, one after the other.
func TestTheNumberedPages(t *testing.T) {
	goldenViews(t, "numbered", everyScreen(), []view{
		{"1", opfake.SceneHealthy, []string{"3", "1"}},
		{"2", "", []string{"2"}},
		{"3", opfake.SceneDown, []string{"3"}},
		{"4", opfake.SceneHealthy, []string{"4"}},
		{"5", opfake.SceneHealthy, []string{"5"}},
		{"6", opfake.SceneWorkers, []string{"6"}},
		{"7", opfake.SceneHealthy, []string{"7"}},
		{"8", opfake.SceneHealthy, []string{"8"}},
		{"9", opfake.SceneHealthy, []string{"9"}},
	})
}

// The table of the shards, picked from and ordered.
func TestTheTableOfTheShards(t *testing.T) {
	goldenViews(t, "table", []size{{120, 40}, {80, 24}, {60, 16}}, []view{
		{"picked", "", []string{"2", "/", "!", "r", "e", "a", "d", "y", "enter", "*"}},
		{"nothing", "", []string{"2", "/", "9", "9", "enter"}},
		{"slowest", "", []string{"2", "O", "O", "V", "down", "down"}},
		{"drilled", "", []string{"2", "down", "enter"}},
	})
	goldenPlain(t, "table", view{keys: []string{"2"}})
}

// The curves, over every range.
func TestTheCurves(t *testing.T) {
	goldenViews(t, "curves", everyScreen(), []view{
		{"5m", opfake.SceneHealthy, []string{"C"}},
		{"24h", opfake.SceneHealthy, []string{"C", "T", "T"}},
	})
	goldenViews(t, "curves", []size{{200, 60}, {120, 40}}, []view{{"overview_1h", opfake.SceneHealthy, []string{"T"}}})
	goldenPlain(t, "curves", view{scene: opfake.SceneHealthy, keys: []string{"C", "T"}})
}

func TestNoSizeBreaksTheNumberedPages(t *testing.T) {
	var views []view
	for _, key := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "C"} {
		views = append(views, view{keys: []string{key}}, view{scene: opfake.SceneOrphan, keys: []string{key}})
	}
	everySize(t, views)
}
