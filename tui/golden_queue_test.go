package tui

import (
	"testing"

	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// scene is a console over one state of the queue or the gateway.
func scene(s opfake.Scene, w, h int) setup { return size{w, h}.at(s) }

// What the first two seconds show, in every state of the queue.
func TestScenesOfTheQueue(t *testing.T) {
	goldenScenes(t, "queue", []size{{120, 40}, {80, 24}, {60, 16}, {40, 10}}, opfake.Scenes())
}

// The pages and dialogs about the queue.
func TestPagesAndDialogsOfTheQueue(t *testing.T) {
	goldenViews(t, "queue_page", []size{{120, 40}, {80, 24}, {60, 16}}, []view{
		{"sinks_healthy", opfake.SceneHealthy, []string{"S"}},
		{"sinks_down", opfake.SceneDown, []string{"S"}},
		{"sinks_back", opfake.SceneBack, []string{"S"}},
		{"sinks_fault", opfake.SceneFault, []string{"S"}},
		{"sinks_full", opfake.SceneFull, []string{"S"}},
		{"sinks_orphan", opfake.SceneOrphan, []string{"S", "down"}},
		{"sinks_letters", opfake.SceneLetters, []string{"S"}},
		{"letters", opfake.SceneLetters, []string{"d", "down"}},
		{"letter", opfake.SceneLetters, []string{"d", "down", "enter"}},
		{"replay", opfake.SceneLetters, []string{"d", "down", "e"}},
		{"discard", opfake.SceneOrphan, []string{"X", "o", "l", "d"}},
		{"drain", opfake.SceneDown, []string{"D"}},
		{"drain_quit", opfake.SceneDrain, []string{"q"}},
		{"quit_down", opfake.SceneDown, []string{"q"}},
		{"quit_fault", opfake.SceneFault, []string{"q"}},
		{"quit_memory", opfake.SceneMemory, []string{"q"}},
	})
}

func TestNoSizeBreaksThePagesOfTheQueue(t *testing.T) {
	var views []view
	for _, s := range []opfake.Scene{opfake.SceneFault, opfake.SceneLetters, opfake.SceneOrphan, opfake.SceneDrain} {
		for _, keys := range [][]string{{}, {"S"}, {"d"}, {"d", "enter"}, {"D"}, {"X"}, {"e"}, {"q"}} {
			views = append(views, view{scene: s, keys: keys})
		}
	}
	everySize(t, views)
}
