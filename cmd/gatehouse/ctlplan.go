package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

// targetFlags name the fleet that a reshard is to make.
type targetFlags struct{ to, first, last int }

// mostShardsAsked bounds what a typing error can ask for.
const mostShardsAsked = maxShardID + 1

func (f *targetFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&f.to, "to", 0, "`shards` of the bot, over all processes; what reshard.target says by default")
	flags.IntVar(&f.first, "first", 0, "first `shard` that this process is to hold, with --last; all of them by default")
	flags.IntVar(&f.last, "last", 0, "last `shard` that this process is to hold")
	for _, name := range []string{"to", "first", "last"} {
		// It fails only for a flag that is not there.
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
}

// target reads the flags.
func (f *targetFlags) target(cmd *cobra.Command) (ops.Target, error) {
	given := cmd.Flags().Changed
	to := ops.Target{Total: f.to, First: f.first, Last: f.last, Slice: given("first") || given("last")}
	switch {
	case given("to") && (f.to < 1 || f.to > mostShardsAsked):
		return to, usagef("--to: %d is out of range; allowed: 1 to %d", f.to, mostShardsAsked)
	case given("first") != given("last"):
		return to, usagef("--first and --last go together: they name the shards that this process is to hold")
	case to.Slice && (f.first < 0 || f.last < f.first || f.last > maxShardID):
		return to, usagef("--first %d --last %d is not a range of shards; they are counted from 0, and the last belongs to it", f.first, f.last)
	case to.Slice && f.to > 0 && f.last >= f.to:
		return to, usagef("--last: there is no shard %d of %d; allowed: up to %d", f.last, f.to, f.to-1)
	}
	return to, nil
}

func (c *ctl) planCommand() *cobra.Command {
	var f targetFlags
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "What a reshard would do and cost; changes nothing",
		Long: `Shows what a reshard would do and cost: which number of shards and why, the
session starts that it takes and how long, how full the shards are now and then,
the memory, and what speaks against it. It changes nothing.

Exit code 0 if the reshard could begin now, 4 if it would be refused.`,
		Example: `  gatehouse ctl plan
  gatehouse ctl plan --to 64
  gatehouse ctl plan --to 64 --first 32 --last 63`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			to, err := f.target(cmd)
			if err != nil {
				return err
			}
			var plan *ops.ReshardPlan
			err = c.ask(cmd.Context(), func(ctx context.Context, client *control.Client) (answer, error) {
				plan, err = client.Plan(ctx, to)
				return answer{plan, func(p *printer) { p.plan(plan) }}, err
			})
			if err == nil && len(plan.Refusals) > 0 {
				err = errBarred()
			}
			return planFailure(err)
		},
	}
	f.add(cmd)
	return cmd
}

// errBarred fails a command whose output has said why a reshard cannot begin.
func errBarred() error { return &exitError{exitBarred, errSilent} }

// planFailure gives a plan that could not be made its exit code.
func planFailure(err error) error {
	if refused := (*ops.RefusedError)(nil); errors.As(err, &refused) {
		return &exitError{exitBarred, errors.New("no plan: " + clean(refused.Reason))}
	}
	return err
}

// plan is what a reshard would do and cost, on a page.
func (p *printer) plan(r *ops.ReshardPlan) {
	p.now = r.At
	t := newTable("", "")
	t.row("shards", fmt.Sprintf("%s → %s: %s", count(r.From), count(r.To), r.Why))
	now, then := r.FromLast-r.FromFirst+1, r.Last-r.First+1
	if now < r.From || then < r.To {
		t.row("held here", fmt.Sprintf("%d to %d → %d to %d", r.FromFirst, r.FromLast, r.First, r.Last))
	}
	if r.Identifies > 0 {
		t.row("identifies", p.costText(r))
		t.row("waves", wavesText(r))
		t.row("switch", "in about "+span(r.ETA)+" if nothing fails; events flow all the while")
		t.row("guilds", fmt.Sprintf("%s here: %s a shard now, %s then, %s allowed", count(r.Guilds), perShard(r.Guilds, now), perShard(r.Guilds, then), count(r.Capacity)))
		t.row("fullest", fullestText(r.FullestNow, r.Capacity)+" → "+fullestText(r.FullestThen, r.Capacity))
		t.row("memory", fmt.Sprintf("%s now; about %s more while both fleets are up", size(int64(r.Memory)), size(int64(r.More))))
	}
	for _, text := range r.Warnings {
		t.row("warning", text)
	}
	for _, text := range r.Refusals {
		t.row("REFUSED", text)
	}
	p.pairs(t)
}

// costText is what a plan takes of the budget.
func (p *printer) costText(r *ops.ReshardPlan) string {
	if !r.Known {
		return fmt.Sprintf("%s; Discord has not told the budget yet", count(r.Identifies))
	}
	text := fmt.Sprintf("%s of %s left", count(r.Identifies), count(r.Remaining))
	if after := r.Remaining - r.Identifies; after < 0 {
		text += fmt.Sprintf(": %s too few", count(-after))
	} else {
		text += fmt.Sprintf("; %s after it", count(after))
	}
	text += fmt.Sprintf(", reserve %s", count(r.Reserve))
	if !r.ResetAt.IsZero() {
		text += ", reset " + p.until(r.ResetAt)
	}
	return text
}

func wavesText(r *ops.ReshardPlan) string {
	if r.Waves <= 1 {
		return "1, of " + count(r.Identifies)
	}
	return fmt.Sprintf("%s of up to %s, %s apart; the last identify after %s", count(r.Waves), count(r.MaxConcurrency), span(r.Spacing), span(r.Spawn))
}

// perShard is an average.
func perShard(guilds, shards int) string { return count(guilds / max(shards, 1)) }

// fullestText names the fullest shard and how full it is.
func fullestText(f ops.Fullest, capacity int) string {
	return fmt.Sprintf("shard %s with %s (%s)", strconv.Itoa(f.Shard), counted(f.Guilds, "guild"), percent(f.Guilds, capacity))
}

// percent is a share of a whole.
func percent(n, whole int) string {
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(max(whole, 1)))
}
