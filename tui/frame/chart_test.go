package frame

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

func TestAxesEndAtRoundNumbers(t *testing.T) {
	for v, want := range map[float64]float64{0: 10, 9: 10, 10: 10, 11: 20, 49: 50, 51: 100, 100: 100, 101: 200, 102400: 200000} {
		if got := Nice(v, 10); got != want {
			t.Errorf("Nice(%v) is %v, want %v", v, got, want)
		}
	}
}

func TestSomethingNeverLooksLikeNothing(t *testing.T) {
	g := style.GlyphSet(style.Block)
	got := Spark([]float64{0, 0.001, 100}, 3, 100, g)
	if got != " ▁█" {
		t.Errorf("got %q", got)
	}
	for _, kind := range []style.Kind{style.Braille, style.Block, style.ASCII} {
		s := Series{Values: []float64{0.001}, Span: 4, End: 100, Top: 100}
		if text := strings.Join(Chart(s, 4, 2, style.GlyphSet(kind)), ""); strings.TrimSpace(text) == "" {
			t.Errorf("%s: a small value is invisible", kind)
		}
	}
}

func TestChartsHaveTheirSize(t *testing.T) {
	values := make([]float64, 300)
	for i := range values {
		values[i] = float64(i)
	}
	for _, kind := range []style.Kind{style.Braille, style.Block, style.ASCII} {
		for w := 1; w < 200; w += 13 {
			for h := 1; h < 12; h += 3 {
				lines := Chart(Series{Values: values, Span: 300, End: 12345, Top: 500}, w, h, style.GlyphSet(kind))
				if len(lines) != h {
					t.Fatalf("%s %dx%d has %d lines", kind, w, h, len(lines))
				}
				for _, line := range lines {
					if Width(line) != w {
						t.Fatalf("%s %dx%d: %q", kind, w, h, line)
					}
				}
			}
		}
	}
}

// As time goes on, columns move to the left as they are: a curve whose columns
// change their height while they move cannot be read.
func TestColumnsMoveWithoutChanging(t *testing.T) {
	all := make([]float64, 400)
	for i := range all {
		all[i] = float64((i * 7919) % 101)
	}
	const step, n = 5, 60
	at := func(end int) []float64 {
		return Series{Values: all[end-300 : end], Span: 300, End: int64(end - 1), Top: 100}.columns(n)
	}
	before, after := at(300), at(300+step)
	if !slices.Equal(before[2:n-1], after[1:n-2]) {
		t.Errorf("the columns have changed:\n%v\n%v", before, after)
	}
}

func TestTheGreatestValueOfAColumnShows(t *testing.T) {
	values := make([]float64, 300)
	values[150] = 77
	got := Series{Values: values, Span: 300, End: 299, Top: 100}.columns(30)
	if !slices.Contains(got, 77.0) {
		t.Errorf("the peak is lost: %v", got)
	}
}

func TestASecondHasTheColumnThatItIsDrawnIn(t *testing.T) {
	for _, g := range []*style.Glyphs{style.GlyphSet(style.Braille), style.GlyphSet(style.Block)} {
		for _, w := range []int{20, 33, 60} {
			for back := range 120 {
				s := Series{Values: make([]float64, 120), Span: 120, End: 1003, Top: 1}
				s.Values[119-back] = 1
				width := s.Reach(w, g)
				line := []rune(Chart(s, width, 1, g)[0])
				at, ok := s.Column(s.End-int64(back), width, g)
				if drawn := strings.TrimSpace(string(line)) != ""; ok != drawn || ok && (at >= len(line) || line[at] == ' ') {
					t.Fatalf("%s, %d wide: %d seconds back is column %d, %v, of %q", g.Kind, width, back, at, ok, string(line))
				}
			}
		}
	}
	if _, ok := (Series{Span: 120, End: 1000}).Column(100, 60, style.GlyphSet(style.Braille)); ok {
		t.Error("a second long ago is in sight")
	}
}
