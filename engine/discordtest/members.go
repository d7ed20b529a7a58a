package discordtest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Limits of op 8 (Discord docs, Gateway events: request guild members).
const (
	membersPace     = 30 * time.Second // for all members of a guild, since 1 October 2025
	maxQueryLimit   = 100
	maxUserIDs      = 100
	maxNonce        = 32 // bytes; a longer one is ignored
	membersPerChunk = 1000
)

// requestMembers answers op 8 with GUILD_MEMBERS_CHUNKs, or with RATE_LIMITED.
// Only the asking session gets them.
func (s *Server) requestMembers(c *conn, guild uint32, id uint64, d *commandData) {
	users, err := d.users()
	all := d.Query != nil && *d.Query == "" && d.Limit == 0 && users == nil
	if err != nil || (d.Query == nil) == (users == nil) || len(users) > maxUserIDs ||
		d.Limit < 0 || d.Limit > maxQueryLimit {
		s.reject(c, ViolationDecode, closeDecode, "Error while decoding payload.")
		return
	}
	nonce := ""
	if text, err := json.Marshal(d.Nonce); err == nil && d.Nonce != "" && len(d.Nonce) <= maxNonce {
		nonce = `,"nonce":` + string(text)
	}
	now := s.clock.Now()
	if all && c.session.intents&intentMembers == 0 {
		s.reject(c, ViolationDisallowed, closeDisallowed, "Disallowed intent(s).")
		return
	}
	if wait := s.membersAsked[guild].Add(membersPace).Sub(now); all && wait > 0 {
		s.counts.membersLimited++
		s.answer(c.session, kindAnswer, guild, fmt.Appendf(nil,
			`RATE_LIMITED {"retry_after":%.3f,"opcode":8,"meta":{"guild_id":"%d"%s}`, wait.Seconds(), id, nonce))
		return
	}
	if all {
		s.membersAsked[guild] = now
	}
	who, missing := s.whoIs(id, d, users)
	s.chunks(c.session, guild, membersAnswer{
		id: id, nonce: nonce, who: who, missing: missing,
		presences: d.Presences && c.session.intents&intentPresences != 0,
	})
}

// users are the ids of a request; nil if it names none. One may stand alone, and
// as a number.
func (d *commandData) users() ([]string, error) {
	if len(d.UserIDs) == 0 || string(d.UserIDs) == "null" {
		return nil, nil
	}
	list := []json.RawMessage{d.UserIDs}
	if d.UserIDs[0] == '[' {
		if err := json.Unmarshal(d.UserIDs, &list); err != nil {
			return nil, err
		}
	}
	ids := make([]string, len(list))
	for i, text := range list {
		ids[i] = strings.Trim(string(text), `"`)
	}
	return ids, nil
}

// whoIs finds the members that a request is about, by their places in the
// guild, and the users who are no members.
func (s *Server) whoIs(id uint64, d *commandData, users []string) (who []int, missing []string) {
	n := s.membersOf(id)
	if users == nil {
		for i := range n {
			if d.Limit > 0 && len(who) == d.Limit {
				break
			}
			if strings.HasPrefix(memberName(id, i), strings.ToLower(*d.Query)) {
				who = append(who, i)
			}
		}
		return who, nil
	}
	places := make(map[string]int, n)
	for i := range n {
		places[strconv.FormatUint(userID(scramble(id+uint64(i))), 10)] = i
	}
	for _, user := range users {
		if i, ok := places[user]; ok {
			who = append(who, i)
		} else {
			missing = append(missing, user)
		}
	}
	return who, missing
}

// membersOf is how many members a guild has.
func (s *Server) membersOf(id uint64) int {
	return orDefault(s.cfg.Members, sizeOf(scramble(s.render.world.seed^id)).members)
}

// memberName is the user name of a guild's i-th member.
func memberName(id uint64, i int) string {
	s := subject{user: scramble(id + uint64(i))}
	return string(appendPerson(nil, slotUserName, &s))
}

// membersAnswer is what an op 8 is answered with.
type membersAnswer struct {
	id        uint64
	nonce     string // as a key of its own
	who       []int
	missing   []string
	presences bool
}

// chunks answers in as many dispatches as it takes.
func (s *Server) chunks(ses *session, guild uint32, a membersAnswer) {
	per := orDefault(s.cfg.MembersPerChunk, membersPerChunk)
	count := max(1, (len(a.who)+per-1)/per)
	for k := range count {
		part := a.who[k*per : min(len(a.who), (k+1)*per)]
		body := fmt.Appendf(nil, `GUILD_MEMBERS_CHUNK {"guild_id":"%d","chunk_index":%d,"chunk_count":%d%s`,
			a.id, k, count, a.nonce)
		if len(a.missing) > 0 && k == 0 {
			list, err := json.Marshal(a.missing)
			if err == nil {
				body = append(append(body, `,"not_found":`...), list...)
			}
		}
		if a.presences {
			body = s.appendMembers(body, "presences", s.render.templates.presence, part, a.id, guild)
		}
		s.answer(ses, kindAnswer, guild, s.appendMembers(body, "members", s.render.templates.member, part, a.id, guild))
	}
}

// appendMembers appends an array with an object for each of some members, the
// same as in GUILD_CREATE.
func (s *Server) appendMembers(dst []byte, key string, t template, who []int, id uint64, guild uint32) []byte {
	dst = fmt.Appendf(dst, `,"%s":[`, key)
	e := subject{entry: entry{guild: guild, number: 1}, guildID: id, atMS: s.render.unixMS(s.sinceStart())}
	seed := scramble(s.render.world.seed ^ id)
	for k, i := range who {
		if k > 0 {
			dst = append(dst, ',')
		}
		e.user, e.text = scramble(id+uint64(i)), scramble(seed+uint64(i))
		dst = append(s.render.fill(dst, t, &e), '}')
	}
	return append(dst, ']')
}

// answer gives one session an event with a body of its own.
func (s *Server) answer(ses *session, k kind, guild uint32, body []byte) {
	e := entry{kind: k, guild: guild}
	s.stamp(&e)
	s.custom.put(e.number, body)
	s.scratch = append(s.scratch[:0], ses)
	s.deliver(e, s.scratch, k == kindAnswer && !s.cfg.MembersOwed)
}
