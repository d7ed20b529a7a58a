package tui

import (
	"testing"

	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// What the first two seconds show, in every state of the gateway.
func TestScenesOfTheGateway(t *testing.T) {
	goldenScenes(t, "gateway", []size{{160, 45}, {120, 40}, {80, 24}, {60, 16}, {40, 10}}, opfake.GatewayScenes())
}

// The pages and dialogs about identifies, single shards and what is sent.
func TestPagesAndDialogsOfTheGateway(t *testing.T) {
	goldenViews(t, "gateway_page", []size{{120, 40}, {80, 24}, {60, 16}}, []view{
		{"budget", opfake.SceneHealthy, []string{"I"}},
		{"budget_storm", opfake.SceneStorm, []string{"I"}},
		{"budget_breaker", opfake.SceneBreaker, []string{"I"}},
		{"allow", opfake.SceneBreaker, []string{"A"}},
		{"presence", opfake.SceneHealthy, []string{"u"}},
		{"presence_text", opfake.SceneHealthy, []string{"u", "right", "tab", "right", "tab", "right", "right", "tab", "c", "h", "a", "t"}},
		{"presence_json", opfake.SceneHealthy, []string{"u", "up", "up", "up", "{", "\""}},
		{"drawer_silent", opfake.SceneSilent, []string{"enter"}},
		{"drawer_probed", opfake.SceneSilent, []string{"right", "enter"}},
		{"drawer_replaced", opfake.SceneSilent, []string{"right", "right", "enter"}},
		{"drawer_outbox", opfake.SceneSilent, []string{"right", "right", "right", "enter"}},
		{"drawer_young", opfake.SceneSilent, []string{"down", "enter"}},
		{"drawer_panel", opfake.SceneSilent, []string{"right"}},
		{"latency", opfake.SceneSilent, []string{"c"}},
		{"sinks_asks", opfake.SceneAsks, []string{"S"}},
	})
}

func TestThePagesOfTheGatewayInASCIIAndWithoutColour(t *testing.T) {
	for name, key := range map[string]string{"budget": "I", "presence": "u", "allow": "A"} {
		goldenPlain(t, "gateway_page_"+name, view{scene: opfake.SceneBreaker, keys: []string{key}})
	}
}

func TestNoSizeBreaksThePagesOfTheGateway(t *testing.T) {
	var views []view
	for _, s := range []opfake.Scene{opfake.SceneBreaker, opfake.SceneStorm, opfake.SceneSilent, opfake.SceneHealthy} {
		for _, keys := range [][]string{{}, {"I"}, {"A"}, {"u"}, {"enter"}, {"right", "enter"}, {"c"}} {
			views = append(views, view{scene: s, keys: keys})
		}
	}
	everySize(t, views)
}
