package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

func (c *ctl) workersCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "workers",
		Short: "Every worker on a line: its shards, its share of the work, its queue",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.ask(cmd.Context(), func(ctx context.Context, client *control.Client) (answer, error) {
				snap, err := client.Snapshot(ctx)
				if err != nil {
					return answer{}, err
				}
				return answer{snap.Workers, func(p *printer) { p.workers(snap.Workers) }}, nil
			})
		},
	}
}

func (p *printer) workers(workers []ops.Worker) {
	t := newTable(">WORKER", "SHARDS", ">READY", ">GUILDS", ">EVENTS/S", ">BYTES/S", ">SHARE", ">WAITING", ">OLDEST", ">DROPPED")
	for _, w := range workers {
		t.row(strconv.Itoa(w.ID), ops.Ranges(w.Shards), fmt.Sprintf("%d/%d", w.ByState[ops.ShardReady], len(w.Shards)),
			count(w.Guilds), rate(w.Rate), size(int64(w.Bytes)), fmt.Sprintf("%.0f%%", 100*w.Share),
			count(w.Queue.Depth), span(w.Lag), count(w.Queue.Dropped))
	}
	p.table(t)
}

// restartCommand restarts shards, or all of a worker's.
func (c *ctl) restartCommand() *cobra.Command {
	var wait bool
	var workers []int
	var how pace
	cmd := &cobra.Command{
		Use:   "restart {ID... | --worker N | --all} [--rolling]",
		Short: "Close connections and RESUME: nothing is lost, no identify is spent",
		Long: `Closes the connections of shards and RESUMEs their sessions: nothing is lost, no
identify is spent. With --rolling one shard goes after the other, and it stops by
itself when a shard does not come back, or sessions are lost; gatehouse ctl actions
shows how far it has come, and gatehouse ctl cancel ends it.`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case how.all && len(workers)+len(args) > 0:
				return usagef("--all: shards are named too; use one of them")
			case how.all || len(workers) > 0:
				return nil
			}
			return someArguments("ids of shards, such as 3, or 0-7,12, or --worker, or --all")(cmd, args)
		},
		ValidArgsFunction: c.completeShards(func(s ops.Shard) bool { return ops.Refusal(ops.CommandRestart, s.State) == "" }, 0),
		RunE: func(cmd *cobra.Command, args []string) error {
			order := ops.Command{Kind: ops.CommandRestart, Workers: workers}
			for _, n := range workers {
				if n < 0 {
					return usagef("--worker: %d is not a worker; gatehouse ctl workers lists them, from 0", n)
				}
			}
			if len(args) > 0 {
				ids, err := parseShards(args)
				if err != nil {
					return err
				}
				order.Shards = ids
			}
			if err := how.fill(cmd, &order); err != nil {
				return err
			}
			return c.act(cmd.Context(), order, wait)
		},
	}
	cmd.Flags().IntSliceVar(&workers, "worker", nil, "restart all shards of this `worker`; repeatable")
	how.add(cmd)
	addWait(cmd, &wait)
	return cmd
}

// reloadCommand has the configuration read again.
func (c *ctl) reloadCommand() *cobra.Command {
	wait := false
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Read the configuration file again; says what takes effect and what needs a restart",
		Long: `Has the running Gatehouse read its configuration file again, with the flags and
the environment that it was started with.

Rules, sinks, the presence, filter.*, reshard.*, log.level and tui.theme take
effect at once, all of them or none: a mistake anywhere leaves the old
configuration in effect. The other keys need a restart, and are named. A change
of the file is noticed without this command.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.act(cmd.Context(), ops.Command{Kind: ops.CommandReload}, wait)
		},
	}
	addWait(cmd, &wait) // a reshard that is under way is waited for
	return cmd
}
