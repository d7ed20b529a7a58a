package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
)

// demoResult is what a demo leaves behind; --report writes it as JSON.
type demoResult struct {
	OK       bool               `json:"ok"`
	Problems []string           `json:"problems"` // in words; empty if OK
	Seconds  float64            `json:"seconds"`
	Shards   int                `json:"shards"`
	Guilds   int                `json:"guilds"`
	Rate     float64            `json:"rate"`
	Seed     uint64             `json:"seed"`
	Faults   map[string]uint64  `json:"faults"`            // that were played
	Drained  bool               `json:"drained"`           // by the operator: Discord holds what came after
	Reshard  *demoReshard       `json:"reshard,omitempty"` // left out without --reshard-at
	Audit    discordtest.Report `json:"audit"`
}

// judge draws the verdict from the audit. It is stricter than the audit's own:
// in a demo that has been given the time to drain, nothing may be on its way.
func (r *demoResult) judge() {
	r.Problems = []string{}
	fail := func(n uint64, what string) {
		if n > 0 {
			r.Problems = append(r.Problems, grouped(n)+" "+what)
		}
	}
	a := r.Audit
	if a.Received == 0 {
		r.Problems = append(r.Problems, "the bot received nothing")
	}
	fail(a.Lost, "events lost")
	if !r.Drained {
		fail(a.Pending, "events still on their way")
	}
	for reason, n := range a.Forfeited {
		if strings.HasPrefix(reason, "closed by its client") {
			fail(n, "events given up with a session that was "+reason)
		}
	}
	fail(a.RepeatedOtherID, "events repeated under another id")
	if a.GuildOrder {
		fail(a.OutOfOrderGuild, "events out of order")
	} else {
		fail(a.OutOfOrderShard, "events out of order")
	}
	if r.Reshard != nil && r.Reshard.Problem != "" {
		r.Problems = append(r.Problems, fmt.Sprintf("reshard to %d shards: %s", r.Reshard.To, r.Reshard.Problem))
	}
	fail(a.Misrouted, "events from a shard that does not hold their guild")
	fail(a.Unknown, "events that Discord never sent")
	fail(a.Altered, "events with other bytes than Discord sent")
	fail(total(a.Violations), "rules of Discord broken: "+countsText(a.Violations))
	r.OK = len(r.Problems) == 0
}

// print writes the summary for people, aligned.
func (r *demoResult) print(w io.Writer) {
	a := r.Audit
	fmt.Fprintf(w, "demo: %d shards, %s guilds, %g events/s for %s, seed %d\n", r.Shards, grouped(uint64(r.Guilds)), r.Rate,
		(time.Duration(r.Seconds * float64(time.Second))).Round(100*time.Millisecond), r.Seed)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name string, n uint64, note string) { fmt.Fprintf(t, "  %s\t%s\t%s\n", name, grouped(n), note) }
	row("events owed to the bot", a.Expected, "")
	row("received", a.Received, fmt.Sprintf("p50 below %s, p99 below %s, longest %s", millis(a.Latency.P50), millis(a.Latency.P99), millis(a.Latency.Max)))
	row("lost", a.Lost, "")
	row("still on their way", a.Pending, r.pendingNote())
	row("gone with a session", total(a.Forfeited), forfeitNote(a.Forfeited))
	row("repeated, same id", a.Repeated, "allowed: the id tells them apart")
	row("repeated, other id", a.RepeatedOtherID, "")
	if a.GuildOrder {
		row("out of order", a.OutOfOrderGuild, "in each guild, since the fleets hold them in other shards")
	} else {
		row("out of order", a.OutOfOrderShard, "")
	}
	row("wrong shard", a.Misrouted, "")
	row("sessions started", a.Identifies, "")
	row("sessions resumed", a.Resumes, "")
	row("heartbeats", a.Heartbeats, fmt.Sprintf("latest %s late", millis(a.HeartbeatLate)))
	row("rules broken", total(a.Violations), countsText(a.Violations))
	row("faults played", total(r.Faults), countsText(r.Faults))
	t.Flush()
	if r.Reshard != nil && r.Reshard.Problem == "" {
		fmt.Fprintln(w, "  resharded: "+r.Reshard.text())
	}
	if r.OK {
		fmt.Fprintln(w, "ok: nothing lost, nothing repeated without its id, everything in order")
		return
	}
	for _, problem := range r.Problems {
		fmt.Fprintln(w, "FAILED: "+problem)
	}
}

// pendingNote says where events are that the bot has not got.
func (r *demoResult) pendingNote() string {
	if r.Drained {
		return "drained: Discord holds them for the next start"
	}
	return ""
}

// forfeitNote says why events are gone that nobody could have saved.
func forfeitNote(reasons map[string]uint64) string {
	if len(reasons) == 0 {
		return ""
	}
	return countsText(reasons)
}
