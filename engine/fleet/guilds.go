package fleet

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/pipeline"
)

// guildsMost is how many guilds are listed unless less is asked for.
const guildsMost = 1000

// Where is the place of a guild among the fleet's shards.
func (f *Fleet) Where(guild uint64) ops.GuildPlace {
	p := ops.GuildPlace{Guild: guild, Shards: f.cfg.Total, Shard: discord.ShardOf(guild, f.cfg.Total), Worker: -1}
	s := f.shard(p.Shard)
	if s == nil {
		return p
	}
	p.Held, p.Worker = true, s.worker.id
	switch s.guilds.Holding(guild) {
	case pipeline.HoldsAvailable:
		p.State = ops.GuildAvailable
	case pipeline.HoldsUnavailable:
		p.State = ops.GuildUnavailable
	case pipeline.HoldsLoading:
		p.State = ops.GuildLoading
	case pipeline.HoldsNot:
		p.State = ops.GuildAbsent
	}
	return p
}

// ListGuilds lists guilds of a shard.
func (f *Fleet) ListGuilds(q ops.GuildQuery) (ops.GuildPage, error) {
	s := f.shard(q.Shard)
	if s == nil {
		return ops.GuildPage{}, ops.ErrNoShard
	}
	known := s.guilds.Known()
	var page ops.GuildPage
	for _, part := range []struct {
		ids   []uint64
		state ops.GuildState
	}{{known.Loading, ops.GuildLoading}, {known.Unavailable, ops.GuildUnavailable}, {known.Available, ops.GuildAvailable}} {
		page.Total += len(part.ids)
		from := len(page.Guilds)
		for _, id := range part.ids {
			if strings.Contains(strconv.FormatUint(id, 10), q.Contains) {
				page.Guilds = append(page.Guilds, ops.Guild{ID: id, State: part.state})
			}
		}
		slices.SortFunc(page.Guilds[from:], func(a, b ops.Guild) int { return cmp.Compare(a.ID, b.ID) })
	}
	page.Matching = len(page.Guilds)
	page.Guilds = page.Guilds[:min(len(page.Guilds), cmp.Or(max(q.Max, 0), guildsMost))]
	return page, nil
}
