package frame

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

func TestFiguresForPeople(t *testing.T) {
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1.0k", 4123: "4.1k", 9960: "10k", 52000: "52k",
		999400: "999k", 999600: "1.0M", 1234567: "1.2M", -42: "-42"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) is %s, want %s", n, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0", 0.01: "<0.1", 0.4: "0.4", 9.94: "9.9", 9.96: "10", 23.4: "23", 4123: "4.1k", -1: "0"} {
		if got := Rate(v); got != want {
			t.Errorf("Rate(%v) is %s, want %s", v, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1 000", 4182113: "4 182 113", -1234: "-1 234"} {
		if got := Grouped(n); got != want {
			t.Errorf("Grouped(%d) is %s, want %s", n, got, want)
		}
	}
	if Plural(1, "shard") != "1 shard" || Plural(4100, "shard") != "4.1k shards" {
		t.Error("Plural")
	}
}

func TestAmountsOfMemoryForPeople(t *testing.T) {
	for n, want := range map[int64]string{0: "0B", 512: "512B", 1023: "1023B", 1024: "1.0KiB", 12 << 10: "12KiB", 1<<20 - 1: "1.0MiB",
		256 << 20: "256MiB", 4 << 30: "4.0GiB", 1010 << 20: "1010MiB", 1 << 62: "4.0EiB"} {
		got := Bytes(n)
		if got != want {
			t.Errorf("Bytes(%d) is %s, want %s", n, got, want)
		}
		if Width(got) > 7 {
			t.Errorf("Bytes(%d) takes more than seven cells", n)
		}
	}
}

func TestAGaugeIsFullOnlyWhenItIsAndNeverEmptyForSomething(t *testing.T) {
	for _, kind := range []style.Kind{style.Braille, style.ASCII} {
		g := style.GlyphSet(kind)
		for _, tc := range []struct {
			part, whole int64
			full        int
		}{{0, 100, 0}, {1, 1 << 40, 1}, {50, 100, 5}, {99, 100, 9}, {100, 100, 10}, {300, 100, 10}, {5, 0, 0}, {-1, 100, 0}} {
			got := Gauge(tc.part, tc.whole, 10, g)
			if n := strings.Count(got, g.Gauge[1]); n != tc.full || Width(got) != 10 {
				t.Errorf("%s: %d of %d is %q, want %d cells full", kind, tc.part, tc.whole, got, tc.full)
			}
		}
		if Gauge(1, 2, -1, g) != "" {
			t.Error("a gauge without room")
		}
	}
}

func TestSpansForPeople(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 800 * time.Microsecond: "800µs", 63 * time.Millisecond: "63ms", 1290 * time.Millisecond: "1.2s",
		42 * time.Second: "42s", 63 * time.Second: "1m03s", 192 * time.Minute: "3h12m", 21*time.Hour + 40*time.Minute: "21h",
		102 * time.Hour: "4d06h", 2400 * time.Hour: "100d", -63 * time.Second: "-1m03s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%v) is %s, want %s", d, got, want)
		}
		if Width(Duration(d)) > 6 {
			t.Errorf("Duration(%v) takes more than six cells", d)
		}
	}
	if got := Age(900 * time.Millisecond); got != "0s" {
		t.Errorf("Age is %s", got)
	}
	if got := Latency(0, "–"); got != "–" {
		t.Errorf("a latency that was not measured is %s", got)
	}
}
