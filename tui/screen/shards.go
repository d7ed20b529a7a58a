package screen

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// Shards is what the shard panel shows.
type Shards struct {
	Shards  []ops.Shard
	Total   int // shards of the bot, over all processes
	Grid    frame.Grid
	Cursor  int          // index of the selected shard
	Match   []bool       // by index; nil if every shard passes the filter
	Filter  string       // empty for none
	Matches int          // shards that pass it
	Marked  map[int]bool // by id
	Metric  Metric
	Workers []ops.Worker // for their lag; by id
	Focus   bool
}

// lookDim is the look of shards that the filter leaves out; states come before
// it, and what is special after.
const (
	lookDim     = int(ops.ShardFailed) + 1
	lookCalm    = lookDim + 1  // ready, where blocks of colour stand close
	lookUnknown = lookCalm + 1 // up, but the metric has not been measured
	lookSilent  = lookUnknown + 1
	lookHeat    = lookSilent + 1
)

// A shard that is ready and yet in trouble has a sign of its own, after those of
// the states, and needs a look before any that is on its way up.
const (
	signSilent = int(ops.ShardFailed) + 1
	rankSilent = 11
)

// Draw is the panel of w×h cells.
func (v Shards) Draw(l Look, w, h int) frame.Block {
	cells := v.Cells(l.Now)
	box := frame.Box{Title: v.title(l), Note: v.note(l), Foot: v.legend(l, cells, w-4), Focus: v.Focus}
	return box.Draw(v.body(l, cells, w-2, h-2), l.S, l.G)
}

func (v Shards) body(l Look, cells []frame.Cell, w, h int) frame.Block {
	if len(v.Shards) == 0 {
		return frame.NewBlock([]string{"", l.label(" no shards yet: waiting for Discord's answer")}, w, h)
	}
	if v.Grid.Kind == frame.GridTiles {
		return v.tiles(l, cells, w, h)
	}
	return v.Grid.Draw(cells, v.Cursor, Palette(l), w, h)
}

// Palette is what the cells' indices mean: signs by state, looks by state, then
// the special ones, then heat.
func Palette(l Look) frame.Palette {
	signs := append(slices.Clone(l.G.State[:]), l.G.Warn)
	p := frame.Palette{Signs: signs, Selection: l.S.Selection, Dim: l.S.Dim, Half: l.G.HalfBlock}
	p.Looks = append(p.Looks, l.S.State[:]...)
	p.Looks = append(p.Looks, l.S.Border, l.S.Calm, l.S.Dim, l.S.Warn.Bold())
	p.Looks = append(p.Looks, l.S.Heat[:]...)
	return p
}

// Cells is the fleet as the grid draws it at an instant.
func (v Shards) Cells(now time.Time) []frame.Cell {
	cells := make([]frame.Cell, len(v.Shards))
	for i := range v.Shards {
		s := &v.Shards[i]
		c := v.cell(s, now)
		if v.Match != nil && i < len(v.Match) && !v.Match[i] {
			c.Look, c.Rank = uint8(lookDim), 0
		}
		c.Marked = len(v.Marked) > 0 && v.Marked[s.ID]
		cells[i] = c
	}
	return cells
}

// cell is a shard that no filter leaves out.
func (v Shards) cell(s *ops.Shard, now time.Time) frame.Cell {
	m, kind := v.Metric, v.Grid.Kind
	state := min(s.State, ops.ShardFailed)
	c := frame.Cell{Sign: uint8(state), Look: uint8(state), Rank: rank(s.State)}
	ready := state == ops.ShardReady
	if ready && Troubled(s, now) {
		return frame.Cell{Sign: uint8(signSilent), Look: uint8(lookSilent), Rank: rankSilent}
	}
	if ready && kind == frame.GridHalves {
		c.Look = uint8(lookCalm)
	}
	if step, ok := m.step(s, v.lag(s)); ok {
		c.Look = uint8(lookHeat + step)
		// Where several share a cell, the hottest of the calm ones shows.
		c.Rank = max(c.Rank, frame.RankCalm)
		if ready && kind == frame.GridBuckets {
			c.Rank += uint8(step)
		}
	} else if m.unknown(s) {
		c.Look = uint8(lookUnknown)
	}
	return c
}

// lag is that of a shard's worker; 0 if it is not known.
func (v Shards) lag(s *ops.Shard) time.Duration {
	if s.Worker < 0 || s.Worker >= len(v.Workers) {
		return 0
	}
	return v.Workers[s.Worker].Lag
}

// rank orders states by how much they need a person.
func rank(s ops.ShardState) uint8 {
	switch s {
	case ops.ShardReady:
		return frame.RankCalm
	case ops.ShardFailed:
		return 19
	case ops.ShardBackoff:
		return 18
	case ops.ShardStopped:
		return 17
	case ops.ShardConnecting:
		return 16
	case ops.ShardResuming:
		return 15
	case ops.ShardIdentifying:
		return 14
	case ops.ShardQueued:
		return 13
	default:
		return 12
	}
}

// Worse reports whether state a needs a person more than b.
func Worse(a, b ops.ShardState) bool { return rank(a) > rank(b) }

func (v Shards) title(l Look) string {
	text := l.S.Title.Paint("shards") + " " + strconv.Itoa(len(v.Shards))
	if v.Total > len(v.Shards) {
		text += l.label(" of " + strconv.Itoa(v.Total))
	}
	text += l.sep() + l.label("colour ") + v.Metric.String()
	switch v.Grid.Kind {
	case frame.GridHalves:
		text += l.sep() + l.label("2 in a cell")
	case frame.GridBuckets:
		text += l.sep() + l.label(strconv.Itoa(v.Grid.Per)+" in a cell, the worst shown")
	}
	return text
}

func (v Shards) note(l Look) string {
	return chips(l, len(v.Marked), v.Filter, v.Matches, len(v.Shards))
}

// legend explains the signs that occur, and the heat scale if there is one.
func (v Shards) legend(l Look, cells []frame.Cell, w int) string {
	var scale, states []string
	if v.Metric != MetricState {
		for i, text := range v.Metric.steps() {
			scale = append(scale, l.S.Heat[i].Paint(l.G.State[ops.ShardReady])+l.label(" "+text))
		}
	}
	seen := sightOf(cells)
	if seen.unknown {
		scale = append(scale, l.S.Dim.Paint(l.G.State[ops.ShardReady])+l.label(" no ACK yet"))
	}
	for _, state := range ops.ShardStates() {
		if seen.states[state] && (v.Metric == MetricState || !state.Up()) {
			states = append(states, l.state(state)+l.label(" "+state.String()))
		}
	}
	if seen.silent {
		states = append(states, l.S.Warn.Bold().Paint(l.G.Warn)+l.label(" silent"))
	}
	text := func() string { return strings.Join(append(scale[:len(scale):len(scale)], states...), "  ") }
	for len(states) > 0 && frame.Width(text()) > w-2 {
		states = states[1:] // the calmest come first, and are the best known
	}
	return frame.Cut(text(), w-2)
}

// sight is what occurs among the shards.
type sight struct {
	states  [ops.ShardFailed + 1]bool
	silent  bool // ready, and yet in trouble
	unknown bool // up, without a figure for the metric
}

func sightOf(cells []frame.Cell) sight {
	var out sight
	for _, c := range cells {
		if int(c.Sign) == signSilent {
			out.silent = true
			out.states[ops.ShardReady] = true
			continue
		}
		out.states[c.Sign] = true
		out.unknown = out.unknown || int(c.Look) == lookUnknown
	}
	return out
}
