package tui

import (
	"testing"

	"github.com/gatehouse-gateway/gatehouse/themes"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// What the first two seconds show while the fleet is resharded.
func TestScenesOfAReshard(t *testing.T) {
	goldenScenes(t, "reshard", []size{{120, 40}, {80, 24}, {60, 16}, {40, 10}},
		[]opfake.Scene{opfake.SceneDue, opfake.SceneSlice, opfake.SceneSpawn, opfake.SceneMissing, opfake.ScenePaused, opfake.SceneRetire})
}

// The live view in each phase, and how a reshard came out.
func TestThePageOfAReshardInEachPhase(t *testing.T) {
	var views []view
	for _, s := range []opfake.Scene{opfake.SceneSpawn, opfake.SceneLoad, opfake.SceneMissing, opfake.SceneOverlap, opfake.SceneDiffers,
		opfake.ScenePaused, opfake.SceneRetire} {
		views = append(views, view{string(s), s, []string{"R", "wait"}})
	}
	views = append(views, view{"switch", opfake.SceneSwitch, []string{"R"}},
		view{"result", opfake.SceneRetire, []string{"R", "wait", "wait"}},
		view{"history", opfake.SceneResharded, []string{"R", "tab", "tab", "enter", "wait"}})
	goldenViews(t, "reshard_page", []size{{200, 60}, {120, 40}, {80, 24}, {60, 16}, {40, 10}}, views)
}

// The steps of the wizard, and the questions of the page.
func TestTheDialogsOfAReshard(t *testing.T) {
	goldenViews(t, "reshard_dialog", []size{{120, 40}, {80, 24}, {60, 16}}, []view{
		{"target", opfake.SceneHealthy, []string{"R"}},
		{"target_slice", opfake.SceneSlice, []string{"R"}},
		{"target_due", opfake.SceneDue, []string{"R"}},
		{"target_again", opfake.SceneResharded, []string{"R"}},
		{"plan", opfake.SceneHealthy, []string{"R", "enter", "wait"}},
		{"plan_typed", opfake.SceneHealthy, []string{"R", "enter", "wait", "3", "6"}},
		{"plan_slice", opfake.SceneSlice, []string{"R", "enter", "wait"}},
		{"plan_refused", opfake.SceneDue, []string{"R", "enter", "wait"}},
		{"plan_refused_twice", opfake.SceneDue, []string{"R", "ctrl+u", "1", "8", "enter", "wait"}},
		{"abort", opfake.SceneOverlap, []string{"R", "x"}},
		{"force", opfake.SceneMissing, []string{"R", "F"}},
		{"pause", opfake.SceneSpawn, []string{"R", "h"}},
		{"quit", opfake.SceneSpawn, []string{"q"}},
	})
}

func TestAReshardInASCIIAndWithoutColour(t *testing.T) {
	goldenPlain(t, "reshard_page_differs", view{scene: opfake.SceneDiffers, keys: []string{"R", "wait"}})
	goldenPlain(t, "reshard_page_retire", view{scene: opfake.SceneRetire, keys: []string{"R", "wait"}})
	goldenPlain(t, "reshard_page_history", view{scene: opfake.SceneResharded, keys: []string{"R", "tab", "tab", "enter"}})
	goldenPlain(t, "reshard_dialog_plan", view{scene: opfake.SceneHealthy, keys: []string{"R", "enter", "wait"}})
	goldenPlain(t, "reshard_dialog_refused", view{scene: opfake.SceneDue, keys: []string{"R", "enter", "wait"}})
	goldenPlain(t, "reshard_paused", view{scene: opfake.ScenePaused})
}

func TestNoSizeBreaksAReshard(t *testing.T) {
	var views []view
	for _, s := range opfake.ReshardScenes() {
		views = append(views, view{scene: s, keys: []string{"R"}})
	}
	for _, s := range []opfake.Scene{opfake.SceneDue, opfake.SceneSlice} {
		views = append(views, view{scene: s, keys: []string{"R", "enter", "wait"}})
	}
	for _, key := range []string{"x", "F", "h"} {
		views = append(views, view{scene: opfake.SceneMissing, keys: []string{"R", key}})
	}
	everySize(t, views)
}

// Every theme draws the page, and none changes what it says.
func TestAReshardReadsTheSameInEveryTheme(t *testing.T) {
	want := ""
	for _, name := range themes.Names() {
		s := size{120, 40}.at(opfake.SceneDiffers)
		s.options = func(o *Options) {
			theme, err := themes.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			o.Theme = theme
		}
		drive(t, s, func(d *driver) {
			d.play("R", "wait")
			checkSize(t, d, 120, 40)
			if want == "" {
				want = d.screen()
			}
			if got := d.screen(); got != want {
				t.Errorf("%s draws\n%s\nwant\n%s", name, got, want)
			}
		})
	}
}
