package discordtest

import (
	"errors"
	"fmt"
	"time"
)

// ErrNoSession is returned by faults that find no connected session of the shard.
var ErrNoSession = errors.New("discordtest: no connected session of that shard")

// Pair names the sessions that a fault is for.
type Pair struct {
	Shard  int
	Shards int // total; 0 for any
}

// DropConnection cuts the connections of a shard without a close frame, as a dead
// network does. Their sessions can be resumed.
func (s *Server) DropConnection(p Pair) error {
	return s.fault("connection dropped", p, func(c *conn) { c.cut() })
}

// CloseConnection closes with a code. Their sessions stay, but for 4003, 4007 and
// 4009, after which Discord demands a new one.
func (s *Server) CloseConnection(p Pair, code int) error {
	return s.fault(fmt.Sprintf("closed with %d", code), p, func(c *conn) {
		if code == closeNotAuthed || code == closeInvalidSeq || code == 4009 {
			s.revoke(c, fmt.Sprintf("closed with %d", code))
		}
		c.close(code, "")
	})
}

// InvalidateSession sends op 9. With resumable the session stays and may be taken
// up by RESUME, on this connection or another; without, it is gone.
func (s *Server) InvalidateSession(p Pair, resumable bool) error {
	return s.fault(fmt.Sprintf("op 9 %v", resumable), p, func(c *conn) {
		ses := c.session
		if resumable {
			c.session, ses.conn, c.revoked = nil, nil, true
			ses.detachedAt = s.clock.Now()
		} else {
			s.revoke(c, reasonInvalidated)
		}
		s.invalid(c, resumable)
	})
}

// GoSilent makes connections half-open: what the client sends is read, nothing is
// sent any more, not even an ACK.
func (s *Server) GoSilent(p Pair) error {
	return s.fault("silent", p, func(c *conn) { c.silent = true })
}

// StopACKs leaves heartbeats unacknowledged; everything else goes on.
func (s *Server) StopACKs(p Pair) error {
	return s.fault("no ACKs", p, func(c *conn) { c.noACK = true })
}

// GoDeaf makes connections acknowledge heartbeats and nothing else: dispatches
// are kept back, to be replayed after a RESUME, and requests are lost.
func (s *Server) GoDeaf(p Pair) error {
	return s.fault("deaf", p, func(c *conn) { c.deaf = true })
}

// ProbeHeartbeat sends op 1, which a client answers at once with a heartbeat.
func (s *Server) ProbeHeartbeat(p Pair) error {
	return s.fault("op 1", p, func(c *conn) {
		c.beats.probe = s.clock.Now().Add(s.cfg.HeartbeatTolerance)
		c.send([]byte(`{"t":null,"s":null,"op":1,"d":null}`))
	})
}

// fault does something to every connection of a shard.
func (s *Server) fault(what string, p Pair, do func(*conn)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := false
	for _, ses := range s.sessions {
		if c := ses.conn; c != nil && ses.shard == p.Shard && (p.Shards == 0 || ses.total == p.Shards) {
			found = true
			do(c)
		}
	}
	if !found {
		return fmt.Errorf("%w: %d", ErrNoSession, p.Shard)
	}
	s.counts.faults[what]++
	s.log.Info("fault", "what", what, "shard", p.Shard)
	return nil
}

// SetResumeURL changes the resume_gateway_url of sessions to come; empty for the
// server's own. An address where nobody listens makes it a dead one.
func (s *Server) SetResumeURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resumeURL = url
}

// SetShards changes the number that GET /gateway/bot recommends.
func (s *Server) SetShards(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.Shards = n
}

// SetSessionStarts changes what is left of the session-start budget.
func (s *Server) SetSessionStarts(left int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit.remaining = max(0, left)
}

// restFault is an answer that REST gives instead of the right one.
type restFault struct {
	status     int
	retryAfter time.Duration
}

// RESTFault makes the next n REST requests fail with a status. 429 comes with
// Discord's rate limit headers and a wait of one second.
func (s *Server) RESTFault(n, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.restFaults = append(s.restFaults, restFault{status, time.Second})
	}
}
