package themes

import (
	"slices"
	"strings"
	"testing"
)

// Text must reach the ratio that WCAG 2 demands of text (AA), signs the one of
// graphical objects.
const (
	textRatio = 4.5
	signRatio = 3.0
)

func TestTextAndSignsStandOutFromTheirBackground(t *testing.T) {
	text := []Token{Text, Dim, Accent, Key, OK, Warn, Critical}
	for _, name := range Names() {
		theme := load(t, name)
		for _, ground := range []Token{Background, Surface} {
			for _, token := range Tokens() {
				least := signRatio
				switch {
				case slices.Contains(text, token):
					least = textRatio
				case token.optional(), token == Border, token == SelectionText, token == SelectionBackground:
					continue
				}
				check(t, theme, token, ground, least)
			}
		}
		check(t, theme, SelectionText, SelectionBackground, textRatio)
	}
}

func check(t *testing.T, theme Theme, fg, bg Token, least float64) {
	t.Helper()
	if got := contrast(theme.colors[fg], theme.colors[bg]); got < least {
		t.Errorf("%s: %s on %s has %.2f:1, wants %.1f:1", theme.Name, fg, bg, got, least)
	}
}

// What an operator must tell apart at a glance. ΔE of 10 is far above what is
// just noticeable, because cells are small and not side by side.
func TestStatesStayApartForEverySight(t *testing.T) {
	states := []Token{StateIdle, StateConnecting, StateQueued, StateIdentifying, StateResuming,
		StateReady, StateBackoff, StateStopped, StateFailed}
	for _, name := range Names() {
		switch {
		case name == "mono": // signs and weight alone tell them apart
		case strings.HasPrefix(name, "colorblind"):
			apart(t, load(t, name), states, sights, 10)
		default:
			apart(t, load(t, name), states, sights[:1], 10)
		}
	}
}

// Trouble must stand out from health for everybody, in every theme.
func TestTroubleStandsOutFromHealth(t *testing.T) {
	for _, name := range Names() {
		for _, trouble := range []Token{StateFailed, StateBackoff} {
			apart(t, load(t, name), []Token{StateReady, trouble}, sights, 12)
		}
	}
}

func TestStepsOfTheHeatScaleStayApart(t *testing.T) {
	for _, name := range []string{"colorblind", "colorblind-light"} {
		apart(t, load(t, name), []Token{Heat0, Heat1, Heat2, Heat3, Heat4}, sights, 12)
	}
}

func apart(t *testing.T, theme Theme, tokens []Token, eyes []sight, least float64) {
	t.Helper()
	for _, eye := range eyes {
		for i, a := range tokens {
			for _, b := range tokens[i+1:] {
				d := distance(eye.sees(theme.colors[a]), eye.sees(theme.colors[b]))
				if d < least {
					t.Errorf("%s, %s: %s and %s are only ΔE %.1f apart", theme.Name, eye.name, a, b, d)
				}
			}
		}
	}
}
