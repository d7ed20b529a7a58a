package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// completeWithin bounds what the shell waits for after the tab key.
const completeWithin = time.Second

// snapshotToComplete is the state of the running Gatehouse, or nil: completion
// has nobody to tell why there is none.
func (c *ctl) snapshotToComplete(ctx context.Context) *ops.Snapshot {
	ctx, cancel := context.WithTimeout(ctx, completeWithin)
	defer cancel()
	client, err := c.connect(ctx)
	if err != nil {
		return nil
	}
	defer client.Close()
	snap, err := client.Snapshot(ctx)
	if err != nil {
		return nil
	}
	return snap
}

// completeShards offers the ids of the shards that fit, with their states; all of
// them if fits is nil. most bounds the arguments; 0 for no bound.
func (c *ctl) completeShards(fits func(ops.Shard) bool, most int) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		snap := c.snapshotToComplete(cmd.Context())
		if snap == nil || most > 0 && len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var offers []string
		for _, s := range snap.Shards {
			id := strconv.Itoa(s.ID)
			if strings.HasPrefix(id, typed) && (fits == nil || fits(s)) {
				offers = append(offers, cobra.CompletionWithDesc(id, s.State.String()))
			}
		}
		return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// completeSinks offers the name of one sink that fits, with its state.
func (c *ctl) completeSinks(fits func(ops.Sink) bool) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		snap := c.snapshotToComplete(cmd.Context())
		if snap == nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var offers []string
		for _, s := range snap.Sinks {
			if strings.HasPrefix(s.Name, typed) && fits(s) {
				offers = append(offers, cobra.CompletionWithDesc(s.Name, s.State.String()))
			}
		}
		return offers, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeSinkFlag offers the names of sinks for --sink.
func (c *ctl) completeSinkFlag(cmd *cobra.Command) {
	offer := c.completeSinks(func(ops.Sink) bool { return true })
	// It fails only for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc("sink", func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return offer(cmd, nil, typed)
	})
}

// completeSend offers the names of the commands that can be sent.
func completeSend(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var offers []string
	for _, s := range sendables() {
		if strings.HasPrefix(s.name, typed) {
			offers = append(offers, cobra.CompletionWithDesc(s.name, s.what))
		}
	}
	return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}
