package style

import (
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/themes"
)

// HeatSteps is how many steps a heat scale has.
const HeatSteps = 5

// Sheet holds every style of the console for one theme.
type Sheet struct {
	Text, Dim, Strong             Style
	Border, BorderFocus           Style
	Accent, Title, Key            Style
	Selection                     Style
	OK, Warn, Critical            Style
	Spark, Events, Latency, Queue Style

	// Calm fills cells of ready shards where they stand so close that their
	// colour would shout: theirs, drawn back towards the background.
	Calm Style

	State [ops.ShardFailed + 1]Style
	Heat  [HeatSteps]Style

	ground  string // begins text on the theme's background
	surface string // begins text on bars and dialogs
	mono    bool
}

// Options of a sheet.
type Options struct {
	// NoColor leaves only bold, faint, underline and reverse.
	NoColor bool
	// Sixteen takes the colours that every terminal has. NoColor goes before it.
	Sixteen bool
	// KeepBackground leaves the terminal's background as it is. Contrast is
	// then the operator's affair.
	KeepBackground bool
}

// NewSheet builds the styles of a theme. The zero Theme gives a sheet without colours.
func NewSheet(theme themes.Theme, o Options) *Sheet {
	if _, ok := theme.Color(themes.Text); !ok || o.NoColor {
		return monochrome()
	}
	if o.Sixteen {
		return sixteen(theme, o.KeepBackground)
	}
	fg := func(token themes.Token) Style {
		c, _ := theme.Color(token)
		return Style{on: foreground(c), bg: background(c)}
	}
	s := &Sheet{
		Text: fg(themes.Text), Dim: fg(themes.Dim), Strong: fg(themes.Text).Bold(),
		Border: fg(themes.Border), BorderFocus: fg(themes.BorderFocus),
		Accent: fg(themes.Accent), Title: fg(themes.Accent).Bold(), Key: fg(themes.Key).Bold(),
		OK: fg(themes.OK), Warn: fg(themes.Warn), Critical: fg(themes.Critical).Bold(),
		Spark: fg(themes.Spark), Events: fg(themes.ChartEvents),
		Latency: fg(themes.ChartLatency), Queue: fg(themes.ChartQueue),
	}
	s.Selection = Style{on: fg(themes.SelectionText).on + fg(themes.SelectionBackground).bg}
	for state, token := range stateTokens() {
		s.State[state] = fg(token)
	}
	for i, token := range []themes.Token{themes.Heat0, themes.Heat1, themes.Heat2, themes.Heat3, themes.Heat4} {
		s.Heat[i] = fg(token)
	}
	s.Calm = drawnBack(theme)
	s.ground, s.surface = grounds(theme, s.Text.on, o.KeepBackground)
	return s
}

// drawnBack mixes the colour of ready shards with the background, or with black
// or white if the terminal has its own.
func drawnBack(theme themes.Theme) Style {
	ready, _ := theme.Color(themes.StateReady)
	ground, ok := theme.Color(themes.Background)
	if !ok && !theme.Dark {
		ground = themes.RGB{R: 255, G: 255, B: 255}
	}
	c := ready.Mix(ground, 0.6)
	return Style{on: foreground(c), bg: background(c)}
}

func grounds(theme themes.Theme, text string, keep bool) (ground, surface string) {
	ground, surface = text, text
	if keep {
		return ground, surface
	}
	if c, ok := theme.Color(themes.Background); ok {
		ground += background(c)
		surface += background(c)
	}
	if c, ok := theme.Color(themes.Surface); ok {
		surface = text + background(c)
	}
	return ground, surface
}

func stateTokens() map[ops.ShardState]themes.Token {
	return map[ops.ShardState]themes.Token{
		ops.ShardIdle: themes.StateIdle, ops.ShardConnecting: themes.StateConnecting,
		ops.ShardQueued: themes.StateQueued, ops.ShardIdentifying: themes.StateIdentifying,
		ops.ShardResuming: themes.StateResuming, ops.ShardReady: themes.StateReady,
		ops.ShardBackoff: themes.StateBackoff, ops.ShardStopped: themes.StateStopped,
		ops.ShardFailed: themes.StateFailed,
	}
}

// monochrome is the sheet for terminals without colour.
func monochrome() *Sheet {
	plain, bold := Style{}, Style{on: "\x1b[1m"}
	faint, reverse := Style{on: "\x1b[2m"}, Style{on: "\x1b[7m"}
	s := &Sheet{
		Text: plain, Dim: faint, Strong: bold, Border: faint, BorderFocus: bold,
		Accent: bold, Title: bold, Key: bold, Selection: reverse,
		OK: plain, Warn: bold, Critical: Style{on: "\x1b[1;7m"}, mono: true,
	}
	for _, state := range ops.ShardStates() {
		s.State[state] = bold
	}
	s.State[ops.ShardReady] = plain
	return s
}

// Mono reports whether the sheet has no colours, so that signs must tell everything.
func (s *Sheet) Mono() bool { return s.mono }

// Ground lays a finished line on the theme's background.
func (s *Sheet) Ground(line string) string { return lay(line, s.ground) }

// Surface lays a finished line on the background of bars and dialogs.
func (s *Sheet) Surface(line string) string { return lay(line, s.surface) }

// lay begins the line with a ground and returns to it after each style.
func lay(line, ground string) string {
	if ground == "" {
		return line
	}
	return ground + strings.ReplaceAll(line, Reset, Reset+ground) + Reset
}
