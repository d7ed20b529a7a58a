package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

func (c *ctl) identifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "identify",
		Short: "The ledger of session starts: what Discord allows, what was spent, what waits",
		Args:  noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.ask(cmd.Context(), func(ctx context.Context, client *control.Client) (answer, error) {
				snap, err := client.Snapshot(ctx)
				if err != nil {
					return answer{}, err
				}
				return answer{snap.Identify, func(p *printer) {
					p.now = snap.At
					p.identify(snap.Identify)
				}}, nil
			})
		},
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "allow",
		Short: "Let identifies go on that the breaker has stopped",
		Long: `Lets identifies go on that the breaker has stopped before they burn the reserve.
Look first at why it has: gatehouse ctl identify says so. When no session start is
left, Discord ends every session of the bot and resets its token.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.act(cmd.Context(), ops.Command{Kind: ops.CommandAllow}, false)
		},
	})
	return cmd
}

// identify is the ledger on a page.
func (p *printer) identify(i ops.Identify) {
	t := newTable("", "")
	t.row("budget", p.budgetText(i))
	if i.Known {
		t.row("reserve", count(i.Reserve)+" of them are kept for identifies that somebody asks for")
	}
	t.row("reset", p.until(i.ResetAt))
	t.row("last hour", p.paceText(i))
	t.row("since start", fmt.Sprintf("%s sent, %s answered with op 9", count(i.Sent), count(i.Rejected)))
	if i.MaxConcurrency > 0 {
		t.row("allowed", fmt.Sprintf("%s at a time, one in %s for each bucket", count(i.MaxConcurrency), span(i.Spacing)))
	}
	waiting := counted(i.Waiting, "shard")
	if !i.NextAt.IsZero() {
		waiting += ", the next " + p.until(i.NextAt)
	}
	t.row("waiting", waiting)
	t.row("breaker", p.breakerText(i.Breaker))
	p.pairs(t)
	p.buckets(i.Buckets)
}

func (p *printer) budgetText(i ops.Identify) string {
	if !i.Known {
		return "Discord has not told yet"
	}
	text := fmt.Sprintf("%s of %s left", count(i.Remaining), count(i.Total))
	if i.ToldAt.IsZero() {
		return text
	}
	return fmt.Sprintf("%s: Discord said %s %s ago, %s spent since", text, count(i.Remaining+i.Spent), p.since(i.ToldAt), count(i.Spent))
}

func (p *printer) paceText(i ops.Identify) string {
	text := count(i.LastHour) + " spent"
	if !i.RunsOutAt.IsZero() {
		text += "; at that pace the reserve is reached " + p.until(i.RunsOutAt)
	}
	return text
}

func (p *printer) breakerText(b ops.Breaker) string {
	switch {
	case b.Open:
		return fmt.Sprintf("has stopped identifies for %s: %s; gatehouse ctl identify allow lets them go on", p.since(b.Since), orNone(b.Why))
	case b.Trips > 0:
		return "lets identifies pass; it has stopped them " + counted(b.Trips, "time") + " since start"
	}
	return "lets identifies pass"
}

// until says when something will be.
func (p *printer) until(t time.Time) string {
	switch left := t.Sub(p.now); {
	case t.IsZero():
		return none
	case left <= 0:
		return "now"
	default:
		return "in " + span(left)
	}
}

// buckets lists those in which somebody waits or that back off.
func (p *printer) buckets(buckets []ops.Bucket) {
	if len(buckets) == 0 {
		return
	}
	t := newTable(">BUCKET", ">WAITING", ">NEXT", ">REFUSED IN A ROW")
	for _, b := range buckets {
		t.row(strconv.Itoa(b.Key), count(b.Waiting), p.until(b.OpenAt), count(b.Refused))
	}
	p.blank()
	p.table(t)
}
