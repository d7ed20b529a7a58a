package config

import (
	"fmt"
	"slices"
)

// Change is one key that differs between two configurations.
type Change struct {
	Key  string // "log.level"; of a sink without its place, such as "events.drop"
	Sink string // name of the sink; empty for the other keys
	// Text is what has changed, for people and without secrets, such as
	// "log.level: info -> debug" or "sinks: bot: added".
	Text string
	// Live says that it takes effect while Gatehouse runs.
	Live bool
}

// live reports whether a change of a key outside of sinks takes effect while
// Gatehouse runs. Everything about sinks does.
func live(path string) bool {
	switch path {
	case "discord.presence", "filter.message_update", "filter.messages", "log.level", "tui.theme":
		return true
	}
	return slices.Contains(paths(reshardKeys()), path)
}

// LivePaths lists the keys that take effect while Gatehouse runs, those of sinks
// as "sinks".
func LivePaths() []string {
	out := slices.DeleteFunc(paths(keys()), func(path string) bool { return !live(path) })
	return append(out, "sinks")
}

// Changes lists what is different in next, in the order of the table of keys.
func (c *Config) Changes(next *Config) []Change {
	var out []Change
	for _, k := range keys() {
		if k.differs(c, next) {
			out = append(out, Change{Key: k.path, Text: k.path + ": " + turn(k, c, next), Live: live(k.path)})
		}
	}
	for i := range c.Sinks {
		if sinkNamed(next.Sinks, c.Sinks[i].Name) == nil {
			name := c.Sinks[i].Name
			out = append(out, Change{Key: "name", Sink: name, Live: true,
				Text: "sinks: " + name + ": removed; what waits for it stays in the queue"})
		}
	}
	for i := range next.Sinks {
		out = append(out, sinkChanges(sinkNamed(c.Sinks, next.Sinks[i].Name), &next.Sinks[i])...)
	}
	return out
}

func sinkNamed(sinks []Sink, name string) *Sink {
	i := slices.IndexFunc(sinks, func(s Sink) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &sinks[i]
}

// sinkChanges lists what is different about a sink; nil stands for one that was not
// there.
func sinkChanges(old, next *Sink) []Change {
	if old == nil {
		return []Change{{Key: "name", Sink: next.Name, Live: true,
			Text: fmt.Sprintf("sinks: %s: added, %s", next.Name, showURL(next.URL))}}
	}
	var out []Change
	for _, k := range sinkKeys() {
		if k.differs(old, next) {
			out = append(out, Change{Key: k.path, Sink: next.Name, Live: true,
				Text: fmt.Sprintf("sinks: %s: %s: %s", next.Name, k.path, turn(k, old, next))})
		}
	}
	return out
}

// turn is how a key was and is; of what is not shown, that it is different.
func turn[S any](k key[S], old, next *S) string {
	was, is := k.show(old), k.show(next)
	if was == is {
		return "changed"
	}
	return shorten(was) + " -> " + shorten(is)
}

// shorten cuts a value to what fits on a line beside another.
func shorten(text string) string {
	const most = 120
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return oneLine(text)
}

// WithLive is the configuration with those values of next that take effect while
// Gatehouse runs.
func (c *Config) WithLive(next *Config) Config {
	out := *c
	out.Discord.Presence = next.Discord.Presence
	out.Filter, out.Reshard, out.Sinks = next.Filter, next.Reshard, next.Sinks
	out.Log.Level, out.TUI.Theme = next.Log.Level, next.TUI.Theme
	return out
}
