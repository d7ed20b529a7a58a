package tui

import (
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// BenchmarkPalette is a key in the palette and the frame after it, while it lists
// the shards of a large fleet.
func BenchmarkPalette(b *testing.B) {
	c := clock.System()
	op := opfake.New(c, 4096)
	o, err := Options{Operator: op, Clock: c, Glyphs: "braille"}.defaults()
	if err != nil {
		b.Fatal(err)
	}
	m, err := newModel(o, newTasks(b.Context(), c))
	if err != nil {
		b.Fatal(err)
	}
	m.Update(sizeMsg(160, 45))
	snap, err := op.Snapshot(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	m.live = snap
	m.show(snap)
	m.openFinder(finderPalette)
	for _, text := range []string{"restart", "shard 1"} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.finding.line.Set(text)
				m.edited()
				m.View()
			}
		})
	}
}
