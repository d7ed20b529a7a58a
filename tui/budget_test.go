package tui

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

var budgets = flag.Duration("budgets", 0, "how long each figure of the console's budgets is measured, such as 20s; 0 for not at all")

// cpu is what the process has used.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (x *terminal) bytes() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.written
}

// What the console costs on a real pseudo-terminal that answers no query: 4 096 shards
// at 160×45. The CPU is that of the whole process, of which the figures that the
// shards are made up with, and the terminal behind it, are a large part.
func TestBudgets(t *testing.T) {
	if *budgets == 0 {
		t.Skip("measures for a while: -budgets 20s")
	}
	began := time.Now()
	x := open(t, t.Context(), 4096, 160, 45)
	x.awaitText("shards 4096")
	first := time.Since(began)
	x.measure("busy, 4096 shards")
	var waits []time.Duration
	for i := range 60 {
		key, want := "9", "newest first"
		if i%2 == 1 {
			key, want = "1", "colour state"
		}
		pressed := time.Now()
		x.press(key)
		x.awaitText(want)
		waits = append(waits, time.Since(pressed))
	}
	slices.Sort(waits)
	t.Logf("first frame after %v; key to frame: median %v, longest %v of %d", first.Round(time.Millisecond),
		waits[len(waits)/2].Round(100*time.Microsecond), waits[len(waits)-1].Round(100*time.Microsecond), len(waits))
}

// measure tells what goes by while nothing is pressed.
func (x *terminal) measure(what string) {
	x.t.Helper()
	pulls := x.op.Pulls()
	from, used := x.bytes(), cpu(x.t)
	<-time.After(*budgets)
	seconds := budgets.Seconds()
	spent := (cpu(x.t) - used).Seconds()
	n := x.op.Pulls() - pulls
	x.t.Logf("%s: %.1f kB/s, %.1f %% of a core for console, made up shards and terminal, of which %.1f %% for the shards", what,
		float64(x.bytes()-from)/1000/seconds, 100*spent/seconds, 100*x.snapshots(n).Seconds()/seconds)
}

// snapshots is what so many snapshots cost.
func (x *terminal) snapshots(n int) time.Duration {
	before := cpu(x.t)
	for range n {
		if _, err := x.op.Snapshot(context.Background()); err != nil {
			x.t.Fatal(err)
		}
	}
	return cpu(x.t) - before
}

// Frames must not leave anything behind, over an hour with -budgets. The time is false,
// the frames are not.
func TestFramesLeaveNothingBehind(t *testing.T) {
	length := 3 * time.Minute
	if *budgets > 0 {
		length = time.Hour
	}
	drive(t, setup{shards: 64, w: 120, h: 40}, func(d *driver) {
		heap := func() uint64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.GC()
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		d.pass(2 * time.Minute)
		before, frames := heap(), d.m.draws
		d.pass(length)
		grown := int64(heap()) - int64(before)
		if frames = d.m.draws - frames; frames < int(length.Seconds()) {
			t.Fatalf("%d frames", frames)
		}
		if grown > 2<<20 {
			t.Errorf("%d kB more after %d frames", grown>>10, frames)
		}
		t.Logf("%d frames, %d kB more", frames, grown>>10)
	})
}

// However busy the shards are, a frame that differs little costs few bytes: nothing
// but what has changed is written.
func TestAFrameOfManyShardsIsCheapToMake(t *testing.T) {
	drive(t, setup{shards: 4096, w: 160, h: 45, fleet: nil}, func(d *driver) {
		snap := d.m.snap
		allocs := testing.AllocsPerRun(20, func() {
			d.m.dirty = true
			d.m.View()
		})
		if allocs > 4000 {
			t.Errorf("%.0f allocations a frame", allocs)
		}
		if snap == nil || len(snap.Shards) != 4096 || !strings.Contains(d.screen(), "4096") {
			t.Error(fmt.Sprint("no shards: ", snap.Phase == ops.PhaseRunning))
		}
	})
}
