package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

func (c *ctl) sinksCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "sinks",
		Short: "Where events go, and what waits for it",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.ask(cmd.Context(), func(ctx context.Context, client *control.Client) (answer, error) {
				snap, err := client.Snapshot(ctx)
				if err != nil {
					return answer{}, err
				}
				return answer{snap.Sinks, func(p *printer) {
					p.now = snap.At
					p.sinks(snap.Sinks)
				}}, nil
			})
		},
	}
}

func (c *ctl) sinkCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "sink NAME",
		Short:             "One sink: what waits for it, and its rules with what each has kept away",
		Args:              oneArgument("the name of a sink, as gatehouse ctl sinks shows it"),
		ValidArgsFunction: c.completeSinks(func(ops.Sink) bool { return true }),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.ask(cmd.Context(), func(ctx context.Context, client *control.Client) (answer, error) {
				snap, err := client.Snapshot(ctx)
				if err != nil {
					return answer{}, err
				}
				i := slices.IndexFunc(snap.Sinks, func(s ops.Sink) bool { return s.Name == args[0] })
				if i < 0 {
					return answer{}, fmt.Errorf("there is no sink %q; gatehouse ctl sinks lists them", args[0])
				}
				return answer{snap.Sinks[i], func(p *printer) {
					p.now = snap.At
					p.sinks(snap.Sinks[i : i+1])
					p.blank()
					p.rules(snap.Sinks[i].Rules)
				}}, nil
			})
		},
	}
}

func (p *printer) sinks(sinks []ops.Sink) {
	t := newTable("SINK", "STATE", ">FOR", ">WAITING", ">OLDEST", ">EMPTY IN", ">EVENTS/S", ">DELIVERED", ">P99", ">FILTERED", ">DROPPED", ">DEAD", "TARGET")
	for _, s := range sinks {
		state, eta := s.State.String(), span(s.ETA)
		if s.Orphan {
			state = "not configured"
		}
		if s.Depth > 0 && s.ETA == 0 {
			eta = "never"
		}
		t.row(s.Name, state, p.since(s.Since), count(s.Depth), span(s.Lag), eta, rate(s.Rate), count(s.Delivered),
			span(s.P99), count(s.Filtered), count(s.Dropped), count(s.Letters), orNone(s.Target))
	}
	p.table(t)
	for _, s := range sinks {
		p.sinkTrouble(s)
		p.sinkCommands(s)
	}
}

// sinkCommands says what a sink's bot has asked Discord for.
func (p *printer) sinkCommands(s ops.Sink) {
	if s.Asked == 0 && s.Unsent == 0 {
		return
	}
	p.line("%s: its bot sent %s for Discord, %s refused", s.Name, counted(s.Asked, "command"), count(s.Unsent))
}

// sinkTrouble says what a sink last failed at, as long as that matters.
func (p *printer) sinkTrouble(s ops.Sink) {
	if s.LastError == "" || s.State == ops.SinkOK {
		return
	}
	next := ""
	if !s.NextTry.IsZero() {
		next = ", next try in " + span(max(s.NextTry.Sub(p.now), 0))
	}
	p.line("%s: %s ago: %s%s", s.Name, p.since(s.LastErrorAt), s.LastError, next)
}
