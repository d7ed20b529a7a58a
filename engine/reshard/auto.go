package reshard

import (
	"fmt"

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
