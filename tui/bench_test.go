package tui

import (
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// benchModel is a console of w×h cells over 4096 busy shards.
func benchModel(b *testing.B, w, h int) *model {
	b.Helper()
	start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	op := opfake.New(clock.NewManual(start), 4096)
	o, err := Options{Operator: op, Clock: op.Clock, Glyphs: "braille"}.defaults()
	if err != nil {
		b.Fatal(err)
	}
	m, err := newModel(o, newTasks(b.Context(), o.Clock))
	if err != nil {
		b.Fatal(err)
	}
	m.w, m.h = w, h
	snap, err := op.Snapshot(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	m.took(pullMsg{snap: snap})
	m.relayout()
	return m
}

// The grid alone: 4096 shards, one sign each. The aim is 0.3 ms.
func BenchmarkGrid4096(b *testing.B) {
	m := benchModel(b, 160, 45)
	look := m.look()
	shards := m.grid()
	shards.Grid = frame.PlanGrid(4096, 0, 140, 40, true)
	if shards.Grid.Kind != frame.GridCells {
		b.Fatalf("kind %v", shards.Grid.Kind)
	}
	p := screen.Palette(look)
	b.ReportAllocs()
	for b.Loop() {
		shards.Grid.Draw(shards.Cells(look.Now), 100, p, 140, 40)
	}
}

// A whole frame, as it is drawn four times a second.
func BenchmarkFrame4096(b *testing.B) {
	m := benchModel(b, 160, 45)
	b.ReportAllocs()
	for b.Loop() {
		m.dirty = true
		m.View()
	}
}

// The page of 164 workers, and that of one of them.
func BenchmarkWorkers4096(b *testing.B) {
	for name, page := range map[string]page{"all": pageWorkers, "one": pageWorker} {
		b.Run(name, func(b *testing.B) {
			m := benchModel(b, 160, 45)
			m.turnTo(page)
			b.ReportAllocs()
			for b.Loop() {
				m.dirty = true
				m.View()
			}
		})
	}
}

// A message that changes nothing.
func BenchmarkIdleView(b *testing.B) {
	m := benchModel(b, 160, 45)
	b.ReportAllocs()
	for b.Loop() {
		m.View()
	}
}

// A grid in which every cell differs from its neighbour must still be drawn
// within the frame's budget.
func TestTheGridWritesAColourOnlyWhereItChanges(t *testing.T) {
	cells := make([]frame.Cell, 4096)
	p := frame.Palette{Signs: []string{"o"}, Looks: []style.Style{style.NewSheet(themeFor(t), style.Options{}).OK}}
	grid := frame.PlanGrid(4096, 0, 140, 40, true)
	block := grid.Draw(cells, -1, p, 140, 40)
	text := block.String()
	if n := len(text) - len(ansi.Strip(text)); n > 40*60 {
		t.Errorf("%d bytes of escape sequences for a grid of one colour", n)
	}
}
