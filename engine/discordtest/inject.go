package discordtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Inject makes one event of a guild now and returns its number. The name is one
// of [Kinds], or any other dispatch type, which gets a small made-up body. The
// guild must be one of the bot's, see [Server.GuildIDs], or 0 for what is of none
// and goes to shard 0 of every total.
func (s *Server) Inject(name string, guild uint64) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.place(guild)
	if err != nil {
		return 0, err
	}
	k, known := kindNamed(name)
	if known && k.guildless() != (i == noGuild) {
		return 0, fmt.Errorf("discordtest: %s of guild %d: some kinds are of a guild, others of none, 0", name, guild)
	}
	if known && k >= kindMessage {
		return s.happen(k, i), nil
	} else if known {
		e := entry{kind: k, guild: i}
		s.stamp(&e)
		s.broadcast(e)
		return e.number, nil
	}
	return s.injectBody(kindCustom, name, i, nil, nil)
}

// InjectData makes one event with a `d` of your own, a JSON object that does not
// hold [NumberKey]; the number is added as its last key. Every session of the
// guild gets it, whatever its intents. Guild 0 stands for none.
func (s *Server) InjectData(name string, guild uint64, d []byte) (uint64, error) {
	return s.injectData(kindCustom, name, guild, d, nil)
}

// InjectBare is [Server.InjectData] without the number, so that two events can be
// the same byte for byte. The audit does not follow it; [BotStats].Notices counts
// what came, by type.
func (s *Server) InjectBare(name string, guild uint64, d []byte) error {
	_, err := s.injectData(kindBare, name, guild, d, nil)
	return err
}

// injectData makes an event for the sessions that only names; nil for all.
func (s *Server) injectData(k kind, name string, guild uint64, d []byte, only func(*session) bool) (uint64, error) {
	d = bytes.TrimSpace(d)
	if !json.Valid(d) || d[0] != '{' {
		return 0, fmt.Errorf("discordtest: %s: d is not a JSON object", name)
	}
	body := bytes.TrimSpace(d[:len(d)-1])
	if len(body) == 1 {
		return 0, fmt.Errorf("discordtest: %s: d is empty", name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.place(guild)
	if err != nil {
		return 0, err
	}
	return s.injectBody(k, name, i, body, only)
}

func (s *Server) injectBody(k kind, name string, guild uint32, body []byte, only func(*session) bool) (uint64, error) {
	if name == "" || strings.ContainsAny(name, " \"\\") {
		return 0, fmt.Errorf("discordtest: %q is no dispatch type", name)
	}
	if guild == noGuild && body == nil {
		body = []byte(`{"application_id":"1"`)
	}
	e := entry{kind: k, guild: guild}
	s.stamp(&e)
	s.custom.put(e.number, append([]byte(name+" "), body...))
	s.broadcastTo(e, only)
	return e.number, nil
}

// place finds a guild that the bot is in, or what stands for none.
func (s *Server) place(id uint64) (uint32, error) {
	if id == 0 {
		return noGuild, nil
	}
	return s.guild(id)
}

// guild finds a guild that the bot is in.
func (s *Server) guild(id uint64) (uint32, error) {
	i, ok := s.world.index(id)
	if !ok || s.world.state[i] == guildGone {
		return 0, fmt.Errorf("discordtest: the bot is not in guild %d", id)
	}
	return i, nil
}

// GuildIDs lists the guilds the bot is in, those that are down included, in the
// order of their age.
func (s *Server) GuildIDs() []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]uint64, 0, len(s.world.state))
	for i, state := range s.world.state {
		if state != guildGone {
			ids = append(ids, s.world.guildID(uint32(i)))
		}
	}
	return ids
}
