package screen

import (
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// tiles draws each shard with its figures, for fleets that leave room for them.
func (v Shards) tiles(l Look, cells []frame.Cell, w, h int) frame.Block {
	g, looks := v.Grid, Palette(l).Looks
	width := len(strconv.Itoa(v.Shards[len(v.Shards)-1].ID))
	out := frame.Block{W: w, Lines: make([]string, 0, h)}
	for row := 0; row < g.Rows; row++ {
		var first, second strings.Builder
		used := 0
		for i := row * g.Cols; i < min((row+1)*g.Cols, len(v.Shards)); i++ {
			s := &v.Shards[i]
			a, b := tile(l, s, cells[i], looks, width, g.CellW-1)
			if i == v.Cursor {
				a, b = selected(l, s, width, g.CellW-1)
			}
			first.WriteString(" " + a)
			second.WriteString(" " + b)
			used += g.CellW
		}
		rest := frame.Blank(w - used)
		for i, line := range []string{first.String() + rest, second.String() + rest, frame.Blank(w)} {
			if i < g.CellH && len(out.Lines) < h {
				out.Lines = append(out.Lines, line)
			}
		}
	}
	for len(out.Lines) < h {
		out.Lines = append(out.Lines, frame.Blank(w))
	}
	return out
}

// tile is a shard on two lines of w cells: sign, id and latency, or the state
// if it is not up; then guilds and events.
func tile(l Look, s *ops.Shard, c frame.Cell, looks []style.Style, idWidth, w int) (first, second string) {
	look := looks[c.Look]
	if c.Marked {
		look = look.Underlined()
	}
	id := frame.Right(strconv.Itoa(s.ID), idWidth)
	if int(c.Look) == lookDim {
		return l.S.Dim.Paint(tileHead(l, s, id, w)), l.S.Dim.Paint(tileTail(s, w))
	}
	head := tileHead(l, s, id, w)
	cut := len(l.stateSign(s.State)) + 1 + len(id)
	return look.Paint(l.stateSign(s.State)+" ") + l.S.Text.Paint(id) + look.Paint(head[cut:]),
		l.S.Dim.Paint(tileTail(s, w))
}

// selected is the tile under the cursor, in one colour.
func selected(l Look, s *ops.Shard, idWidth, w int) (first, second string) {
	id := frame.Right(strconv.Itoa(s.ID), idWidth)
	return l.S.Selection.Paint(tileHead(l, s, id, w)), l.S.Selection.Paint(tileTail(s, w))
}

func tileHead(l Look, s *ops.Shard, id string, w int) string {
	left := l.stateSign(s.State) + " " + id
	return frame.Ends(left, " "+frame.Cut(tileWord(l, s), w-frame.Width(left)-1), w)
}

// tileWord is the latency of a shard that is ready, or what is wrong with it, and
// the state of any other: a latency is never shown from a connection that is dead.
func tileWord(l Look, s *ops.Shard) string {
	if s.State == ops.ShardReady {
		word, _ := pulse(l, s)
		return word
	}
	if s.State == ops.ShardBackoff && !s.RetryAt.IsZero() {
		return "retry " + l.until(s.RetryAt)
	}
	return s.State.String()
}

// tileWordy is the width from which a tile says what its numbers are.
const tileWordy = 17

// tileTail is how much the shard carries: guilds, and events per second.
func tileTail(s *ops.Shard, w int) string {
	left := frame.Count(s.Guilds)
	if w >= tileWordy {
		left += " guilds"
	}
	return frame.Ends(left, " "+frame.Rate(s.Rate)+"/s", w)
}
