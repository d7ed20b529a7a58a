package reshard

import "time"

// Growth estimates how fast a bot gains guilds, from what is seen of it. Its zero
// value is ready; it is not safe for concurrent use.
type Growth struct {
	points []point // an hour apart, the oldest first
	last   point
}

type point struct {
	at     time.Time
	guilds int
}

// What Growth goes by.
const (
	growthEvery = time.Hour
	growthKept  = 7 * 24 // points: a week
	growthLeast = time.Hour
)

// See takes note of how many guilds the bot is in. What is seen while guilds are
// being loaded must not be told.
func (g *Growth) See(now time.Time, guilds int) {
	g.last = point{now, guilds}
	if n := len(g.points); n > 0 && now.Sub(g.points[n-1].at) < growthEvery {
		return
	}
	if len(g.points) == growthKept {
		g.points = append(g.points[:0], g.points[1:]...)
	}
	g.points = append(g.points, g.last)
}

// PerDay is how many guilds the bot gains in a day; false before there is an hour
// to go by.
func (g *Growth) PerDay() (float64, bool) {
	if len(g.points) == 0 {
		return 0, false
	}
	first := g.points[0]
	span := g.last.at.Sub(first.at)
	if span < growthLeast {
		return 0, false
	}
	return float64(g.last.guilds-first.guilds) / (float64(span) / float64(24*time.Hour)), true
}

// FullAt is when the bot is in so many guilds, at that pace; zero if never, or if
// that is not known.
func (g *Growth) FullAt(capacity int) time.Time {
	pace, known := g.PerDay()
	left := capacity - g.last.guilds
	if !known || pace <= 0 || left <= 0 {
		return time.Time{}
	}
	days := float64(left) / pace
	if days > 36500 {
		return time.Time{}
	}
	return g.last.at.Add(time.Duration(days * float64(24*time.Hour)))
}
