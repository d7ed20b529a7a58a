package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

func (c *ctl) alertsCommand() *cobra.Command {
	fail := false
	cmd := &cobra.Command{
		Use:   "alerts",
		Short: "What needs a person, the most urgent first",
		Long: `Lists what needs a person, the most urgent first; what somebody has acknowledged
comes last. The exit code is 0 whatever there is. With --fail it is 1 if there is an
alert that nobody has acknowledged.`,
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			open := 0
			err := c.ask(cmd.Context(), func(ctx context.Context, client *control.Client) (answer, error) {
				snap, err := client.Snapshot(ctx)
				if err != nil {
					return answer{}, err
				}
				open = unseen(snap.Alerts)
				return answer{append([]ops.Alert{}, snap.Alerts...), func(p *printer) {
					p.now = snap.At
					p.alertList(snap.Alerts)
				}}, nil
			})
			if err == nil && fail && open > 0 {
				return errSilent
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&fail, "fail", false, "exit with 1 if there is one that nobody has acknowledged")
	cmd.AddCommand(c.ackCommand())
	return cmd
}

// unseen is how many alerts nobody has acknowledged.
func unseen(alerts []ops.Alert) (n int) {
	for _, a := range alerts {
		if a.AckedAt.IsZero() {
			n++
		}
	}
	return n
}

func (c *ctl) ackCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "ack ID",
		Short: "Take an alert off the line of every console, until it ends or gets worse",
		Args:  oneArgument("the id of an alert, as gatehouse ctl alerts shows it"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			snap := c.snapshotToComplete(cmd.Context())
			if snap == nil || len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var offers []string
			for _, a := range snap.Alerts {
				if a.AckedAt.IsZero() && strings.HasPrefix(a.ID, typed) {
					offers = append(offers, cobra.CompletionWithDesc(a.ID, clean(a.Text)))
				}
			}
			return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.act(cmd.Context(), ops.Command{Kind: ops.CommandAck, Alert: args[0]}, false)
		},
	}
}

// alertList is all alerts, on a line each.
func (p *printer) alertList(alerts []ops.Alert) {
	if len(alerts) == 0 {
		p.line("no alerts")
		return
	}
	t := newTable("LEVEL", "ID", ">FOR", "SEEN BY", "")
	for _, a := range alerts {
		seen := none
		if !a.AckedAt.IsZero() {
			seen = fmt.Sprintf("%s %s ago", a.AckedBy, p.since(a.AckedAt))
		}
		t.row(levelWord(a.Level), a.ID, p.since(a.Since), seen, a.Text)
	}
	p.table(t)
}

func levelWord(l ops.AlertLevel) string {
	if l == ops.AlertCritical {
		return "critical"
	}
	return "warn"
}
