package discordtest

import "time"

// refusals count down what is refused, by shard. A Shard of -1 stands for any.
type refusals map[Pair]int

// take uses up one refusal for a shard, if there is one.
func (r refusals) take(shard, total int) bool {
	for _, p := range [...]Pair{{shard, total}, {shard, 0}, {-1, 0}} {
		if r[p] > 0 {
			r[p]--
			return true
		}
	}
	return false
}

// RefuseIdentify has the next n Identifies of a shard, -1 for any, answered by
// op 9 although they are in time, as if another process of the bot had just used
// the window. They cost no session start, and break no rule.
func (s *Server) RefuseIdentify(p Pair, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noIdentify[p] = n
}

// refusesIdentify acts on that. The server's mutex is held.
func (s *Server) refusesIdentify(c *conn, d identifyData, now time.Time) bool {
	if !s.noIdentify.take(d.Shard[0], d.Shard[1]) {
		return false
	}
	s.counts.faults["identify refused"]++
	s.limit.last[d.Shard[0]%s.limit.concurrency] = now
	s.invalid(c, false)
	return true
}

// RefuseResume has the next n RESUMEs of a shard, -1 for any, answered by op 9.
// With resumable the session stays, and another try may succeed; without, it is
// gone.
func (s *Server) RefuseResume(p Pair, n int, resumable bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if resumable {
		s.laterResume[p] = n
	} else {
		s.noResume[p] = n
	}
}

// refusesResume acts on that. The server's mutex is held.
func (s *Server) refusesResume(c *conn, ses *session) bool {
	switch {
	case c.welcome.Invalid == "false":
		// The op 9 that came with Hello is the answer.
		s.end(ses, reasonRefused)
		s.counts.resumesRefused++
	case s.laterResume.take(ses.shard, ses.total):
		s.counts.faults["resume refused, op 9 true"]++
		s.counts.resumesRefused++
		c.revoked = true
		s.invalid(c, true)
	case s.noResume.take(ses.shard, ses.total):
		s.counts.faults["resume refused, op 9 false"]++
		s.end(ses, reasonRefused)
		s.refuseResume(c, "a fault")
	default:
		return false
	}
	return true
}
