package style

import (
	"strconv"

	"github.com/gatehouse-gateway/gatehouse/themes"
)

// Reset ends every style.
const Reset = "\x1b[m"

// Style is how a piece of text looks. The zero Style leaves text as it is.
type Style struct {
	on string // escape sequence before the text
	bg string // the same colour as a background, for cells that hold two colours
}

// Paint returns s in this style. Painted text must not be painted again.
func (st Style) Paint(s string) string {
	if st.on == "" || s == "" {
		return s
	}
	return st.on + s + Reset
}

// On is the escape sequence that begins the style, for code that writes runs
// of cells itself and ends them with [Reset].
func (st Style) On() string { return st.on }

// OnBackground is the escape sequence that puts the style's colour behind what follows.
func (st Style) OnBackground() string { return st.bg }

// Underlined is the style with an underline.
func (st Style) Underlined() Style { return Style{on: st.on + "\x1b[4m", bg: st.bg} }

// Bold is the style in bold.
func (st Style) Bold() Style { return Style{on: st.on + "\x1b[1m", bg: st.bg} }

func foreground(c themes.RGB) string { return sgr("38", c) }

func background(c themes.RGB) string { return sgr("48", c) }

func sgr(layer string, c themes.RGB) string {
	n := func(v uint8) string { return strconv.Itoa(int(v)) }
	return "\x1b[" + layer + ";2;" + n(c.R) + ";" + n(c.G) + ";" + n(c.B) + "m"
}
