package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// loadText is how far the fleet has come with its guilds.
func (p *printer) loadText(l ops.Load) string {
	if l.Began.IsZero() && l.LoadedAt.IsZero() {
		return "no shard has identified since the start"
	}
	text := fmt.Sprintf("%s of %s loaded, %s of %s", count(l.Loaded), counted(l.Shards, "shard"), count(l.Guilds), counted(l.GuildsAll, "guild"))
	switch {
	case !l.LoadedAt.IsZero():
		text += ", all for " + p.since(l.LoadedAt)
	case !l.Timeout.IsZero():
		text += ", what is missing is told in " + span(max(l.Timeout.Sub(p.now), 0))
	}
	if l.TimedOut > 0 {
		text += fmt.Sprintf("; %s did not come in time", counted(l.TimedOut, "guild"))
	}
	if len(l.Missing) > 0 {
		text += "; missing: " + someIDs(l.Missing, l.GuildsAll-l.Guilds)
	}
	return text
}

// someIDs lists the first ids of so many.
func someIDs(ids []uint64, all int) string {
	const most = 5
	var shown []string
	for _, id := range ids[:min(most, len(ids))] {
		shown = append(shown, strconv.FormatUint(id, 10))
	}
	text := strings.Join(shown, ", ")
	if rest := max(all, len(ids)) - len(shown); rest > 0 {
		text += " and " + count(rest) + " more"
	}
	return text
}

// filterText is what the filter of edits has saved.
func filterText(f ops.Filter) string {
	if !f.On {
		return "off: " + f.Why
	}
	return fmt.Sprintf("kept away %s of %s MESSAGE_UPDATEs (%s, %s); knows %s of at most %s messages",
		count(f.Dropped), count(f.Seen), share(f.Dropped, f.Seen), size(int64(f.Bytes)), count(f.Known), count(f.Capacity))
}

// share is a part of a whole in per cent.
func share(part, whole uint64) string {
	if whole == 0 {
		return "0 %"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// hooks lists the steps that the program around the engine has overridden.
func (p *printer) hooks(hooks []ops.Hook) {
	if len(hooks) == 0 {
		return
	}
	t := newTable("HOOK", ">CALLS", ">PANICS", "LAST PANIC")
	for _, h := range hooks {
		last := none
		if h.Panics > 0 {
			last = fmt.Sprintf("%s ago, for %s: %s", p.since(h.LastAt), orNone(h.LastWhen), h.Last)
		}
		t.row(h.Name, count(h.Calls), count(h.Panics), last)
	}
	p.blank()
	p.table(t)
}

// rules lists the rules of a sink with what each has kept away.
func (p *printer) rules(rules []ops.Rule) {
	if len(rules) == 0 {
		p.line("no rules: it takes every event")
		return
	}
	t := newTable("RULE", ">KEPT AWAY", ">BYTES", ">ERRORS", "TEXT")
	for _, r := range rules {
		t.row(r.Key, count(r.Dropped), size(int64(r.Bytes)), count(r.Errors), r.Text)
	}
	p.table(t)
	for _, r := range rules {
		if r.Err != "" {
			p.line("%s: could not judge an event, which passed: %s", r.Key, r.Err)
		}
	}
}
