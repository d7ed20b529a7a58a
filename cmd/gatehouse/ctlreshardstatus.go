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

func (c *ctl) reshardStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "The reshard under way, when the next is due, and those that have ended",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.ask(cmd.Context(), func(ctx context.Context, client *control.Client) (answer, error) {
				snap, err := client.Snapshot(ctx)
				if err != nil {
					return answer{}, err
				}
				return answer{snap.Reshard, func(p *printer) {
					p.now = snap.At
					p.reshard(snap)
				}}, nil
			})
		},
	}
}

// reshard is what has to do with the number of shards, on a page.
func (p *printer) reshard(s *ops.Snapshot) {
	t := newTable("", "")
	if run := s.Reshard.Now; run != nil {
		p.run(t, run)
	} else {
		t.row("now", "none is under way; "+counted(s.Fleet.Total, "shard"))
		if s.Reshard.Refusal != "" {
			t.row("refused", s.Reshard.Refusal)
		}
	}
	if n := s.Reshard.Recommended; n > 0 {
		t.row("recommended", count(n)+" by Discord")
	}
	t.row("auto", p.autoText(s.Reshard.Auto))
	p.pairs(t)
	p.reshards(s.Reshard.History)
}

// run is a reshard under way.
func (p *printer) run(t *table, run *ops.ReshardRun) {
	t.row("now", fmt.Sprintf("%s → %s, begun %s ago by %s", count(run.Plan.From), count(run.Plan.To), p.since(run.Begun), orNone(run.By)))
	phase := fmt.Sprintf("%s for %s", run.Phase, p.since(run.Since))
	if run.Paused {
		phase += ", paused"
	}
	t.row("phase", phase)
	t.row("waits", orNone(run.Waits))
	shards := fmt.Sprintf("%s; wave %s of %s", shardsReady(run), count(run.Wave), count(run.Waves))
	if !run.UpAt.IsZero() {
		shards += ", all up " + p.until(run.UpAt)
	}
	t.row("shards", shards)
	guilds := fmt.Sprintf("%s of %s", count(run.Guilds), count(run.GuildsAll))
	if !run.Timeout.IsZero() {
		guilds += ", an alert " + p.until(run.Timeout)
	}
	t.row("guilds", guilds)
	if len(run.Missing) > 0 && run.Phase >= ops.ReshardLoad { // before, most of them are
		t.row("missing", missingText(run))
	}
	t.row("events", fmt.Sprintf("%s; %s waiting, %s held", tallyText(run.Both, run.OnlyOld, run.OnlyNew), count(run.Waiting), size(run.Bytes)))
	t.row("agreed", fmt.Sprintf("for %s of %s", span(run.Agreed), span(run.Soak)))
}

// missingText lists guilds that the next fleet has not been told of.
func missingText(run *ops.ReshardRun) string {
	ids := make([]string, len(run.Missing))
	for i, id := range run.Missing {
		ids[i] = strconv.FormatUint(id, 10)
	}
	text := strings.Join(ids, ", ")
	if more := run.GuildsAll - run.Guilds - len(ids); more > 0 {
		text += " and " + count(more) + " more"
	}
	return text
}

func shardsReady(run *ops.ReshardRun) string {
	return fmt.Sprintf("%s of %s ready", count(run.ByState[ops.ShardReady]), count(run.Plan.Last-run.Plan.First+1))
}

func tallyText(both, onlyOld, onlyNew uint64) string {
	return fmt.Sprintf("%s on both, %s only old, %s only new", count(both), count(onlyOld), count(onlyNew))
}

// runText is a reshard under way, on one line.
func (p *printer) runText(run *ops.ReshardRun) string {
	text := fmt.Sprintf("%s → %s: %s for %s, shards %s, %s of %s guilds", count(run.Plan.From), count(run.Plan.To), run.Phase, p.since(run.Since),
		shardsReady(run), count(run.Guilds), count(run.GuildsAll))
	if run.Phase >= ops.ReshardOverlap {
		text += ", events " + tallyText(run.Both, run.OnlyOld, run.OnlyNew)
	}
	if run.Paused {
		text += "; paused"
	}
	if run.Waits != "" {
		text += "; waits: " + run.Waits
	}
	return text
}

// reshardText is the line of status.
func (p *printer) reshardText(s *ops.Snapshot) string {
	if run := s.Reshard.Now; run != nil {
		return p.runText(run)
	}
	text := p.autoText(s.Reshard.Auto)
	if n := s.Reshard.Recommended; n > 0 && n != s.Fleet.Total {
		text += fmt.Sprintf("; Discord recommends %s shards", count(n))
	}
	return text
}

// autoText is how full the fleet is, and what becomes of that by itself.
func (p *printer) autoText(a ops.ReshardAuto) string {
	text := "off"
	if a.On {
		text = fmt.Sprintf("at %d %% to %s", a.AtPercent, orNone(a.Target))
	}
	if a.Capacity > 0 {
		text += fmt.Sprintf("; %.1f %% full, fullest %s", a.Percent, fullestText(a.Fullest, a.Capacity))
	}
	if a.On && !a.NextCheck.IsZero() {
		text += "; next check " + p.until(a.NextCheck)
	}
	if a.Due != "" {
		text += "; due: " + a.Due
	}
	if a.Held != "" {
		text += "; held: " + a.Held
	}
	if !a.FullAt.IsZero() {
		text += fmt.Sprintf("; full on %s at %s guilds a day", a.FullAt.UTC().Format(time.DateOnly), rate(a.PerDay))
	}
	return text
}

// reshards lists those that have ended.
func (p *printer) reshards(history []ops.ReshardResult) {
	if len(history) == 0 {
		return
	}
	t := newTable(">AGO", ">FROM", ">TO", "BY", ">TOOK", ">IDENT", ">BOTH", ">ONLY OLD", ">ONLY NEW", ">GAP", "")
	for _, r := range history {
		outcome := "done"
		if r.Err != "" {
			outcome = "ended in " + r.Phase.String() + ": " + r.Err
		}
		t.row(p.since(r.Ended), count(r.From), count(r.To), orNone(r.By), span(r.Ended.Sub(r.Begun)), count(r.Identifies),
			count(r.Both), count(r.OnlyOld), count(r.OnlyNew), span(r.Gap), outcome)
	}
	p.blank()
	p.table(t)
}
