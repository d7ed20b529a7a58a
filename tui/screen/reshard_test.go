package screen

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/themes"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// glance is a look with dark colours and these signs.
func glance(t *testing.T, kind style.Kind) Look {
	t.Helper()
	theme, err := themes.Load("")
	if err != nil {
		t.Fatal(err)
	}
	return Look{S: style.NewSheet(theme, style.Options{}), G: style.GlyphSet(kind), Now: time.Date(2026, 11, 22, 13, 0, 0, 0, time.UTC)}
}

// cellsOf are the characters of a painted line.
func cellsOf(line string) []rune { return []rune(ansi.Strip(line)) }

func TestTheMarkOfTheSwitchStandsBelowItsSecond(t *testing.T) {
	for _, kind := range []style.Kind{style.Braille, style.Block, style.ASCII} {
		l := glance(t, kind)
		for _, w := range []int{40, 53, 76} {
			for back := range 110 {
				p := ReshardPage{Flow: make([]float64, 120), FlowEnd: l.Now.Unix(), Switched: l.Now.Add(-time.Duration(back) * time.Second)}
				p.Flow[119-back] = 10
				lines := p.chart(l, w, 8)
				mark := slices.Index(cellsOf(lines[len(lines)-1]), []rune(l.G.Mark)[0])
				ground := cellsOf(lines[len(lines)-2])
				if mark < 0 || mark >= len(ground) || ground[mark] == ' ' {
					t.Fatalf("%s, %d wide, %d s back: the mark is at %d of\n%s\n%s", kind, w, back, mark,
						string(ground), ansi.Strip(lines[len(lines)-1]))
				}
			}
		}
	}
}

func TestWhatABotTakesAtOnceDoesNotPressTheRestToTheGround(t *testing.T) {
	values := slices.Repeat([]float64{500}, 60)
	if got, cut := capped(values); cut != 0 || !slices.Equal(got, values) {
		t.Errorf("an even stream is cut at %v", cut)
	}
	values[20], values[21] = 0, 9000
	got, cut := capped(values)
	if cut != 1000 || got[21] != 1000 || got[20] != 0 || got[22] != 500 {
		t.Errorf("cut at %v: %v", cut, got)
	}
	if _, cut := capped(make([]float64, 10)); cut != 0 {
		t.Errorf("nothing is cut at %v", cut)
	}
	for i := range values[:40] {
		values[i] = 501 // by little more than a round number
	}
	values[21] = 3100
	if _, cut := capped(values); cut != 1000 {
		t.Errorf("cut at %v", cut)
	}
	p := ReshardPage{Flow: values}
	if lines := p.chart(glance(t, style.Braille), 60, 10); !strings.Contains(ansi.Strip(lines[1]), "1.0k+│") {
		t.Errorf("the axis does not say that it is cut: %q", ansi.Strip(lines[1]))
	}
}

func TestMissingGuildsAreNamedAsFarAsThereIsRoom(t *testing.T) {
	l := glance(t, style.Braille)
	for _, tc := range []struct {
		lacks, w  int
		names     int
		remainder string
	}{{3, 80, 3, ""}, {7, 52, 5, "and 2 more"}, {6, 52, 6, ""}, {900, 52, 5, "and 895 more"}, {900, 120, 14, "and 886 more"}, {7, 20, 2, "and 5 more"}} {
		run := &ops.ReshardRun{Phase: ops.ReshardLoad, GuildsAll: 1000, Guilds: 1000 - tc.lacks}
		for i := range min(tc.lacks, 20) {
			run.Missing = append(run.Missing, 1234567890123456000+uint64(i))
		}
		text := ansi.Strip(strings.Join(missingLines(l, run, tc.w), "\n"))
		if n := strings.Count(text, "1234567890123456"); n != tc.names || !strings.Contains(text, tc.remainder) ||
			tc.remainder == "" && strings.Contains(text, "more") {
			t.Errorf("%d missing in %d cells: %d are named, want %d and %q:\n%s", tc.lacks, tc.w, n, tc.names, tc.remainder, text)
		}
	}
}

func TestAReshardThatNeedsAPersonIsLoud(t *testing.T) {
	l := glance(t, style.Braille)
	for _, tc := range []struct {
		name string
		run  ops.ReshardRun
		want bool
	}{
		{"it comes along", ops.ReshardRun{Phase: ops.ReshardLoad, Since: l.Now, Timeout: l.Now.Add(time.Minute)}, false},
		{"guilds are late", ops.ReshardRun{Phase: ops.ReshardLoad, Since: l.Now, Timeout: l.Now.Add(-time.Second)}, true},
		{"it is paused", ops.ReshardRun{Phase: ops.ReshardSpawn, Since: l.Now, Paused: true}, true},
		{"the streams agree", ops.ReshardRun{Phase: ops.ReshardOverlap, Since: l.Now.Add(-20 * time.Second), Soak: 10 * time.Second}, false},
		{"they do not", ops.ReshardRun{Phase: ops.ReshardOverlap, Since: l.Now.Add(-31 * time.Second), Soak: 10 * time.Second}, true},
	} {
		if got := reshardHeld(l, &tc.run); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

func TestEveryShardOfTheNextFleetHasItsSign(t *testing.T) {
	l := glance(t, style.ASCII)
	run := &ops.ReshardRun{Plan: ops.ReshardPlan{To: 100, Last: 99}}
	run.ByState[ops.ShardReady], run.ByState[ops.ShardIdentifying], run.ByState[ops.ShardQueued] = 70, 16, 14
	text := ansi.Strip(strings.Join(fleetLines(l, run, 60)[1:], ""))
	if got := [3]int{strings.Count(text, "o"), strings.Count(text, "i"), strings.Count(text, "q")}; got != [3]int{70, 16, 14} {
		t.Errorf("%v signs in %q", got, text)
	}
	for _, line := range fleetLines(l, run, 60) {
		if frame.Width(line) > 60 {
			t.Errorf("%q is wider than 60 cells", line)
		}
	}
	run.Plan.Last = 4095
	if n := len(fleetLines(l, run, 60)); n != 1 {
		t.Errorf("%d lines for 4096 shards", n)
	}
}
