package discordtest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// The pace of presence updates (Discord docs, Gateway: rate limiting).
const (
	presencesPerSpan = 5
	presenceSpan     = 20 * time.Second
)

// maxCommands bounds the commands that are remembered.
const maxCommands = 4096

// Command is an op 3, 4, 8, 31 or 43 as it was received.
type Command struct {
	At     time.Time       `json:"at"`
	Op     int             `json:"op"`
	Shard  int             `json:"shard"`
	Shards int             `json:"shards"`
	Guild  uint64          `json:"guild"` // that it names first; 0 for none
	Data   json.RawMessage `json:"d"`
}

// CommandLog lists the latest 4096 commands of clients with a session, in order.
func (s *Server) CommandLog() []Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Command(nil), s.counts.commandLog...)
}

// commandData is `d` of op 4, 8, 31 and 43, as far as it is judged.
type commandData struct {
	GuildID  json.RawMessage   `json:"guild_id"`
	GuildIDs []json.RawMessage `json:"guild_ids"`
	Channel  json.RawMessage   `json:"channel_id"`
	Fields   []string          `json:"fields"`

	Query     *string         `json:"query"`
	Limit     int             `json:"limit"`
	UserIDs   json.RawMessage `json:"user_ids"`
	Presences bool            `json:"presences"`
	Nonce     string          `json:"nonce"`
}

// command acts on what only a client with a session may send (Discord docs,
// Gateway events: send events). A connection that is deaf loses it.
func (s *Server) command(c *conn, op discord.Opcode, raw json.RawMessage) {
	switch {
	case c.session == nil && c.revoked:
		return
	case c.session == nil:
		s.reject(c, ViolationNotAuthed, closeNotAuthed, "Not authenticated.")
		return
	case c.session.sent == 0:
		s.violation(ViolationBeforeReady, c)
	}
	s.counts.commands[op.String()]++
	if op == discord.OpPresenceUpdate {
		s.keepCommand(c, op, 0, raw)
		s.updatePresence(c, raw)
		return
	}
	var d commandData
	ids, ok := []uint64(nil), json.Unmarshal(raw, &d) == nil
	if ok {
		ids, ok = d.guilds(op)
	}
	if !ok {
		s.reject(c, ViolationDecode, closeDecode, "Error while decoding payload.")
		return
	}
	s.keepCommand(c, op, ids[0], raw)
	if c.deaf {
		s.counts.faults["request lost by a deaf connection"]++
		return
	}
	for _, id := range ids {
		s.request(c, op, id, &d)
	}
}

// guilds are those that a command names. Libraries write a guild id as a string,
// as a number, or, in op 8, as an array of one.
func (d *commandData) guilds(op discord.Opcode) (ids []uint64, ok bool) {
	named := d.GuildIDs
	if op != discord.OpRequestSoundboard {
		named = []json.RawMessage{d.GuildID}
		if op == discord.OpRequestGuildMembers && len(d.GuildID) > 0 && d.GuildID[0] == '[' {
			if json.Unmarshal(d.GuildID, &named) != nil || len(named) != 1 {
				return nil, false
			}
		}
	}
	for _, text := range named {
		id, err := strconv.ParseUint(strings.Trim(string(text), `"`), 10, 64)
		if err != nil {
			return nil, false
		}
		ids = append(ids, id)
	}
	return ids, len(ids) > 0
}

func (s *Server) keepCommand(c *conn, op discord.Opcode, guild uint64, d json.RawMessage) {
	if len(s.counts.commandLog) == maxCommands {
		s.counts.commandLog = s.counts.commandLog[1:]
	}
	s.counts.commandLog = append(s.counts.commandLog, Command{
		At: s.clock.Now(), Op: int(op), Shard: c.session.shard, Shards: c.session.total, Guild: guild, Data: d,
	})
}

// request acts on what a command asks of one guild. Discord says nothing about
// guilds that it does not know.
func (s *Server) request(c *conn, op discord.Opcode, id uint64, d *commandData) {
	if discord.ShardOf(id, c.session.total) != c.session.shard {
		s.violation(ViolationWrongShard, c)
		return
	}
	guild, found := s.world.index(id)
	if !found || s.world.state[guild] != guildUp {
		return
	}
	switch op {
	case discord.OpVoiceStateUpdate:
		s.moveVoice(c, guild, id, d)
	case discord.OpRequestGuildMembers:
		s.requestMembers(c, guild, id, d)
	case discord.OpRequestSoundboard:
		s.answer(c.session, kindReply, guild, fmt.Appendf(nil,
			`SOUNDBOARD_SOUNDS {"soundboard_sounds":[{"name":"horn","sound_id":"%d","volume":1.0,"emoji_id":null,"emoji_name":"📯","guild_id":"%d","available":true}],"guild_id":"%d"`,
			id+7, id, id))
	case discord.OpRequestChannelInfo:
		s.channelInfo(c, guild, id, d.Fields)
	}
}

// channelInfo answers op 43.
func (s *Server) channelInfo(c *conn, guild uint32, id uint64, fields []string) {
	body := fmt.Appendf(nil, `CHANNEL_INFO {"guild_id":"%d","channels":[{"id":"%d"`, id, id+1)
	for _, field := range fields {
		switch field {
		case "status":
			body = append(body, `,"status":"reading aloud"`...)
		case "voice_start_time":
			body = fmt.Appendf(body, `,"voice_start_time":%d`, s.render.unixMS(s.sinceStart())/1000)
		default:
			s.reject(c, ViolationDecode, closeDecode, "Error while decoding payload.")
			return
		}
	}
	s.answer(c.session, kindReply, guild, append(body, `}]`...))
}

// presenceData is `d` of op 3, as far as it is judged.
type presenceData struct {
	Since      *float64          `json:"since"`
	Activities []json.RawMessage `json:"activities"`
	Status     string            `json:"status"`
	AFK        bool              `json:"afk"`
}

// updatePresence acts on op 3. Without a list of activities Discord disconnects;
// what it does about too many updates is not documented, so they are counted and
// taken.
func (s *Server) updatePresence(c *conn, raw json.RawMessage) {
	var d presenceData
	err := json.Unmarshal(raw, &d)
	switch d.Status {
	case "online", "dnd", "idle", "invisible", "offline":
	default:
		err = fmt.Errorf("unknown status %q", d.Status)
	}
	if err != nil || d.Activities == nil {
		s.reject(c, ViolationDecode, closeDecode, "Error while decoding payload.")
		return
	}
	ses, now := c.session, s.clock.Now()
	oldest := &ses.presences[ses.nextUpdate]
	if !oldest.IsZero() && now.Sub(*oldest) < presenceSpan {
		s.violation(ViolationPresenceRate, c)
	}
	*oldest = now
	ses.nextUpdate = (ses.nextUpdate + 1) % presencesPerSpan
	ses.presence = string(raw)
}
