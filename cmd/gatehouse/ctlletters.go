package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

func (c *ctl) lettersCommand() *cobra.Command {
	q := ops.DeadLetterQuery{Max: 50}
	cmd := &cobra.Command{
		Use:   "dead-letters",
		Short: "Events that were put aside because the bot refused them or they came too late",
		Args:  noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.Max < 0 {
				return usagef("--max: %d is below zero; 0 means all", q.Max)
			}
			err := c.ask(cmd.Context(), func(ctx context.Context, client *control.Client) (answer, error) {
				page, err := client.DeadLetters(ctx, q)
				return answer{page, func(p *printer) { p.letters(page) }}, err
			})
			return c.nameLetterFile(err, q.Sink)
		},
	}
	cmd.Flags().StringVar(&q.Sink, "sink", "", "of this `sink` alone")
	cmd.Flags().IntVar(&q.Max, "max", q.Max, "most to show, the newest; 0 for all, up to 10000")
	c.completeSinkFlag(cmd)
	cmd.AddCommand(c.replayCommand())
	return cmd
}

func (p *printer) letters(page ops.DeadLetterPage) {
	if page.Total == 0 {
		p.line("no dead letters")
		return
	}
	t := newTable("PUT ASIDE", "SINK", "EVENT ID", "TYPE", ">SHARD", "WHY")
	for _, l := range page.Letters {
		t.row(l.At.Local().Format("2006-01-02 15:04:05"), l.Sink, l.ID, l.Type, fmt.Sprint(l.Shard), l.Reason)
	}
	p.table(t)
	if len(page.Letters) < page.Total {
		p.line("the newest %s of %s; --max shows more, and -o json shows the events", count(len(page.Letters)), count(page.Total))
	}
}

func (c *ctl) replayCommand() *cobra.Command {
	sink, all, wait := "", false, false
	cmd := &cobra.Command{
		Use:   "replay --sink SINK {EVENT_ID... | --all}",
		Short: "Put dead letters back into their sink's queue, with the ids that they had",
		RunE: func(cmd *cobra.Command, ids []string) error {
			switch {
			case sink == "":
				return usagef("--sink: missing; name the sink whose dead letters shall be replayed")
			case all && len(ids) > 0:
				return usagef("--all and event ids do not go together; use one of them")
			case !all && len(ids) == 0:
				return usagef("no event is named; give event ids as gatehouse ctl dead-letters shows them, or --all")
			}
			err := c.act(cmd.Context(), ops.Command{Kind: ops.CommandReplay, Sink: sink, Letters: ids}, wait)
			return c.nameLetterFile(err, sink)
		},
	}
	cmd.Flags().StringVar(&sink, "sink", "", "`sink` whose dead letters these are")
	cmd.Flags().BoolVar(&all, "all", false, "all of the sink's")
	addWait(cmd, &wait)
	c.completeSinkFlag(cmd)
	return cmd
}

// nameLetterFile adds to the news that no Gatehouse answers where its dead
// letters are: they can be read without it.
func (c *ctl) nameLetterFile(err error, sink string) error {
	if absent := (*absentError)(nil); !errors.As(err, &absent) {
		return err
	}
	dir := "the folder of queue.dir"
	if loaded, bad := c.load(c.app); bad == nil {
		dir = c.absolute(loaded.Queue.Dir)
	}
	name := sink
	if name == "" {
		name = "<sink>"
	}
	return fmt.Errorf("%w\nwithout it, look at %s: one dead letter a line", err, filepath.Join(dir, name+".ndjson"))
}
