package control

import (
	"fmt"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// place is an ops.GuildPlace.
type place struct {
	Guild  string `json:"guild"`
	Shard  int    `json:"shard"`
	Shards int    `json:"shards"`
	Held   bool   `json:"held"`
	Worker int    `json:"worker"` // -1 if the shard is not held here
	State  string `json:"state"`
	// Among another number of shards; planned_shards is 0 if none was asked for and
	// no reshard is under way.
	Planned       int `json:"planned_shard"`
	PlannedShards int `json:"planned_shards"`
}

func wirePlace(p ops.GuildPlace) place {
	return place{
		Guild: wireGuild(p.Guild), Shard: p.Shard, Shards: p.Shards, Held: p.Held, Worker: p.Worker, State: p.State.String(),
		Planned: p.Planned, PlannedShards: p.PlannedShards,
	}
}

func (p *place) place() (ops.GuildPlace, error) {
	w := &words{}
	out := ops.GuildPlace{
		Guild: w.guild(p.Guild), Shard: p.Shard, Shards: p.Shards, Held: p.Held, Worker: p.Worker, State: w.guildState(p.State),
		Planned: p.Planned, PlannedShards: p.PlannedShards,
	}
	return out, w.err
}

// guildPage is an ops.GuildPage.
type guildPage struct {
	Guilds   []guildLine `json:"guilds"`
	Matching int         `json:"matching"`
	Total    int         `json:"total"`
}

type guildLine struct {
	ID    string `json:"id"`
	State string `json:"state"`
}

func wireGuildPage(p ops.GuildPage) guildPage {
	return guildPage{Matching: p.Matching, Total: p.Total, Guilds: each(p.Guilds, func(g ops.Guild) guildLine {
		return guildLine{wireGuild(g.ID), g.State.String()}
	})}
}

func (p *guildPage) page() (ops.GuildPage, error) {
	w := &words{}
	out := ops.GuildPage{Matching: p.Matching, Total: p.Total, Guilds: some(p.Guilds, func(g guildLine) ops.Guild {
		return ops.Guild{ID: w.guild(g.ID), State: w.guildState(g.State)}
	})}
	return out, w.err
}

// guildState is the state of a name.
func (w *words) guildState(name string) ops.GuildState {
	for s := ops.GuildUnknown; s <= ops.GuildUnavailable; s++ {
		if s.String() == name {
			return s
		}
	}
	if w.err == nil {
		w.err = fmt.Errorf("control: the answer has %.40q for the state of a guild", name)
	}
	return ops.GuildUnknown
}
