package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

func (c *ctl) logCommand() *cobra.Command {
	most, level, shard := 100, "info", -1
	cmd := &cobra.Command{
		Use:   "log",
		Short: "The last lines of the log, oldest first",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			q, err := logQuery(most, level, shard)
			if err != nil {
				return err
			}
			return c.ask(cmd.Context(), func(ctx context.Context, client *control.Client) (answer, error) {
				page, err := client.Log(ctx, q)
				return answer{page, func(p *printer) { p.log(page) }}, err
			})
		},
	}
	cmd.Flags().IntVar(&most, "max", most, "most lines; 0 for all that Gatehouse keeps in memory")
	cmd.Flags().StringVar(&level, "level", level, "least severity: debug, info, warn or error")
	cmd.Flags().IntVar(&shard, "shard", shard, "lines of this shard alone; -1 for all")
	return cmd
}

func logQuery(most int, level string, shard int) (ops.LogQuery, error) {
	q := ops.LogQuery{Max: most, Shard: shard}
	if most < 0 {
		return q, usagef("--max: %d is below zero; 0 means all", most)
	}
	if shard < -1 || shard > maxShardID {
		return q, usagef("--shard: %d is out of range; allowed: 0 to %d, or -1 for all", shard, maxShardID)
	}
	var ok bool
	if q.Level, ok = control.Level(level); !ok {
		return q, usagef("--level: %q is not known; allowed: debug, info, warn, error", level)
	}
	return q, nil
}

func (p *printer) log(page ops.LogPage) {
	for _, l := range page.Lines {
		shard := ""
		if l.Shard >= 0 {
			shard = "shard " + strconv.Itoa(l.Shard) + ": "
		}
		p.line("%s  %-5s  %s%s", l.At.Local().Format("2006-01-02 15:04:05.000"), l.Level, shard, l.Text)
	}
}
