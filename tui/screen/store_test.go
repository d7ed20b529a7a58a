package screen

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/themes"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

const mib = 1 << 20

// growing is an engine whose queue holds 1000 events of 1 KiB and grows by 100
// a second, on a disk with a bound.
func growing(change func(s *ops.Snapshot)) *ops.Snapshot {
	s := &ops.Snapshot{
		Sinks:   []ops.Sink{{Name: "bot", State: ops.SinkRetrying, Depth: 1000, Lag: time.Minute, Drain: -100}},
		Workers: []ops.Worker{{Queue: ops.Queue{Depth: 600}}, {Queue: ops.Queue{Depth: 400}}},
		Phase:   ops.PhaseRunning,
		Store:   ops.Store{OnDisk: true, Bytes: 1000 << 10, Disk: 1000 << 10, MaxBytes: 11_000 << 10, MaxMemory: mib, Memory: 100 << 10},
	}
	if change != nil {
		change(s)
	}
	return s
}

func TestTheTimeToTheBoundIsThatOfTheBoundMetFirst(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(s *ops.Snapshot)
		want   time.Duration // 0: not said
	}{
		{"10 000 KiB free, 100 KiB a second", nil, 100 * time.Second},
		{"files take more than their events", func(s *ops.Snapshot) { s.Store.Disk = 6000 << 10 }, 50 * time.Second},
		{"a bound on events", func(s *ops.Snapshot) { s.Workers[0].Queue.MaxEvents = 4000 }, 30 * time.Second},
		{"past the bound", func(s *ops.Snapshot) { s.Workers[0].Queue.MaxEvents = 10 }, 1},
		{"a faulty disk leaves the memory", func(s *ops.Snapshot) { s.Store.Fault = "no space" }, 9240 * time.Millisecond},
		{"no disk leaves the memory", func(s *ops.Snapshot) { s.Store.OnDisk = false }, 9240 * time.Millisecond},
		{"no bound", func(s *ops.Snapshot) { s.Store.MaxBytes = 0 }, 0},
		{"it shrinks", func(s *ops.Snapshot) { s.Sinks[0].Drain = 100 }, 0},
		{"it stands", func(s *ops.Snapshot) { s.Sinks[0].Drain = 0 }, 0},
		{"sizes not measured yet", func(s *ops.Snapshot) { s.Store.Bytes = 0 }, 0},
		{"queues of no worker", func(s *ops.Snapshot) { s.Workers = nil }, 100 * time.Second},
		{"only what is not configured", func(s *ops.Snapshot) { s.Sinks[0].Orphan = true }, 0},
		{"a drain", func(s *ops.Snapshot) { s.Phase = ops.PhaseDraining }, 0},
		{"no sinks", func(s *ops.Snapshot) { s.Sinks = nil }, 0},
		{"in years", func(s *ops.Snapshot) { s.Store.MaxBytes = 1 << 50 }, 0},
	} {
		got, ok := FullIn(growing(tc.change))
		if tc.want == 1 {
			tc.want = 0
			if !ok {
				t.Errorf("%s: not said", tc.name)
			}
		} else if ok != (tc.want > 0) {
			t.Errorf("%s: said %v", tc.name, ok)
		}
		if d := got - tc.want; d < -time.Millisecond || d > time.Millisecond {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestWhatBecomesOfABacklogIsSaidInWords(t *testing.T) {
	const min = time.Minute
	for _, tc := range []struct {
		s           ops.Sink
		long, brief string
	}{
		{ops.Sink{State: ops.SinkOK}, "nothing waits", ""},
		{ops.Sink{State: ops.SinkOK, Depth: 900, Lag: time.Second, Drain: -300}, "keeps up", ""},
		{ops.Sink{State: ops.SinkOK, Depth: 900, Lag: min, Drain: 8100, ETA: 130 * time.Second}, "draining 8.1k/s, empty in 2m10s", "empty in 2m10s"},
		{ops.Sink{State: ops.SinkOK, Depth: 9, Lag: min, Drain: 8100, ETA: time.Millisecond}, "draining 8.1k/s, empty in 1s", "empty in 1s"},
		{ops.Sink{State: ops.SinkOK, Depth: 900, Lag: min, Drain: -1900}, "growing 1.9k/s", "growing 1.9k/s"},
		{ops.Sink{State: ops.SinkOK, Depth: 900, Lag: min, Drain: 0.3, ETA: time.Hour}, "not shrinking", "not shrinking"},
		{ops.Sink{State: ops.SinkPaused, Depth: 1, Lag: 1}, "not shrinking", "not shrinking"},
		{ops.Sink{State: ops.SinkRetrying, Depth: 1, Lag: 1, Drain: -2}, "growing 2.0/s", "growing 2.0/s"},
		{ops.Sink{Orphan: true, Depth: 1}, "kept on disk, nobody takes them", "kept on disk, nobody takes them"},
	} {
		if got := TrendText(&tc.s); got != tc.long {
			t.Errorf("%+v: %q, want %q", tc.s, got, tc.long)
		}
		if tr := trendOf(&tc.s); tr.backlog() != (tc.brief != "") || tc.brief != "" && tr.brief(&tc.s) != tc.brief {
			t.Errorf("%+v: backlog %v, %q", tc.s, tr.backlog(), tr.brief(&tc.s))
		}
	}
}

func TestWhatWasLostIsNeverLeftOutForWantOfRoom(t *testing.T) {
	l := Look{S: style.NewSheet(themes.Theme{}, style.Options{NoColor: true}), G: style.GlyphSet(style.Braille)}
	for name, change := range map[string]func(s *ops.Snapshot){
		"growing": nil,
		"fault":   func(s *ops.Snapshot) { s.Store.Fault = strings.Repeat("no space left on device ", 9) },
		"memory":  func(s *ops.Snapshot) { s.Store.OnDisk = false },
		"well":    func(s *ops.Snapshot) { s.Sinks[0].Drain = 0 },
	} {
		s := growing(change)
		s.Sinks[0].Dropped, s.Sinks[0].Expired, s.Sinks[0].Letters, s.Store.Damaged = 48211, 17, 12, 2
		for w := 60; w < 200; w += 7 {
			got := ansi.Strip(StoreLine(l, s, w))
			if ansi.StringWidth(got) != w {
				t.Errorf("%s: %q is not %d cells wide", name, got, w)
			}
			if w >= 110 && !strings.Contains(got, "48k dropped, 2 files damaged, 17 expired · 12 dead letters") {
				t.Errorf("%s at %d: %q", name, w, got)
			}
			if !strings.Contains(got, "48k dropped") {
				t.Errorf("%s at %d: %q", name, w, got)
			}
		}
	}
}

func TestAQueueThatLostNothingSaysSo(t *testing.T) {
	l := Look{S: style.NewSheet(themes.Theme{}, style.Options{NoColor: true}), G: style.GlyphSet(style.ASCII)}
	if got := StoreLine(l, growing(nil), 80); !strings.Contains(got, "nothing lost since start") {
		t.Errorf("got %q", got)
	}
}
