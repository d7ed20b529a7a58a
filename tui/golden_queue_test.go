package tui

import (
	"fmt"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// scene is a console over one state of the queue.
func scene(s opfake.Scene, w, h int) setup {
	return setup{shards: 32, w: w, h: h, fleet: func(op *opfake.Operator) { op.Scene = s }}
}

// What the first two seconds show, in every state of the queue.
func TestScenesOfTheQueue(t *testing.T) {
	for _, s := range opfake.Scenes() {
		for _, size := range []struct{ w, h int }{{120, 40}, {80, 24}, {60, 16}, {40, 10}} {
			name := fmt.Sprintf("queue_%s_%dx%d", s, size.w, size.h)
			t.Run(name, func(t *testing.T) {
				drive(t, scene(s, size.w, size.h), func(d *driver) {
					golden(t, name, d.m.View().Content, size.w, size.h)
				})
			})
		}
	}
}

// The pages and dialogs about the queue.
func TestPagesAndDialogsOfTheQueue(t *testing.T) {
	for _, page := range []struct {
		name  string
		scene opfake.Scene
		keys  []string
	}{
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
	} {
		for _, size := range []struct{ w, h int }{{120, 40}, {80, 24}, {60, 16}} {
			name := fmt.Sprintf("queue_page_%s_%dx%d", page.name, size.w, size.h)
			t.Run(name, func(t *testing.T) {
				drive(t, scene(page.scene, size.w, size.h), func(d *driver) {
					d.press(page.keys...)
					golden(t, name, d.m.View().Content, size.w, size.h)
				})
			})
		}
	}
}

func TestNoSizeBreaksThePagesOfTheQueue(t *testing.T) {
	for _, s := range []opfake.Scene{opfake.SceneFault, opfake.SceneLetters, opfake.SceneOrphan, opfake.SceneDrain} {
		for _, keys := range [][]string{{}, {"S"}, {"d"}, {"d", "enter"}, {"D"}, {"X"}, {"e"}, {"q"}} {
			drive(t, scene(s, 80, 24), func(d *driver) {
				d.press(keys...)
				for w := 8; w <= 210; w += 23 {
					for h := 3; h <= 62; h += 11 {
						d.send(sizeMsg(w, h))
						checkSize(t, d, w, h)
					}
				}
			})
		}
	}
}
