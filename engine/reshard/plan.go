package reshard

import (
	"cmp"
	"fmt"
	"iter"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// MaxShards bounds what a typing error can ask for. The largest known bots run some
// thousands of shards.
const MaxShards = 65536

// Input is what a plan is made from.
type Input struct {
	Now                time.Time
	Total, First, Last int // the active fleet: shards of the bot, and the slice held here, inclusive
	Asked              ops.Target
	Configured         int  // reshard.target; 0 for Discord's recommendation
	LargeBot           bool // round as Discord demands of large bots
	Recommended        int  // by Discord; 0 if unknown
	AtPercent          int  // reshard.at_percent
	Identify           ops.Identify
	// Guilds yields the ids of all guilds that the active fleet holds, each once.
	Guilds iter.Seq[uint64]
	Memory uint64        // bytes that the process uses
	Live   uint64        // bytes of those that are not garbage; 0 for all
	Queued uint64        // bytes of those that hold events
	Soak   time.Duration // reshard.soak
	Load   time.Duration // from the last identify until all guilds are there, as measured; 0 if unknown
	// Busy says why no reshard can begin, whatever its target; empty if one can.
	Busy string
}

// Plan says what a reshard would do and cost. It is pure.
func Plan(in Input) *ops.ReshardPlan {
	p := &ops.ReshardPlan{
		At: in.Now, From: in.Total, FromFirst: in.First, FromLast: in.Last, Recommended: in.Recommended,
		Known: in.Identify.Known, Remaining: in.Identify.Remaining, Reserve: in.Identify.Reserve, ResetAt: in.Identify.ResetAt,
		MaxConcurrency: max(in.Identify.MaxConcurrency, 1), Spacing: in.Identify.Spacing,
		Capacity: discord.MaxGuildsPerShard, Memory: in.Memory,
	}
	target(&in, p)
	p.First, p.Last = 0, p.To-1
	if in.Asked.Slice {
		p.First, p.Last = in.Asked.First, in.Asked.Last
	}
	if why := impossible(&in, p); why != "" {
		p.Refusals = append(p.Refusals, why)
		return p
	}
	shards := p.Last - p.First + 1
	p.Identifies = shards
	p.Waves = waves(p.First, p.Last, p.MaxConcurrency)
	p.Spawn = time.Duration(p.Waves-1) * p.Spacing
	p.ETA = p.Spawn + in.Load + in.Soak
	if live := cmp.Or(in.Live, in.Memory); live > in.Queued {
		p.More = (live - in.Queued) / uint64(in.Last-in.First+1) * uint64(shards)
	}
	count(&in, p)
	p.Refusals = refusals(&in, p)
	p.Warnings = warnings(&in, p)
	return p
}

// target decides on the number of shards, and says why.
func target(in *Input, p *ops.ReshardPlan) {
	switch {
	case in.Asked.Total != 0:
		p.To, p.Why = in.Asked.Total, "asked for"
	case in.Configured > 0:
		p.To, p.Why = in.Configured, "reshard.target"
	case in.Recommended > 0:
		p.To, p.Why = in.Recommended, fmt.Sprintf("Discord recommends %d", in.Recommended)
	default:
		return
	}
	if !in.LargeBot || p.To < 0 {
		return
	}
	if rounded := discord.LargeBotShards(p.To, p.MaxConcurrency); rounded != p.To {
		p.Why = fmt.Sprintf("%s, rounded up from %d to a multiple of %d, which Discord demands of large bots", p.Why, p.To, multiple(p.MaxConcurrency))
		p.To = rounded
	}
}

// multiple is what Discord demands totals of large bots to be one of.
func multiple(maxConcurrency int) int {
	if maxConcurrency > 1 {
		return maxConcurrency
	}
	return 16
}

// impossible says why there is nothing to plan; empty if there is.
func impossible(in *Input, p *ops.ReshardPlan) string {
	all := in.First == 0 && in.Last == in.Total-1
	switch {
	case p.To == 0:
		return "Discord has not told how many shards it recommends: name a number"
	case p.To < 1 || p.To > MaxShards:
		return fmt.Sprintf("%d shards are not possible: name a number from 1 to %d", p.To, MaxShards)
	case !all && !in.Asked.Slice:
		return fmt.Sprintf("this process holds shards %d to %d of %d and cannot tell which of the %d it is to hold: name the first and the last",
			in.First, in.Last, in.Total, p.To)
	case p.First < 0 || p.First > p.Last || p.Last >= p.To:
		return fmt.Sprintf("shards %d to %d are not a slice of %d: the first is at least 0, the last at most %d", p.First, p.Last, p.To, p.To-1)
	default:
		return ""
	}
}

// waves is how many windows the identifies of a slice take: each bucket, which is
// the id modulo maxConcurrency, takes one at a time.
func waves(first, last, maxConcurrency int) int {
	return (last - first + maxConcurrency) / maxConcurrency
}

// count finds the fullest shards now and then, in one pass.
func count(in *Input, p *ops.ReshardPlan) {
	now, then := make([]int, in.Last-in.First+1), make([]int, p.Last-p.First+1)
	for id := range in.Guilds {
		p.Guilds++
		if at := discord.ShardOf(id, in.Total) - in.First; at >= 0 && at < len(now) {
			now[at]++
		}
		if at := discord.ShardOf(id, p.To) - p.First; at >= 0 && at < len(then) {
			then[at]++
		}
	}
	p.FullestNow, p.FullestThen = fullest(now, in.First), fullest(then, p.First)
}

func fullest(counts []int, first int) (f ops.Fullest) {
	f.Shard = first
	for i, n := range counts {
		if n > f.Guilds {
			f = ops.Fullest{Shard: first + i, Guilds: n}
		}
	}
	return f
}

// refusals say why a reshard cannot begin.
func refusals(in *Input, p *ops.ReshardPlan) (out []string) {
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if in.Busy != "" {
		add("%s", in.Busy)
	}
	id := &in.Identify
	switch {
	case id.Breaker.Open:
		add("identifies are stopped: %s; once that is mended, let them go on (gatehouse ctl identify allow)", id.Breaker.Why)
	case id.ToldAt.IsZero():
		add("Discord's REST API has not told yet how many session starts are left: try again once it has answered")
	case id.Known && p.Identifies > spendable(id):
		add("it takes %d session starts, and of the %d that are left %d are kept in reserve: wait for the reset%s, or lower identify.reserve",
			p.Identifies, id.Remaining, max(id.Reserve, 1), resetAt(id.ResetAt))
	}
	if p.FullestThen.Guilds > p.Capacity {
		add("shard %d would hold %d guilds, and Discord closes a shard with more than %d (4011): name a larger number",
			p.FullestThen.Shard, p.FullestThen.Guilds, p.Capacity)
	}
	return out
}

// spendable is how many session starts a reshard may use. The last one is never
// used: at none Discord resets the token.
func spendable(id *ops.Identify) int { return id.Remaining - max(id.Reserve, 1) }

func resetAt(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return " at " + at.UTC().Format("15:04 MST")
}

// warnings are what an operator should know before it begins.
func warnings(in *Input, p *ops.ReshardPlan) (out []string) {
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if p.To == p.From {
		add("the number of shards stays as it is: a fresh fleet takes over, and nothing else changes")
	}
	if p.Recommended > p.To {
		add("Discord recommends %d shards", p.Recommended)
	}
	if !in.LargeBot && p.MaxConcurrency > 1 && discord.LargeBotShards(p.To, p.MaxConcurrency) != p.To { // only large bots start more than one at a time
		add("%d is not a multiple of %d: Discord may refuse it of a large bot (4010)", p.To, multiple(p.MaxConcurrency))
	}
	percent := cmp.Or(in.AtPercent, 100)
	if full := p.FullestThen.Guilds * 100; full >= percent*p.Capacity {
		add("shard %d would be %d %% full, and reshard.at_percent is %d", p.FullestThen.Shard, full/p.Capacity, percent)
	}
	if in.Asked.Slice && (p.First > 0 || p.Last < p.To-1) {
		add("the other processes have to reshard to %d as well, at about the same time: until all have, guilds that change process come twice or not at all", p.To)
	}
	add("voice connections belong to the sessions that are closed: the bot has to join its voice channels anew")
	return out
}
