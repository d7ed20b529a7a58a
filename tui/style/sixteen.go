package style

import (
	"strconv"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/themes"
)

// Foreground codes of the sixteen colours of a terminal.
const (
	black, red, green, yellow, blue, magenta, cyan, white = 30, 31, 32, 33, 34, 35, 36, 37

	bright = 60 // more, for the bright one of a colour
	behind = 10 // more, for the same colour as a background
)

// sixteen is the sheet for terminals with sixteen colours. The nearest of
// sixteen would make a blue ground of a dark grey one, and the same colour of
// states that differ; so the colours are named here, and the theme only says
// whether it is dark, has colours at all, and keeps green away from red.
func sixteen(theme themes.Theme, keep bool) *Sheet {
	ready, _ := theme.Color(themes.StateReady)
	failed, _ := theme.Color(themes.StateFailed)
	if grey(ready) && grey(failed) {
		return monochrome()
	}
	s := brightOnBlack()
	if !theme.Dark {
		s = darkOnWhite()
	}
	if ready.B > ready.G { // made for eyes that take green for red
		withoutGreen(s, theme.Dark)
	}
	if _, ok := theme.Color(themes.Background); keep || !ok {
		s.ground, s.surface = s.Text.on, s.Text.on
	}
	return s
}

// brightOnBlack keeps blue to the ground, because on black it can hardly be read.
func brightOnBlack() *Sheet {
	text, dim := code(white+bright), code(white)
	s := &Sheet{
		Text: text, Dim: dim, Strong: text.Bold(),
		Border: code(black + bright), BorderFocus: code(cyan + bright),
		Accent: code(cyan + bright), Title: code(cyan + bright).Bold(), Key: code(yellow + bright).Bold(),
		Selection: on(black, white),
		OK:        code(green + bright), Warn: code(yellow + bright), Critical: code(red + bright).Bold(),
		Spark: code(cyan + bright), Events: code(cyan + bright),
		Latency: code(magenta + bright), Queue: code(yellow + bright),
		Calm: code(green),
		Heat: [HeatSteps]Style{code(cyan), code(cyan + bright), code(green + bright), code(yellow + bright), code(red + bright)},
	}
	s.State = [...]Style{
		ops.ShardIdle: dim, ops.ShardConnecting: code(cyan), ops.ShardQueued: on(white+bright, blue),
		ops.ShardIdentifying: code(magenta + bright), ops.ShardResuming: code(cyan + bright),
		ops.ShardReady: code(green + bright), ops.ShardBackoff: code(yellow + bright),
		ops.ShardStopped: text, ops.ShardFailed: code(red + bright).Bold(),
	}
	s.ground = on(white+bright, black).on
	s.surface = s.ground
	return s
}

// darkOnWhite puts yellow on black, because on white it cannot be read.
func darkOnWhite() *Sheet {
	text, warn := code(black), on(yellow+bright, black)
	s := &Sheet{
		Text: text, Dim: code(black + bright), Strong: text.Bold(),
		Border: code(black + bright), BorderFocus: code(blue),
		Accent: code(blue), Title: code(blue).Bold(), Key: code(magenta).Bold(),
		Selection: on(white+bright, blue),
		OK:        code(green), Warn: warn, Critical: code(red).Bold(),
		Spark: code(blue), Events: code(blue), Latency: code(magenta), Queue: code(red),
		Calm: code(green),
		Heat: [HeatSteps]Style{code(blue), code(cyan), code(green), code(magenta), code(red)},
	}
	s.State = [...]Style{
		ops.ShardIdle: code(black + bright), ops.ShardConnecting: code(cyan + bright), ops.ShardQueued: code(blue),
		ops.ShardIdentifying: code(magenta), ops.ShardResuming: code(cyan),
		ops.ShardReady: code(green), ops.ShardBackoff: warn,
		ops.ShardStopped: text, ops.ShardFailed: code(red).Bold(),
	}
	s.ground = on(black, white+bright).on
	s.surface = s.ground
	return s
}

// withoutGreen is for eyes that take green for red: ready shards are of cyan, or
// of blue on white, and what is on its way to ready is told by its ground.
func withoutGreen(s *Sheet, dark bool) {
	ready, calm, connecting := code(blue), code(blue), s.State[ops.ShardConnecting]
	if dark {
		ready, calm, connecting = code(cyan+bright), code(cyan), code(white).Underlined()
	}
	s.State[ops.ShardReady], s.State[ops.ShardConnecting] = ready, connecting
	s.State[ops.ShardQueued], s.State[ops.ShardResuming] = on(white+bright, blue), on(black, cyan)
	s.OK, s.Calm = ready, calm
	s.Heat[0], s.Heat[1], s.Heat[2] = code(cyan), code(blue), code(black)
	if dark {
		s.Heat[0], s.Heat[1], s.Heat[2] = code(white), code(cyan), code(cyan+bright)
	}
}

// code is the style of a foreground code. The bright one of a background is
// left out where both are alike, because the Linux console has eight of them.
func code(fg int) Style {
	ground := fg
	if ground >= black+bright {
		ground -= bright
	}
	return Style{on: "\x1b[" + strconv.Itoa(fg) + "m", bg: "\x1b[" + strconv.Itoa(ground+behind) + "m"}
}

// on is a foreground code on another.
func on(fg, ground int) Style {
	return Style{on: code(fg).on + "\x1b[" + strconv.Itoa(ground+behind) + "m", bg: code(fg).bg}
}

func grey(c themes.RGB) bool { return c.R == c.G && c.G == c.B }
