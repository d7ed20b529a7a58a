package screen

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/themes"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

func TestTheForecastIsSaidInWords(t *testing.T) {
	now := time.Date(2026, 11, 22, 13, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name   string
		change func(i *ops.Identify)
		want   string
	}{
		{"not told", func(i *ops.Identify) { i.Known = false }, "not known: Discord has not told the budget yet"},
		{"no pace", func(i *ops.Identify) { i.LastHour = 0 }, "no identify in the last hour: the budget lasts"},
		{"the reset comes first", nil, "the budget lasts until the reset, as far as the last hour tells"},
		{"no reset", func(i *ops.Identify) { i.ResetAt = time.Time{} }, "the budget lasts, as far as the last hour tells"},
		{"it does not", func(i *ops.Identify) { i.RunsOutAt = now.Add(80 * time.Minute) },
			"at this pace the reserve is reached at 14:20, in 80 min, 3 h before the reset"},
		{"it does not, by little", func(i *ops.Identify) { i.RunsOutAt = i.ResetAt.Add(-90 * time.Second) },
			"at this pace the reserve is reached at 17:28, in 4 h, 1 min before the reset"},
		{"it does not, and the reset is not known", func(i *ops.Identify) { i.RunsOutAt, i.ResetAt = now.Add(30*time.Second), time.Time{} },
			"at this pace the reserve is reached at 13:00, in 30 s"},
		{"stopped", func(i *ops.Identify) { i.Breaker.Open = true }, "while the breaker is open, only what an operator asks for is spent"},
		{"reached", func(i *ops.Identify) { i.Remaining = 100 },
			"the reserve is reached: shards identify by themselves again after the reset, and before it when an operator asks"},
	} {
		i := ops.Identify{Known: true, Total: 1000, Remaining: 300, Reserve: 100, LastHour: 40, ResetAt: now.Add(4*time.Hour + 30*time.Minute)}
		if tc.change != nil {
			tc.change(&i)
		}
		if got := ForecastText(i, now); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestTheBarOfTheBudgetHasItsMarkInside(t *testing.T) {
	l := Look{S: style.NewSheet(themes.Theme{}, style.Options{NoColor: true}), G: style.GlyphSet(style.Braille)}
	for _, i := range []ops.Identify{
		{Known: true, Total: 1000, Remaining: 988, Reserve: 100},
		{Known: true, Total: 1000, Remaining: 0, Reserve: 1000},
		{Known: true, Total: 1000, Remaining: 5000, Reserve: 5000},
		{Known: true, Total: 1, Remaining: 1, Reserve: 0},
		{Known: true, Total: 1000, Remaining: -3, Reserve: -1},
	} {
		for w := 3; w < 90; w += 7 {
			bar, scale := ansi.Strip(budgetBar(l, i, w)), ansi.Strip(budgetScale(l, i, w))
			if ansi.StringWidth(bar) != w || ansi.StringWidth(scale) != w {
				t.Errorf("%+v at %d: %q, %q", i, w, bar, scale)
			}
			if i.Reserve > 0 && !strings.Contains(bar, "│") {
				t.Errorf("%+v at %d: no mark in %q", i, w, bar)
			}
		}
	}
	if budgetBar(l, ops.Identify{}, 40) != "" {
		t.Error("a bar of a budget that is not known")
	}
}

func TestBucketsThatDiscordRefusedMostAreShownFirst(t *testing.T) {
	var all []ops.Bucket
	for key := range 16 {
		b := ops.Bucket{Key: key, Waiting: key % 3}
		if key%5 == 4 {
			b.Refused = key
		}
		all = append(all, b)
	}
	var keys []int
	for _, b := range worstBuckets(all, 5) {
		keys = append(keys, b.Key)
	}
	if want := []int{2, 4, 5, 9, 14}; !slices.Equal(keys, want) {
		t.Errorf("%v, want %v", keys, want)
	}
	if len(all) != 16 || all[0].Key != 0 {
		t.Error("the snapshot was changed")
	}
}

func TestBucketsFitIntoTheirPlace(t *testing.T) {
	l := Look{S: style.NewSheet(themes.Theme{}, style.Options{NoColor: true}), G: style.GlyphSet(style.Braille)}
	for n := 0; n <= 64; n += 4 {
		p := BudgetPage{Snap: &ops.Snapshot{Identify: ops.Identify{Buckets: make([]ops.Bucket, n)}}}
		for h := 2; h < 30; h += 3 {
			for w := 30; w < 130; w += 17 {
				lines := p.buckets(l, w, h)
				if len(lines) > h {
					t.Fatalf("%d buckets in %dx%d take %d lines", n, w, h, len(lines))
				}
				for _, line := range lines {
					if ansi.StringWidth(line) > w && n > 0 {
						t.Fatalf("%d buckets in %dx%d: %q", n, w, h, line)
					}
				}
			}
		}
	}
}

func TestAnACKIsOverdueOnlyWhenItCouldHaveCome(t *testing.T) {
	now := time.Date(2026, 11, 22, 13, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, tc := range map[string]struct {
		s    ops.Shard
		want bool
	}{
		"measured":                      {ops.Shard{State: ops.ShardReady, Latency: time.Millisecond, LastACK: ago(time.Hour)}, false},
		"none since the one on it":      {ops.Shard{State: ops.ShardReady, LastACK: ago(50 * time.Second), Since: ago(time.Hour)}, true},
		"young, the last is of another": {ops.Shard{State: ops.ShardReady, LastACK: ago(90 * time.Second), Since: ago(9 * time.Second)}, false},
		"young, none ever":              {ops.Shard{State: ops.ShardReady, Since: ago(9 * time.Second)}, false},
		"none for too long":             {ops.Shard{State: ops.ShardReady, Since: ago(61 * time.Second)}, true},
		"down":                          {ops.Shard{State: ops.ShardBackoff, Since: ago(time.Hour)}, false},
	} {
		if got := ackOverdue(&tc.s, now); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
		if tc.want && !Troubled(&tc.s, now) {
			t.Errorf("%s: no trouble", name)
		}
	}
}
