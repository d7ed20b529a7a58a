package frame

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Block is a rectangle of finished text. Every line takes exactly W cells,
// which lets blocks be joined without measuring them again.
type Block struct {
	W     int
	Lines []string
}

// NewBlock fits lines into w×h: long lines are cut, missing ones are blank.
func NewBlock(lines []string, w, h int) Block {
	b := Block{W: max(w, 0), Lines: make([]string, max(h, 0))}
	for i := range b.Lines {
		if i < len(lines) {
			b.Lines[i] = Fit(lines[i], w)
		} else {
			b.Lines[i] = Blank(w)
		}
	}
	return b
}

// H is how many lines the block has.
func (b Block) H() int { return len(b.Lines) }

// String is the block as text, without a line break at its end.
func (b Block) String() string { return strings.Join(b.Lines, "\n") }

// Beside joins blocks of equal height from left to right.
func Beside(blocks ...Block) Block {
	out := Block{}
	for _, b := range blocks {
		if len(b.Lines) > len(out.Lines) {
			out.Lines = make([]string, len(b.Lines))
		}
		out.W += b.W
	}
	var sb strings.Builder
	for i := range out.Lines {
		sb.Reset()
		for _, b := range blocks {
			if i < len(b.Lines) {
				sb.WriteString(b.Lines[i])
			} else {
				sb.WriteString(Blank(b.W))
			}
		}
		out.Lines[i] = sb.String()
	}
	return out
}

// Stack joins blocks of equal width from top to bottom.
func Stack(blocks ...Block) Block {
	out := Block{}
	for _, b := range blocks {
		out.W = max(out.W, b.W)
		out.Lines = append(out.Lines, b.Lines...)
	}
	return out
}

// Over lays a block over another at column x and line y; what reaches beyond is cut.
func Over(base, top Block, x, y int) Block {
	out := Block{W: base.W, Lines: append([]string(nil), base.Lines...)}
	x = max(x, 0)
	for i, line := range top.Lines {
		at := y + i
		if at < 0 || at >= len(out.Lines) {
			continue
		}
		w := min(top.W, base.W-x)
		if w <= 0 {
			continue
		}
		left := Fit(ansi.Truncate(base.Lines[at], x, ""), x)
		right := ansi.TruncateLeft(base.Lines[at], x+w, "")
		out.Lines[at] = left + "\x1b[m" + Fit(line, w) + "\x1b[m" + Fit(right, base.W-x-w)
	}
	return out
}

// Centre lays a block over the middle of another.
func Centre(base, top Block) Block {
	return Over(base, top, (base.W-top.W)/2, max(0, (base.H()-top.H())/2))
}
