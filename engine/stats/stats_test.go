package stats

import (
	"fmt"
	"math"
	"testing"
	"time"
)

func TestRingForgetsTheOldest(t *testing.T) {
	r := NewRing(3)
	for v := range 5 {
		r.Push(float64(v))
	}
	if got := fmt.Sprint(r.Samples()); got != "[2 3 4]" {
		t.Errorf("samples %s", got)
	}
}

func TestMeterLooksBackFiveSeconds(t *testing.T) {
	var m Meter
	if m.Sample(100); m.Rate() != 0 {
		t.Errorf("rate %v after one sample", m.Rate())
	}
	if grown := m.Sample(160); grown != 60 || m.Rate() != 60 {
		t.Errorf("grown %v, rate %v", grown, m.Rate())
	}
	for range 6 {
		m.Sample(160)
	}
	if m.Rate() != 0 {
		t.Errorf("rate %v after six quiet seconds", m.Rate())
	}
}

func TestQuantilesAreWithinAnEighth(t *testing.T) {
	var h Histogram
	for us := 1; us <= 100_000; us++ {
		h.Observe(time.Duration(us) * time.Microsecond)
	}
	for i, got := range h.Quantiles(0.01, 0.5, 0.99, 1) {
		want := []float64{1_000, 50_000, 99_000, 100_000}[i]
		if off := math.Abs(float64(got.Microseconds())-want) / want; off > 0.125 {
			t.Errorf("quantile %d: %v, want about %v µs", i, got, want)
		}
	}
}

func TestHistogramForgetsAfterItsWindow(t *testing.T) {
	var h Histogram
	h.Observe(time.Second)
	for range slots - 1 {
		h.Turn()
	}
	if h.Quantiles(0.5)[0] == 0 {
		t.Error("forgotten before the window had passed")
	}
	h.Turn()
	if got := h.Quantiles(0.5)[0]; got != 0 {
		t.Errorf("still there after the window: %v", got)
	}
}

func TestEveryDurationHasABucket(t *testing.T) {
	last := -1
	for _, d := range []time.Duration{-1, 0, 1, time.Microsecond, 7 * time.Microsecond, 8 * time.Microsecond,
		time.Millisecond, time.Second, time.Hour, 1000 * time.Hour} {
		b := bucketOf(d)
		if b < last || b >= buckets {
			t.Errorf("%v falls into bucket %d after %d", d, b, last)
		}
		last = b
	}
}
