package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

func (c *ctl) whereCommand() *cobra.Command {
	total := 0
	cmd := &cobra.Command{
		Use:   "where GUILD",
		Short: "The shard of a guild, now and among another number of shards",
		Long: `Says which shard a guild is on and what is known of it. With --total it also says
where it would be among so many shards; without, where a reshard under way takes it.`,
		Args: oneArgument("the id of a guild"),
		RunE: func(cmd *cobra.Command, args []string) error {
			guild, err := strconv.ParseUint(args[0], 10, 64)
			if err != nil || guild == 0 {
				return usagef("%q is not the id of a guild; write its number, as Discord shows it in developer mode", args[0])
			}
			if total < 0 || total > 1<<20 {
				return usagef("--total %d: allowed: 1 to %d", total, 1<<20)
			}
			return c.ask(cmd.Context(), func(ctx context.Context, client *control.Client) (answer, error) {
				p, err := client.Where(ctx, guild, total)
				if err != nil {
					return answer{}, err
				}
				return answer{p, func(out *printer) { out.place(p) }}, nil
			})
		},
	}
	cmd.Flags().IntVar(&total, "total", 0, "another number of shards, as of a reshard that is planned")
	return cmd
}

// place is where a guild is, in words.
func (p *printer) place(g ops.GuildPlace) {
	p.line("guild %d is on shard %d of %d", g.Guild, g.Shard, g.Shards)
	if g.Held {
		p.line("worker %d, %s", g.Worker, guildText(g.State))
	} else {
		p.line("that shard is not held by this process")
	}
	if g.PlannedShards > 0 {
		p.line("of %d shards it would be on shard %d", g.PlannedShards, g.Planned)
	}
}

// guildText is the state of a guild in words.
func guildText(s ops.GuildState) string {
	switch s {
	case ops.GuildAvailable:
		return "available"
	case ops.GuildUnavailable:
		return "unavailable: Discord reports an outage"
	case ops.GuildLoading:
		return "announced by Discord, and not there yet"
	case ops.GuildAbsent:
		return "the bot is not in it"
	default:
		return "not known: the shard has not been told of its guilds yet"
	}
}
