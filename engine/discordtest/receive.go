package discordtest

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// clientFrame is what a client sends.
type clientFrame struct {
	Op *discord.Opcode `json:"op"`
	D  json.RawMessage `json:"d"`
}

// receive acts on one frame of a client.
func (s *Server) receive(c *conn, frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.shut != nil {
		return
	}
	s.counts.received++
	if !c.sends.allow(s.clock.Now()) {
		s.reject(c, ViolationSendRate, closeRateLimited, "You are being rate limited.")
		return
	}
	if len(frame) > discord.MaxSendBytes {
		s.reject(c, ViolationTooLong, closeDecode, "Payload too long.")
		return
	}
	var f clientFrame
	if err := json.Unmarshal(frame, &f); err != nil || f.Op == nil {
		s.reject(c, ViolationDecode, closeDecode, "Error while decoding payload.")
		return
	}
	s.dispatch(c, *f.Op, f.D)
}

// dispatch acts on a decoded frame.
func (s *Server) dispatch(c *conn, op discord.Opcode, d json.RawMessage) {
	switch op {
	case discord.OpHeartbeat:
		s.heartbeat(c, d)
	case discord.OpIdentify:
		s.identify(c, d)
	case discord.OpResume:
		s.resume(c, d)
	case discord.OpPresenceUpdate, discord.OpVoiceStateUpdate, discord.OpRequestGuildMembers,
		discord.OpRequestSoundboard, discord.OpRequestChannelInfo:
		s.command(c, op, d)
	default:
		s.reject(c, ViolationOpcode, closeUnknownOpcode, "Unknown opcode.")
	}
}

// heartbeat acknowledges a heartbeat and checks its pace and its seq (Discord
// docs, Gateway: sending heartbeats).
func (s *Server) heartbeat(c *conn, d json.RawMessage) {
	s.counts.heartbeats++
	now := s.clock.Now()
	allowed := c.interval + s.cfg.HeartbeatTolerance
	if c.beats.beat(now, c.interval, allowed) {
		s.violation(ViolationHeartbeatFlood, c)
	}
	s.counts.worstBeat = max(s.counts.worstBeat, c.beats.record.Latest)
	if !s.beatSeq(c, d) {
		s.violation(ViolationHeartbeatSeq, c)
	}
	if !c.noACK {
		c.send([]byte(`{"t":null,"s":null,"op":11,"d":null}`))
	}
}

// beatSeq checks the seq of a heartbeat: null or 0 before the first dispatch,
// then never lower than before and never higher than what was sent.
func (s *Server) beatSeq(c *conn, d json.RawMessage) bool {
	seq, ok := int64(0), true
	if text := string(d); text != "null" && text != "" {
		var err error
		seq, err = strconv.ParseInt(text, 10, 64)
		ok = err == nil
	}
	switch ses := c.session; {
	case !ok || seq < c.beats.floor:
		return false
	case ses == nil:
		return true // before Identify or Resume, or after op 9: any old one will do
	case seq > ses.sent:
		return false
	default:
		c.beats.floor = seq
		ses.confirm(seq)
		return true
	}
}

// sendWindow holds the times of the last sends of a connection.
type sendWindow struct {
	times [discord.MaxSendsPerMinute]time.Time
	next  int
}

// allow takes note of a send and reports whether it is within 120 in 60 s.
func (w *sendWindow) allow(now time.Time) bool {
	oldest := w.times[w.next]
	w.times[w.next] = now
	w.next = (w.next + 1) % len(w.times)
	return oldest.IsZero() || now.Sub(oldest) >= time.Minute
}
