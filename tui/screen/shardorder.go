package screen

import (
	"cmp"
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// ShardOrder is how the table of shards is ordered.
type ShardOrder uint8

// The orders of the shards.
const (
	ShardsWorst   ShardOrder = iota // what needs a person most first
	ShardsByID                      // the smallest first, as the only one
	ShardsSlowest                   // by latency; one that has none counts as the slowest
	ShardsBusiest                   // by events per second
	ShardsFullest                   // by guilds
	ShardsChanged                   // what has changed its state last first
	ShardsLost                      // by connections lost
	shardOrders
)

var shardOrderNames = [...]string{
	ShardsWorst:   "worst first",
	ShardsByID:    "by id",
	ShardsSlowest: "slowest first",
	ShardsBusiest: "busiest first",
	ShardsFullest: "fullest first",
	ShardsChanged: "changed last first",
	ShardsLost:    "most connections lost first",
}

// String is the order in words.
func (o ShardOrder) String() string { return shardOrderNames[o%shardOrders] }

// Next is the order that follows, in a circle.
func (o ShardOrder) Next() ShardOrder { return (o + 1) % shardOrders }

// orderOf is the order that a column of the table stands for.
func orderOf(column string) (ShardOrder, bool) {
	switch column {
	case "shard":
		return ShardsByID, true
	case "state":
		return ShardsWorst, true
	case "latency":
		return ShardsSlowest, true
	case "ev/s":
		return ShardsBusiest, true
	case "guilds":
		return ShardsFullest, true
	case "for":
		return ShardsChanged, true
	case "lost":
		return ShardsLost, true
	default:
		return 0, false
	}
}

// SortShards orders indices of shards. Ids decide between equals, so that rows do
// not change places without a reason.
func SortShards(shards []ops.Shard, rows []int, o ShardOrder, reversed bool, now time.Time) {
	slices.SortStableFunc(rows, func(a, b int) int {
		by := compareShards(&shards[a], &shards[b], o, now)
		if reversed {
			by = -by
		}
		return cmp.Or(by, cmp.Compare(a, b))
	})
}

func compareShards(a, b *ops.Shard, o ShardOrder, now time.Time) int {
	switch o {
	case ShardsByID:
		return cmp.Compare(a.ID, b.ID)
	case ShardsSlowest:
		return cmp.Compare(slowness(b), slowness(a))
	case ShardsBusiest:
		return cmp.Compare(b.Rate, a.Rate)
	case ShardsFullest:
		return cmp.Compare(b.Guilds, a.Guilds)
	case ShardsChanged:
		return b.Since.Compare(a.Since)
	case ShardsLost:
		return cmp.Compare(b.Reconnects, a.Reconnects)
	default:
		return cmp.Compare(need(b, now), need(a, now))
	}
}

// need is how much a shard needs a person.
func need(s *ops.Shard, now time.Time) uint8 {
	if s.State == ops.ShardReady && Troubled(s, now) {
		return rankSilent
	}
	return rank(s.State)
}

func slowness(s *ops.Shard) time.Duration {
	if s.Latency == 0 {
		return 1 << 62
	}
	return s.Latency
}
