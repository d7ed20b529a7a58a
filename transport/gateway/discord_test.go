package gateway

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/shard"
)

// fakeDiscord accepts connections in memory. Under synctest its clock runs by
// itself, so that seconds of waiting cost nothing.
type fakeDiscord struct {
	t        *testing.T
	server   http.Server
	accepted chan net.Conn
	done     chan struct{}
	serving  sync.WaitGroup
	url      string // of the last upgrade
	agent    string
}

// newDiscord runs serve for every connection that has been upgraded.
func newDiscord(t *testing.T, serve func(ws *websocket.Conn)) *fakeDiscord {
	d := &fakeDiscord{t: t, accepted: make(chan net.Conn), done: make(chan struct{})}
	d.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.serving.Add(1)
		defer d.serving.Done()
		d.url, d.agent = r.URL.String(), r.UserAgent()
		ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		serve(ws)
	})
	d.start()
	return d
}

func (d *fakeDiscord) start() {
	d.serving.Go(func() { _ = d.server.Serve(d) })
	d.t.Cleanup(func() {
		close(d.done)
		d.server.Close()
		d.serving.Wait()
	})
}

func (d *fakeDiscord) Accept() (net.Conn, error) {
	select {
	case c := <-d.accepted:
		return c, nil
	case <-d.done:
		return nil, net.ErrClosed
	}
}

func (d *fakeDiscord) Close() error   { return nil }
func (d *fakeDiscord) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

func (d *fakeDiscord) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case d.accepted <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (d *fakeDiscord) dialer(compress Compression) *Dialer {
	return &Dialer{Compress: compress, NetDial: d.dial, UserAgent: "test"}
}

// connect dials and fails the test if that fails.
func (d *fakeDiscord) connect(compress Compression) shard.Conn {
	d.t.Helper()
	conn, err := d.dialer(compress).Dial(d.t.Context(), "ws://gateway.test")
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { conn.Close(4900, "") })
	return conn
}

// story runs a test in a bubble with a clock of its own.
func story(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// send writes text frames.
func send(ws *websocket.Conn, messages ...string) {
	for _, m := range messages {
		if ws.WriteMessage(websocket.TextMessage, []byte(m)) != nil {
			return
		}
	}
}

// deflater makes the frames of a zlib-stream.
type deflater struct {
	out bytes.Buffer
	w   *zlib.Writer
}

func (d *deflater) frame(message string) []byte {
	if d.w == nil {
		d.w = zlib.NewWriter(&d.out)
	}
	d.out.Reset()
	_, _ = d.w.Write([]byte(message))
	_ = d.w.Flush()
	return bytes.Clone(d.out.Bytes())
}

// hold reads until the other side is gone, as a server does that has nothing to say.
func hold(ws *websocket.Conn) {
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}

// wantMessage reads one message.
func wantMessage(t *testing.T, conn shard.Conn, want string) {
	t.Helper()
	got, err := conn.Read()
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	if string(got) != want {
		t.Fatalf("read %.60q, want %.60q", got, want)
	}
}

// wantEnd reads the end of a connection, twice.
func wantEnd(t *testing.T, conn shard.Conn) *discord.CloseError {
	t.Helper()
	for {
		_, err := conn.Read()
		if err == nil {
			continue
		}
		var closed *discord.CloseError
		if !errors.As(err, &closed) {
			t.Fatalf("the end is %T: %v", err, err)
		}
		if _, again := conn.Read(); again != err {
			t.Fatalf("first %v, then %v", err, again)
		}
		return closed
	}
}

// dialError is the error that a test expects of a dial.
func dialError(t *testing.T, err error) *DialError {
	t.Helper()
	var e *DialError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a dial error", err)
	}
	return e
}

const second = time.Second
