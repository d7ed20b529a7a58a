package discordtest

import (
	"fmt"
	"strings"
)

// moveVoice answers op 4 (Discord docs, Gateway events: update voice state): every
// session of the guild is told where the bot is, and the one that asked, where
// its voice server is.
func (s *Server) moveVoice(c *conn, guild uint32, id uint64, d *commandData) {
	channel := strings.Trim(string(d.Channel), `"`)
	joins := channel != "" && channel != "null"
	where := "null"
	if joins {
		where = `"` + channel + `"`
	}
	state := entry{kind: kindCustom, guild: guild}
	s.stamp(&state)
	s.custom.put(state.number, fmt.Appendf(nil,
		`VOICE_STATE_UPDATE {"user_id":"%d","session_id":"%s","channel_id":%s,"guild_id":"%d","self_mute":false,"self_deaf":false,"mute":false,"deaf":false,"suppress":false`,
		s.render.app, c.session.id, where, id))
	s.broadcast(state)
	if joins {
		s.answer(c.session, kindReply, guild, fmt.Appendf(nil,
			`VOICE_SERVER_UPDATE {"token":"%016x","guild_id":"%d","endpoint":"c-sim-%d.discord.media:2087"`,
			scramble(id), id, id%97))
	}
}
