package discord

import (
	"slices"
	"time"
)

// Close codes that a client sends.
const (
	// CloseNormal ends the session at Discord: the bot goes offline at once.
	// 1001 does the same.
	CloseNormal = 1000
	// CloseKeepSession leaves the session alive for a few minutes, for a
	// RESUME. Every code but 1000 and 1001 does.
	CloseKeepSession = 4000
	// CloseShardingRequired is Discord's answer to a shard that would hold more than
	// MaxGuildsPerShard guilds.
	CloseShardingRequired = 4011
)

// Recovery is what to do after a connection has ended.
type Recovery uint8

// The recoveries.
const (
	// RecoverResume dials again and RESUMEs. If Discord answers with op 9, the
	// session is gone after all.
	RecoverResume Recovery = iota
	// RecoverIdentify gives up the session and identifies anew.
	RecoverIdentify
	// RecoverStop does nothing: trying again cannot help, a person has to act.
	RecoverStop
)

// String is the recovery in lower case.
func (r Recovery) String() string {
	switch r {
	case RecoverResume:
		return "resume"
	case RecoverIdentify:
		return "identify"
	case RecoverStop:
		return "stop"
	default:
		return "unknown"
	}
}

// ClosePolicy is what a close code of Discord's means and what to do about it.
// The texts are for people.
type ClosePolicy struct {
	Code     int
	Name     string // as in the docs, in lower case
	Meaning  string // one short sentence without a full stop
	Recovery Recovery
	Wait     time.Duration // least time before dialling again; 0 leaves it to the usual back-off
	Hint     string        // what the operator should do; empty if nothing
}

// Fatal reports whether the shard must not try again by itself.
func (p ClosePolicy) Fatal() bool { return p.Recovery == RecoverStop }

// reportHint goes with codes that a client without defects never gets.
const reportHint = "nothing to do now; if it comes again, report it with the log"

// closePolicies is the one table of close codes, by code (Discord docs, Opcodes
// and status codes: gateway close event codes). 1000, 1001, 1011 and 1012 are
// not in the docs but occur; 4006 has left them.
var closePolicies = [...]ClosePolicy{
	{0, "connection lost", "the connection broke without a close code", RecoverResume, 0, ""},
	{1000, "normal closure", "Discord closed the connection without a reason", RecoverResume, 0, ""},
	{1001, "going away", "Discord's server is going away", RecoverResume, 0, ""},
	{1005, "no status", "the connection was closed without a code", RecoverResume, 0, ""},
	{1006, "abnormal closure", "the connection broke without a close code", RecoverResume, 0, ""},
	{1011, "internal error", "an error at Discord's edge", RecoverResume, 0, ""},
	{1012, "service restart", "Discord's server restarts", RecoverResume, 0, ""},
	{4000, "unknown error", "an error on Discord's side", RecoverResume, 0, ""},
	{4001, "unknown opcode", "we sent an opcode or data that Discord does not know", RecoverResume, 0, reportHint},
	{4002, "decode error", "we sent a frame that Discord could not read, or one over 4096 bytes", RecoverResume, 0, reportHint},
	{4003, "not authenticated", "we sent something before identifying, or the session was invalidated", RecoverIdentify, 0, ""},
	{4004, "authentication failed", "Discord refuses the bot token", RecoverStop, 0,
		"put the current token (developer portal, Bot, Reset Token) into discord.token or discord.token_file and restart; " +
			"Discord resets a token that leaked or that used up its session starts"},
	{4005, "already authenticated", "we identified twice on one connection", RecoverResume, 0, reportHint},
	{4006, "session not valid", "the session is no longer valid", RecoverIdentify, 0, ""},
	{4007, "invalid seq", "Discord does not accept the sequence number of our RESUME", RecoverIdentify, 0, ""},
	{4008, "rate limited", "more than 120 frames were sent in 60 seconds", RecoverResume, 30 * time.Second,
		"send fewer presence updates, voice state updates and member requests"},
	{4009, "session timed out", "the session timed out", RecoverIdentify, 0, ""},
	{4010, "invalid shard", "Discord refuses this shard id or this number of shards", RecoverStop, 0,
		"set shards.total to 0 for Discord's recommendation, or, for a large bot, to a multiple of the number that Discord " +
			"gave its owner; shards.first and shards.last must lie below the total"},
	{4011, "sharding required", "the shard would hold more guilds than Discord allows (2500)", RecoverStop, 0,
		"use more shards: set shards.total to 0 for Discord's recommendation, or reshard to a larger number"},
	{4012, "invalid api version", "Discord no longer accepts gateway version 10", RecoverStop, 0,
		"update Gatehouse; if discord.api_base names a proxy, make sure that it offers version 10"},
	{4013, "invalid intents", "discord.intents sets bits that Discord does not know", RecoverStop, 0,
		"correct discord.intents; names are safer than a number"},
	{4014, "disallowed intents", "the bot asks for privileged intents that it has not been granted", RecoverStop, 0,
		"grant them in the developer portal (Bot, Privileged Gateway Intents), or take GuildMembers, GuildPresences and " +
			"MessageContent out of discord.intents as far as they are not granted"},
}

// PolicyFor is the policy for a close code; 0 stands for a connection that was
// lost without one. A code that is not in the table is met with a RESUME, which
// is free and finds out.
func PolicyFor(code int) ClosePolicy {
	for _, p := range closePolicies {
		if p.Code == code {
			return p
		}
	}
	return ClosePolicy{Code: code, Name: "unknown", Meaning: "a close code that is not in Discord's documentation"}
}

// ClosePolicies lists the policies of the known codes, by code.
func ClosePolicies() []ClosePolicy { return slices.Clone(closePolicies[:]) }
