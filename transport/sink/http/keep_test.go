package httpsink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
)

func TestConnectionsAreKept(t *testing.T) {
	keep := map[string]string{
		"length":   ok,
		"no body":  "HTTP/1.1 204 No Content\r\n\r\n",
		"chunks":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nTrailer: x\r\n\r\n",
		"interim":  "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok,
		"1.0":      "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok",
		"refusal":  "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy",
		"50 kB":    "HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + strings.Repeat("x", 50_000),
		"bare end": "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
	}
	for name, answer := range keep {
		story(t, name, func(t *testing.T) {
			b := answering(t, answer)
			s := b.sink()
			for range 20 {
				if err := deliver(t, s); err != nil && failure(t, err).Status != 503 {
					t.Fatal(err)
				}
			}
			if dials, requests := b.seen(); dials != 1 || len(requests) != 20 {
				t.Fatalf("%d connections for %d requests", dials, len(requests))
			}
		})
	}
}

func TestConnectionsThatCannotBeKeptAreNot(t *testing.T) {
	once := map[string]string{
		"close":         "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok",
		"1.0":           "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"no length":     "HTTP/1.1 200 OK\r\n\r\nok",
		"two framings":  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a longer body": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
		"bad chunk":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	}
	for name, answer := range once {
		story(t, name, func(t *testing.T) {
			b := newBot(t, func(c *botConn) {
				if c.request() {
					_, _ = io.WriteString(c, answer)
				}
			})
			s := b.sink()
			for range 3 {
				if err := deliver(t, s); err != nil {
					t.Fatal(err)
				}
			}
			if dials, requests := b.seen(); dials != 3 || len(requests) != 3 {
				t.Fatalf("%d connections for %d requests", dials, len(requests))
			}
		})
	}
}

// A bot that answers with megabytes is acknowledged all the same, and not read.
func TestLongAnswersAreNotReadToTheEnd(t *testing.T) {
	const length = 1 << 20
	heads := map[string]string{
		"length": fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", length),
		"chunk":  fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n", length),
		"end":    "HTTP/1.1 200 OK\r\n\r\n",
	}
	for name, head := range heads {
		story(t, name, func(t *testing.T) {
			var mu sync.Mutex
			sent := 0
			b := newBot(t, func(c *botConn) {
				if !c.request() {
					return
				}
				_, _ = io.WriteString(c, head)
				for range length / 1024 {
					n, err := c.Write(make([]byte, 1024))
					mu.Lock()
					sent += n
					mu.Unlock()
					if err != nil {
						return
					}
				}
			})
			s := b.sink()
			if err := deliver(t, s); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if sent > maxDrain+2*readBuffer {
				t.Fatalf("read %d bytes", sent)
			}
		})
	}
}

func TestAnswerWhoseBodyStallsAcknowledgesSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t, func(c *botConn) {
			if c.request() {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
				_, _ = io.Copy(io.Discard, c) // until the sink hangs up
			}
		})
		begin := time.Now()
		if err := deliver(t, b.sink()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > drainTimeout {
			t.Fatalf("it took %s", took)
		}
	})
}

// The bot has restarted: kept connections are dead, and nobody has to wait for
// a back-off because of it.
func TestDeadKeptConnectionIsReplacedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t, func(c *botConn) {
			if c.request() {
				_, _ = io.WriteString(c, ok)
			}
			if c.number%2 == 1 {
				c.request() // reads the next request, and dies of it
			}
		})
		s := b.sink()
		for i := range 6 {
			if err := deliver(t, s); err != nil {
				t.Fatalf("delivery %d: %v", i, err)
			}
		}
	})
}

func TestKeptConnectionIsReplacedOnlyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t, func(c *botConn) {
			if c.request() && c.number == 1 {
				_, _ = io.WriteString(c, ok)
				c.request()
			}
		})
		s := b.sink()
		if err := deliver(t, s); err != nil {
			t.Fatal(err)
		}
		if e := failure(t, deliver(t, s)); e.Verdict != delivery.Retry {
			t.Fatal(e)
		}
		if dials, requests := b.seen(); dials != 2 || len(requests) != 3 {
			t.Fatalf("%d connections, %d requests", dials, len(requests))
		}
	})
}

func TestUnusedConnectionsEnd(t *testing.T) {
	cases := map[string]struct {
		answer string
		idle   time.Duration
		dials  int
	}{
		"before the default":     {ok, 59 * time.Second, 1},
		"after the default":      {ok, 61 * time.Second, 2},
		"before the bot's limit": {"HTTP/1.1 200 OK\r\nKeep-Alive: max=9, timeout=5\r\nContent-Length: 0\r\n\r\n", 4 * time.Second, 1},
		"at the bot's limit":     {"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n", 4800 * time.Millisecond, 2},
	}
	for name, c := range cases {
		story(t, name, func(t *testing.T) {
			b := answering(t, c.answer)
			s := b.sink()
			for range 2 {
				if err := deliver(t, s); err != nil {
					t.Fatal(err)
				}
				<-time.After(c.idle)
			}
			if dials, _ := b.seen(); dials != c.dials {
				t.Fatalf("%d connections", dials)
			}
		})
	}
}

// Connections outlive the contexts of their deliveries, and are cut by the one
// that uses them alone.
func TestConnectionsPassFromOneContextToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := answering(t, ok)
		s := b.sink()
		for i := range 10 {
			ctx, cancel := context.WithCancel(t.Context())
			if err := s.Deliver(ctx, someEvents(1, 1), 1); err != nil {
				t.Fatalf("delivery %d: %v", i, err)
			}
			if i%2 == 0 { // ends while the connection is idle
				cancel()
				synctest.Wait()
			} else {
				defer cancel()
			}
		}
		if dials, _ := b.seen(); dials != 6 {
			t.Fatalf("%d connections", dials)
		}
	})
}

func TestNoMoreConnectionsThanAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		b := newBot(t, func(c *botConn) {
			for c.request() {
				<-release
				_, _ = io.WriteString(c, ok)
			}
		})
		s := b.sink(func(c *Config) { c.MaxConns = 2 })
		results := make(chan error, 5)
		for range 5 {
			go func() { results <- deliver(t, s) }()
		}
		synctest.Wait()
		if dials, _ := b.seen(); dials != 2 {
			t.Errorf("%d connections", dials)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.pool.enter(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("waiting with an ended context: %v", err)
		}
		close(release)
		for range 5 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if dials, _ := b.seen(); dials != 2 {
			t.Errorf("%d connections", dials)
		}
	})
}

func TestClosedSinkKeepsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := answering(t, ok)
		s := b.sink()
		if err := deliver(t, s); err != nil {
			t.Fatal(err)
		}
		s.Close()
		b.running.Wait() // its connections have ended
		if err := deliver(t, s); err != nil {
			t.Fatal(err)
		}
		b.running.Wait()
	})
}
