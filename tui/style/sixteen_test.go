package style

import (
	"image/color"
	"regexp"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/themes"
)

func TestWithSixteenColoursStatesStayApartInEveryTheme(t *testing.T) {
	plain := regexp.MustCompile(`^(\x1b\[([14]|3[0-7]|4[0-7]|9[0-7]|10[0-7])m)*$`)
	for _, name := range themes.Names() {
		theme, err := themes.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		s := NewSheet(theme, Options{Sixteen: true})
		if s.Mono() {
			if name != "mono" {
				t.Errorf("%s: no colours", name)
			}
			continue
		}
		seen := map[string]ops.ShardState{}
		for _, state := range ops.ShardStates() {
			look := s.State[state]
			if other, ok := seen[look.on]; ok {
				t.Errorf("%s: %v looks like %v", name, state, other)
			}
			seen[look.on] = state
			if theme.Dark && (strings.Contains(look.on, "\x1b[34m") || strings.Contains(look.on, "\x1b[94m")) {
				t.Errorf("%s: %v is blue on black", name, state)
			}
			if !plain.MatchString(look.on + look.bg + s.ground + s.surface + s.Selection.on) {
				t.Errorf("%s: %v takes more than sixteen colours: %q", name, state, look.on)
			}
		}
		heat := map[string]bool{}
		for _, step := range s.Heat {
			heat[step.on] = true
		}
		if len(heat) != HeatSteps {
			t.Errorf("%s: steps of the heat scale look alike", name)
		}
		if want := map[bool]string{true: "\x1b[40m", false: "\x1b[107m"}[theme.Dark]; !strings.Contains(s.Ground("x"), want) {
			t.Errorf("%s: the ground is %q", name, s.Ground("x"))
		}
		if kept := NewSheet(theme, Options{Sixteen: true, KeepBackground: true}).Ground("x"); strings.Contains(kept, "\x1b[40m") || strings.Contains(kept, "\x1b[107m") {
			t.Errorf("%s: the terminal's background is painted over: %q", name, kept)
		}
	}
}

func TestWithSixteenColoursAThemeForTheColourBlindHasNoGreenShards(t *testing.T) {
	for name, want := range map[string]string{"colorblind": "\x1b[96m", "colorblind-light": "\x1b[34m", "dark": "\x1b[92m", "light": "\x1b[32m"} {
		theme, err := themes.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := NewSheet(theme, Options{Sixteen: true}).State[ops.ShardReady].on; got != want {
			t.Errorf("%s: ready is %q, want %q", name, got, want)
		}
	}
}

// Of 256 colours the nearest is taken, by Bubble Tea.
func TestWith256ColoursStatesStayApartInEveryTheme(t *testing.T) {
	for _, name := range themes.Names() {
		theme, err := themes.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "mono" { // signs and weight alone tell them apart
			continue
		}
		seen := map[color.Color]ops.ShardState{}
		for state, token := range stateTokens() {
			c, _ := theme.Color(token)
			nearest := colorprofile.ANSI256.Convert(color.RGBA{R: c.R, G: c.G, B: c.B, A: 255})
			if other, ok := seen[nearest]; ok {
				t.Errorf("%s: %v and %v are both colour %v", name, state, other, nearest)
			}
			seen[nearest] = state
		}
	}
}
