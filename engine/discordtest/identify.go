package discordtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/bits"
	"strconv"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// identifyData is `d` of op 2, as far as it is judged. Unknown keys are ignored,
// as Discord does.
type identifyData struct {
	Token          string          `json:"token"`
	Intents        *uint64         `json:"intents"`
	Shard          []int           `json:"shard"`
	LargeThreshold *int            `json:"large_threshold"`
	Properties     json.RawMessage `json:"properties"`
	Compress       bool            `json:"compress"`
	Presence       json.RawMessage `json:"presence"`
}

// refusal is a violation and the close code for it.
type refusal struct {
	what   string
	code   int
	reason string
}

// identify starts a session (Discord docs, Gateway: identifying).
func (s *Server) identify(c *conn, raw json.RawMessage) {
	if c.session != nil {
		s.reject(c, ViolationAlreadyAuthed, closeAlreadyAuthed, "Already authenticated.")
		return
	}
	if c.farewell != nil {
		s.bury(c, c.told)
	}
	var d identifyData
	if err := json.Unmarshal(raw, &d); err != nil {
		s.reject(c, ViolationDecode, closeDecode, "Error while decoding payload.")
		return
	}
	if len(d.Shard) == 0 {
		d.Shard = []int{0, 1}
	}
	if no := s.judge(d); no != nil {
		s.turnDown(c, no)
		return
	}
	now := s.clock.Now()
	if early := s.limit.early(d.Shard[0], now); early > 0 {
		s.log.Warn("identify too fast", "shard", d.Shard[0], "early", early)
		s.violation(ViolationIdentifyFast, c)
		s.invalid(c, false)
		return
	}
	if s.refusesIdentify(c, d, now) {
		return
	}
	if !s.limit.spend(d.Shard[0], now) {
		s.violation(ViolationSessionStarts, c)
		s.resetToken()
		c.close(closeAuthFailed, "Authentication failed.")
		return
	}
	s.openSession(c, d, now)
}

// turnDown closes a connection whose Identify is wrong. That a shard has become too
// full since the start is no offence: no client can know it.
func (s *Server) turnDown(c *conn, no *refusal) {
	if no.code == closeShardingNeeded && len(s.world.state) > s.cfg.Guilds {
		c.close(no.code, no.reason)
		return
	}
	s.reject(c, no.what, no.code, no.reason)
}

// judge finds what is wrong with an Identify.
func (s *Server) judge(d identifyData) *refusal {
	switch {
	case !s.knows(d.Token):
		return &refusal{ViolationAuth, closeAuthFailed, "Authentication failed."}
	case len(d.Shard) != 2 || d.Shard[1] < 1 || d.Shard[0] < 0 || d.Shard[0] >= d.Shard[1],
		s.cfg.LargeBotMultiple > 0 && d.Shard[1]%s.cfg.LargeBotMultiple != 0:
		return &refusal{ViolationShard, closeInvalidShard, "Invalid shard."}
	case d.Intents == nil || *d.Intents&^AllIntents != 0:
		return &refusal{ViolationIntents, closeInvalidIntents, "Invalid intent(s)."}
	case *d.Intents&PrivilegedIntents&^s.cfg.PrivilegedIntents != 0:
		return &refusal{ViolationDisallowed, closeDisallowed, "Disallowed intent(s)."}
	case d.LargeThreshold != nil && (*d.LargeThreshold < 50 || *d.LargeThreshold > 250):
		return &refusal{ViolationThreshold, closeDecode, "Error while decoding payload."}
	case len(d.Properties) == 0 || d.Properties[0] != '{':
		return &refusal{ViolationProperties, closeDecode, "Error while decoding payload."}
	case s.world.guildsOn(d.Shard[0], d.Shard[1]) > s.cfg.GuildsPerShardMax:
		return &refusal{ViolationSharding, closeShardingNeeded, "Sharding required."}
	default:
		return nil
	}
}

// knows reports whether a token, with or without "Bot ", is the bot's and valid.
func (s *Server) knows(token string) bool {
	return !s.limit.dead && discord.NewToken(token) == s.cfg.Token
}

// resetToken is what Discord does to a bot that has overdrawn its session starts:
// every session ends, the token is void.
func (s *Server) resetToken() {
	for _, ses := range s.sessions {
		if ses.conn != nil {
			ses.conn.close(closeAuthFailed, "Authentication failed.")
		}
		s.end(ses, "token reset")
	}
}

// openSession makes a session with READY as its first dispatch.
func (s *Server) openSession(c *conn, d identifyData, now time.Time) {
	s.counts.identifies++
	id := appendHex(nil, scramble(s.cfg.Seed^s.counts.identifies<<20^uint64(d.Shard[0])))
	ses := &session{
		id: string(id), shard: d.Shard[0], total: d.Shard[1], intents: *d.Intents,
		version: c.version, pack: d.Compress, log: newReplayLog(), conn: c,
		first: s.world.firstOf(d.Shard[0], d.Shard[1]), atReady: len(s.world.state),
		presence: string(d.Presence),
	}
	ses.lacks = maps.Clone(s.withheld[ses.total])
	ses.index = s.audits.open(ses.id, ses.shard, ses.total)
	ses.ready = s.readyBody(ses)
	if ses.intents&intentGuilds == 0 {
		ses.loaded = maxGuilds // nothing will be sent; everything else may
	}
	ses.append(entry{kind: kindReady, at: s.sinceStart()})
	s.sessions[ses.id] = ses
	s.fleets.add(ses)
	c.session = ses
	c.beats.floor = 0
	c.beats.record.Shard, c.beats.record.Shards = ses.shard, ses.total
	s.trouble(c)
	c.nudge()
	s.nudge()
	s.log.Debug("session started", "shard", ses.shard, "shards", ses.total,
		"intents", bits.OnesCount64(ses.intents), "left", s.limit.remaining)
}

// readyBody is `d` of READY without its closing brace.
func (s *Server) readyBody(ses *session) []byte {
	var body []byte
	for _, p := range s.render.templates.byKind[kindReady] {
		body = append(body, p.text...)
		switch p.slot {
		case slotApp:
			body = strconv.AppendUint(body, s.render.app, 10)
		case slotShard:
			body = fmt.Appendf(body, "[%d,%d]", ses.shard, ses.total)
		case slotSession:
			body = append(body, ses.id...)
		case slotVersion:
			body = strconv.AppendInt(body, int64(ses.version), 10)
		case slotResume:
			body = append(body, orDefault(s.resumeURL, "ws://"+ses.conn.host)...)
		case slotGuilds:
			body = s.appendGuildList(body, ses)
		}
	}
	return body
}

// appendGuildList appends READY's guilds, all of them unavailable at first.
func (s *Server) appendGuildList(body []byte, ses *session) []byte {
	body = append(body, '[')
	for i := ses.first; i >= 0 && i < ses.atReady; i += ses.total {
		if s.world.state[i] == guildGone {
			continue
		}
		if body[len(body)-1] == '}' {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"unavailable":true,"id":"%d"}`, s.world.guildID(uint32(i)))
	}
	return append(body, ']')
}
