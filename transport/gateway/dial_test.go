package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

func TestTheQueryAsksForWhatIsSpoken(t *testing.T) {
	cases := []struct {
		url      string
		compress Compression
		want     string
	}{
		{"ws://gateway.test", "", "/?compress=zlib-stream&encoding=json&v=10"},
		{"ws://gateway.test/", ZlibStream, "/?compress=zlib-stream&encoding=json&v=10"},
		{"ws://gateway.test", ZstdStream, "/?compress=zstd-stream&encoding=json&v=10"},
		{"ws://gateway.test?compress=zlib-stream", Payload, "/?encoding=json&v=10"},
		{"ws://gateway.test/x?v=6&compress=zstd-stream&region=eu", None, "/x?encoding=json&region=eu&v=10"},
	}
	for _, c := range cases {
		story(t, c.want, func(t *testing.T) {
			d := newDiscord(t, func(ws *websocket.Conn) { hold(ws) })
			conn, err := d.dialer(c.compress).Dial(t.Context(), c.url)
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.Close(4900, "")
			if d.url != c.want || d.agent != "test" {
				t.Fatalf("asked for %s as %s", d.url, d.agent)
			}
		})
	}
}

func TestURLsThatAreNoGateway(t *testing.T) {
	for text, want := range map[string]string{
		"https://gateway.discord.gg": "must begin with wss://",
		"gateway.discord.gg":         "must begin with wss://",
		"wss://":                     "names no host",
		"wss://:443":                 "names no host",
		"wss://me:pw@host":           "user name",
		"wss://a b":                  "cannot be parsed",
	} {
		e := dialError(t, errOf(new(Dialer).Dial(t.Context(), text)))
		if e.Stage != StageURL || !strings.Contains(e.Error(), want) || strings.Contains(e.Error(), "pw") {
			t.Errorf("%s: %v", text, e)
		}
	}
	e := dialError(t, errOf((&Dialer{Compress: "br"}).Dial(t.Context(), "wss://host")))
	if !strings.Contains(e.Error(), `unknown compression "br": use "zlib-stream", "zstd-stream", "payload" or "none"`) {
		t.Error(e)
	}
}

// errOf is the second of two results.
func errOf[A any](_ A, err error) error { return err }

func TestRefusedUpgradesCarryTheStatus(t *testing.T) {
	for status, want := range map[int]string{
		503: "connect to gateway.test: the host answered 503 Service Unavailable instead of opening a WebSocket: Discord or a proxy before it is in trouble; it is tried again",
		429: "connect to gateway.test: the host answered 429 Too Many Requests instead of opening a WebSocket: too many connections from this address; it is tried again later",
		302: "connect to gateway.test: the host answered 302 Found instead of opening a WebSocket: redirects are not followed",
		200: "connect to gateway.test: the host answered 200 OK instead of opening a WebSocket: check that this address is a gateway",
	} {
		story(t, http.StatusText(status), func(t *testing.T) {
			d := newDiscord(t, nil)
			d.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) })
			e := dialError(t, errOf(d.dialer(None).Dial(t.Context(), "ws://gateway.test")))
			if e.Stage != StageUpgrade || e.Status != status || e.Error() != want || !errors.Is(e, websocket.ErrBadHandshake) {
				t.Fatalf("status %d: %v", e.Status, e)
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
	e := dialError(t, errOf(new(Dialer).Dial(t.Context(), "ws://"+l.Addr().String())))
	if want := "connect to " + l.Addr().String() + ": connection refused: nothing listens there, or a firewall is in the way"; e.Stage != StageConnect || e.Error() != want {
		t.Fatal(e)
	}
}

func TestNamesThatAreNotKnown(t *testing.T) {
	d := &Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "gateway.test", IsNotFound: true}}
	}}
	e := dialError(t, errOf(d.Dial(t.Context(), "ws://gateway.test")))
	if want := "connect to gateway.test: there is no host of that name: check the machine's DNS and network"; e.Stage != StageResolve || e.Error() != want {
		t.Fatal(e)
	}
}

// silent accepts connections and never says a word; each is closed when the
// dialer closes its end.
func silent(t *testing.T) (dial func(context.Context, string, string) (net.Conn, error), closed chan struct{}) {
	closed = make(chan struct{}, 1)
	return func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			_, _ = io.Copy(io.Discard, theirs)
			theirs.Close()
			closed <- struct{}{}
		}()
		return ours, nil
	}, closed
}

func TestHandshakesEndWithTheirContextOrTimeout(t *testing.T) {
	for _, scheme := range []string{"ws", "wss"} {
		story(t, scheme+" cancelled", func(t *testing.T) {
			dial, closed := silent(t)
			ctx, cancel := context.WithCancel(t.Context())
			result := make(chan error)
			go func() { result <- errOf((&Dialer{NetDial: dial}).Dial(ctx, scheme+"://gateway.test")) }()
			synctest.Wait()
			begin := time.Now()
			cancel()
			if err := <-result; err != context.Canceled {
				t.Fatalf("got %v", err)
			}
			<-closed
			if time.Since(begin) != 0 {
				t.Fatalf("it took %s", time.Since(begin))
			}
		})
		story(t, scheme+" at the context's deadline", func(t *testing.T) {
			dial, closed := silent(t)
			ctx, cancel := context.WithTimeout(t.Context(), second)
			defer cancel()
			err := errOf((&Dialer{NetDial: dial}).Dial(ctx, scheme+"://gateway.test"))
			<-closed
			if err != context.DeadlineExceeded {
				t.Fatalf("got %v", err)
			}
		})
		story(t, scheme+" timed out", func(t *testing.T) {
			dial, closed := silent(t)
			begin := time.Now()
			e := dialError(t, errOf((&Dialer{NetDial: dial}).Dial(t.Context(), scheme+"://gateway.test")))
			<-closed
			if !strings.Contains(e.Error(), "no connection within 15s") || time.Since(begin) != DefaultHandshakeTimeout {
				t.Fatalf("after %s: %v", time.Since(begin), e)
			}
		})
	}
}

func TestTLSIsVerified(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err == nil {
			send(ws, "hello")
			hold(ws)
			ws.Close()
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	u, _ := url.Parse(server.URL)
	address := "wss://" + u.Host

	e := dialError(t, errOf(new(Dialer).Dial(t.Context(), address)))
	if e.Stage != StageTLS || !strings.Contains(e.Error(), "root certificates") {
		t.Fatalf("a certificate of nobody: %v", e)
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	conn, err := (&Dialer{TLS: &tls.Config{RootCAs: roots, NextProtos: []string{"h2", "http/1.1"}}}).Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	wantMessage(t, conn, "hello")
	if err := conn.Close(4900, "done"); err != nil {
		t.Fatal(err)
	}
	wantEnd(t, conn)

	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	e = dialError(t, errOf(new(Dialer).Dial(t.Context(), strings.Replace(plain.URL, "http", "wss", 1))))
	if e.Stage != StageTLS || !strings.Contains(e.Error(), "does not speak TLS") {
		t.Fatal(e)
	}
}
