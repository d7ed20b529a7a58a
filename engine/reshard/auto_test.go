package reshard

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// even is a bot of so many shards that share its guilds as evenly as can be.
func even(total, guilds int) AutoInput {
	in := AutoInput{Total: total, Last: total - 1, AtPercent: 80, Guilds: make([]int, total)}
	for i := range in.Guilds {
		in.Guilds[i] = guilds / total
		if i < guilds%total {
			in.Guilds[i]++
		}
	}
	return in
}

func TestAFleetIsDueAtItsMarkAndNotBefore(t *testing.T) {
	// Discord's own example: 150 shards hold 375 000, and 80 % of that is 300 000.
	why, to := Due(even(150, 300_000))
	if why != "the shards are 80 % full, and reshard.at_percent is 80" || to.Total <= 150 || to.Slice {
		t.Errorf("at 300 000 guilds: %q, to %+v", why, to)
	}
	in := even(150, 300_000)
	in.Guilds[7]--
	for i, n := range in.Guilds { // no shard alone is over its mark
		if n > 2000 {
			t.Fatalf("shard %d holds %d", i, n)
		}
		in.Guilds[i] = min(n, 1999)
	}
	if why, to := Due(in); why != "" || to != (ops.Target{}) {
		t.Errorf("just below: %q, to %+v", why, to)
	}
	in = even(150, 0)
	in.Guilds[0] = 299_999 - 1999*149
	for i := range 149 {
		in.Guilds[i+1] = 1999
	}
	if why, _ := Due(in); !strings.HasPrefix(why, "shard 0 is ") {
		t.Errorf("at 299 999 guilds the shards together are not due: %q", why)
	}
}

func TestTheFullestShardIsEnough(t *testing.T) {
	in := even(10, 5000)
	in.First, in.Last, in.Total = 20, 29, 40
	in.Guilds[3] = 1999
	if why, _ := Due(in); why != "" {
		t.Errorf("1999 of 2500 are not 80 %%: %q", why)
	}
	in.Guilds[3] = 2000
	why, to := Due(in)
	if why != "shard 23 is 80 % full, and reshard.at_percent is 80" || to.Total != 54 {
		t.Errorf("%q, to %d; want 54: a quarter below the mark", why, to.Total)
	}
}

func TestWhatElseMakesAReshardDue(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*AutoInput)
		why    string // begins so; empty for none
		to     int
	}{
		"nothing":                      {func(*AutoInput) {}, "", 0},
		"recommended more":             {func(in *AutoInput) { in.Recommended = 12 }, "Discord recommends 12 shards", 12},
		"recommended as many":          {func(in *AutoInput) { in.Recommended = 10 }, "", 0},
		"recommended fewer":            {func(in *AutoInput) { in.Recommended = 4 }, "", 0},
		"a slice cannot tell":          {func(in *AutoInput) { in.Recommended, in.Total = 30, 20 }, "", 0},
		"configured more":              {func(in *AutoInput) { in.Configured = 11 }, "reshard.target is 11", 11},
		"configured beats recommended": {func(in *AutoInput) { in.Configured, in.Recommended = 11, 20 }, "reshard.target is 11", 11},
		"configured is reached":        {func(in *AutoInput) { in.Configured, in.Recommended = 10, 20 }, "", 0},
		"4011":                         {func(in *AutoInput) { in.Refused = true }, "Discord has closed a shard", 13},
		"4011 and recommended":         {func(in *AutoInput) { in.Refused, in.Recommended = true, 16 }, "Discord has closed a shard", 16},
		"4011 with nothing known":      {func(in *AutoInput) { in.Refused, in.Guilds, in.Total, in.Last = true, nil, 1, 0 }, "Discord has closed a shard", 2},
	} {
		t.Run(name, func(t *testing.T) {
			in := even(10, 5000)
			c.change(&in)
			if why, to := Due(in); !strings.HasPrefix(why, c.why) || c.why == "" && why != "" || to.Total != c.to {
				t.Errorf("%q, to %d; want %q, to %d", why, to.Total, c.why, c.to)
			}
		})
	}
}

// What a reshard is due for it cures: else one would follow upon the other.
func TestAReshardIsNotDueAgainAfterwards(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		total, percent := 1+rng.IntN(60), 50+rng.IntN(50)
		ids := make([]uint64, total*discord.MaxGuildsPerShard*percent/100+rng.IntN(2000))
		for i := range ids {
			ids[i] = rng.Uint64()
		}
		in := AutoInput{Total: total, Last: total - 1, AtPercent: percent, Guilds: perShard(ids, total), Refused: rng.IntN(4) == 0}
		if rng.IntN(3) == 0 {
			in.Recommended = rng.IntN(total + 1)
		}
		why, to := Due(in)
		if why == "" || to.Total <= total {
			t.Fatalf("%d guilds in %d shards at %d %%: %q, to %d", len(ids), total, percent, why, to.Total)
		}
		in.Total, in.Last, in.Guilds, in.Refused = to.Total, to.Total-1, perShard(ids, to.Total), false
		if again, further := Due(in); again != "" {
			t.Fatalf("%d guilds, from %d to %d shards at %d %%, and then: %s, to %d", len(ids), total, to.Total, percent, again, further.Total)
		}
	}
}

func perShard(ids []uint64, total int) []int {
	out := make([]int, total)
	for _, id := range ids {
		out[discord.ShardOf(id, total)]++
	}
	return out
}
