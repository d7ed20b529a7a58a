package discordtest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// membersPace is how often all members of a guild may be asked for (Discord docs,
// Gateway events: request guild members, since 1 October 2025).
const membersPace = 30 * time.Second

// membersRequest is `d` of op 8. Libraries write the guild id as a string, as a
// number, or as an array of one.
type membersRequest struct {
	GuildID json.RawMessage `json:"guild_id"`
	Query   *string         `json:"query"`
	Limit   int             `json:"limit"`
	Nonce   string          `json:"nonce"`
}

// requestMembers answers op 8 with one GUILD_MEMBERS_CHUNK of the members that
// GUILD_CREATE named, or with RATE_LIMITED. Only the asking session gets it.
func (s *Server) requestMembers(c *conn, raw json.RawMessage) {
	var d membersRequest
	if err := json.Unmarshal(raw, &d); err != nil {
		s.reject(c, ViolationDecode, closeDecode, "Error while decoding payload.")
		return
	}
	id, err := strconv.ParseUint(strings.Trim(string(d.GuildID), `[]" `), 10, 64)
	guild, found := s.world.index(id)
	if err != nil || !found || s.world.shardOf(guild, c.session.total) != c.session.shard {
		return // Discord says nothing about guilds it does not know
	}
	nonce := ""
	if text, err := json.Marshal(d.Nonce); err == nil && d.Nonce != "" && len(d.Nonce) <= 32 {
		nonce = `,"nonce":` + string(text)
	}
	now := s.clock.Now()
	if wait := s.membersAsked[guild].Add(membersPace).Sub(now); d.Query != nil && *d.Query == "" && d.Limit == 0 {
		if wait > 0 {
			s.answer(c.session, guild, fmt.Appendf(nil,
				`RATE_LIMITED {"retry_after":%.3f,"opcode":8,"meta":{"guild_id":"%d"%s}`, wait.Seconds(), id, nonce))
			return
		}
		s.membersAsked[guild] = now
	}
	e := subject{entry: entry{guild: guild, number: 1}, guildID: id}
	e.text = scramble(s.render.world.seed ^ id)
	body := fmt.Appendf(nil, `GUILD_MEMBERS_CHUNK {"guild_id":"%d","chunk_index":0,"chunk_count":1%s`, id, nonce)
	n := sizeOf(e.text).members
	if d.Limit > 0 {
		n = min(n, d.Limit)
	}
	s.answer(c.session, guild, s.render.appendList(body, "members", s.render.templates.member, n, e))
}

// answer gives one session an event with a body of its own.
func (s *Server) answer(ses *session, guild uint32, body []byte) {
	e := entry{kind: kindCustom, guild: guild}
	s.stamp(&e)
	s.custom.put(e.number, body)
	s.scratch = append(s.scratch[:0], ses)
	s.deliver(e, s.scratch, false)
}
