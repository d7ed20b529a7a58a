package reshard

import (
	"math"
	"testing"
	"time"
)

func TestGrowthSaysNothingBeforeAnHour(t *testing.T) {
	var g Growth
	if _, known := g.PerDay(); known {
		t.Error("a pace of nothing")
	}
	g.See(noon(), 1000)
	g.See(noon().Add(time.Hour-1), 2000)
	if pace, known := g.PerDay(); known || !g.FullAt(5000).IsZero() {
		t.Errorf("%v a day after less than an hour", pace)
	}
	g.See(noon().Add(time.Hour), 1010)
	if pace, known := g.PerDay(); !known || pace != 240 {
		t.Errorf("10 in an hour: %v a day, %v", pace, known)
	}
}

func TestTheDateIsThatOfThePresentPace(t *testing.T) {
	var g Growth
	for h := range 49 {
		g.See(noon().Add(time.Duration(h)*time.Hour), 1000+5*h) // 120 a day
	}
	now := noon().Add(48 * time.Hour)
	if at := g.FullAt(1240 + 360); !at.Equal(now.Add(72 * time.Hour)) {
		t.Errorf("360 more at 120 a day: at %s, want %s", at, now.Add(72*time.Hour))
	}
	for _, full := range []int{1240, 1000} {
		if at := g.FullAt(full); !at.IsZero() {
			t.Errorf("it holds 1240, and is to hold %d at %s", full, at)
		}
	}
	if at := g.FullAt(1240 + 120*40_000); !at.IsZero() {
		t.Errorf("a date in a hundred years: %s", at)
	}
}

func TestABotThatDoesNotGrowIsNeverFull(t *testing.T) {
	for _, perHour := range []int{0, -3} {
		var g Growth
		for h := range 10 {
			g.See(noon().Add(time.Duration(h)*time.Hour), 1000+perHour*h)
		}
		if pace, known := g.PerDay(); !known || pace != float64(24*perHour) || !g.FullAt(2000).IsZero() {
			t.Errorf("%d an hour: %v a day, %v, full at %s", perHour, pace, known, g.FullAt(2000))
		}
	}
}

func TestGrowthForgetsWhatIsOlderThanAWeek(t *testing.T) {
	var g Growth
	at := func(h int) time.Time { return noon().Add(time.Duration(h) * time.Hour) }
	for h := range 300 { // a jump long ago, and a slow pace since
		n := 1000
		if h >= 50 {
			n = 9000 + h
		}
		g.See(at(h), n)
	}
	if pace, _ := g.PerDay(); math.Abs(pace-24) > 0.001 {
		t.Errorf("1 an hour for the last week: %v a day", pace)
	}
	if len(g.points) > growthKept {
		t.Errorf("%d points are kept", len(g.points))
	}
}

func TestAJumpCountsOverAllThatIsSeen(t *testing.T) {
	var g Growth
	g.See(noon(), 1000)
	g.See(noon().Add(24*time.Hour), 1000)
	g.See(noon().Add(24*time.Hour+time.Minute), 3000)
	if pace, _ := g.PerDay(); pace < 1990 || pace > 2000 {
		t.Errorf("2000 in a day and a minute: %v a day", pace)
	}
}
