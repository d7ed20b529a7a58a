package tui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// What the first two seconds show, in every state of the gateway.
func TestScenesOfTheGateway(t *testing.T) {
	for _, s := range opfake.GatewayScenes() {
		for _, size := range []struct{ w, h int }{{160, 45}, {120, 40}, {80, 24}, {60, 16}, {40, 10}} {
			name := fmt.Sprintf("gateway_%s_%dx%d", s, size.w, size.h)
			t.Run(name, func(t *testing.T) {
				drive(t, scene(s, size.w, size.h), func(d *driver) {
					golden(t, name, d.m.View().Content, size.w, size.h)
				})
			})
		}
	}
}

// The pages and dialogs about identifies, single shards and what is sent.
func TestPagesAndDialogsOfTheGateway(t *testing.T) {
	for _, page := range []struct {
		name  string
		scene opfake.Scene
		keys  []string
	}{
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
	} {
		for _, size := range []struct{ w, h int }{{120, 40}, {80, 24}, {60, 16}} {
			name := fmt.Sprintf("gateway_page_%s_%dx%d", page.name, size.w, size.h)
			t.Run(name, func(t *testing.T) {
				drive(t, scene(page.scene, size.w, size.h), func(d *driver) {
					d.press(page.keys...)
					golden(t, name, d.m.View().Content, size.w, size.h)
				})
			})
		}
	}
}

func TestThePagesOfTheGatewayInASCIIAndWithoutColour(t *testing.T) {
	for name, keys := range map[string][]string{"budget": {"I"}, "presence": {"u"}, "allow": {"A"}} {
		s := scene(opfake.SceneBreaker, 120, 40)
		s.options = func(o *Options) { o.Glyphs, o.NoColor = "ascii", true }
		drive(t, s, func(d *driver) {
			d.press(keys...)
			content := d.m.View().Content
			golden(t, "gateway_page_"+name+"_ascii_120x40", content, 120, 40)
			if strings.Contains(content, "\x1b[38") || strings.Contains(content, "\x1b[48") {
				t.Errorf("%s: there is colour in a frame without colour", name)
			}
		})
	}
}

func TestNoSizeBreaksThePagesOfTheGateway(t *testing.T) {
	for _, s := range []opfake.Scene{opfake.SceneBreaker, opfake.SceneStorm, opfake.SceneSilent, opfake.SceneHealthy} {
		for _, keys := range [][]string{{}, {"I"}, {"A"}, {"u"}, {"enter"}, {"right", "enter"}, {"c"}} {
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
