package tui

import (
	"fmt"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// What the first look shows, in every state of the pipeline.
func TestScenesOfThePipeline(t *testing.T) {
	goldenScenes(t, "pipeline", []size{{120, 40}, {80, 24}, {60, 16}, {40, 10}},
		[]opfake.Scene{opfake.SceneLoading, opfake.SceneMissed, opfake.SceneLoaded})
}

// The pages and dialogs about workers, events and rules.
func TestPagesAndDialogsOfThePipeline(t *testing.T) {
	goldenViews(t, "pipeline_page", []size{{120, 40}, {80, 24}, {60, 16}}, []view{
		{"workers", opfake.SceneWorkers, []string{"W"}},
		{"worker", opfake.SceneWorkers, []string{"W", "enter"}},
		{"worker_trouble", opfake.SceneWorkers, []string{"W", "down", "enter"}},
		{"restart", opfake.SceneWorkers, []string{"W", "B"}},
		{"events", opfake.SceneHealthy, []string{"E"}},
		{"events_loading", opfake.SceneLoading, []string{"E"}},
		{"events_missed", opfake.SceneMissed, []string{"E"}},
		{"events_rules", opfake.SceneRules, []string{"E"}},
		{"events_hooks", opfake.SceneHooks, []string{"E"}},
		{"sinks_rules", opfake.SceneRules, []string{"S"}},
		{"rules", opfake.SceneRules, []string{"S", "v"}},
		{"reload", opfake.SceneHealthy, []string{"ctrl+r"}},
	})
}

func TestThePagesOfThePipelineInASCIIAndWithoutColour(t *testing.T) {
	goldenPlain(t, "pipeline_page_workers", view{scene: opfake.SceneWorkers, keys: []string{"W"}})
	goldenPlain(t, "pipeline_page_worker", view{scene: opfake.SceneWorkers, keys: []string{"W", "enter"}})
	goldenPlain(t, "pipeline_page_events", view{scene: opfake.SceneHooks, keys: []string{"E"}})
}

// A fleet with more workers than a screen has lines.
func TestManyWorkersOnOnePage(t *testing.T) {
	for _, s := range []size{{120, 40}, {80, 24}} {
		drive(t, setup{shards: 4096, w: s.w, h: s.h, fleet: func(op *opfake.Operator) { op.Scene = opfake.SceneWorkers }}, func(d *driver) {
			d.press("W", "pgdown", "pgdown")
			golden(t, fmt.Sprintf("pipeline_many_%dx%d", s.w, s.h), d.m.View().Content, s.w, s.h)
		})
	}
}

func TestNoSizeBreaksThePagesOfThePipeline(t *testing.T) {
	var views []view
	for _, s := range opfake.PipelineScenes() {
		for _, keys := range [][]string{{}, {"W"}, {"W", "enter"}, {"W", "B"}, {"E"}, {"S"}, {"S", "v"}} {
			views = append(views, view{scene: s, keys: keys})
		}
	}
	everySize(t, views)
}
