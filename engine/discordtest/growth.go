package discordtest

import (
	"errors"
	"fmt"
)

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
	if to == guildGone {
		s.farewell(e)
	} else {
		s.broadcast(e)
	}
	return nil
}

// farewell tells every session of a guild that the bot is in it no more: those,
// too, that READY has named it to and that have not had it yet.
func (s *Server) farewell(e entry) {
	s.scratch = s.fleets.of(s.world, e.guild, s.scratch[:0])
	to := s.scratch[:0]
	for _, ses := range s.scratch {
		if ses.allows(e.kind) {
			to = append(to, ses)
		}
	}
	s.deliver(e, to, false)
}

// GuildJoin adds the bot to a new guild, which comes as a GUILD_CREATE without
// `unavailable`, and returns its id; 0 if there are as many guilds as can be
// simulated. Sessions that are still loading get it ahead of their backfill.
func (s *Server) GuildJoin() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.join()
}

func (s *Server) join() uint64 {
	if len(s.world.state) == maxGuilds {
		return 0
	}
	i := s.world.add()
	s.welcomed(i)
	return s.world.guildID(i)
}

// GuildRejoin adds the bot to a guild that it has left.
func (s *Server) GuildRejoin(id uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.world.index(id)
	if !ok || s.world.state[i] != guildGone {
		return fmt.Errorf("discordtest: the bot has not left guild %d", id)
	}
	s.world.state[i] = guildUp
	s.world.messages[i] = lastMessage{}
	s.world.left--
	s.welcomed(i)
	return nil
}

// welcomed tells the sessions of a guild that the bot is in it from now on.
func (s *Server) welcomed(guild uint32) {
	e := entry{kind: kindGuildJoin, guild: guild}
	s.stamp(&e)
	s.scratch = s.fleets.of(s.world, guild, s.scratch[:0])
	to := s.scratch[:0]
	for _, ses := range s.scratch {
		if ses.first < 0 {
			ses.first = int(guild) // the shard's first guild
		}
		if !ses.allows(e.kind) {
			continue
		}
		to = append(to, ses)
		switch {
		case ses.holds(guild):
		case ses.first+ses.loaded*ses.total == int(guild):
			ses.loaded++
		default:
			if ses.ahead == nil {
				ses.ahead = make(map[uint32]bool)
			}
			ses.ahead[guild] = true
		}
	}
	s.deliver(e, to, false)
}

// AddGuilds adds the bot to so many new guilds at once and returns how many it
// was: fewer if there are as many as can be simulated.
func (s *Server) AddGuilds(n int) (added int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for added < n && s.join() != 0 {
		added++
	}
	return added
}

// SetJoins has the bot join so many guilds per second from now on; 0 ends that.
func (s *Server) SetJoins(perSecond float64) error {
	if perSecond < 0 {
		return errors.New("discordtest: guilds cannot be joined at a negative rate")
	}
	s.mu.Lock()
	s.joins, s.joining = perSecond, 0
	s.mu.Unlock()
	s.nudge()
	return nil
}

// grow makes the joins that are due. The server's mutex is held.
func (s *Server) grow(dt float64) {
	s.joining += s.joins * dt
	for ; s.joining >= 1; s.joining-- {
		s.join()
	}
}
