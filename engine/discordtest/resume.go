package discordtest

import (
	"encoding/json"
	"strconv"
)

// resumeData is `d` of op 6.
type resumeData struct {
	Token     string `json:"token"`
	SessionID string `json:"session_id"`
	Seq       *int64 `json:"seq"`
}

// resume takes a session up where its client was (Discord docs, Gateway:
// resuming): what was missed is replayed in order, then comes RESUMED.
func (s *Server) resume(c *conn, raw json.RawMessage) {
	if c.session != nil {
		s.reject(c, ViolationAlreadyAuthed, closeAlreadyAuthed, "Already authenticated.")
		return
	}
	var d resumeData
	if err := json.Unmarshal(raw, &d); err != nil || d.Seq == nil {
		s.reject(c, ViolationDecode, closeDecode, "Error while decoding payload.")
		return
	}
	if !s.knows(d.Token) {
		s.reject(c, ViolationAuth, closeAuthFailed, "Authentication failed.")
		return
	}
	ses := s.sessions[d.SessionID]
	switch {
	case ses == nil:
		s.refuseResume(c, "unknown session")
	case *d.Seq > ses.sent || *d.Seq < 0:
		s.end(ses, "resumed with an invalid seq")
		s.reject(c, ViolationSeq, closeInvalidSeq, "Invalid sequence.")
	case s.expired(ses, s.clock.Now()):
		s.end(ses, reasonExpired)
		s.refuseResume(c, "expired")
	case !ses.log.reaches(*d.Seq):
		s.end(ses, reasonOverflow)
		s.refuseResume(c, "replay buffer overflowed")
	case s.refusesResume(c, ses):
	default:
		s.attach(c, ses, *d.Seq)
	}
}

// Reasons why a session ends that more than one place gives.
const (
	reasonExpired     = "expired"
	reasonOverflow    = "replay buffer overflowed"
	reasonRefused     = "resume refused by Discord"
	reasonInvalidated = "invalidated by Discord"
)

func (s *Server) refuseResume(c *conn, why string) {
	s.counts.resumesRefused++
	s.log.Debug("resume refused", "why", why)
	s.invalid(c, false)
}

// attach gives a session to a connection. One that still holds it is closed.
func (s *Server) attach(c *conn, ses *session, seq int64) {
	s.counts.resumes++
	if old := ses.conn; old != nil {
		old.session, old.revoked = nil, true
		if !old.linger {
			old.close(closeUnknown, "session resumed elsewhere")
		}
		s.counts.stolen++
	}
	s.resumedAfterOp7(c, ses)
	ses.confirm(seq)
	s.counts.replayed += uint64(ses.seq() - seq)
	ses.sent = seq
	ses.conn = c
	c.session = ses
	c.beats.floor = min(c.beats.floor, seq)
	c.beats.record.Shard, c.beats.record.Shards = ses.shard, ses.total
	ses.append(entry{kind: kindResumed, at: s.sinceStart()})
	s.trouble(c)
	c.nudge()
	s.nudge()
	s.log.Debug("session resumed", "shard", ses.shard, "shards", ses.total, "replayed", ses.seq()-seq-1)
}

// invalid sends op 9.
func (s *Server) invalid(c *conn, resumable bool) {
	s.counts.invalidSessions++
	c.send(strconv.AppendBool([]byte(`{"t":null,"s":null,"op":9,"d":`), resumable))
	last := len(c.control) - 1
	c.control[last] = append(c.control[last], '}')
}
