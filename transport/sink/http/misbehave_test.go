package httpsink

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
)

// trickle writes a text a byte at a time.
func trickle(c io.Writer, text string, pause time.Duration) {
	for i := range text {
		if _, err := io.WriteString(c, text[i:i+1]); err != nil {
			return
		}
		<-time.After(pause)
	}
}

// misbehaviour is all that a broken bot does with a connection. Whatever it is,
// no event may be lost to it.
var misbehaviour = map[string]func(c *botConn){
	"hangs up at once":              func(*botConn) {},
	"reads nothing":                 func(c *botConn) { <-time.After(time.Hour) },
	"reads a little and hangs up":   func(c *botConn) { _, _ = io.ReadFull(c, make([]byte, 100)) },
	"reads all and hangs up":        func(c *botConn) { c.request() },
	"reads all and hangs":           func(c *botConn) { c.request(); <-time.After(time.Hour) },
	"begins an answer and hangs up": func(c *botConn) { c.request(); _, _ = io.WriteString(c, "HTTP/1.1 20") },
	"begins an answer and hangs": func(c *botConn) {
		c.request()
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Le")
		<-time.After(time.Hour)
	},
	"trickles its answer": func(c *botConn) { c.request(); trickle(c, ok, time.Second) },
	"answers before it has read, and hangs up": func(c *botConn) {
		_, _ = io.ReadFull(c, make([]byte, 10))
		_, _ = io.WriteString(c, status(503))
	},
	"only ever promises an answer": func(c *botConn) {
		for c.request(); ; {
			if _, err := io.WriteString(c, "HTTP/1.1 102 Processing\r\n\r\n"); err != nil {
				return
			}
			<-time.After(time.Second)
		}
	},
	"speaks another protocol": func(c *botConn) { _, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.6\r\n"); c.request() },
	"speaks TLS":              func(c *botConn) { c.request(); _, _ = c.Write([]byte{0x15, 3, 3, 0, 2, 2, 0x46}) },
	"speaks HTTP/2":           func(c *botConn) { c.request(); _, _ = c.Write([]byte("\x00\x00\x06\x04\x00\x00\x00\x00\x00")) },
	"answers noise":           func(c *botConn) { c.request(); _, _ = c.Write(bytes.Repeat([]byte{0xff, 0, 7}, 50_000)) },
	"answers 500":             func(c *botConn) { c.request(); _, _ = io.WriteString(c, status(500)) },
	"answers 503, later":      func(c *botConn) { c.request(); _, _ = io.WriteString(c, status(503, "Retry-After: 2\r\n")) },
	"answers 429":             func(c *botConn) { c.request(); _, _ = io.WriteString(c, status(429, "Retry-After: 1\r\n")) },
	"answers 408 and closes":  func(c *botConn) { c.request(); _, _ = io.WriteString(c, status(408)) },
	"answers 500 with megabytes": func(c *botConn) {
		c.request()
		_, _ = io.WriteString(c, "HTTP/1.1 500 Oops\r\nContent-Length: 5000000\r\n\r\n")
		_, _ = io.Copy(c, io.LimitReader(endless{}, 5_000_000))
	},
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// A delivery to a bot that misbehaves ends in time, with an error that says so
// in one line, and means that the event is to be sent again.
func TestMisbehaviourIsRetried(t *testing.T) {
	for name, handle := range misbehaviour {
		for _, size := range []int{10, 300_000} {
			story(t, fmt.Sprintf("%s/%d", name, size), func(t *testing.T) {
				b := newBot(t, handle)
				s := b.sink()
				for range 3 {
					begin := time.Now()
					err := s.Deliver(t.Context(), someEvents(1, size), 1)
					e := failure(t, err)
					if e.Verdict != delivery.Retry || e.Accepted != 0 {
						t.Errorf("verdict %d: %v", e.Verdict, e)
					}
					if took := time.Since(begin); took > DefaultTimeout {
						t.Errorf("it took %v", took)
					}
					if text := err.Error(); text == "" || strings.ContainsAny(text, "\r\n\x00") || len(text) > 400 || strings.Contains(text, "s3cr3t") {
						t.Errorf("error %q", text)
					}
				}
			})
		}
	}
}

// An answer of success counts from its head on, whatever comes behind it.
func TestSuccessCountsWhateverFollows(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
	for name, handle := range map[string]func(c *botConn){
		"it hangs up": func(c *botConn) {
			c.request()
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		},
		"the body is cut off": func(c *botConn) { c.request(); _, _ = io.WriteString(c, head+"half") },
		"the body trickles": func(c *botConn) {
			c.request()
			_, _ = io.WriteString(c, head)
			trickle(c, strings.Repeat("x", 1000), 300*time.Millisecond)
		},
		"the body hangs": func(c *botConn) { c.request(); _, _ = io.WriteString(c, head); <-time.After(time.Hour) },
		"the body is endless": func(c *botConn) {
			c.request()
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
			_, _ = io.Copy(c, endless{})
		},
		"chunks never end": func(c *botConn) {
			c.request()
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			for {
				if _, err := io.WriteString(c, "1\r\nx\r\n"); err != nil {
					return
				}
			}
		},
		"noise follows":      func(c *botConn) { c.request(); _, _ = io.WriteString(c, ok+"HTTP/1.1 500 no\r\n\r\n") },
		"100 comes first":    func(c *botConn) { c.request(); _, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n"+ok) },
		"it comes in pieces": func(c *botConn) { c.request(); trickle(c, ok, 100*time.Millisecond) },
		"it comes beforehand": func(c *botConn) {
			_, _ = io.ReadFull(c, make([]byte, 10))
			c.bot.running.Go(func() { _, _ = io.Copy(io.Discard, c) })
			_, _ = io.WriteString(c, ok)
		},
	} {
		for _, size := range []int{10, 300_000} {
			story(t, fmt.Sprintf("%s/%d", name, size), func(t *testing.T) {
				s := newBot(t, handle).sink()
				for range 3 {
					begin := time.Now()
					if err := s.Deliver(t.Context(), someEvents(1, size), 1); err != nil {
						t.Fatal(err)
					}
					if took := time.Since(begin); took > 5*time.Second {
						t.Errorf("it took %v", took)
					}
				}
			})
		}
	}
}

// A redirect is an error that names the new address and nothing of its path, and
// nobody is asked there.
func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, code := range []int{300, 301, 302, 303, 307, 308} {
		for location, want := range map[string]string{
			"http://bot.test:8080/other?key=hush": "it redirects to http://bot.test:8080; ",
			"https://me:hush@else.test":           "it redirects to https://else.test; ",
			"/events/":                            "Redirect",
			"":                                    "redirects are not followed",
		} {
			story(t, fmt.Sprintf("%d to %q", code, location), func(t *testing.T) {
				b := answering(t, status(code, "Location: "+location+"\r\n"))
				err := deliver(t, b.sink())
				e := failure(t, err)
				if e.Verdict != delivery.Refused || e.Status != code {
					t.Errorf("verdict %d, status %d", e.Verdict, e.Status)
				}
				if text := err.Error(); !strings.Contains(text, "redirects are not followed: set the sink's url to the final address") ||
					want != "Redirect" && !strings.Contains(text, want) || strings.Contains(text, "hush") {
					t.Errorf("error %q", text)
				}
				if dials, requests := b.seen(); dials != 1 || len(requests) != 1 {
					t.Errorf("%d connections, %d requests", dials, len(requests))
				}
			})
		}
	}
}

// With real sockets a reset takes with it what was on its way: a request of
// which a part has been read is to be sent again.
func TestAResetInTheMiddleIsRetried(t *testing.T) {
	for name, read := range map[string]int{"of a small request": 50, "of a large request": 100_000} {
		t.Run(name, func(t *testing.T) {
			address := listen(t, "127.0.0.1:0", func(c *net.TCPConn) {
				_, _ = io.ReadFull(c, make([]byte, read))
				_ = c.SetLinger(0)
			})
			s := sinkTo(t, address)
			for range 5 {
				e := failure(t, s.Deliver(t.Context(), someEvents(1, 2*read), 1))
				if e.Verdict != delivery.Retry || e.Status != 0 || !strings.Contains(e.Error(), "without an answer") {
					t.Fatalf("got %v", e)
				}
			}
		})
	}
}

// A bot whose server hangs up after every answer without saying so beforehand,
// as some do after a number of requests: each request may meet the close.
func TestABotThatHangsUpAfterEveryAnswerGetsAll(t *testing.T) {
	address := listen(t, "127.0.0.1:0", func(c *net.TCPConn) {
		if _, err := c.Read(make([]byte, 4096)); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})
	s := sinkTo(t, address)
	for i := range 200 {
		if err := deliver(t, s); err != nil {
			t.Fatalf("delivery %d: %v", i, err)
		}
	}
}
