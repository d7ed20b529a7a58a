package discordtest

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// serveGateway answers an upgrade and reads the connection until it ends.
func (s *Server) serveGateway(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		http.Error(w, "upstream connect error", http.StatusServiceUnavailable)
		return
	}
	defer s.tasks.Done()
	query := r.URL.Query()
	enc, err := newEncoder(query.Get("compress"), s.compressLevel())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	ws, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.log.Debug("upgrade failed", "error", err)
		return
	}
	c := &conn{srv: s, ws: ws, enc: enc, wake: make(chan struct{}, 1), done: make(chan struct{})}
	c.host = orDefault(s.host, r.Host)
	c.wire, _ = ws.NetConn().(*wireConn)
	s.tasks.Go(c.writeLoop)
	defer close(c.done)
	s.welcome(c, query.Get("v"), query.Get("encoding"))
	s.detach(c, c.readLoop())
}

// enter reserves a place among the tasks; ok is false during an outage and after
// the end.
func (s *Server) enter() (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dialled(s.clock.Now())
	if s.state != stateRunning || s.outage || s.cutOff {
		s.counts.upgradesRefused++
		return false
	}
	s.tasks.Add(1)
	return true
}

// heavyConns is the number of connections that get a full compressor by default.
const heavyConns = 32

// compressLevel is the level for the next connection.
func (s *Server) compressLevel() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.cfg.CompressLevel != 0:
		return s.cfg.CompressLevel
	case len(s.conns) < heavyConns:
		return 1
	default:
		return CompressLight
	}
}

// welcome sends Hello, or closes a connection whose query is wrong.
func (s *Server) welcome(c *conn, version, encoding string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
	s.counts.connections++
	if s.state != stateRunning || s.cutOff {
		c.cut()
		return
	}
	c.version, _ = strconv.Atoi(version)
	switch {
	case c.version != 9 && c.version != discord.Version:
		s.reject(c, ViolationVersion, closeInvalidVersion, "Invalid API version.")
		return
	case encoding != "" && encoding != "json":
		s.reject(c, ViolationDecode, closeDecode, "Only JSON is simulated.")
		return
	}
	s.greet(c)
}

// reject counts a violation and closes.
func (s *Server) reject(c *conn, what string, code int, reason string) {
	s.violation(what, c)
	c.close(code, reason)
}

// readLoop hands on what the client sends and returns the code it closed with, or
// 0 if the connection was lost.
func (c *conn) readLoop() (code int) {
	c.ws.SetReadLimit(1 << 20)
	for {
		_, frame, err := c.ws.ReadMessage()
		if closed, ok := err.(*websocket.CloseError); ok && closed.Code != websocket.CloseAbnormalClosure {
			return closed.Code
		}
		if err != nil {
			return 0
		}
		c.srv.receive(c, frame)
	}
}

// detach ends a connection: a client's 1000 or 1001 ends its session, anything
// else leaves it to be resumed (Discord docs, Gateway: disconnecting).
func (s *Server) detach(c *conn, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.cut()
	delete(s.conns, c)
	s.counts.keepBeats(c.beats.record)
	if c.farewell != nil {
		s.bury(c, code != 0 && c.told)
	}
	ses := c.session
	if ses == nil || ses.conn != c {
		return
	}
	c.session = nil
	ses.conn = nil
	ses.detachedAt = s.clock.Now()
	if (code == closeNormal || code == closeGoingAway) && c.shut == nil {
		s.end(ses, fmt.Sprintf("closed by its client with %d", code))
	}
	s.log.Debug("connection ended", "shard", ses.shard, "shards", ses.total, "code", code)
}

// bury settles a session that ended by op 9: if the client answered, it has read
// everything before.
func (s *Server) bury(c *conn, answered bool) {
	ses := c.farewell
	c.farewell = nil
	if answered {
		ses.confirm(ses.sent)
	}
	s.audits.forfeit(ses.unconfirmed(), ses.ended)
	ses.numbers = nil
}

// end makes a session unknown and gives up what its client may not have got.
func (s *Server) end(ses *session, why string) {
	if !s.forget(ses, why) {
		return
	}
	if c := ses.conn; c != nil {
		c.session, ses.conn = nil, nil
		c.close(closeUnknown, why)
	}
	s.audits.forfeit(ses.unconfirmed(), why)
	ses.numbers = nil
}

// EndSession ends a session as Discord ends one that is not resumed for long,
// whoever holds it: what its client has not proved to have is forfeited for the
// reason given.
func (s *Server) EndSession(id, why string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.endByID(id, why)
	return err
}

// LoseSession ends a session whose client died before it could leave word of it:
// what did not get to the bot is forfeited for the reason given, even if that
// client had it.
func (s *Server) LoseSession(id, why string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ses, err := s.endByID(id, why)
	if err == nil {
		s.audits.lose(ses.index, why)
	}
	return err
}

func (s *Server) endByID(id, why string) (*session, error) {
	ses := s.sessions[id]
	if ses == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoSession, id)
	}
	s.end(ses, why)
	return ses, nil
}

// forget takes a session out of the stream of events.
func (s *Server) forget(ses *session, why string) bool {
	if !ses.alive() {
		return false
	}
	ses.ended = why
	delete(s.sessions, ses.id)
	s.fleets.remove(ses)
	s.counts.ended[why]++
	return true
}

// revoke ends the session of a living connection by op 9, keeping the judgement
// of what was written until the client has answered.
func (s *Server) revoke(c *conn, why string) {
	ses := c.session
	if ses == nil || !s.forget(ses, why) {
		return
	}
	written := max(0, ses.sent-ses.confirmed)
	s.audits.forfeit(ses.numbers[written:], why)
	ses.numbers = ses.numbers[:written]
	c.session, ses.conn = nil, nil
	c.farewell, c.told, c.revoked = ses, false, true
}

// expired reports whether a session's window for RESUME is over.
func (s *Server) expired(ses *session, now time.Time) bool {
	return ses.conn == nil && now.Sub(ses.detachedAt) > s.cfg.ResumeWindow
}
