package themes

import (
	"fmt"
	"strconv"
)

// Theme is one set of colours, one for each token.
type Theme struct {
	Name  string // as [Load] knows it; lower case
	Title string // for people
	Dark  bool   // made for a dark background

	colors map[Token]RGB
}

// Color is the colour of a token. It reports false for a token that the theme
// leaves to the terminal, and for every token of the zero Theme.
func (t Theme) Color(token Token) (RGB, bool) {
	c, ok := t.colors[token]
	return c, ok
}

// RGB is a colour in sRGB.
type RGB struct{ R, G, B uint8 }

// Hex is the colour as #rrggbb.
func (c RGB) Hex() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// Mix is the colour that lies a share, 0 to 1, of the way from c to other.
func (c RGB) Mix(other RGB, share float64) RGB {
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*share + 0.5) }
	return RGB{R: mix(c.R, other.R), G: mix(c.G, other.G), B: mix(c.B, other.B)}
}

// parseRGB reads #rrggbb or #rgb.
func parseRGB(s string) (RGB, bool) {
	if len(s) == 4 && s[0] == '#' {
		s = string([]byte{'#', s[1], s[1], s[2], s[2], s[3], s[3]})
	}
	if len(s) != 7 || s[0] != '#' {
		return RGB{}, false
	}
	v, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return RGB{}, false
	}
	return RGB{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v)}, true
}
