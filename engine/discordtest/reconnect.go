package discordtest

import "time"

// reconnectGrace is how long after op 7 a connection is closed by force, unless
// the fault says otherwise.
const reconnectGrace = 5 * time.Second

// Never, as the time after which op 7 is followed by a close, stands for none.
const Never time.Duration = -1

// Reconnect sends op 7 and closes by force some seconds later.
func (s *Server) Reconnect(p Pair) error { return s.ReconnectAfter(p, reconnectGrace) }

// ReconnectAfter sends op 7 and closes by force after a time: 0 for at once,
// [Never] for not at all, not even when the session is resumed elsewhere.
func (s *Server) ReconnectAfter(p Pair, closeAfter time.Duration) error {
	return s.fault("op 7", p, func(c *conn) { s.askReconnect(c, s.clock.Now(), closeAfter) })
}

// ReconnectAndHush sends op 7 and nothing after it: no dispatch, no ACK, no close.
func (s *Server) ReconnectAndHush(p Pair) error {
	return s.fault("op 7, then silence", p, func(c *conn) {
		s.askReconnect(c, s.clock.Now(), Never)
		c.mute = true
	})
}

// askReconnect is op 7. The server's mutex is held.
func (s *Server) askReconnect(c *conn, now time.Time, closeAfter time.Duration) {
	c.send([]byte(`{"t":null,"s":null,"op":7,"d":null}`))
	switch {
	case closeAfter == Never:
		c.linger = true
	case closeAfter == 0:
		c.close(closeUnknown, "reconnect")
	default:
		c.forceAt = now.Add(closeAfter)
	}
	if ses := c.session; ses != nil && ses.handover.from == nil {
		ses.handover = handover{from: c, at: now}
	}
}

// trouble has a connection that was greeted that way asked to reconnect, or its
// session ended, soon after that began or was resumed. The server's mutex is held.
func (s *Server) trouble(c *conn) {
	now := s.clock.Now()
	if c.welcome.Op7After > 0 {
		c.op7At = now.Add(c.welcome.Op7After)
	}
	if c.welcome.Op9After > 0 {
		c.op9At = now.Add(c.welcome.Op9After)
	}
}

// handover is how a session's change of connection after an op 7 goes.
type handover struct {
	from     *conn // that was asked to reconnect; nil if none was
	at       time.Time
	resumed  time.Duration
	standing bool
}

// Handover is how long one session's change of connection after an op 7 took.
type Handover struct {
	Shard    int    `json:"shard"`
	Shards   int    `json:"shards"`
	Resumed  Millis `json:"resumed_ms"`  // from op 7 to its RESUME on another connection
	Dispatch Millis `json:"dispatch_ms"` // from op 7 to the first dispatch there
	Standing bool   `json:"standing"`    // the old connection still stood at the RESUME
}

// maxHandovers bounds the handovers that are remembered.
const maxHandovers = 4096

// resumedAfterOp7 takes note of a RESUME, before the session changes its
// connection. The server's mutex is held.
func (s *Server) resumedAfterOp7(c *conn, ses *session) {
	if h := &ses.handover; h.from != nil && h.from != c && h.resumed == 0 {
		h.resumed = s.clock.Now().Sub(h.at)
		h.standing = ses.conn == h.from
	}
}

// handedOver takes note of a dispatch. The server's mutex is held.
func (s *Server) handedOver(c *conn) {
	h := c.session.handover
	if h.from == nil || h.from == c {
		return
	}
	done := Handover{
		Shard: c.session.shard, Shards: c.session.total, Resumed: Millis(h.resumed),
		Dispatch: Millis(s.clock.Now().Sub(h.at)), Standing: h.standing,
	}
	c.session.handover = handover{}
	s.counts.handedOver++
	s.counts.worstHandover = max(s.counts.worstHandover, done.Dispatch)
	if len(s.counts.handovers) == maxHandovers {
		s.counts.handovers = s.counts.handovers[1:]
	}
	s.counts.handovers = append(s.counts.handovers, done)
}

// Handovers lists the latest 4096 changes of connection after an op 7, in the
// order of their ends.
func (s *Server) Handovers() []Handover {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Handover(nil), s.counts.handovers...)
}
