package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// shardActions are the commands that act on shards, but for restart.
func (c *ctl) shardActions() []*cobra.Command {
	var out []*cobra.Command
	for kind, short := range map[ops.CommandKind]string{
		ops.CommandReidentify: "Give up sessions and identify anew: costs a session start for each",
		ops.CommandStop:       "Close shards until they are started again",
		ops.CommandStart:      "Start shards that are stopped or have failed",
	} {
		wait := false
		cmd := &cobra.Command{
			Use:               kind.String() + " ID...",
			Short:             short,
			Args:              someArguments("ids of shards, such as 3, or 0-7,12"),
			ValidArgsFunction: c.completeShards(func(s ops.Shard) bool { return ops.Refusal(kind, s.State) == "" }, 0),
			RunE: func(cmd *cobra.Command, args []string) error {
				ids, err := parseShards(args)
				if err != nil {
					return err
				}
				return c.act(cmd.Context(), ops.Command{Kind: kind, Shards: ids}, wait)
			},
		}
		addWait(cmd, &wait)
		out = append(out, cmd)
	}
	return out
}

// sinkActions are the commands that act on a sink.
func (c *ctl) sinkActions() []*cobra.Command {
	var out []*cobra.Command
	for kind, text := range map[ops.CommandKind]string{
		ops.CommandPauseSink:  "Hold deliveries to a sink; its events queue up",
		ops.CommandResumeSink: "Let deliveries to a sink go on, and try at once what waits for a retry",
		ops.CommandDiscard:    "Forget what is queued for a sink that is not configured any more",
	} {
		cmd := &cobra.Command{
			Use:               kind.String() + " SINK",
			Short:             text,
			Args:              oneArgument("the name of a sink, as gatehouse ctl sinks shows it"),
			ValidArgsFunction: c.completeSinks(func(s ops.Sink) bool { return s.Orphan == (kind == ops.CommandDiscard) }),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.act(cmd.Context(), ops.Command{Kind: kind, Sink: args[0]}, false)
			},
		}
		out = append(out, cmd)
	}
	return out
}

func (c *ctl) drainCommand() *cobra.Command {
	wait := false
	cmd := &cobra.Command{
		Use:   "drain",
		Short: "Close the shards for a restart, deliver what is queued, and end Gatehouse",
		Long: `Closes every shard so that its session can be resumed, delivers what is queued
however long that takes, and ends Gatehouse. The next start resumes.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.act(cmd.Context(), ops.Command{Kind: ops.CommandDrain}, wait)
		},
	}
	addWait(cmd, &wait)
	return cmd
}

func addWait(cmd *cobra.Command, wait *bool) {
	cmd.Flags().BoolVar(wait, "wait", false, "wait for the end, with progress on stderr")
}

// act has a command carried out. Without wait it is enough that Gatehouse has
// accepted it.
func (c *ctl) act(ctx context.Context, cmd ops.Command, wait bool) error {
	client, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	cmd.By = c.by()
	asking, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	op, err := client.Do(asking, cmd)
	if err != nil {
		return unanswered(asking, err)
	}
	if wait {
		if err := c.await(ctx, cmd, op); err != nil {
			return err
		}
	}
	return c.outcome(cmd, op)
}

// by is who asks, for the log.
func (c *ctl) by() string { return c.actor("ctl") }

// progressEvery is how often --wait looks for something new to tell.
const progressEvery = 250 * time.Millisecond

// await waits for the end of an operation and tells of its progress.
func (c *ctl) await(ctx context.Context, cmd ops.Command, op ops.Operation) error {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for told := ""; ; {
		select {
		case <-op.Done():
			return nil
		default:
		}
		if text := progressText(cmd, op.Progress()); text != told {
			told = text
			fmt.Fprintln(c.stderr, text)
		}
		select {
		case <-op.Done():
			return nil
		case <-ctx.Done():
			return errors.New("stopped waiting; the action goes on, see gatehouse ctl log")
		case <-tick.C:
		}
	}
}

func progressText(cmd ops.Command, p ops.Progress) string {
	text := cmd.What()
	if p.Total > 0 {
		text += ": " + count(p.Done) + " of " + count(p.Total)
	}
	if p.Text != "" {
		text += ", " + p.Text
	}
	return clean(text)
}

// acted is how an action stands, for scripts. Its names are those of the control
// API.
type acted struct {
	Action string `json:"action"`
	State  string `json:"state"` // running, done, failed
	Done   int    `json:"done"`
	Total  int    `json:"total"`
	Text   string `json:"text"`
	Error  string `json:"error"` // empty unless it failed
}

// outcome says how an action stands; its failure is the command's.
func (c *ctl) outcome(cmd ops.Command, op ops.Operation) error {
	ended := false
	select {
	case <-op.Done():
		ended = true
	default:
	}
	p, failure := op.Progress(), op.Err()
	state := acted{Action: cmd.Kind.String(), State: "running", Done: p.Done, Total: p.Total, Text: p.Text}
	switch {
	case failure != nil:
		state.State, state.Error = "failed", failure.Error()
	case ended:
		state.State = "done"
	}
	if c.output == "json" {
		if err := json.NewEncoder(c.stdout).Encode(state); err != nil {
			return err
		}
	} else if failure == nil {
		fmt.Fprintln(c.stdout, outcomeText(cmd, p, ended))
	}
	if failure != nil {
		return fmt.Errorf("%s failed: %s", cmd.What(), clean(failure.Error()))
	}
	return nil
}

func outcomeText(cmd ops.Command, p ops.Progress, ended bool) string {
	switch {
	case !ended:
		return cmd.What() + ": accepted"
	case p.Text == "":
		return cmd.What() + ": done"
	}
	return clean(p.Text)
}
