package style

import "github.com/gatehouse-gateway/gatehouse/engine/ops"

// Kind names a glyph set.
type Kind string

// The glyph sets.
const (
	Braille Kind = "braille" // curves in dots, eight to a cell
	Block   Kind = "block"   // curves in eighths of blocks, for fonts without braille
	ASCII   Kind = "ascii"   // seven bits, for terminals without UTF-8
)

// Glyphs are the signs of one set. Each is one cell wide unless it says otherwise.
type Glyphs struct {
	Kind  Kind
	State [ops.ShardFailed + 1]string
	Sink  [ops.SinkRefused + 1]string

	Warn, Critical, OK, Bad       string
	Down, Right, Left, Dash, Dots string
	Frozen, Clock, Cursor, Mark   string
	Sep                           string
	Sort                          map[bool]string // before the column that decides the order; true if reversed
	Gap                           string          // below a curve, where nothing was measured
	Orphan                        string          // a sink that is not configured any more
	Gauge                         [2]string       // a cell of a bar, empty and full
	Levels                        []string        // bars from empty to full
	Spin                          []string        // what something looks like that takes its time, one after the other
	HalfBlock                     string          // upper half of a cell; empty if there is none

	// Box drawing: corners from top left clockwise, then horizontal and vertical.
	Corner               [4]string
	Horizontal, Vertical string
}

// GlyphSet returns a set by kind; an unknown kind gives [ASCII], which every
// terminal can show.
func GlyphSet(kind Kind) *Glyphs {
	switch kind {
	case Braille, Block:
		return unicodeSet(kind)
	default:
		return asciiSet()
	}
}

func unicodeSet(kind Kind) *Glyphs {
	g := &Glyphs{
		Kind: kind,
		Warn: "▲", Critical: "✖", OK: "✓", Bad: "✖",
		Down: "↓", Right: "→", Left: "←", Dash: "–", Dots: "…",
		Frozen: "⏸", Clock: "↻", Cursor: "▏", Mark: "◉", Sep: "·", Gap: "·", Sort: map[bool]string{false: "▾", true: "▴"}, Orphan: "◇", Gauge: [2]string{"░", "█"},
		Levels:    []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
		Spin:      []string{"◐", "◓", "◑", "◒"},
		HalfBlock: "▀",
		Corner:    [4]string{"╭", "╮", "╯", "╰"}, Horizontal: "─", Vertical: "│",
	}
	g.State = [...]string{
		ops.ShardIdle: "·", ops.ShardConnecting: "○", ops.ShardQueued: "◔", ops.ShardIdentifying: "◆",
		ops.ShardResuming: "◐", ops.ShardReady: "●", ops.ShardBackoff: "▼", ops.ShardStopped: "□", ops.ShardFailed: "✖",
	}
	g.Sink = [...]string{ops.SinkIdle: "·", ops.SinkOK: "●", ops.SinkRetrying: "▼", ops.SinkRejecting: "▼", ops.SinkPaused: "⏸", ops.SinkRefused: "✖"}
	return g
}

func asciiSet() *Glyphs {
	g := &Glyphs{
		Kind: ASCII,
		Warn: "!", Critical: "X", OK: "+", Bad: "X",
		Down: "v", Right: ">", Left: "<", Dash: "-", Dots: "~",
		Frozen: "#", Clock: "@", Cursor: "_", Mark: "@", Sep: "-", Gap: "'", Sort: map[bool]string{false: "v", true: "^"}, Orphan: "?", Gauge: [2]string{".", "#"},
		Levels: []string{" ", ".", ":", "-", "=", "+", "*", "#", "@"},
		Spin:   []string{"|", "/", "-", "\\"},
		Corner: [4]string{"+", "+", "+", "+"}, Horizontal: "-", Vertical: "|",
	}
	g.State = [...]string{
		ops.ShardIdle: ".", ops.ShardConnecting: "c", ops.ShardQueued: "q", ops.ShardIdentifying: "i",
		ops.ShardResuming: "r", ops.ShardReady: "o", ops.ShardBackoff: "b", ops.ShardStopped: "s", ops.ShardFailed: "X",
	}
	g.Sink = [...]string{ops.SinkIdle: ".", ops.SinkOK: "o", ops.SinkRetrying: "b", ops.SinkRejecting: "b", ops.SinkPaused: "#", ops.SinkRefused: "X"}
	return g
}
