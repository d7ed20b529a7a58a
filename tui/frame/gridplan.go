package frame

import "strconv"

// GridKind is a rung of the density ladder.
type GridKind uint8

// The rungs, from roomy to dense.
const (
	GridTiles   GridKind = iota // a tile with figures for each shard
	GridSpaced                  // a sign and a blank for each
	GridCells                   // a sign for each
	GridHalves                  // two shards a cell, one above the other
	GridBuckets                 // several shards a cell, the worst of them shown
)

// MaxTiles is the most shards that are drawn as tiles.
const MaxTiles = 64

// The bounds of a tile's width, and the height of the tallest one, its gap
// included.
const (
	tileLeast  = 15
	tileMost   = 24
	tileHeight = 3
)

// Grid is where each shard stands. It is computed once per size and number of shards.
type Grid struct {
	Kind  GridKind
	N     int // shards
	First int // id of the first one
	Cols  int // cells in a row
	Rows  int // rows of cells
	Per   int // shards in a cell
	CellW int // width of a cell, its gap included
	CellH int // height of a cell
	Label int // width of the row labels, their gap included
	Ruler int // lines above the first row
}

// PlanGrid finds the roomiest rung on which n shards, the first with the id
// first, fit into w×h cells. Halves are left out for glyph sets without half
// blocks.
func PlanGrid(n, first, w, h int, halves bool) Grid {
	g := Grid{N: n, First: first, Per: 1, CellW: 1, CellH: 1}
	if n <= 0 || w <= 0 || h <= 0 {
		return g
	}
	if n <= MaxTiles {
		if t, ok := g.tiles(w, h); ok {
			return t
		}
	}
	g.Label = len(strconv.Itoa(first+n-1)) + 1
	if g.Label >= w {
		g.Label = 0
	}
	room := w - g.Label
	for _, rung := range []struct {
		kind          GridKind
		cellW, inCell int
	}{{GridSpaced, 2, 1}, {GridCells, 1, 1}, {GridHalves, 1, 2}} {
		if rung.kind == GridHalves && !halves {
			continue
		}
		g.Kind, g.CellW, g.Per = rung.kind, rung.cellW, rung.inCell
		if cols, ok := columns(n, room/rung.cellW, h*rung.inCell); ok {
			return g.settle(cols, h)
		}
	}
	return g.buckets(room, h)
}

// settle fixes rows and, if a line is left over, the ruler.
func (g Grid) settle(cols, h int) Grid {
	g.Cols = cols
	g.Rows = ceil(ceil(g.N, cols), g.rowsPerCell())
	if g.Rows < h && g.Kind != GridTiles && g.Label > 0 {
		g.Ruler = 1
	}
	return g
}

func (g Grid) rowsPerCell() int {
	if g.Kind == GridHalves {
		return 2
	}
	return 1
}

// columns picks how many shards stand in a row: the roundest number for which
// the rows fit, so that a person can count ids.
func columns(n, most, rows int) (int, bool) {
	if most <= 0 {
		return 0, false
	}
	for _, unit := range []int{50, 10, 16, 8, 2, 1} {
		c := most - most%unit
		if c > 0 && ceil(n, c) <= rows {
			return c, true
		}
	}
	return 0, false
}

// buckets puts the least round number of shards into a cell.
func (g Grid) buckets(room, h int) Grid {
	g.Kind, g.CellW = GridBuckets, 1
	for g.Per = 2; ; g.Per = nextRound(g.Per) {
		if cols, ok := columns(ceil(g.N, g.Per), room, h); ok {
			g.Cols, g.Rows = cols, ceil(ceil(g.N, g.Per), cols)
			return g
		}
	}
}

func nextRound(per int) int {
	for _, next := range []int{4, 5, 8, 10, 16, 20, 25, 32, 50, 64, 100} {
		if next > per {
			return next
		}
	}
	return per * 2
}

// tiles lays tiles out: as tall as there is room for, and then in as few and
// wide columns as fit.
func (g Grid) tiles(w, h int) (Grid, bool) {
	g.Kind = GridTiles
	for height := tileHeight; height > 0; height-- {
		gap := height / tileHeight // the last row needs no gap below it
		for cols := max(1, w/tileMost); cols <= w/tileLeast; cols++ {
			if rows := ceil(g.N, cols); rows*height-gap <= h {
				g.Cols, g.Rows, g.CellW, g.CellH = cols, rows, min(w/cols, tileMost), height
				return g, true
			}
		}
	}
	return Grid{}, false
}

func ceil(a, b int) int { return (a + b - 1) / max(b, 1) }

// At is the index of the shard drawn at a column and line; of several, the first.
func (g Grid) At(x, y int) (int, bool) {
	x, y = x-g.Label, y-g.Ruler
	if x < 0 || y < 0 || g.Cols == 0 || x/g.CellW >= g.Cols {
		return 0, false
	}
	i := y/g.CellH*g.Cols + x/g.CellW
	switch g.Kind {
	case GridHalves:
		i = y*2*g.Cols + x
	case GridBuckets:
		i *= g.Per
	}
	return i, i < g.N
}

// Step is the index reached from i by dx cells and dy rows. It stays inside the grid.
func (g Grid) Step(i, dx, dy int) int {
	if g.N == 0 {
		return 0
	}
	unit := 1
	if g.Kind == GridBuckets {
		unit = g.Per
	}
	next := i + dx*unit + dy*g.Cols*unit
	if dy != 0 && (next < 0 || next >= g.N) {
		return i
	}
	return min(max(next, 0), g.N-1)
}

// Bucket is the range of indices, end excluded, that share the cell of i.
func (g Grid) Bucket(i int) (from, to int) {
	if g.Kind != GridBuckets {
		return i, i + 1
	}
	from = i / g.Per * g.Per
	return from, min(from+g.Per, g.N)
}
