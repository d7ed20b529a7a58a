package reshard

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// noon is when the plans of the tests are made.
func noon() time.Time { return time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC) }

// guilds yields n guilds, whose ids spread over the shards as real ones do.
func guilds(n int) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for i := range uint64(n) {
			if !yield((i*2654435761+1)<<22 | i&0xfff) {
				return
			}
		}
	}
}

// input is a bot of so many shards, all held here, with a budget that is enough.
func input(total, maxConcurrency int) Input {
	return Input{
		Now: noon(), Total: total, Last: total - 1, AtPercent: 80, Guilds: guilds(0),
		Identify: ops.Identify{
			Known: true, Total: 1000, Remaining: 1000, Reserve: 20, ToldAt: noon(),
			MaxConcurrency: maxConcurrency, Spacing: 5 * time.Second,
		},
	}
}

func TestAPlanTakesAsLongAsDiscordSays(t *testing.T) {
	for _, c := range []struct {
		to, maxConcurrency, waves int
		spawn                     time.Duration
	}{
		{8, 1, 8, 35 * time.Second},
		{32, 16, 2, 5 * time.Second},
		{176, 16, 11, 50 * time.Second},
		{16, 16, 1, 0},
		{17, 16, 2, 5 * time.Second},
		{176, 64, 3, 10 * time.Second},
		{64, 64, 1, 0},
		{1, 1, 1, 0},
		{3, 0, 3, 10 * time.Second}, // not told
	} {
		in := input(4, c.maxConcurrency)
		in.Asked.Total = c.to
		in.Load, in.Soak = 7*time.Second, time.Minute
		p := Plan(in)
		if p.Identifies != c.to || p.Waves != c.waves || p.Spawn != c.spawn || p.ETA != c.spawn+67*time.Second {
			t.Errorf("%d shards with max_concurrency %d: %d identifies in %d waves, the last after %s, ETA %s; want %d waves, %s",
				c.to, c.maxConcurrency, p.Identifies, p.Waves, p.Spawn, p.ETA, c.waves, c.spawn)
		}
	}
}

func TestALargeBotIsRoundedAsDiscordDemands(t *testing.T) {
	for _, c := range []struct{ asked, maxConcurrency, want int }{
		{270, 16, 272}, {270, 1, 272}, {99, 16, 99}, {99, 1, 99}, {100, 16, 112}, {100, 1, 112},
		{112, 16, 112}, {270, 64, 320}, {320, 64, 320},
	} {
		in := input(64, c.maxConcurrency)
		in.Asked.Total, in.LargeBot = c.asked, true
		p := Plan(in)
		rounded := strings.Contains(p.Why, fmt.Sprintf("rounded up from %d", c.asked))
		if p.To != c.want || rounded != (c.asked != c.want) {
			t.Errorf("%d with max_concurrency %d: %d (%s), want %d", c.asked, c.maxConcurrency, p.To, p.Why, c.want)
		}
		in.LargeBot = false
		if p := Plan(in); p.To != c.asked || p.Why != "asked for" {
			t.Errorf("%d of a bot that is not large: %d (%s)", c.asked, p.To, p.Why)
		}
	}
}

func TestTheTargetIsWhatIsAskedThenConfiguredThenRecommended(t *testing.T) {
	in := input(4, 1)
	in.Asked.Total, in.Configured, in.Recommended = 6, 8, 10
	for _, want := range []struct {
		to  int
		why string
	}{{6, "asked for"}, {8, "reshard.target"}, {10, "Discord recommends 10"}} {
		if p := Plan(in); p.To != want.to || p.Why != want.why || p.Recommended != 10 {
			t.Errorf("to %d, because: %s; want %d: %s", p.To, p.Why, want.to, want.why)
		}
		if in.Asked.Total != 0 {
			in.Asked.Total = 0
		} else {
			in.Configured = 0
		}
	}
}

func TestAPlanSaysWhatRefusesIt(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Input)
		want   string // part of the one refusal
	}{
		"no recommendation": {func(in *Input) { in.Asked.Total = 0 }, "has not told how many shards it recommends"},
		"negative":          {func(in *Input) { in.Asked.Total = -3 }, "-3 shards are not possible: name a number from 1 to 65536"},
		"a typing error":    {func(in *Input) { in.Asked.Total = 70000 }, "70000 shards are not possible"},
		"a slice untold":    {func(in *Input) { in.Last = 1 }, "holds shards 0 to 1 of 4 and cannot tell which of the 8"},
		"a slice backwards": {func(in *Input) { in.Asked.Slice, in.Asked.First, in.Asked.Last = true, 5, 4 }, "shards 5 to 4 are not a slice of 8"},
		"a slice too far":   {func(in *Input) { in.Asked.Slice, in.Asked.Last = true, 8 }, "shards 0 to 8 are not a slice of 8: the first is at least 0, the last at most 7"},
		"a negative slice":  {func(in *Input) { in.Asked.Slice, in.Asked.First = true, -1 }, "are not a slice"},
		"busy":              {func(in *Input) { in.Busy = "another one is under way" }, "another one is under way"},
		"the breaker":       {func(in *Input) { in.Identify.Breaker = ops.Breaker{Open: true, Why: "too many"} }, "identifies are stopped: too many"},
		"an unknown budget": {func(in *Input) { in.Identify = ops.Identify{MaxConcurrency: 1} }, "has not told yet how many session starts are left"},
		"the budget": {func(in *Input) {
			in.Identify.Remaining, in.Identify.ResetAt = 27, noon().Add(90*time.Minute)
		}, "it takes 8 session starts, and of the 27 that are left 20 are kept in reserve: wait for the reset at 13:30 UTC"},
		"the budget without a reset": {func(in *Input) { in.Identify.Remaining, in.Identify.Reserve = 8, 0 }, "of the 8 that are left 1 are kept in reserve: wait for the reset, or"},
		"too few shards": {func(in *Input) {
			in.Guilds = func(yield func(uint64) bool) {
				for i := range uint64(2501) {
					if !yield((i*8 + 3) << 22) {
						return
					}
				}
			}
		}, "shard 3 would hold 2501 guilds, and Discord closes a shard with more than 2500 (4011)"},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(4, 1)
			in.Asked.Total = 8
			if p := Plan(in); len(p.Refusals) != 0 {
				t.Fatalf("refused without a reason: %q", p.Refusals)
			}
			c.change(&in)
			if p := Plan(in); len(p.Refusals) != 1 || !strings.Contains(p.Refusals[0], c.want) {
				t.Errorf("refusals %q, want one with %q", p.Refusals, c.want)
			}
		})
	}
}

// The last session start that may be used is used.
func TestABudgetThatIsJustEnoughIsEnough(t *testing.T) {
	in := input(4, 1)
	in.Asked.Total, in.Identify.Remaining = 8, 28
	if p := Plan(in); len(p.Refusals) != 0 {
		t.Errorf("8 of 28, of which 20 are the reserve: %q", p.Refusals)
	}
}

func TestAPlanWarnsOfWhatAnOperatorShouldKnow(t *testing.T) {
	const voice = "voice connections"
	for name, c := range map[string]struct {
		change func(*Input)
		want   string
	}{
		"the same count":          {func(in *Input) { in.Asked.Total = 4 }, "stays as it is: a fresh fleet takes over"},
		"more recommended":        {func(in *Input) { in.Recommended = 9 }, "Discord recommends 9 shards"},
		"no multiple":             {func(in *Input) { in.Asked.Total, in.Identify.MaxConcurrency = 270, 16 }, "270 is not a multiple of 16: Discord may refuse it of a large bot (4010)"},
		"full again from the off": {func(in *Input) { in.Asked.Total, in.Guilds = 1, guilds(2000) }, "shard 0 would be 80 % full, and reshard.at_percent is 80"},
		"a slice":                 {func(in *Input) { in.Asked.Slice, in.Asked.Last = true, 3 }, "the other processes have to reshard to 8 as well"},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(4, 1)
			in.Asked.Total = 8
			if p := Plan(in); len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], voice) {
				t.Fatalf("warnings without a reason: %q", p.Warnings)
			}
			c.change(&in)
			if p := Plan(in); len(p.Warnings) != 2 || !strings.Contains(p.Warnings[0], c.want) {
				t.Errorf("warnings %q, want one with %q", p.Warnings, c.want)
			}
		})
	}
}

func TestASliceIsPlannedForItsShardsAlone(t *testing.T) {
	in := input(32, 16)
	in.First, in.Last = 16, 31
	in.Asked = ops.Target{Total: 64, First: 32, Last: 63, Slice: true}
	p := Plan(in)
	if len(p.Refusals) != 0 || p.Identifies != 32 || p.Waves != 2 || p.First != 32 || p.Last != 63 || p.FromFirst != 16 || p.FromLast != 31 {
		t.Errorf("a slice of 32 shards: %+v", p)
	}
}

// The fullest shards are those that counting each shard by itself finds.
func TestTheFullestShardsAreCountedRight(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		in := input(1+rng.IntN(40), 16)
		in.Asked.Total = 1 + rng.IntN(60)
		if rng.IntN(2) == 0 {
			in.First = rng.IntN(in.Total)
			in.Last = in.First + rng.IntN(in.Total-in.First)
			in.Asked.Slice, in.Asked.First = true, rng.IntN(in.Asked.Total)
			in.Asked.Last = in.Asked.First + rng.IntN(in.Asked.Total-in.Asked.First)
		}
		var ids []uint64
		for range rng.IntN(500) {
			ids = append(ids, rng.Uint64())
		}
		in.Guilds = slices.Values(ids)
		p := Plan(in)
		now, then := brute(ids, in.Total, in.First, in.Last), brute(ids, p.To, p.First, p.Last)
		if p.Guilds != len(ids) || p.FullestNow != now || p.FullestThen != then {
			t.Fatalf("%d to %d of %d to %d to %d of %d: now %+v, then %+v of %d guilds; want %+v and %+v of %d",
				in.First, in.Last, in.Total, p.First, p.Last, p.To, p.FullestNow, p.FullestThen, p.Guilds, now, then, len(ids))
		}
	}
}

func brute(ids []uint64, total, first, last int) ops.Fullest {
	most := ops.Fullest{Shard: first}
	for shard := first; shard <= last; shard++ {
		n := 0
		for _, id := range ids {
			if discord.ShardOf(id, total) == shard {
				n++
			}
		}
		if n > most.Guilds {
			most = ops.Fullest{Shard: shard, Guilds: n}
		}
	}
	return most
}

func TestTheMemoryOfTheOverlapIsInProportion(t *testing.T) {
	in := input(16, 16)
	in.Asked.Total, in.Memory, in.Queued = 32, 100<<20, 20<<20
	if p := Plan(in); p.More != 160<<20 {
		t.Errorf("80 MiB of 16 shards are %d MiB of 32, want 160", p.More>>20)
	}
	in.Live = 60 << 20
	if p := Plan(in); p.More != 80<<20 || p.Memory != 100<<20 {
		t.Errorf("40 MiB that live and hold no events are %d MiB of 32 shards, want 80", p.More>>20)
	}
	in.Queued = 200 << 20
	if p := Plan(in); p.More != 0 {
		t.Errorf("%d bytes more though all that is used holds events", p.More)
	}
}

func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			in := input(176, 16)
			in.Asked.Total, in.Guilds = 1024, guilds(n)
			for b.Loop() {
				Plan(in)
			}
		})
	}
}
