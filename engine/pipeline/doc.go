// Package pipeline turns a shard's dispatches into events for the bot: it knows
// which guilds are there, tells the kinds of GUILD_CREATE apart, and keeps
// session secrets out of what the bot is sent.
package pipeline
