package discordtest

import (
	"context"
	"time"
)

const (
	// tick is the least time between two looks at what is due.
	tick = 10 * time.Millisecond
	// sweepEvery is the pace of the look for what has expired.
	sweepEvery = time.Second
	// burst bounds the events that are made without letting go of the mutex.
	burst = 256
)

// pump makes events until ctx ends.
func (s *Server) pump(ctx context.Context) {
	timer := s.clock.NewTimer(tick)
	defer timer.Stop()
	for {
		wait, more := s.step()
		if more {
			continue
		}
		timer.Reset(wait)
		select {
		case <-timer.C():
		case <-s.nudged:
		case <-ctx.Done():
			return
		}
	}
}

// nudge makes the pump look for work.
func (s *Server) nudge() {
	select {
	case s.nudged <- struct{}{}:
	default:
	}
}

// step makes what is due and says when to look again; more is true if it had to
// stop early.
func (s *Server) step() (wait time.Duration, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	dt := now.Sub(s.pumped).Seconds()
	s.pumped = now
	// After a stall, at most a second's worth is made up for.
	s.owing = min(s.owing+s.rate*dt, max(1, s.rate))
	s.grow(dt)
	for made := 0; s.owing >= 1; made++ {
		if made == burst {
			return 0, true
		}
		s.owing--
		s.invent()
	}
	loading := s.stepBackfill(min(dt, 2*tick.Seconds()))
	if now.Sub(s.swept) >= sweepEvery {
		s.swept = now
		s.sweep(now)
	}
	switch {
	case loading:
		return tick, false
	case s.rate > 0:
		next := time.Duration((1 - s.owing) / s.rate * float64(time.Second))
		return min(max(tick, next), sweepEvery), false
	case s.joins > 0:
		return 10 * tick, false
	case len(s.sessions)+len(s.conns) > 0:
		return sweepEvery, false
	default:
		return time.Hour, false
	}
}

// stepBackfill sends the GUILD_CREATEs after READY that are due and reports
// whether some are still to come.
func (s *Server) stepBackfill(dt float64) (loading bool) {
	for _, ses := range s.sessions {
		if !ses.loading(len(s.world.state)) {
			continue
		}
		ses.backfill = min(ses.backfill+s.cfg.BackfillPerSecond*dt, max(1, s.cfg.BackfillPerSecond))
		for ses.backfill >= 1 && ses.loading(len(s.world.state)) && ses.alive() {
			ses.backfill--
			s.backfillNext(ses)
		}
		loading = loading || ses.loading(len(s.world.state))
	}
	return loading
}

// backfillNext sends a session its next guild: in full, or as a GUILD_DELETE
// while it is down.
func (s *Server) backfillNext(ses *session) {
	guild := uint32(ses.first + ses.loaded*ses.total)
	known := s.heldElsewhere(ses, guild)
	ses.loaded++
	k := kindGuildCreate
	switch {
	case ses.lacks[guild]:
		return
	case ses.ahead[guild]:
		delete(ses.ahead, guild)
		return
	case s.world.state[guild] == guildGone:
		return
	case s.world.state[guild] == guildDown && s.cfg.SilentOutages:
		return
	case s.world.state[guild] == guildDown:
		k = kindGuildDown
	case int(guild) >= ses.atReady:
		k = kindGuildJoin // it was not in READY
	}
	if !ses.allows(k) {
		return
	}
	e := entry{kind: k, guild: guild}
	s.stamp(&e)
	s.scratch = append(s.scratch[:0], ses)
	s.deliver(e, s.scratch, known)
}

// heldElsewhere reports whether another living session has the guild already.
func (s *Server) heldElsewhere(ses *session, guild uint32) bool {
	s.scratch = s.fleets.of(s.world, guild, s.scratch[:0])
	for _, other := range s.scratch {
		if other != ses && other.holds(guild) && other.allows(kindGuildCreate) {
			return true
		}
	}
	return false
}

// invent makes one event of the mix.
func (s *Server) invent() {
	k, ok := s.mix.draw(s.random)
	guild, up := s.world.popular(s.random)
	if k.guildless() {
		guild, up = noGuild, true
	}
	if ok && up && !s.isQuiet(guild) {
		s.happen(k, guild)
	}
}

// happen makes one event of a guild. What refers to a message becomes a message
// if there is none to refer to.
func (s *Server) happen(k kind, guild uint32) uint64 {
	e := entry{kind: k, guild: guild}
	if guild == noGuild {
		s.stamp(&e)
		s.broadcast(e)
		return e.number
	}
	last := &s.world.messages[guild]
	switch k {
	case kindUnfurl, kindEdit, kindPin, kindDelete, kindReactionAdd, kindReactionRemove:
		if !last.allows(k) {
			e.kind = kindMessage
			break
		}
		e.ref, e.refAt = last.number, last.at
	}
	s.stamp(&e)
	last.happens(&e)
	s.broadcast(e)
	return e.number
}

// stamp gives an event its number and time.
func (s *Server) stamp(e *entry) {
	e.number = s.nextNumber
	e.at = s.sinceStart()
	s.nextNumber++
}

// broadcast gives an event to every session that its guild belongs to.
func (s *Server) broadcast(e entry) { s.broadcastTo(e, nil) }

// broadcastTo gives it to those of them that only names; nil for all.
func (s *Server) broadcastTo(e entry, only func(*session) bool) {
	s.scratch = s.fleets.of(s.world, e.guild, s.scratch[:0])
	to := s.scratch[:0]
	for _, ses := range s.scratch {
		if ses.holds(e.guild) && ses.allows(e.kind) && (only == nil || only(ses)) {
			to = append(to, ses)
		}
	}
	s.deliver(e, to, s.optional[e.kind] || e.kind == kindBare)
}

// deliver puts an event in sessions.
func (s *Server) deliver(e entry, to []*session, optional bool) {
	s.counts.issued[e.kind]++
	s.puts = s.puts[:0]
	for _, ses := range to {
		s.puts = append(s.puts, put{ses.index, ses.append(e)})
	}
	s.audits.issue(e, s.puts, optional)
	for _, ses := range to {
		s.afterAppend(ses)
	}
}

// afterAppend wakes a session's connection, or ends what has lagged too far.
func (s *Server) afterAppend(ses *session) {
	behind := ses.seq() - ses.sent
	switch {
	case ses.conn == nil && behind > int64(s.cfg.ReplayBuffer):
		s.end(ses, reasonOverflow)
	case ses.conn == nil:
		ses.trim(s.cfg.ReplayBuffer)
	case behind > int64(s.cfg.Backlog):
		if !ses.conn.dead {
			s.counts.lagged++
			ses.conn.cut()
		}
	default:
		ses.conn.nudge()
	}
}

// sweep ends sessions whose window is over, and connections whose writer is held
// up by a client that does not read and does not beat.
func (s *Server) sweep(now time.Time) {
	for _, ses := range s.sessions {
		if s.expired(ses, now) {
			s.end(ses, reasonExpired)
		}
	}
	for c := range s.conns {
		if due := c.beats.due; !due.IsZero() && now.Sub(due) > sweepEvery {
			c.deadlines(now)
			c.cut()
		}
	}
}

// SetRate changes the traffic to so many events per second over all guilds; 0
// stops it.
func (s *Server) SetRate(perSecond float64) {
	s.mu.Lock()
	now := s.clock.Now()
	s.owing += s.rate * now.Sub(s.pumped).Seconds()
	s.pumped = now
	s.rate = max(0, perSecond)
	if s.rate == 0 {
		s.owing = 0
	}
	s.mu.Unlock()
	s.nudge()
}
