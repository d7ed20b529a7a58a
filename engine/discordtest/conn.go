package discordtest

import (
	"time"

	"github.com/gorilla/websocket"
)

// conn is one gateway connection. Its reader is the goroutine of the HTTP
// handler; the writer is its own. Fields below mu are guarded by the server's
// mutex.
type conn struct {
	srv  *Server
	ws   *websocket.Conn
	wire *wireConn
	enc  encoder       // nil for plain text
	host string        // under which the client reached the server
	wake chan struct{} // something to write
	done chan struct{} // the reader has ended

	// guarded by srv.mu
	version  int
	session  *session
	farewell *session // ended by op 9 on this connection, its receipt not yet proved
	told     bool     // the op 9 of the farewell was handed to the socket
	revoked  bool     // had a session until op 9: what crosses it on the way is no offence
	control  [][]byte
	shut     *shut
	dead     bool
	silent   bool
	mute     bool // falls silent once what is queued has been written
	deaf     bool // beats are acknowledged, but dispatches kept back and requests dropped
	noACK    bool // beats are never acknowledged
	repeat   bool // the last dispatch is to be written once more
	linger   bool // is not closed when its session is resumed elsewhere
	sends    sendWindow
	beats    beats
	interval time.Duration // of heartbeats, as Hello named it
	welcome  Welcome
	op7At    time.Time // when to send op 7; zero for never
	op9At    time.Time // when to end the session by op 9; zero for never
	forceAt  time.Time // when to close after op 7; zero for never
}

// shut is a close that is under way.
type shut struct {
	code   int
	reason string
}

// batchSize is the most events that are rendered per look at the session.
const batchSize = 64

// outgoing is a dispatch on its way to the socket.
type outgoing struct {
	entry
	seq  int64
	body []byte // for kinds that are not rendered
}

// job is what the writer has to do next.
type job struct {
	pack    bool // payload compression
	control [][]byte
	events  []outgoing
	shut    *shut
	wait    time.Duration // until a deadline of the connection
	more    bool
}

// nudge makes the writer look for work.
func (c *conn) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// cut drops the connection without a close frame. The server's mutex is held.
func (c *conn) cut() {
	c.dead = true
	c.wire.abort()
}

// send queues a control frame. The server's mutex is held.
func (c *conn) send(frame []byte) {
	c.control = append(c.control, frame)
	c.nudge()
}

// close asks for a close frame after what is queued. The first one wins. The
// server's mutex is held.
func (c *conn) close(code int, reason string) {
	if c.shut == nil {
		c.shut = &shut{code, reason}
		c.srv.counts.closed[code]++
		c.nudge()
	}
}

// writeLoop sends what is queued until the connection ends.
func (c *conn) writeLoop() {
	timer := c.srv.clock.NewTimer(time.Hour)
	defer timer.Stop()
	scratch := new(writeScratch)
	for {
		j := c.take(scratch)
		if err := c.perform(j, scratch); err != nil {
			c.wire.abort() // the reader notices
			return
		}
		if j.shut != nil {
			c.farewellAndCut(timer.C(), func() { timer.Reset(closeGrace) })
			return
		}
		if j.more {
			continue
		}
		timer.Reset(j.wait)
		select {
		case <-c.wake:
		case <-timer.C():
		case <-c.done:
			return
		}
	}
}

// closeGrace is how long the peer may take to answer a close frame.
const closeGrace = 2 * time.Second

// farewellAndCut leaves the peer time to read the close frame: a TCP connection
// that is dropped at once can lose it.
func (c *conn) farewellAndCut(fired <-chan time.Time, arm func()) {
	arm()
	select {
	case <-fired:
	case <-c.done:
	}
	c.wire.abort()
}

// writeScratch are the writer's buffers.
type writeScratch struct {
	events  []outgoing
	entries []entry
	frame   []byte
	sent    []sentFrame
}

// take collects the writer's next work.
func (c *conn) take(scratch *writeScratch) job {
	s := c.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	j := job{wait: c.deadlines(now)}
	if c.silent && c.shut == nil {
		return j
	}
	j.control, c.control = c.control, nil
	if c.mute && c.shut == nil {
		c.silent = true
		return j
	}
	if c.farewell != nil && len(j.control) > 0 {
		c.told = true
	}
	if j.shut = c.shut; j.shut != nil || c.session == nil || c.deaf {
		return j
	}
	j.pack = c.session.pack
	j.events, j.more = s.takeEvents(c, scratch)
	return j
}

// takeEvents moves the cursor of a connection's session over its next events.
func (s *Server) takeEvents(c *conn, scratch *writeScratch) (events []outgoing, more bool) {
	ses := c.session
	if scratch.entries == nil {
		scratch.entries = make([]entry, 0, batchSize)
		scratch.events = make([]outgoing, 0, batchSize+1)
	}
	events = scratch.events[:0]
	if last, ok := ses.log.at(ses.sent); c.repeat && ok {
		events = append(events, s.outgoing(ses, last, ses.sent))
	}
	c.repeat = false
	entries := ses.log.from(ses.sent, scratch.entries[:0])
	if len(entries) > 0 {
		s.handedOver(c)
	}
	for _, e := range entries {
		ses.sent++
		events = append(events, s.outgoing(ses, e, ses.sent))
	}
	ses.delivered += uint64(len(entries))
	s.counts.framesSent += uint64(len(entries))
	ses.trim(s.cfg.ReplayBuffer)
	return events, ses.sent < ses.seq()
}

// outgoing joins an event with what its frame is made from.
func (s *Server) outgoing(ses *session, e entry, seq int64) outgoing {
	out := outgoing{entry: e, seq: seq}
	switch {
	case e.kind == kindReady:
		out.body = ses.ready
	case e.kind.bodied():
		out.body = s.custom.get(e.number)
	}
	return out
}

// perform writes one job.
func (c *conn) perform(j job, scratch *writeScratch) error {
	c.wire.cork()
	for _, frame := range j.control {
		if err := c.write(frame); err != nil {
			return err
		}
	}
	if err := c.writeEvents(j, scratch); err != nil {
		return err
	}
	if cap(scratch.frame) > 64<<10 {
		scratch.frame = nil
	}
	if j.shut != nil {
		payload := websocket.FormatCloseMessage(j.shut.code, j.shut.reason)
		if err := c.ws.WriteControl(websocket.CloseMessage, payload, time.Time{}); err != nil {
			return err
		}
	}
	return c.wire.uncork()
}

// writeEvents renders and writes the events of a job. The audit is told of their
// bytes before the client can have them.
func (c *conn) writeEvents(j job, scratch *writeScratch) error {
	scratch.sent = scratch.sent[:0]
	for i := range j.events {
		e := &j.events[i]
		scratch.frame = c.srv.render.appendFrame(scratch.frame[:0], e.entry, e.seq, e.body)
		if e.number != 0 {
			scratch.sent = append(scratch.sent, sentFrame{e.number, FrameDigest(scratch.frame)})
		}
		if err := c.writeDispatch(scratch.frame, j.pack); err != nil {
			return err
		}
	}
	c.srv.audits.wrote(scratch.sent)
	return nil
}

// packFrom is the size from which payload compression is used, in bytes. Which
// messages Discord compresses that way is not documented.
const packFrom = 1024

// writeDispatch sends one event, with payload compression if that was asked for.
func (c *conn) writeDispatch(frame []byte, pack bool) error {
	if !pack || c.enc != nil || len(frame) < packFrom {
		return c.write(frame)
	}
	document, err := c.srv.packer.pack(frame)
	if err != nil {
		return err
	}
	return c.ws.WriteMessage(websocket.BinaryMessage, document)
}

// write sends one gateway message.
func (c *conn) write(frame []byte) error {
	if c.enc == nil {
		return c.ws.WriteMessage(websocket.TextMessage, frame)
	}
	packed, err := c.enc.encode(frame)
	if err != nil {
		return err
	}
	for _, part := range split(packed, c.srv.cfg.SplitFrames) {
		if err := c.ws.WriteMessage(websocket.BinaryMessage, part); err != nil {
			return err
		}
	}
	return nil
}
