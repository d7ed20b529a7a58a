package style

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/themes"
)

func TestTheLocaleDecidesTheGlyphs(t *testing.T) {
	for _, tc := range []struct {
		choice string
		env    []string
		want   Kind
	}{
		{"", []string{"LANG=en_US.UTF-8", "TERM=xterm"}, Braille},
		{"auto", []string{"LANG=C.utf8"}, Braille},
		{"auto", []string{"LANG=en_US.UTF-8", "LC_ALL=C"}, ASCII},
		{"auto", []string{"LANG=C", "LC_CTYPE=de_DE.UTF-8"}, Braille},
		{"auto", []string{"LANG=en_US.UTF-8", "TERM=linux"}, ASCII},
		{"auto", nil, ASCII},
		{"Block", nil, Block},
		{"ascii", []string{"LANG=en_US.UTF-8"}, ASCII},
	} {
		if got, err := ChooseKind(tc.choice, tc.env); err != nil || got != tc.want {
			t.Errorf("%q with %v: %s, %v", tc.choice, tc.env, got, err)
		}
	}
	if _, err := ChooseKind("dots", nil); err == nil || !strings.Contains(err.Error(), "braille") {
		t.Errorf("got %v", err)
	}
}

func TestEverySignIsOneCellAndEachStateHasItsOwn(t *testing.T) {
	for _, kind := range []Kind{Braille, Block, ASCII} {
		g := GlyphSet(kind)
		seen := map[string]bool{}
		for _, sign := range g.State {
			if ansi.StringWidth(sign) != 1 || seen[sign] {
				t.Errorf("%s: the sign %q", kind, sign)
			}
			seen[sign] = true
		}
		for _, sign := range append([]string{g.Warn, g.Critical, g.OK, g.Bad, g.Frozen, g.Clock, g.Horizontal, g.Vertical}, g.Levels...) {
			if ansi.StringWidth(sign) != 1 {
				t.Errorf("%s: the sign %q", kind, sign)
			}
		}
	}
}

func TestWithoutColourStatesStillDiffer(t *testing.T) {
	theme, err := themes.Load("")
	if err != nil {
		t.Fatal(err)
	}
	s := NewSheet(theme, Options{NoColor: true})
	if !s.Mono() || strings.Contains(s.Ground(s.Critical.Paint("x")+s.State[ops.ShardFailed].Paint("y")), "38;2") {
		t.Error("there is colour")
	}
	if s.State[ops.ShardFailed] == s.State[ops.ShardReady] {
		t.Error("failed looks like ready")
	}
}

func TestAGroundLiesUnderTheWholeLine(t *testing.T) {
	theme, err := themes.Load("light")
	if err != nil {
		t.Fatal(err)
	}
	s := NewSheet(theme, Options{})
	line := s.Ground("a" + s.OK.Paint("b") + "c")
	if strings.Count(line, "48;2;") != 2 {
		t.Errorf("the background ends after a style: %q", line)
	}
	if kept := NewSheet(theme, Options{KeepBackground: true}).Ground("a"); strings.Contains(kept, "48;2") {
		t.Errorf("the terminal's background is painted over: %q", kept)
	}
}
