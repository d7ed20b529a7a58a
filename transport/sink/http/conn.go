package httpsink

import (
	"bufio"
	"context"
	"net"
	"os"
	"time"

	"errors"
)

const (
	// largeRequest is the size from which the answer is read while the request
	// is still being written: a bot may refuse a body without reading it, and
	// then neither side would go on. Less than that fits into socket buffers.
	largeRequest = 32 << 10
	// drainTimeout bounds the wait for the rest of an answer whose head has
	// decided already. It saves a connection, no more.
	drainTimeout = time.Second
)

// conn is one connection to the bot. One delivery at a time uses it.
type conn struct {
	raw  net.Conn // TCP; closing it ends everything at once
	link net.Conn // TLS over raw, or raw
	br   *bufio.Reader

	used      bool          // it has carried an answer
	got       bool          // the present exchange has had a byte of its answer
	keepFor   time.Duration // unused for so long, the bot closes it; 0 if unknown
	idleSince time.Time

	done    <-chan struct{} // of the context that cuts the connection
	unwatch func() bool
}

func newConn(raw, link net.Conn) *conn {
	c := &conn{raw: raw, link: link}
	c.br = bufio.NewReaderSize(c, readBuffer)
	return c
}

// Read notes that an answer has begun.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.link.Read(p)
	c.got = c.got || n > 0
	return n, err
}

// watch makes the end of ctx cut the connection. Deliveries of one owner share
// a context, so that the costly registration is made once and kept while the
// connection is idle. It reports false if the connection is cut already.
func (c *conn) watch(ctx context.Context) bool {
	done := ctx.Done()
	if done == c.done {
		return true
	}
	if c.unwatch != nil && !c.unwatch() {
		return false
	}
	c.done, c.unwatch = done, nil
	if done != nil {
		c.unwatch = context.AfterFunc(ctx, c.cut)
	}
	return true
}

// cut ends whatever the connection is doing. It may be called from any
// goroutine.
func (c *conn) cut() { _ = c.raw.Close() }

// close frees the connection.
func (c *conn) close() {
	if c.unwatch != nil {
		c.unwatch()
	}
	c.cut()
}

// exchange sends a request and reads the head of its answer.
func (c *conn) exchange(request []byte, deadline time.Time) (response, error) {
	c.got = false
	if err := c.link.SetDeadline(deadline); err != nil {
		return response{}, err
	}
	if len(request) > largeRequest {
		return c.exchangeLarge(request)
	}
	_, writeErr := c.link.Write(request)
	if errors.Is(writeErr, os.ErrDeadlineExceeded) {
		return response{}, writeErr
	}
	// A bot that hangs up may have said why before.
	answer, err := readResponse(c.br)
	if writeErr != nil {
		answer.close = true
		if err != nil {
			err = writeErr
		}
	}
	return answer, err
}

// exchangeLarge reads the answer while the request is written by a goroutine,
// which has ended when it returns.
func (c *conn) exchangeLarge(request []byte) (response, error) {
	written := make(chan error, 1)
	go func() {
		_, err := c.link.Write(request)
		written <- err
	}()
	answer, err := readResponse(c.br)
	if err != nil {
		c.cut()
		<-written
		return answer, err
	}
	select {
	case writeErr := <-written:
		answer.close = answer.close || writeErr != nil
	default:
		answer.close = true
		_ = c.link.SetWriteDeadline(time.Unix(1, 0))
		<-written
	}
	return answer, nil
}

// finish reads the rest of an answer and reports whether the connection can be
// used again. Of a failure it returns the beginning of the body.
func (c *conn) finish(answer *response, b *body, deadline, now time.Time) (text []byte, keep bool) {
	if !b.ended && b.kind != bodyNone && !(b.kind == bodyLength && b.left <= int64(c.br.Buffered())) {
		if soon := now.Add(drainTimeout); soon.Before(deadline) {
			deadline = soon
		}
		_ = c.link.SetReadDeadline(deadline)
	}
	if !answer.success() {
		text = b.excerpt()
	}
	if answer.close || answer.body == bodyToEnd {
		return text, false
	}
	return text, b.drain() == nil
}
