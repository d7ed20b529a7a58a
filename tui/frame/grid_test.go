package frame

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

func palette() Palette {
	g := style.GlyphSet(style.Braille)
	return Palette{Signs: g.State[:], Looks: make([]style.Style, ops.ShardFailed+1), Half: g.HalfBlock}
}

func cells(n int) []Cell {
	out := make([]Cell, n)
	for i := range out {
		out[i] = Cell{Sign: uint8(ops.ShardReady), Look: uint8(ops.ShardReady), Rank: RankCalm}
	}
	return out
}

func TestTheLadderGoesFromRoomyToDense(t *testing.T) {
	for _, tc := range []struct {
		n, w, h int
		halves  bool
		want    GridKind
	}{
		{1, 72, 18, true, GridTiles},
		{64, 110, 34, true, GridTiles},
		{64, 40, 8, true, GridSpaced},
		{200, 72, 18, true, GridSpaced},
		{1024, 72, 18, true, GridCells},
		{4096, 134, 32, true, GridCells},
		{4096, 110, 22, true, GridHalves},
		{4096, 110, 22, false, GridBuckets},
		{4096, 72, 18, true, GridBuckets},
		{16000, 72, 18, true, GridBuckets},
	} {
		if g := PlanGrid(tc.n, 0, tc.w, tc.h, tc.halves); g.Kind != tc.want {
			t.Errorf("%d shards on %dx%d: rung %d, want %d", tc.n, tc.w, tc.h, g.Kind, tc.want)
		}
	}
}

// Whatever the rung, a click on a shard's cell must find that shard, and every
// shard must have a cell in sight.
func TestEveryShardHasACellAndEveryCellItsShard(t *testing.T) {
	for _, n := range []int{1, 5, 64, 65, 500, 1024, 4096, 16384} {
		for _, size := range [][2]int{{58, 9}, {78, 10}, {72, 18}, {110, 22}, {140, 40}} {
			w, h := size[0], size[1]
			g := PlanGrid(n, 0, w, h, true)
			seen := map[int]bool{}
			for y := range h {
				for x := range w {
					if i, ok := g.At(x, y); ok {
						from, to := g.Bucket(i)
						for k := from; k < to; k++ {
							seen[k] = true
						}
						if g.Kind == GridHalves && i+g.Cols < n {
							seen[i+g.Cols] = true
						}
					}
				}
			}
			if len(seen) != n {
				t.Errorf("%d shards on %dx%d (rung %d): %d are in sight", n, w, h, g.Kind, len(seen))
			}
		}
	}
}

func TestTheGridHasItsSize(t *testing.T) {
	for _, n := range []int{65, 500, 1024, 4096, 16384} {
		for w := 20; w < 160; w += 17 {
			for h := 3; h < 45; h += 6 {
				g := PlanGrid(n, 0, w, h, true)
				b := g.Draw(cells(n), n/2, palette(), w, h)
				if b.H() != h {
					t.Fatalf("%d on %dx%d: %d lines", n, w, h, b.H())
				}
				for _, line := range b.Lines {
					if Width(line) != w {
						t.Fatalf("%d on %dx%d: %q", n, w, h, line)
					}
				}
			}
		}
	}
}

func TestRowsAreLabelledWithTheirFirstShard(t *testing.T) {
	g := PlanGrid(100, 400, 40, 10, true)
	text := ansi.Strip(g.Draw(cells(100), -1, palette(), 40, 10).String())
	for _, label := range []string{"400 ", "410 ", "490 "} {
		if !strings.Contains(text, label) {
			t.Errorf("no label %q in\n%s", label, text)
		}
	}
}

func TestTroubleShowsAsASignOnEveryRung(t *testing.T) {
	for _, size := range [][2]int{{134, 40}, {110, 22}, {72, 18}, {20, 3}} {
		g := PlanGrid(4096, 0, size[0], size[1], true)
		for _, at := range []int{0, 1777, 2048, 4095} {
			c := cells(4096)
			c[at] = Cell{Sign: uint8(ops.ShardFailed), Look: uint8(ops.ShardFailed), Rank: 9}
			text := g.Draw(c, -1, palette(), size[0], size[1]).String()
			if strings.Count(text, "✖") != 1 {
				t.Errorf("shard %d on rung %d: %d signs", at, g.Kind, strings.Count(text, "✖"))
			}
		}
	}
}

func TestStepsStayInside(t *testing.T) {
	for _, n := range []int{1, 30, 700, 5000} {
		g := PlanGrid(n, 0, 72, 18, true)
		for i := 0; i < n; i += 7 {
			for _, d := range [][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
				if next := g.Step(i, d[0], d[1]); next < 0 || next >= n {
					t.Fatalf("from %d of %d to %d", i, n, next)
				}
			}
		}
	}
	if (Grid{}).Step(0, 1, 0) != 0 {
		t.Error("a step in an empty grid")
	}
}
