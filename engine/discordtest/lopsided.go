package discordtest

// InjectOnly is [Server.InjectBare] for the sessions of one total alone, as no
// Discord should do it: the streams of two fleets differ by it.
func (s *Server) InjectOnly(total int, name string, guild uint64, d []byte) error {
	_, err := s.injectData(kindBare, name, guild, d, func(ses *session) bool { return ses.total == total })
	return err
}

// Withhold has the sessions of one total that begin from now on not told of a
// guild that READY has named to them, nor of what happens in it; off, they are
// told of it now.
func (s *Server) Withhold(total int, guild uint64, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.guild(guild)
	if err != nil {
		return err
	}
	if on {
		if s.withheld == nil {
			s.withheld = make(map[int]map[uint32]bool)
		}
		if s.withheld[total] == nil {
			s.withheld[total] = make(map[uint32]bool)
		}
		s.withheld[total][i] = true
		return nil
	}
	delete(s.withheld[total], i)
	for _, ses := range s.sessions {
		if ses.total == total && ses.shard == s.world.shardOf(i, total) {
			s.bestow(ses, i)
		}
	}
	return nil
}

// bestow ends that for one session: if its turn in the backfill is over, it comes
// now.
func (s *Server) bestow(ses *session, guild uint32) {
	delete(ses.lacks, guild)
	if !ses.holds(guild) || !ses.allows(kindGuildCreate) || s.world.state[guild] != guildUp {
		return
	}
	e := entry{kind: kindGuildCreate, guild: guild}
	s.stamp(&e)
	known := s.heldElsewhere(ses, guild)
	s.scratch = append(s.scratch[:0], ses)
	s.deliver(e, s.scratch, known)
}
