package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

func (c *ctl) shardsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "shards",
		Short: "Every shard on a line",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.ask(cmd.Context(), func(ctx context.Context, client *control.Client) (answer, error) {
				snap, err := client.Snapshot(ctx)
				if err != nil {
					return answer{}, err
				}
				return answer{snap.Shards, func(p *printer) {
					p.now = snap.At
					p.shards(snap.Shards)
				}}, nil
			})
		},
	}
}

func (p *printer) shards(shards []ops.Shard) {
	t := newTable(">SHARD", "STATE", ">FOR", ">LATENCY", ">GUILDS", ">EVENTS/S", ">SEQ", ">LOST", ">RESUMES", ">IDENT", "")
	for _, s := range shards {
		t.row(strconv.Itoa(s.ID), s.State.String(), p.since(s.Since), span(s.Latency), count(s.Guilds), rate(s.Rate),
			strconv.FormatInt(s.Seq, 10), count(s.Reconnects), count(s.Resumes), count(s.Identifies), p.shardNote(s))
	}
	p.table(t)
}

// shardNote is why a shard is not up, as far as it is known, or what is odd about
// one that is.
func (p *printer) shardNote(s ops.Shard) string {
	switch {
	case s.Fault != "":
		return s.Fault
	case !s.State.Up() && !s.RetryAt.IsZero():
		return fmt.Sprintf("dials again in %s: %s", span(max(s.RetryAt.Sub(p.now), 0)), s.LastClose.Meaning)
	case !s.State.Up() && !s.LastClose.At.IsZero():
		return s.LastClose.Meaning
	case s.State.Up():
		return strings.Join(p.oddities(s), "; ")
	}
	return ""
}

// oddities are what somebody who watches a shard that is up should know.
func (p *printer) oddities(s ops.Shard) []string {
	var odd []string
	if s.Replacing {
		odd = append(odd, "Discord wants a reconnect: the next connection is being opened")
	}
	if s.Latency == 0 && !s.LastACK.IsZero() {
		odd = append(odd, "last ACK "+p.since(s.LastACK)+" ago")
	}
	if !s.ProbeAt.IsZero() {
		odd = append(odd, fmt.Sprintf("no event for %s, probed %s ago", p.since(s.LastEvent), p.since(s.ProbeAt)))
	}
	if s.Outbox > 0 {
		odd = append(odd, "waiting to be sent: "+counted(s.Outbox, "command"))
	}
	return odd
}

func (c *ctl) shardCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "shard ID",
		Short:             "One shard: its session, its last heartbeats, and what became of it",
		Args:              oneArgument("the id of a shard, such as 3"),
		ValidArgsFunction: c.completeShards(nil, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := parseShards(args)
			if err == nil && len(ids) > 1 {
				err = usagef("%q names %d shards; name one, or see all with gatehouse ctl shards", args[0], len(ids))
			}
			if err != nil {
				return err
			}
			return c.ask(cmd.Context(), func(ctx context.Context, client *control.Client) (answer, error) {
				return showShard(ctx, client, ids[0])
			})
		},
	}
}

// showShard asks for a shard and for the time by which its ages count.
func showShard(ctx context.Context, client *control.Client, id int) (answer, error) {
	snap, err := client.Snapshot(ctx)
	if err != nil {
		return answer{}, err
	}
	d, err := client.Shard(ctx, id)
	if errors.Is(err, ops.ErrNoShard) {
		err = fmt.Errorf("there is no shard %d here; this process holds %d to %d", id, snap.Fleet.First, snap.Fleet.Last)
	}
	return answer{d, func(p *printer) {
		p.now = snap.At
		p.shard(d)
	}}, err
}

func (p *printer) shard(d *ops.ShardDetail) {
	s := d.Shard
	p.line("shard %d: %s for %s", s.ID, s.State, p.since(s.Since))
	if note := p.shardNote(s); note != "" {
		p.line("%s", note)
	}
	p.blank()
	t := newTable("", "")
	t.row("worker", strconv.Itoa(s.Worker))
	t.row("latency", p.latencyText(s))
	t.row("guilds", fmt.Sprintf("%s, %s unavailable, %s loading", count(s.Guilds), count(s.Unavailable), count(s.Loading)))
	t.row("events", fmt.Sprintf("%s/s; %s since start", rate(s.Rate), count(s.Events)))
	t.row("last event", p.quietText(s))
	t.row("commands", fmt.Sprintf("%s waiting; %d of %d frames sent in the last 60s", count(s.Outbox), s.Sends, discord.MaxSendsPerMinute))
	t.row("session", fmt.Sprintf("for %s, at seq %d, resumes at %s", p.since(s.SessionSince), s.Seq, orNone(d.ResumeHost)))
	t.row("since start", fmt.Sprintf("%s reconnects, %s resumes, %s identifies", count(s.Reconnects), count(s.Resumes), count(s.Identifies)))
	if c := s.LastClose; !c.At.IsZero() {
		t.row("last close", fmt.Sprintf("%s ago by %s: %s", p.since(c.At), closer(c), c.Meaning))
	}
	p.pairs(t)
	p.types(d.Types)
	p.history(d.History)
}

// latencyText is the latency if it is known, and else how old the last ACK is: a
// dead connection has none.
func (p *printer) latencyText(s ops.Shard) string {
	switch {
	case s.LastACK.IsZero():
		return "no ACK yet"
	case s.Latency == 0:
		return "not known: the last ACK came " + p.since(s.LastACK) + " ago"
	}
	return span(s.Latency) + ", measured " + p.since(s.LastACK) + " ago"
}

// quietText is when the last event came, and what becomes of a shard that stays
// quiet.
func (p *printer) quietText(s ops.Shard) string {
	text := "none yet"
	if !s.LastEvent.IsZero() {
		text = p.since(s.LastEvent) + " ago"
	}
	if s.Quiet > 0 {
		text += "; probed after " + span(s.Quiet) + " without one"
	}
	if s.Probes > 0 {
		text += fmt.Sprintf("; %s since start, %s without an answer", counted(s.Probes, "probe"), count(s.Deaf))
	}
	return text
}

func closer(c ops.Close) string {
	if c.ByUs {
		return "us"
	}
	return "the other side"
}

func (p *printer) types(types []ops.TypeCount) {
	if len(types) == 0 {
		return
	}
	t := newTable("EVENT", ">COUNT", ">EVENTS/S")
	for _, e := range types {
		t.row(e.Type, count(e.Count), rate(e.Rate))
	}
	p.blank()
	p.table(t)
}

func (p *printer) history(history []ops.Transition) {
	if len(history) == 0 {
		return
	}
	t := newTable(">AGO", "FROM", "TO", "WHY")
	for _, h := range history {
		t.row(p.since(h.At), h.From.String(), h.To.String(), h.Reason)
	}
	p.blank()
	p.table(t)
}

// maxShardID bounds what a typing error can ask for.
const maxShardID = 65535

// parseShards reads ids and ranges: "3", "0-7,12". Each shard comes once, in the
// order in which it was first named.
func parseShards(args []string) ([]int, error) {
	var ids []int
	seen := map[int]bool{}
	for _, part := range strings.Split(strings.Join(args, ","), ",") {
		first, last, ok := shardRange(part)
		if !ok {
			return nil, usagef("%q is not a shard or a range of shards; write ids from 0 to %d such as 3, or 0-7,12", part, maxShardID)
		}
		for id := first; id <= last; id++ {
			if !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

func shardRange(text string) (first, last int, ok bool) {
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	a, err := strconv.ParseUint(from, 10, 16)
	b, also := strconv.ParseUint(to, 10, 16)
	return int(a), int(b), err == nil && also == nil && a <= b
}

// oneArgument demands one argument and says what it is.
func oneArgument(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usagef("%s takes one argument: %s", cmd.CommandPath(), what)
		}
		return nil
	}
}

// someArguments demands at least one argument and says what they are.
func someArguments(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("%s needs %s", cmd.CommandPath(), what)
		}
		return nil
	}
}
