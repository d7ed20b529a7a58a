package engine

import (
	"context"
	"errors"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Where says which shard a guild is on, now and among total shards.
func (e *Engine) Where(_ context.Context, guild uint64, total int) (ops.GuildPlace, error) {
	f := e.current()
	switch {
	case guild == 0:
		return ops.GuildPlace{}, errors.New("0 is not the id of a guild")
	case f == nil:
		return ops.GuildPlace{}, errors.New("the number of shards is not known yet: Discord has not told")
	}
	p := f.Where(guild)
	if run := e.reshards.report().Now; total == 0 && run != nil {
		total = run.Plan.To
	}
	if total > 0 {
		p.PlannedShards, p.Planned = total, discord.ShardOf(guild, total)
	}
	return p, nil
}

// Guilds lists guilds of a shard of the active fleet.
func (e *Engine) Guilds(_ context.Context, q ops.GuildQuery) (ops.GuildPage, error) {
	f := e.current()
	if f == nil {
		return ops.GuildPage{}, ops.ErrNoShard
	}
	return f.ListGuilds(q)
}
