package config

import (
	"github.com/gatehouse-gateway/gatehouse/engine/rules"
)

// filterKeys say which events are no news for any sink.
func filterKeys() []key[Config] {
	return []key[Config]{
		field("filter.message_update", "keep a MESSAGE_UPDATE away that no person made, as when a link unfurls; needs the intent MessageContent",
			boolValue, func(c *Config) *bool { return &c.Filter.MessageUpdate }, showBool),
		field("filter.messages", "most messages that are remembered for it, the newest; 32 bytes each",
			intRange(leastMessages, mostMessages), func(c *Config) *int { return &c.Filter.Messages }, showInt),
	}
}

// Bounds of filter.messages: fewer filter next to nothing, more is a typing error.
const (
	leastMessages = 100
	mostMessages  = 50_000_000
)

// ruleKeys say which events a sink takes, in the order in which they are asked.
func ruleKeys() []key[Sink] {
	return []key[Sink]{
		field("events.only", "event types that pass; empty for all; a * at the end stands for the rest: GUILD_*", eventTypes,
			func(s *Sink) *[]string { return &s.Rules.Only }, showList),
		field("events.drop", "event types that do not pass, likewise", eventTypes,
			func(s *Sink) *[]string { return &s.Rules.Drop }, showList),
		field("guilds", "ids of the guilds whose events pass; empty for all; events outside of guilds are not asked", guildIDs,
			func(s *Sink) *[]uint64 { return &s.Rules.Guilds }, showIDs),
		field("guilds_drop", "ids of the guilds whose events do not pass", guildIDs,
			func(s *Sink) *[]uint64 { return &s.Rules.Not }, showIDs),
		field("shards", "shards whose events pass, such as \"0-63, 70\"; empty for all", shardRanges,
			func(s *Sink) *[]rules.Range { return &s.Rules.Shards }, showRanges),
		field("sample", "types of which a share passes, such as {TYPING_START: 10%}", samples,
			func(s *Sink) *map[string]float64 { return &s.Rules.Sample }, showSamples),
		field("when", "what else must hold, an expression such as size < 65536 or d.author.bot != true; empty for nothing", expression,
			func(s *Sink) *string { return &s.Rules.When }, showExpression),
	}
}
