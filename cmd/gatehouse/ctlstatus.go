package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

func (c *ctl) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "How the whole stands: shards, traffic, queue, sinks, alerts",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.ask(cmd.Context(), func(ctx context.Context, client *control.Client) (answer, error) {
				snap, err := client.Snapshot(ctx)
				return answer{snap, func(p *printer) { p.status(snap) }}, err
			})
		},
	}
}

// status is the snapshot on a page.
func (p *printer) status(s *ops.Snapshot) {
	p.now = s.At
	name := ""
	if s.Name != "" {
		name = " on " + s.Name
	}
	p.line("Gatehouse %s%s: %s, up %s", s.Version, name, s.Phase, p.since(s.StartedAt))
	p.blank()
	t := newTable("", "")
	t.row("shards", fleetText(s.Fleet))
	t.row("guilds", fmt.Sprintf("%s, %s unavailable, %s loading", count(s.Fleet.Guilds), count(s.Fleet.Unavailable), count(s.Fleet.Loading)))
	t.row("loading", p.loadText(s.Load))
	t.row("traffic", fmt.Sprintf("%s events/s, %s/s; %s events since start", rate(s.Traffic.Rate), size(int64(s.Traffic.ByteRate)), count(s.Traffic.Events)))
	if s.Fleet.Compress != "" {
		t.row("compress", compressText(s))
	}
	t.row("latency", fmt.Sprintf("median %s, p99 %s, longest %s", span(s.Latency.P50), span(s.Latency.P99), span(s.Latency.Max)))
	t.row("waiting", fmt.Sprintf("%s events for the slowest sink, the oldest for %s", count(s.Traffic.Depth), span(s.Traffic.Lag)))
	t.row("queue", storeText(p, s.Store))
	t.row("edits", filterText(s.Filter))
	t.row("identifies", p.identifyText(s))
	t.row("commands", commandText(s.Commands))
	t.row("reshard", p.reshardText(s))
	p.pairs(t)
	if len(s.Sinks) > 0 {
		p.blank()
		p.sinks(s.Sinks)
	}
	p.hooks(s.Hooks)
	p.alerts(s.Alerts)
}

// pairs writes a table without its titles.
func (p *printer) pairs(t *table) {
	width := 0
	for _, row := range t.rows {
		width = max(width, len(row[0]))
	}
	for _, row := range t.rows {
		p.line("%-*s  %s", width, row[0], row[1])
	}
}

// fleetText counts the shards by state, those that are not ready last.
func fleetText(f ops.Fleet) string {
	held := 0
	var states []string
	for _, state := range ops.ShardStates() {
		if n := f.ByState[state]; n > 0 {
			held += n
			states = append(states, count(n)+" "+state.String())
		}
	}
	text := strings.Join(states, ", ")
	if held == 0 {
		return "none yet"
	}
	if held < f.Total {
		text += fmt.Sprintf("; this process holds %d to %d of %s", f.First, f.Last, count(f.Total))
	}
	return text
}

// storeText is how full the queue is, and how its disk does.
func storeText(p *printer, s ops.Store) string {
	bound := func(n, most int64) string {
		if most == 0 {
			return size(n)
		}
		return size(n) + " of " + size(most)
	}
	text := fmt.Sprintf("%s, %s in memory", bound(s.Bytes, s.MaxBytes), bound(s.Memory, s.MaxMemory))
	if s.OnDisk {
		text += fmt.Sprintf(", %s on disk in %s files in %s", size(s.Disk), count(s.Files), s.Dir)
	} else {
		text += ", nothing on disk"
	}
	if s.Fault != "" {
		text += fmt.Sprintf("; the disk takes nothing for %s: %s", p.since(s.FaultSince), s.Fault)
	}
	return text
}

// compressText is how Discord compresses, and what that has saved.
func compressText(s *ops.Snapshot) string {
	if s.Traffic.WireBytes == 0 {
		return s.Fleet.Compress
	}
	return fmt.Sprintf("%s, %.1f to 1 since start", s.Fleet.Compress, float64(s.Traffic.Bytes)/float64(s.Traffic.WireBytes))
}

// commandText counts what was sent to Discord for operators and bots.
func commandText(c ops.Commands) string {
	text := count(c.Sent) + " sent to Discord"
	if c.Refused > 0 {
		text += ", " + count(c.Refused) + " refused"
	}
	if c.Waiting > 0 {
		text += fmt.Sprintf("; %s in the queue", count(c.Waiting))
	}
	if c.Asked > 0 {
		text += fmt.Sprintf("; answers to %s still come", count(c.Asked))
	}
	return text
}

// identifyText is how many session starts are left, and what holds up others.
func (p *printer) identifyText(s *ops.Snapshot) string {
	i := s.Identify
	text := "Discord has not told yet"
	if i.Known {
		text = budgetLeft(i, s.At)
	}
	if i.Waiting > 0 {
		text += fmt.Sprintf("; %s in the queue", count(i.Waiting))
	}
	if i.Breaker.Open {
		text += "; the breaker " + p.breakerText(i.Breaker)
	}
	return text
}

func budgetLeft(i ops.Identify, now time.Time) string {
	text := fmt.Sprintf("%s of %s left, %s of them in reserve", count(i.Remaining), count(i.Total), count(i.Reserve))
	if !i.ResetAt.IsZero() {
		text += ", reset in " + span(max(i.ResetAt.Sub(now), 0))
	}
	return text
}

func (p *printer) alerts(alerts []ops.Alert) {
	if len(alerts) == 0 {
		return
	}
	t := newTable("ALERT", ">FOR", "")
	for _, a := range alerts {
		level := levelWord(a.Level)
		if !a.AckedAt.IsZero() {
			level = "seen"
		}
		t.row(level, p.since(a.Since), a.Text)
	}
	p.blank()
	p.table(t)
}
