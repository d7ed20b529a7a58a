package gateway

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/shard"
	"github.com/gatehouse-gateway/gatehouse/transport/gateway/inflate"
)

// conn is one connection. Of its mutexes, reading is held by whoever reads,
// writing by whoever sends a text frame.
type conn struct {
	ws           *websocket.Conn
	link         *link
	clock        clock.Clock
	pool         *inflate.Pool
	writeTimeout time.Duration
	closeTimeout time.Duration
	inflated     atomic.Uint64

	reading sync.Mutex
	stream  inflater // nil if nothing is compressed
	frame   *[]byte  // last uncompressed message, nil if none
	joined  []byte   // messages that came in one frame with the last one
	ended   error    // what Read says from now on

	writing sync.Mutex

	closing sync.Once
	closed  atomic.Pointer[discord.CloseError] // our own close, for Read to tell
	over    chan struct{}                      // closed with the first error of Read
}

var _ shard.Conn = (*conn)(nil)

func (d *Dialer) newConn(ws *websocket.Conn, link *link) *conn {
	ws.SetReadLimit(MaxMessage)
	c := &conn{
		ws: ws, link: link, pool: &d.buffers,
		clock:        orDefault(d.Clock, clock.System()),
		writeTimeout: orDefault(d.WriteTimeout, DefaultWriteTimeout),
		closeTimeout: orDefault(d.CloseTimeout, time.Second),
		over:         make(chan struct{}),
	}
	c.stream = orDefault(d.Compress, ZlibStream).newInflater(&d.buffers)
	return c
}

// Received implements [shard.Conn]. Bytes of the wire are counted without TLS
// but with the WebSocket's own.
func (c *conn) Received() (wire, inflated uint64) {
	return c.link.wire.Load(), c.inflated.Load()
}

// Read implements [shard.Conn].
func (c *conn) Read() ([]byte, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	for c.ended == nil {
		if len(c.joined) == 0 {
			messages, err := c.next()
			if err != nil {
				c.end(err)
				break
			}
			c.joined = messages
			c.inflated.Add(uint64(len(messages)))
		}
		message := firstMessage(c.joined)
		c.joined = c.joined[len(message):]
		if len(message) > 0 && c.closed.Load() == nil {
			return message, nil
		}
	}
	c.release()
	return nil, c.ended
}

// next reads one frame and returns the messages that it completes: nearly always
// one, or none yet.
func (c *conn) next() ([]byte, error) {
	c.recycle()
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return nil, err
	}
	frame, n, err := c.fill(r)
	c.frame = frame
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, nil
	}
	if kind == websocket.TextMessage {
		return (*frame)[:n], nil
	}
	if c.stream == nil {
		return nil, errors.New("a compressed frame, which was not asked for")
	}
	messages, complete, err := c.stream.Inflate((*frame)[:n])
	c.pool.Put(frame)
	c.frame = nil
	if err != nil || !complete {
		return nil, err
	}
	return messages, nil
}

// fill reads a frame into a buffer of the pool, taken only now that there is
// something to read.
func (c *conn) fill(r io.Reader) (frame *[]byte, n int, err error) {
	frame = c.pool.Get(0)
	for {
		m, err := r.Read((*frame)[n:])
		n += m
		if err == io.EOF {
			return frame, n, nil
		}
		if err != nil {
			return frame, n, err
		}
		if n == len(*frame) {
			larger := c.pool.Get(2 * n)
			copy(*larger, *frame)
			c.pool.Put(frame)
			frame = larger
		}
	}
}

// recycle gives the last message's memory back before a wait.
func (c *conn) recycle() {
	c.joined = nil
	if c.frame != nil {
		c.pool.Put(c.frame)
		c.frame = nil
	}
	if c.stream != nil {
		c.stream.Recycle()
	}
}

// release gives all memory back. Only a Read may do so, because until then its
// caller may be at work on the last message.
func (c *conn) release() {
	c.recycle()
	if c.stream != nil {
		c.stream.Release()
	}
}

// end is called once, with the error that ended the connection.
func (c *conn) end(err error) {
	if own := c.closed.Load(); own != nil {
		c.ended = own
	} else {
		c.ended = closeError(err)
	}
	close(c.over)
	c.link.abort()
}

// Write implements [shard.Conn]. A frame that did not get out leaves the
// connection unusable, so it is cut.
func (c *conn) Write(frame []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	_ = c.ws.SetWriteDeadline(c.clock.Now().Add(c.writeTimeout))
	err := c.ws.WriteMessage(websocket.TextMessage, frame)
	if err == nil {
		return nil
	}
	if own := c.closed.Load(); own != nil {
		return fmt.Errorf("write to the gateway: %w", own)
	}
	c.link.abort()
	return fmt.Errorf("write to the gateway: %s", plain(err))
}

// Close implements [shard.Conn]. Codes that may not stand in a close frame are
// sent as none. It takes at most twice the dialer's CloseTimeout.
func (c *conn) Close(code int, reason string) error {
	c.closing.Do(func() {
		c.closed.Store(&discord.CloseError{Reason: fmt.Sprintf("closed by us with %d", code)})
		deadline := c.clock.Now().Add(c.closeTimeout)
		goodbye := websocket.FormatCloseMessage(code, cut(reason, 123))
		if c.ws.WriteControl(websocket.CloseMessage, goodbye, deadline) == nil {
			c.linger(c.clock.Now().Add(c.closeTimeout))
		}
		c.link.abort()
	})
	return nil
}

// linger reads on until Discord answers the close frame. To close a socket in
// which there is something left to read would reset it, and the close frame,
// with the code that decides on the session's life, could be lost.
func (c *conn) linger(until time.Time) {
	_ = c.link.SetReadDeadline(until)
	if c.reading.TryLock() {
		defer c.reading.Unlock()
		// What comes is thrown away as it is: to inflate it would write over the
		// last message, which somebody may be putting into a queue just now.
		for c.ended == nil {
			if _, _, err := c.ws.NextReader(); err != nil {
				c.end(err)
			}
		}
		return
	}
	timer := c.clock.NewTimer(until.Sub(c.clock.Now()))
	defer timer.Stop()
	select {
	case <-c.over:
	case <-timer.C():
	}
}

// cut shortens text to so many bytes, at the end of a character.
func cut(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size]
}
