package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

// reshardOptions are the flags of reshard.
type reshardOptions struct {
	targetFlags
	yes, wait bool
}

func (c *ctl) reshardCommand() *cobra.Command {
	var o reshardOptions
	cmd := &cobra.Command{
		Use:   "reshard",
		Short: "Change the number of shards while events keep flowing",
		Long: `Shows the plan, and has a fleet of another number of shards take over once the
number has been typed, or with --yes. The fleet that is up delivers until the next
one is complete and both have told the same for a while.

Until the switch it can be paused, aborted and watched:

  gatehouse ctl reshard status

Exit codes: 0 begun, or done with --wait; 1 failed or called off; 2 wrong usage;
4 refused: the plan says why.`,
		Example: `  gatehouse ctl reshard --to 64
  gatehouse ctl reshard --to 64 --yes --wait`,
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			to, err := o.target(cmd)
			if err != nil {
				return err
			}
			return c.reshard(cmd.Context(), to, &o)
		},
	}
	o.add(cmd)
	cmd.Flags().BoolVar(&o.yes, "yes", false, "begin without asking")
	cmd.Flags().BoolVar(&o.wait, "wait", false, "wait for the end, with progress on stderr")
	cmd.AddCommand(c.reshardStatusCommand(), c.reshardForceCommand())
	cmd.AddCommand(c.reshardSteps()...)
	return cmd
}

// reshardSteps are the commands for a reshard under way that need no question.
func (c *ctl) reshardSteps() []*cobra.Command {
	var out []*cobra.Command
	for _, s := range []struct {
		kind       ops.CommandKind
		use, short string
	}{
		{ops.CommandReshardPause, "pause", "Spend no further identify and do not switch, until it is resumed"},
		{ops.CommandReshardResume, "resume", "Let a paused reshard go on"},
		{ops.CommandReshardAbort, "abort", "Close the next fleet; the one that is up stays as it is"},
	} {
		out = append(out, &cobra.Command{
			Use: s.use, Short: s.short, Args: noArguments,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return c.act(cmd.Context(), ops.Command{Kind: s.kind}, false)
			},
		})
	}
	return out
}

// reshard shows the plan, asks, and begins.
func (c *ctl) reshard(ctx context.Context, to ops.Target, o *reshardOptions) error {
	if !o.yes && !isTerminal(c.stdin) {
		return usagef("stdin is no terminal to be asked on; look at gatehouse ctl plan, then give --yes")
	}
	client, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	plan, err := askPlan(ctx, client, to)
	if err != nil {
		return err
	}
	if err := c.showPlan(plan); err != nil {
		return err
	}
	if len(plan.Refusals) > 0 {
		return errBarred()
	}
	if !o.yes {
		if err := c.confirm(ctx, fmt.Sprintf("Type %d to reshard", plan.To), strconv.Itoa(plan.To)); err != nil {
			return err
		}
	}
	return c.beginReshard(ctx, client, plan, to.Slice, o.wait)
}

// showPlan shows a plan: beside the outcome as JSON on stderr.
func (c *ctl) showPlan(plan *ops.ReshardPlan) error {
	p := &printer{w: c.stdout}
	if c.output == "json" {
		p.w = c.stderr
	}
	p.plan(plan)
	return p.err
}

func askPlan(ctx context.Context, client *control.Client, to ops.Target) (*ops.ReshardPlan, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	plan, err := client.Plan(ctx, to)
	if err != nil {
		return nil, planFailure(unanswered(ctx, err))
	}
	return plan, nil
}

// beginReshard has exactly what the plan shows done.
func (c *ctl) beginReshard(ctx context.Context, client *control.Client, plan *ops.ReshardPlan, slice, wait bool) error {
	cmd := ops.Command{Kind: ops.CommandReshard, Target: ops.Target{Total: plan.To}, By: c.by()}
	if slice {
		cmd.Target = ops.Target{Total: plan.To, First: plan.First, Last: plan.Last, Slice: true}
	}
	asking, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	op, err := client.Do(asking, cmd)
	if refused := (*ops.RefusedError)(nil); errors.As(err, &refused) {
		return &exitError{exitBarred, err}
	}
	if err != nil {
		return unanswered(asking, err)
	}
	if wait {
		if err := c.watchReshard(ctx, client, op); err != nil {
			return err
		}
	}
	return c.outcome(cmd, op)
}

// watchEvery is how often --wait tells of a reshard.
const watchEvery = time.Second

// watchReshard waits for the end of a reshard and tells of its progress.
func (c *ctl) watchReshard(ctx context.Context, client *control.Client, op ops.Operation) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for told := ""; ; {
		if text := runLine(ctx, client); text != "" && text != told {
			told = text
			fmt.Fprintln(c.stderr, text)
		}
		select {
		case <-op.Done():
			return nil
		case <-ctx.Done():
			return errors.New("stopped waiting; the reshard goes on: gatehouse ctl reshard status shows it, gatehouse ctl reshard abort ends it")
		case <-tick.C:
		}
	}
}

// runLine is how the reshard stands, on one line; empty if that is not known.
func runLine(ctx context.Context, client *control.Client) string {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	snap, err := client.Snapshot(ctx)
	if err != nil || snap.Reshard.Now == nil {
		return ""
	}
	p := &printer{now: snap.At}
	return clean(p.runText(snap.Reshard.Now))
}

// confirm asks for a word to be typed.
func (c *ctl) confirm(ctx context.Context, question, word string) error {
	fmt.Fprint(c.stderr, question+", anything else to leave it: ")
	typed, err := readLine(ctx, c.stdin)
	if err != nil {
		fmt.Fprintln(c.stderr)
		return err
	}
	if strings.TrimSpace(typed) != word {
		return fmt.Errorf("%.40q is not %s: nothing was done", clean(strings.TrimSpace(typed)), word)
	}
	return nil
}

// readLine reads a line until ctx ends. A read of a terminal cannot be called
// off: that of an ended ctx lasts until the process ends, which is at once.
func readLine(ctx context.Context, in io.Reader) (string, error) {
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(io.LimitReader(in, mostTyped)).ReadString('\n')
		line <- text
	}()
	select {
	case text := <-line:
		return text, nil
	case <-ctx.Done():
		return "", errors.New("nothing was done")
	}
}

// mostTyped bounds an answer, in bytes.
const mostTyped = 1024

func (c *ctl) reshardForceCommand() *cobra.Command {
	yes := false
	cmd := &cobra.Command{
		Use:   "force",
		Short: "Switch now, although guilds are missing or the fleets do not agree",
		Long: `Switches to the next fleet without waiting any longer. What that means:

- Guilds that the next fleet has not been told of bring the bot nothing until
  Discord tells it of them.
- Where the fleets differ, events that only one of them had are lost, or come
  twice under two ids.
- There is no way back but another reshard.

It asks for the new number of shards to be typed, or takes --yes.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.force(cmd.Context(), yes) },
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "force it without asking")
	return cmd
}

// force shows what would be lost, asks, and forces.
func (c *ctl) force(ctx context.Context, yes bool) error {
	if !yes && !isTerminal(c.stdin) {
		return usagef("stdin is no terminal to be asked on; look at gatehouse ctl reshard status and at gatehouse ctl reshard force --help, then give --yes")
	}
	client, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	asking, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	snap, err := client.Snapshot(asking)
	if err != nil {
		return unanswered(asking, err)
	}
	if run := snap.Reshard.Now; run != nil && !yes {
		p := &printer{w: c.stderr, now: snap.At}
		p.line("%s", p.runText(run))
		p.line("%s", forceText(run))
		if err := c.confirm(ctx, fmt.Sprintf("Type %d to switch now", run.Plan.To), strconv.Itoa(run.Plan.To)); err != nil {
			return err
		}
	}
	return c.act(ctx, ops.Command{Kind: ops.CommandReshardForce}, false)
}

// forceText says what a forced switch means now.
func forceText(run *ops.ReshardRun) string {
	return fmt.Sprintf("The next fleet lacks %s: they bring the bot nothing until Discord tells it of them. %s waiting for a twin: they may be lost, or come twice. There is no way back but another reshard.",
		counted(max(run.GuildsAll-run.Guilds, 0), "guild"), counted(run.Waiting, "event"))
}
