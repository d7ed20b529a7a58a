package config

import (
	"fmt"
	"net/url"
)

// Check reports, as an [*Error], what keeps this configuration from a run:
// what is missing, and values that do not go together.
func (l *Loaded) Check() error {
	var problems []Problem
	add := func(key, what, hint string) {
		problems = append(problems, Problem{Key: key, What: what, Hint: hint, Source: l.Sources[key]})
	}
	if l.Discord.Token.IsZero() {
		add("discord.token", "missing", "set DISCORD_TOKEN, or discord.token_file to a file that holds it, or discord.token in gatehouse.yaml")
	}
	if len(l.Sinks) == 0 {
		add("sinks", "missing", "say where the bot listens: set GATEHOUSE_SINKS_0_URL, or sinks in gatehouse.yaml (gatehouse config init writes one)")
	}
	l.checkShards(add)
	if q := l.Queue; q.Memory > q.MaxBytes {
		add("queue.memory", fmt.Sprintf("%s is more than queue.max_bytes, %s", showSize(q.Memory), showSize(q.MaxBytes)), "lower it, or raise queue.max_bytes: that bounds memory and disk together")
	}
	if u, err := url.Parse(l.Discord.APIBase); err == nil && isDiscord(u) && l.Identify.Spacing < identifySpacing {
		add("identify.spacing", showDuration(l.Identify.Spacing)+" is less than Discord allows", "allowed: from 5s; less only with another discord.api_base")
	}
	if len(problems) > 0 {
		return &Error{Problems: problems}
	}
	return nil
}

// checkShards checks the slice of this process.
func (l *Loaded) checkShards(add func(key, what, hint string)) {
	s := l.Shards
	switch {
	case s.Total == 0 && s.First > 0:
		add("shards.first", "needs shards.total", "all processes of the bot must agree on the total; set it")
	case s.Total == 0 && s.Last >= 0:
		add("shards.last", "needs shards.total", "all processes of the bot must agree on the total; set it")
	case s.Total > 0 && s.First >= s.Total:
		add("shards.first", fmt.Sprintf("%d is behind the last shard", s.First), fmt.Sprintf("allowed: 0 to %d, since shards.total is %d", s.Total-1, s.Total))
	case s.Total > 0 && s.Last > s.Total: // one that equals it is taken for the last shard; the engine warns
		add("shards.last", fmt.Sprintf("%d is behind the last shard", s.Last), fmt.Sprintf("allowed: -1 to %d, since shards.total is %d", s.Total-1, s.Total))
	case s.Last >= 0 && s.Last < s.First:
		add("shards.last", fmt.Sprintf("%d is before shards.first, %d", s.Last, s.First), "shards.first to shards.last is the slice of this process")
	}
}
