package httpsink

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
)

// The tests of this file use real sockets, where the kernel has a say.

// sinkTo is a sink that delivers to an address.
func sinkTo(t testing.TB, address string, change ...func(*Config)) *Sink {
	t.Helper()
	u, err := ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	config := Config{URL: u, Authorization: "secret"}
	for _, c := range change {
		c(&config)
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// listen accepts connections and hands them to handle until the test ends.
func listen(t testing.TB, address string, handle func(c *net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("cannot listen on %s: %v", address, err)
	}
	var running sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			running.Go(func() {
				defer c.Close()
				handle(c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return "http://" + l.Addr().String() + "/events"
}

func TestEventsReachAnOrdinaryServer(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(address, func(t *testing.T) {
			l, err := net.Listen("tcp", address)
			if err != nil {
				t.Skip(err)
			}
			var connections atomic.Int32
			var bodies, host atomic.Value
			server := &httptest.Server{Listener: l, Config: &http.Server{
				Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					bodies.Store(string(body))
					host.Store(r.Host)
					w.WriteHeader(http.StatusNoContent)
				}),
				ConnState: func(_ net.Conn, state http.ConnState) {
					if state == http.StateNew {
						connections.Add(1)
					}
				},
			}}
			server.Start()
			defer server.Close()
			s := sinkTo(t, server.URL)
			for _, size := range []int{1, 100, 10_000, 3_000_000, 1} {
				events := someEvents(2, size)
				if err := s.Deliver(t.Context(), events, 1); err != nil {
					t.Fatal(err)
				}
				if bodies.Load() != string(appendBody(nil, events)) {
					t.Fatalf("a body of %d bytes differs", size)
				}
			}
			if host.Load() != l.Addr().String() {
				t.Errorf("Host: %v", host.Load())
			}
			// A large request's end may be noticed after its answer, so that the
			// connection is given up; it never costs more than that.
			if n := connections.Load(); n > 2 {
				t.Errorf("%d connections", n)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	e := failure(t, deliver(t, sinkTo(t, "http://"+l.Addr().String())))
	want := "cannot connect to " + l.Addr().String() + ": connection refused: is the bot running, and does it listen there?"
	if e.Verdict != delivery.Retry || e.Error() != want {
		t.Fatalf("got %v", e)
	}
}

func TestConnectionResetIsRetried(t *testing.T) {
	address := listen(t, "127.0.0.1:0", func(c *net.TCPConn) {
		_, _ = c.Read(make([]byte, 10))
		_ = c.SetLinger(0)
	})
	e := failure(t, deliver(t, sinkTo(t, address)))
	if e.Verdict != delivery.Retry || !strings.Contains(e.Error(), "without an answer") {
		t.Fatalf("got %v", e)
	}
}

// A server that closes an unused connection and then answers on the next one:
// the sink must neither fail nor send anything into the dead one.
func TestClosedConnectionIsNoticedBeforeItIsUsed(t *testing.T) {
	closed := make(chan struct{}, 1)
	var requests atomic.Int32
	address := listen(t, "127.0.0.1:0", func(c *net.TCPConn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			requests.Add(1)
			_, _ = io.WriteString(c, ok)
		}
		_ = c.CloseWrite()
		closed <- struct{}{}
		_, _ = io.Copy(io.Discard, c)
	})
	s := sinkTo(t, address)
	if err := deliver(t, s); err != nil {
		t.Fatal(err)
	}
	<-closed
	c := s.pool.pop()
	deadline := time.Now().Add(5 * time.Second)
	for quiet(c.raw) { // until the end has come over
		if time.Now().After(deadline) {
			t.Skip("this system cannot look into a connection")
		}
	}
	c.idleSince = c.idleSince.Add(-2 * probeAfter)
	s.pool.idle = append(s.pool.idle, c)
	if got := s.pool.kept(t.Context(), time.Now()); got != nil {
		t.Fatal("a closed connection was taken for good")
	}
	if err := deliver(t, s); err != nil {
		t.Fatal(err)
	}
}

func TestTLSIsVerified(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()

	e := failure(t, deliver(t, sinkTo(t, server.URL)))
	if e.Verdict != delivery.Retry || !strings.Contains(e.Error(), "check the bot's certificate") {
		t.Fatalf("a certificate of nobody: %v", e)
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	s := sinkTo(t, server.URL, func(c *Config) { c.TLS = &tls.Config{RootCAs: roots} })
	for range 3 {
		if err := deliver(t, s); err != nil {
			t.Fatalf("with its root: %v", err)
		}
	}
	plain := failure(t, deliver(t, sinkTo(t, strings.Replace(server.URL, "https", "http", 1))))
	if plain.Status != http.StatusBadRequest {
		t.Fatalf("without TLS: %v", plain)
	}
}

func TestHTTPSToAPlainPortSaysSo(t *testing.T) {
	address := listen(t, "127.0.0.1:0", func(c *net.TCPConn) {
		_, _ = c.Read(make([]byte, 1000))
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
	})
	e := failure(t, deliver(t, sinkTo(t, strings.Replace(address, "http", "https", 1))))
	if !strings.Contains(e.Error(), "does not speak TLS") {
		t.Fatalf("got %v", e)
	}
}

func TestManyDeliveriesAtATime(t *testing.T) {
	var got atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if got.Add(1)%50 == 0 {
			w.Header().Set("Connection", "close")
		}
	}))
	defer server.Close()
	s := sinkTo(t, server.URL, func(c *Config) { c.MaxConns = 4 })
	var running sync.WaitGroup
	var sent atomic.Int64
	for range 16 {
		running.Go(func() {
			for range 100 {
				if err := s.Deliver(t.Context(), someEvents(1, 500), 1); err != nil {
					t.Error(err)
					return
				}
				sent.Add(1)
			}
		})
	}
	running.Wait()
	if got.Load() < sent.Load() || got.Load() > sent.Load()+50 {
		t.Fatalf("%d sent, %d received", sent.Load(), got.Load())
	}
}

// A bot that hears of an event now and then keeps its connection: what is left of
// the last exchange's deadline must not make it look dead.
func TestAQuietConnectionOutlivesTheDeadlineOfItsLastExchange(t *testing.T) {
	answers := map[string]string{
		"length": ok,
		"chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			var connections atomic.Int32
			address := listen(t, "127.0.0.1:0", func(c *net.TCPConn) {
				connections.Add(1)
				for br := bufio.NewReader(c); ; {
					r, err := http.ReadRequest(br)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					_, _ = io.WriteString(c, answer)
				}
			})
			s := sinkTo(t, address)
			for range 3 {
				if err := s.Deliver(t.Context(), someEvents(1, 10), 1); err != nil {
					t.Fatal(err)
				}
				c := s.pool.idle[0]
				// As if more than the timeout had passed.
				_ = c.raw.SetDeadline(time.Unix(1, 0))
				c.idleSince = c.idleSince.Add(-2 * probeAfter)
			}
			if n := connections.Load(); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	}
}
