package discord

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// MaxNonceBytes is the longest nonce that Discord gives back; a longer one is
// ignored in silence (Discord docs, Gateway events: request guild members).
const MaxNonceBytes = 32

// Command is what a bot may have sent to Discord beside heartbeats, Identifies
// and RESUMEs: op 3, 4, 8, 31 or 43, checked by [ParseCommand]. Commands are
// values: no method changes one, and the guilds must not be written to.
type Command struct {
	Op Opcode
	// Guilds are those that the command is about, in the order told: none for
	// op 3, one or more for op 31, one for the others.
	Guilds []uint64
	// Full says that op 8 asks for all members of the guild, which Discord
	// answers once in 30 s for each guild.
	Full bool
	// Nonce is that of the caller of op 8; empty for none.
	Nonce string

	// fields are the members of d that AppendFrame does not write by itself,
	// each behind a comma; all of d for op 3.
	fields []byte
	// template says that fields holds placeholders.
	template bool
}

// MemberRequest is op 8 for one member of a guild. Discord answers it with one
// GUILD_MEMBERS_CHUNK, whether the user is a member or not.
func MemberRequest(guild, user uint64) Command {
	fields := append([]byte(`,"user_ids":`), '[')
	fields = append(appendID(fields, user), ']')
	return Command{Op: OpRequestGuildMembers, Guilds: []uint64{guild}, fields: fields}
}

// For is the part of the command that concerns one of total shards, and whether
// there is any: of op 31 the guilds that the shard holds, of op 3 all of it.
// total must be positive.
func (c Command) For(shard, total int) (part Command, ok bool) {
	if c.Op == OpPresenceUpdate {
		return c, true
	}
	part = c
	part.Guilds = nil
	for _, guild := range c.Guilds {
		if ShardOf(guild, total) == shard {
			part.Guilds = append(part.Guilds, guild)
		}
	}
	return part, len(part.Guilds) > 0
}

// Fill is op 3 as one shard sends it, with the placeholders of
// [RenderPresence] filled in. Other commands come back as they are.
func (c Command) Fill(shard, shards, guilds int) (Command, error) {
	if !c.template {
		return c, nil
	}
	d, err := RenderPresence(c.fields, shard, shards, guilds)
	if err != nil {
		return Command{}, err
	}
	c.fields, c.template = d, false
	return c, nil
}

// AppendFrame appends the command as it goes to Discord. nonce takes the place of
// the caller's in op 8; if it is empty, the caller's stays. It fails with
// [ErrFrameTooLong] above [MaxSendBytes], for a nonce above [MaxNonceBytes], and
// for op 3 with placeholders that [Command.Fill] has not filled in. On an error
// dst is returned as it came.
func (c Command) AppendFrame(dst []byte, nonce string) ([]byte, error) {
	if err := sendable(c.Op); err != nil {
		return dst, err
	}
	if c.template {
		return dst, fmt.Errorf("%v: the placeholders have not been filled in", c.Op)
	}
	if len(nonce) > MaxNonceBytes {
		return dst, nonceTooLong(c.Op, nonce)
	}
	start := len(dst)
	out := append(dst, `{"op":`...)
	out = strconv.AppendInt(out, int64(c.Op), 10)
	out = append(out, `,"d":`...)
	out = c.appendData(out, nonce)
	out = append(out, '}')
	if n := len(out) - start; n > MaxSendBytes {
		return dst, fmt.Errorf("%v: %w: %d of %d bytes; %s", c.Op, ErrFrameTooLong, n, MaxSendBytes, c.shorten())
	}
	return out, nil
}

func (c Command) appendData(dst []byte, nonce string) []byte {
	switch c.Op {
	case OpPresenceUpdate:
		return append(dst, c.fields...)
	case OpRequestSoundboard:
		dst = append(dst, `{"guild_ids":[`...)
		for i, guild := range c.Guilds {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendID(dst, guild)
		}
		dst = append(dst, ']')
	default:
		dst = append(dst, `{"guild_id":`...)
		dst = appendID(dst, c.Guilds[0])
	}
	dst = append(dst, c.fields...)
	if nonce == "" {
		nonce = c.Nonce
	}
	if c.Op == OpRequestGuildMembers && nonce != "" {
		dst = append(dst, `,"nonce":`...)
		dst = appendString(dst, nonce)
	}
	return append(dst, '}')
}

// shorten says what to do about a frame that is too long.
func (c Command) shorten() string {
	switch c.Op {
	case OpPresenceUpdate:
		return "shorten the activities"
	case OpRequestSoundboard:
		return "name at most 100 guilds at a time"
	case OpRequestGuildMembers:
		return "shorten the query, or leave out fields that are not Discord's"
	default:
		return "leave out fields that are not Discord's"
	}
}

func appendID(dst []byte, id uint64) []byte {
	dst = append(dst, '"')
	dst = strconv.AppendUint(dst, id, 10)
	return append(dst, '"')
}

// ParseCommand checks `d` of a command as Discord would, which closes the
// connection over what it cannot read. Ids may be strings, numbers or, in op 8,
// an array of one, as libraries send them; on the wire they are strings. d of
// op 3 may be a template, see [RenderPresence].
//
// Fields that Discord does not have today pass unchanged, except in op 3. A field
// that it does have must not occur twice. Errors are one line that names the
// field, its value, and what is allowed.
func ParseCommand(op Opcode, d json.RawMessage) (Command, error) {
	if err := sendable(op); err != nil {
		return Command{}, err
	}
	if op == OpPresenceUpdate {
		return parsePresenceUpdate(d)
	}
	p, err := openCommand(op, d)
	if err != nil {
		return Command{}, err
	}
	c := Command{Op: op}
	switch op {
	case OpVoiceStateUpdate:
		p.voiceState(&c)
	case OpRequestGuildMembers:
		p.guildMembers(&c)
	case OpRequestSoundboard:
		p.soundboard(&c)
	case OpRequestChannelInfo:
		p.channelInfo(&c)
	}
	if p.err != nil {
		return Command{}, p.err
	}
	c.fields = p.appendRest(p.out)
	return c, nil
}

// sendable reports an op that is not a command.
func sendable(op Opcode) error {
	switch op {
	case OpPresenceUpdate, OpVoiceStateUpdate, OpRequestGuildMembers, OpRequestSoundboard, OpRequestChannelInfo:
		return nil
	default:
		return fmt.Errorf("op %d cannot be sent: use 3 (presence update), 4 (voice state update), "+
			"8 (request guild members), 31 (request soundboard sounds) or 43 (request channel info)", int(op))
	}
}
