package httpsink

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// bot is the far end of connections in memory. Under synctest its clock runs by
// itself, so that seconds of waiting cost nothing.
type bot struct {
	t      *testing.T
	handle func(c *botConn)

	mu       sync.Mutex
	dials    int
	requests []received
	running  sync.WaitGroup
	ends     []net.Conn
}

// received is a request as the bot got it.
type received struct {
	header http.Header
	body   string
	conn   int // counted from 1
}

// botConn is the bot's end of one connection.
type botConn struct {
	net.Conn
	bot    *bot
	br     *bufio.Reader
	number int
}

func newBot(t *testing.T, handle func(c *botConn)) *bot {
	b := &bot{t: t, handle: handle}
	t.Cleanup(func() {
		b.mu.Lock()
		for _, end := range b.ends {
			end.Close()
		}
		b.mu.Unlock()
		b.running.Wait()
	})
	return b
}

// answering is a bot that gives every request the same answer.
func answering(t *testing.T, answer string) *bot {
	return newBot(t, func(c *botConn) {
		for c.request() {
			if _, err := io.WriteString(c, answer); err != nil {
				return
			}
		}
	})
}

func (b *bot) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dials++
	b.ends = append(b.ends, ours, theirs)
	c := &botConn{Conn: theirs, bot: b, br: bufio.NewReader(theirs), number: b.dials}
	b.running.Go(func() {
		defer theirs.Close()
		b.handle(c)
	})
	return ours, nil
}

// request reads a request and reports whether there was one.
func (c *botConn) request() bool {
	req, err := http.ReadRequest(c.br)
	if err != nil {
		return false
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return false
	}
	c.bot.mu.Lock()
	defer c.bot.mu.Unlock()
	c.bot.requests = append(c.bot.requests, received{req.Header, string(body), c.number})
	return true
}

func (b *bot) seen() (dials int, requests []received) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dials, append([]received(nil), b.requests...)
}

// sink is a sink whose bot this is.
func (b *bot) sink(change ...func(*Config)) *Sink {
	b.t.Helper()
	u, err := ParseURL("http://bot.test:8080/events?v=1")
	if err != nil {
		b.t.Fatal(err)
	}
	config := Config{URL: u, Authorization: "Secret s3cr3t-value", Dial: b.dial}
	for _, c := range change {
		c(&config)
	}
	s, err := New(config)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { s.Close() })
	return s
}

func someEvents(n, size int) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		events[i] = event.Event{
			ID: event.ID{Session: 0xabc, Seq: int64(42 + i)}, ShardID: 3, Shards: 8, Type: "MESSAGE_CREATE",
			Received: time.UnixMilli(1763750467936),
			Data:     []byte(`{"t":"MESSAGE_CREATE","s":42,"op":0,"d":"` + strings.Repeat("x", size) + `"}`),
		}
	}
	return events
}

// failure is the delivery error that a test expects.
func failure(t *testing.T, err error) *delivery.Error {
	t.Helper()
	var e *delivery.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a delivery error", err)
	}
	return e
}

// deliver sends one small event.
func deliver(t *testing.T, s *Sink) error {
	t.Helper()
	return s.Deliver(t.Context(), someEvents(1, 10), 1)
}

// story runs a test in a bubble with a clock of its own.
func story(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func status(code int, headers ...string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Length: 0\r\n%s\r\n", code, http.StatusText(code), strings.Join(headers, ""))
}
