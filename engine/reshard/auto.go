package reshard

import (
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// AutoInput is what shows whether the bot needs more shards.
type AutoInput struct {
	Total, First, Last int   // the active fleet
	Guilds             []int // held by each of its shards: available, unavailable and loading
	Recommended        int   // by Discord; 0 if unknown
	Configured         int   // reshard.target; 0 for the recommendation
	AtPercent          int
	// Refused says that Discord has closed a shard because it would hold too many
	// guilds (4011).
	Refused bool
}

// Fill is how full the shards are.
func (in *AutoInput) Fill() (percent float64, f ops.Fullest) {
	all := 0
	for _, n := range in.Guilds {
		all += n
	}
	if len(in.Guilds) > 0 {
		percent = float64(all) * 100 / float64(len(in.Guilds)*discord.MaxGuildsPerShard)
	}
	return percent, fullest(in.Guilds, in.First)
}

// Due says why the bot needs more shards, and how many; empty if it does not. It
// is pure.
func Due(in AutoInput) (why string, to ops.Target) {
	percent, full := in.Fill()
	const capacity = discord.MaxGuildsPerShard
	whole := in.First == 0 && in.Last == in.Total-1
	switch {
	case in.Refused:
		why = "Discord has closed a shard because it would hold too many guilds (4011)"
	case percent >= float64(in.AtPercent):
		why = fmt.Sprintf("the shards are %.0f %% full, and reshard.at_percent is %d", percent, in.AtPercent)
	case full.Guilds*100 >= in.AtPercent*capacity:
		why = fmt.Sprintf("shard %d is %d %% full, and reshard.at_percent is %d", full.Shard, full.Guilds*100/capacity, in.AtPercent)
	case whole && in.Configured == 0 && in.Recommended > in.Total:
		why = fmt.Sprintf("Discord recommends %d shards", in.Recommended)
	case whole && in.Configured > in.Total:
		why = fmt.Sprintf("reshard.target is %d", in.Configured)
	default:
		return "", ops.Target{}
	}
	return why, ops.Target{Total: in.want(full)}
}

// comfortable is how many guilds a shard is to have after a reshard: what Discord's
// own recommendation comes to (observed: about one shard per 1000 guilds).
const comfortable = 1000

// want is the number of shards to have: what is configured or recommended if it is
// more than there are, and else enough for the guilds, and for the fullest shard to
// fall well below the mark.
func (in *AutoInput) want(full ops.Fullest) int {
	if in.Configured > in.Total {
		return in.Configured
	}
	if in.Configured == 0 && in.Recommended > in.Total {
		return in.Recommended
	}
	all := 0
	for _, n := range in.Guilds {
		all += n
	}
	share := float64(in.Last-in.First+1) / float64(in.Total)
	byGuilds := int(float64(all)/share+comfortable-1) / comfortable
	byFullest := 0
	if mark := in.AtPercent * discord.MaxGuildsPerShard / 100; full.Guilds >= mark && mark > 0 {
		byFullest = (in.Total*full.Guilds*4/3 + mark - 1) / mark // a quarter below the mark
	}
	least := in.Total + 1
	if in.Refused { // its guilds are not known, but there are too many
		least = in.Total*5/4 + 1
	}
	return max(byGuilds, byFullest, least)
}

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
