package discordtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Inject makes one event of a guild now and returns its number. The name is one
// of [Kinds], or any other dispatch type, which gets a small made-up body. The
// guild must be one of the bot's; see [Server.GuildIDs].
func (s *Server) Inject(name string, guild uint64) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.guild(guild)
	if err != nil {
		return 0, err
	}
	if k, known := kindNamed(name); known && k >= kindMessage {
		return s.happen(k, i), nil
	} else if known {
		e := entry{kind: k, guild: i}
		s.stamp(&e)
		s.broadcast(e)
		return e.number, nil
	}
	return s.injectBody(name, i, nil)
}

// InjectData makes one event with a `d` of your own, a JSON object that does not
// hold [NumberKey]; the number is added as its last key. Every session of the
// guild gets it, whatever its intents.
func (s *Server) InjectData(name string, guild uint64, d []byte) (uint64, error) {
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
	i, err := s.guild(guild)
	if err != nil {
		return 0, err
	}
	return s.injectBody(name, i, body)
}

func (s *Server) injectBody(name string, guild uint32, body []byte) (uint64, error) {
	if name == "" || strings.ContainsAny(name, " \"\\") {
		return 0, fmt.Errorf("discordtest: %q is no dispatch type", name)
	}
	e := entry{kind: kindCustom, guild: guild}
	s.stamp(&e)
	s.custom.put(e.number, append([]byte(name+" "), body...))
	s.broadcast(e)
	return e.number, nil
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

// GuildOutage takes a guild down: GUILD_DELETE with `unavailable`, and silence.
func (s *Server) GuildOutage(guild uint64) error {
	return s.change(guild, guildUp, guildDown, kindGuildDown)
}

// GuildReturn ends an outage: a full GUILD_CREATE.
func (s *Server) GuildReturn(guild uint64) error {
	return s.change(guild, guildDown, guildUp, kindGuildAvailable)
}

// GuildLeave removes the bot from a guild: GUILD_DELETE without `unavailable`.
func (s *Server) GuildLeave(guild uint64) error {
	return s.change(guild, guildUp, guildGone, kindGuildGone)
}

// change moves a guild from one state to another and tells the sessions.
func (s *Server) change(id uint64, from, to guildState, k kind) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.guild(id)
	if err != nil {
		return err
	}
	if s.world.state[i] != from {
		return fmt.Errorf("discordtest: guild %d is not in the state for that", id)
	}
	s.world.state[i] = to
	if to == guildGone {
		s.world.left++
	}
	e := entry{kind: k, guild: i}
	s.stamp(&e)
	s.broadcast(e)
	return nil
}

// GuildJoin adds the bot to a new guild, which comes as a GUILD_CREATE without
// `unavailable`, and returns its id.
func (s *Server) GuildJoin() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.world.add()
	e := entry{kind: kindGuildJoin, guild: i}
	s.stamp(&e)
	s.scratch = s.fleets.of(s.world, i, s.scratch[:0])
	to := s.scratch[:0]
	for _, ses := range s.scratch {
		if ses.first < 0 {
			ses.first = int(i) // the shard's first guild
		}
		next := ses.first+ses.loaded*ses.total == int(i)
		if next && ses.allows(e.kind) { // else it comes at the end of the backfill
			ses.loaded++
			to = append(to, ses)
		}
	}
	s.deliver(e, to, false)
	return s.world.guildID(i)
}
