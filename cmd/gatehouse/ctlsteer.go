package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

func (c *ctl) actionsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "actions",
		Short: "Who did what, when, and how it came out; newest first",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.ask(cmd.Context(), func(ctx context.Context, client *control.Client) (answer, error) {
				snap, err := client.Snapshot(ctx)
				if err != nil {
					return answer{}, err
				}
				return answer{append([]ops.Action{}, snap.Actions...), func(p *printer) { p.actions(snap.Actions) }}, nil
			})
		},
	}
}

func (p *printer) actions(actions []ops.Action) {
	if len(actions) == 0 {
		p.line("nothing was done yet")
		return
	}
	t := newTable(">ID", "AT", "BY", "WHAT", "STATE", ">TOOK", "")
	for _, a := range actions {
		result := a.Result
		if a.State == ops.ActionRunning && a.Total > 1 {
			result = strings.TrimSuffix(fmt.Sprintf("%s of %s, %s", count(a.Done), count(a.Total), result), ", ")
		}
		t.row(strconv.FormatUint(a.ID, 10), a.At.Local().Format("2006-01-02 15:04:05"), a.By, a.What, a.State.String(), span(a.Took), result)
	}
	p.table(t)
}

func (c *ctl) cancelCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "cancel ID",
		Short: "End a rolling restart before its next shard; gatehouse ctl actions shows its id",
		Args:  oneArgument("the id of an action, as gatehouse ctl actions shows it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseUint(args[0], 10, 64)
			if err != nil || id == 0 {
				return usagef("%.40q is not the id of an action; gatehouse ctl actions lists them", args[0])
			}
			return c.act(cmd.Context(), ops.Command{Kind: ops.CommandCancel, Action: id}, false)
		},
	}
}

func (c *ctl) logLevelCommand() *cobra.Command {
	levels := []ops.Level{ops.LevelDebug, ops.LevelInfo, ops.LevelWarn, ops.LevelError}
	var words []string
	for _, l := range levels {
		words = append(words, l.String())
	}
	return &cobra.Command{
		Use:       "loglevel LEVEL",
		Short:     "Set the least level that is logged, until the configuration changes it",
		Long:      "Sets the least level that is logged: debug, info, warn or error. The log ring keeps\ninfo in any case. A reload of a configuration in which log.level has changed wins.",
		Args:      oneArgument("a level: debug, info, warn or error"),
		ValidArgs: words,
		RunE: func(cmd *cobra.Command, args []string) error {
			level, ok := control.Level(args[0])
			if !ok {
				return usagef("%.40q is not a level; allowed: %s", args[0], strings.Join(words, ", "))
			}
			return c.act(cmd.Context(), ops.Command{Kind: ops.CommandLogLevel, Level: level}, false)
		},
	}
}

func (c *ctl) dumpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "dump",
		Short: "Write a file for whoever has to find out what is wrong, and say where it is",
		Long: `Has the running Gatehouse write a file with its state, alerts and actions, its
configuration without secrets, the last lines of its log, and what every goroutine
does. It is written below queue.dir, in dumps; the last 20 are kept.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.act(cmd.Context(), ops.Command{Kind: ops.CommandDump}, true)
		},
	}
}

func (c *ctl) dropCommand() *cobra.Command {
	most := 0
	cmd := &cobra.Command{
		Use:   "drop SINK",
		Short: "Give up the oldest events that wait for a sink; gap markers take their place",
		Long: `Gives up the oldest events that wait for a sink, at most as many as --yes-drop
says or as are typed when it asks: what has come since is kept. The bot gets a
GATEHOUSE_GAP for each shard of which it misses events. Nothing brings them back.`,
		Args:              oneArgument("the name of a sink, as gatehouse ctl sinks shows it"),
		ValidArgsFunction: c.completeSinks(func(s ops.Sink) bool { return !s.Orphan }),
		RunE: func(cmd *cobra.Command, args []string) error {
			given := cmd.Flags().Changed("yes-drop")
			switch {
			case given && most < 1:
				return usagef("--yes-drop: %d is not a number of events; write the most that may be given up", most)
			case !given && !isTerminal(c.stdin):
				return usagef("stdin is no terminal to be asked on; look at gatehouse ctl sinks, then give --yes-drop with the most events that may be given up")
			}
			if !given {
				var err error
				if most, err = c.askDrop(cmd.Context(), args[0]); err != nil {
					return err
				}
			}
			return c.act(cmd.Context(), ops.Command{Kind: ops.CommandDrop, Sink: args[0], Events: most}, true)
		},
	}
	cmd.Flags().IntVar(&most, "yes-drop", 0, "do not ask: the most `events` that may be given up")
	return cmd
}

// askDrop has the number of events typed that wait for a sink.
func (c *ctl) askDrop(ctx context.Context, name string) (int, error) {
	client, err := c.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	asking, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	snap, err := client.Snapshot(asking)
	if err != nil {
		return 0, unanswered(asking, err)
	}
	for _, s := range snap.Sinks {
		if s.Name == name {
			if s.Depth == 0 {
				return 0, fmt.Errorf("nothing waits for sink %s", clean(name))
			}
			question := fmt.Sprintf("%s wait for %s, the oldest for %s. Type %d to give them up", counted(s.Depth, "event"), clean(name), span(s.Lag), s.Depth)
			return s.Depth, c.confirm(ctx, question, strconv.Itoa(s.Depth))
		}
	}
	return 0, fmt.Errorf("there is no sink %q; gatehouse ctl sinks lists them", clean(name))
}

// pace is the flags of a rolling restart.
type pace struct {
	all, rolling  bool
	every, within time.Duration
}

func (p *pace) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&p.all, "all", false, "restart every shard that can be restarted")
	flags.BoolVar(&p.rolling, "rolling", false, "one shard after the other, each once the last is back")
	flags.DurationVar(&p.every, "every", ops.RollingEvery, "with --rolling: pause between a shard's return and the next one's restart")
	flags.DurationVar(&p.within, "within", ops.RollingWithin, "with --rolling: stop if a shard is not back within this time")
}

// fill puts them into a command.
func (p *pace) fill(cmd *cobra.Command, order *ops.Command) error {
	order.All = p.all
	for _, name := range []string{"every", "within"} {
		if cmd.Flags().Changed(name) && !p.rolling {
			return usagef("--%s goes with --rolling", name)
		}
	}
	if !p.rolling {
		return nil
	}
	switch {
	case p.every < 0 || p.every > ops.RollingMost:
		return usagef("--every: %s; allowed: 0s to %s", p.every, ops.RollingMost)
	case p.within < time.Second || p.within > ops.RollingMost:
		return usagef("--within: %s; allowed: 1s to %s", p.within, ops.RollingMost)
	}
	order.Rolling = ops.Rolling{On: true, Every: p.every, Within: p.within}
	return nil
}
