package discord

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Limits of op 8 (Discord docs, Gateway events: request guild members).
const (
	maxMemberLimit = 100 // members that a query may give
	maxMemberIDs   = 100 // user_ids
)

// parsePresenceUpdate checks op 3. A template stays one, so that every shard can
// fill in its own figures.
func parsePresenceUpdate(d json.RawMessage) (Command, error) {
	text, err := compactObject(d)
	if err != nil {
		return Command{}, fmt.Errorf("%v: %w", OpPresenceUpdate, err)
	}
	rendered, err := RenderPresence(text, 0, 1, 0)
	if err != nil {
		return Command{}, err
	}
	if placeholder.Match(text) {
		return Command{Op: OpPresenceUpdate, fields: text, template: true}, nil
	}
	return Command{Op: OpPresenceUpdate, fields: rendered}, nil
}

// voiceState checks op 4.
func (p *commandData) voiceState(c *Command) {
	c.Guilds = []uint64{p.guild()}
	channel := p.take("channel_id")
	switch {
	case channel == nil:
		p.fail("channel_id is missing: name the voice channel to join, or null to leave")
	case string(channel) == "null":
		p.put("channel_id", channel)
	default:
		p.put("channel_id", appendID(nil, p.id("channel_id", channel)))
	}
	for _, name := range []string{"self_mute", "self_deaf"} {
		value, _ := p.flag(name)
		p.put(name, strconv.AppendBool(nil, value))
	}
}

// guildMembers checks op 8.
func (p *commandData) guildMembers(c *Command) {
	c.Guilds = []uint64{p.oneGuild()}
	query, userIDs, limit := p.query(), p.take("user_ids"), p.limit()
	byID := given(userIDs) && string(userIDs) != "[]"
	switch {
	case byID && query != nil && *query != "":
		p.fail("query and user_ids exclude each other; give one")
	case byID:
		p.userIDs(userIDs)
	case query == nil && given(userIDs):
		p.fail("user_ids is empty; name 1 to %d, or use query", maxMemberIDs)
	case query == nil:
		p.fail("query and user_ids are missing; give one (an empty query with limit 0 asks for all members)")
	case limit < 0:
		p.fail("limit is missing; use 1 to %d, or 0 with an empty query for all members", maxMemberLimit)
	default:
		p.put("query", appendString(nil, *query))
		c.Full = *query == "" && limit == 0
	}
	if limit >= 0 {
		p.put("limit", strconv.AppendInt(nil, int64(limit), 10))
	}
	if presences, ok := p.flag("presences"); ok {
		p.put("presences", strconv.AppendBool(nil, presences))
	}
	c.Nonce = p.nonce()
}

// oneGuild takes guild_id of op 8, which some libraries send as an array.
func (p *commandData) oneGuild() uint64 {
	raw := p.take("guild_id")
	if !given(raw) {
		p.fail("guild_id is missing")
		return 0
	}
	ids := p.ids("guild_id", raw)
	if len(ids) != 1 {
		p.fail("guild_id names %d guilds; Discord takes exactly one", len(ids))
		return 0
	}
	return ids[0]
}

// query takes query; nil if there is none.
func (p *commandData) query() *string {
	raw := p.take("query")
	if !given(raw) {
		return nil
	}
	text, ok := unquote(raw)
	if !ok {
		p.fail("query %s must be a string, the beginning of a name", shown(raw))
	}
	query := string(text)
	return &query
}

// limit takes limit; -1 if there is none.
func (p *commandData) limit() int {
	raw := p.take("limit")
	if !given(raw) {
		return -1
	}
	n, ok := parseInt(raw)
	if !ok || n < 0 || n > maxMemberLimit {
		p.fail("limit %s is not a number from 0 to %d", shown(raw), maxMemberLimit)
		return -1
	}
	return int(n)
}

func (p *commandData) userIDs(raw []byte) {
	ids := p.ids("user_ids", raw)
	if len(ids) > maxMemberIDs {
		p.fail("user_ids names %d users; Discord takes at most %d", len(ids), maxMemberIDs)
	}
	list := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			list = append(list, ',')
		}
		list = appendID(list, id)
	}
	p.put("user_ids", append(list, ']'))
}

// nonce takes nonce; empty if there is none.
func (p *commandData) nonce() string {
	raw := p.take("nonce")
	if !given(raw) {
		return ""
	}
	text, ok := unquote(raw)
	if !ok {
		p.fail("nonce %s must be a string of at most %d bytes", shown(raw), MaxNonceBytes)
	}
	if len(text) > MaxNonceBytes && p.err == nil {
		p.err = nonceTooLong(p.op, string(text))
	}
	return string(text)
}

func nonceTooLong(op Opcode, nonce string) error {
	return fmt.Errorf("%v: nonce %s has %d bytes; Discord ignores one of more than %d",
		op, shown(appendString(nil, nonce)), len(nonce), MaxNonceBytes)
}

// soundboard checks op 31.
func (p *commandData) soundboard(c *Command) {
	raw := p.take("guild_ids")
	if !given(raw) {
		p.fail("guild_ids is missing; name one guild or more")
		return
	}
	c.Guilds = p.ids("guild_ids", raw)
	if len(c.Guilds) == 0 {
		p.fail("guild_ids is empty; name one guild or more")
	}
}

// channelInfo checks op 43. Names of fields that Discord may add later pass.
func (p *commandData) channelInfo(c *Command) {
	const known = `"status" and "voice_start_time"`
	c.Guilds = []uint64{p.guild()}
	raw := p.take("fields")
	switch {
	case !given(raw):
		p.fail("fields is missing; it lists what to ask for, of %s", known)
		return
	case raw[0] != '[':
		p.fail("fields %s must be an array, of %s", shown(raw), known)
	case string(raw) == "[]":
		p.fail("fields is empty; it lists what to ask for, of %s", known)
	}
	for _, field := range elements(raw) {
		if name, ok := unquote(field); !ok || strings.TrimSpace(string(name)) == "" {
			p.fail("fields holds %s, which is not a name; known are %s", shown(field), known)
		}
	}
	p.put("fields", raw)
}
