package tui

import (
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// acknowledged is a snapshot at ms milliseconds whose sinks have taken so many events.
func acknowledged(ms int64, sinks ...uint64) *ops.Snapshot {
	s := &ops.Snapshot{At: time.UnixMilli(1_000_000_000 + ms)}
	for _, n := range sinks {
		s.Sinks = append(s.Sinks, ops.Sink{Delivered: n})
	}
	return s
}

func TestTheFlowIsCountedBySecondsHoweverOftenItIsAskedFor(t *testing.T) {
	for name, steps := range map[string][]int64{
		"four times a second": {250}, "each second": {1000}, "unevenly": {90, 700, 1300}, "every five seconds": {5000},
	} {
		var f flow
		for ms, i := int64(370), 0; ms < 30_000; ms, i = ms+steps[i%len(steps)], i+1 {
			f.take(acknowledged(ms, uint64(ms), uint64(ms))) // two sinks, 1000 events a second each
		}
		if len(f.values) < 20 {
			t.Fatalf("%s: %d seconds", name, len(f.values))
		}
		for _, v := range f.values {
			if v < 1999 || v > 2001 {
				t.Errorf("%s: %v", name, f.values)
				break
			}
		}
	}
}

func TestTheFlowBeginsAnewWithAnotherEngine(t *testing.T) {
	var f flow
	for ms := int64(0); ms <= 5000; ms += 500 {
		f.take(acknowledged(ms, uint64(ms)))
	}
	f.take(acknowledged(4000, 1)) // an answer that was overtaken counts nothing
	if len(f.values) != 4 {
		t.Fatalf("%d seconds: %v", len(f.values), f.values)
	}
	f.take(acknowledged(5500, 3)) // its counters begin anew
	if len(f.values) != 0 {
		t.Errorf("kept %v", f.values)
	}
	f.take(acknowledged(5500+(flowKeep+1)*1000, 9000)) // nobody knows when these came
	if len(f.values) != 0 {
		t.Errorf("spread %v", f.values)
	}
}

func TestAFrozenFlowStandsStill(t *testing.T) {
	var f flow
	for ms := int64(0); ms <= 20_000; ms += 500 {
		f.take(acknowledged(ms, uint64(ms)))
	}
	at := time.UnixMilli(1_000_010_300)
	values, end := f.until(at)
	f.take(acknowledged(22_000, 90_000))
	later, laterEnd := f.until(at)
	if !slices.Equal(values, later) || end != laterEnd || end != at.Unix()-1 {
		t.Errorf("%v until %d, later %v until %d", values, end, later, laterEnd)
	}
	if all, _ := f.until(time.Time{}); len(all) <= len(values) {
		t.Errorf("%d seconds in all, %d of them frozen", len(all), len(values))
	}
}
