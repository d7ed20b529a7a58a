package gateway

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

func TestMessagesComeAsTheyWereSent(t *testing.T) {
	large := `[` + strings.Repeat(`{"op":0},`, 200_000) + `"}{"]`
	messages := []string{`{"op":10}`, large, "x", strings.Repeat("y", 4096), `{"op":11}`}

	story(t, "without compression", func(t *testing.T) {
		d := newDiscord(t, func(ws *websocket.Conn) { send(ws, messages...); hold(ws) })
		conn := d.connect(None)
		for _, m := range messages {
			wantMessage(t, conn, m)
		}
	})
	story(t, "zlib-stream in one frame and in several, text between", func(t *testing.T) {
		d := newDiscord(t, func(ws *websocket.Conn) {
			var z deflater
			for i, m := range messages {
				frame := z.frame(m)
				for n := 1; i%2 == 1 && len(frame) > n; n *= 2 {
					_ = ws.WriteMessage(websocket.BinaryMessage, frame[:n])
					frame = frame[n:]
				}
				_ = ws.WriteMessage(websocket.BinaryMessage, frame)
			}
			send(ws, "", "text")
			_ = ws.WriteMessage(websocket.BinaryMessage, z.frame("")) // a flush of nothing
			_ = ws.WriteMessage(websocket.BinaryMessage, z.frame("last"))
			hold(ws)
		})
		conn := d.connect(ZlibStream)
		for _, m := range append(messages, "text", "last") {
			wantMessage(t, conn, m)
		}
		wire, inflated := conn.Received()
		if want := uint64(len(strings.Join(messages, "")) + len("textlast")); inflated != want {
			t.Errorf("%d bytes inflated, want %d", inflated, want)
		}
		if wire == 0 || wire > 20_000 {
			t.Errorf("%d bytes over the wire", wire)
		}
	})
}

func TestFramesGoOutWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := make(chan string, 100)
		d := newDiscord(t, func(ws *websocket.Conn) {
			for {
				kind, m, err := ws.ReadMessage()
				if err != nil {
					return
				}
				got <- fmt.Sprint(kind, len(m), string(m[0]))
			}
		})
		conn := d.connect(ZlibStream)
		var writers sync.WaitGroup
		for i := range 20 {
			writers.Go(func() {
				if err := conn.Write(bytes.Repeat([]byte{byte('a' + i)}, 4000+i)); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		seen := map[string]bool{}
		for range 20 {
			seen[<-got] = true
		}
		for i := range 20 {
			if want := fmt.Sprint(websocket.TextMessage, 4000+i, string(rune('a'+i))); !seen[want] {
				t.Errorf("%s did not arrive", want)
			}
		}
	})
}

func TestPingsAreAnsweredWhileReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiscord(t, func(ws *websocket.Conn) {
			ws.SetPongHandler(func(data string) error { send(ws, "pong "+data); return nil })
			_ = ws.WriteControl(websocket.PingMessage, []byte("7"), time.Now().Add(second))
			hold(ws)
		})
		wantMessage(t, d.connect(ZlibStream), "pong 7")
	})
}

func TestHowConnectionsEnd(t *testing.T) {
	closing := func(code int, reason string) func(ws *websocket.Conn) {
		return func(ws *websocket.Conn) {
			_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(second))
			hold(ws)
		}
	}
	binary := func(data ...byte) func(ws *websocket.Conn) {
		return func(ws *websocket.Conn) { _ = ws.WriteMessage(websocket.BinaryMessage, data); hold(ws) }
	}
	cases := map[string]struct {
		serve  func(ws *websocket.Conn)
		code   int
		reason string
	}{
		"a fatal code":  {closing(4004, "Authentication failed."), 4004, "Authentication failed."},
		"going away":    {closing(1001, "Discord WebSocket requesting client reconnect."), 1001, "Discord WebSocket requesting client reconnect."},
		"an odd reason": {closing(4000, "a\x1b[31m\nb"), 4000, "a [31m b"},
		"no code":       {closing(1005, ""), 0, "closed without a code"},
		"no goodbye":    {func(*websocket.Conn) {}, 0, "it ended without a close frame"},
		"not zlib":      {binary([]byte("garbage\x00\x00\xff\xff")...), 0, "cannot inflate what came: corrupt compressed data: it does not begin like one"},
		"a broken frame": {func(ws *websocket.Conn) { _, _ = ws.NetConn().Write([]byte{0x83, 0}); hold(ws) }, 0,
			"bad opcode 3"},
		"half a frame": {func(ws *websocket.Conn) { _, _ = ws.NetConn().Write([]byte{0x82, 100, 1, 2}) }, 0,
			"it ended without a close frame"},
	}
	for name, c := range cases {
		story(t, name, func(t *testing.T) {
			conn := newDiscord(t, c.serve).connect(ZlibStream)
			if end := wantEnd(t, conn); end.Code != c.code || end.Reason != c.reason {
				t.Fatalf("ended with %d, %q", end.Code, end.Reason)
			}
			if err := conn.Write([]byte("x")); err == nil {
				t.Error("a frame went out after the end")
			}
		})
	}
	story(t, "compressed without asking", func(t *testing.T) {
		conn := newDiscord(t, binary(1)).connect(None)
		if end := wantEnd(t, conn); !strings.Contains(end.Reason, "not asked for") {
			t.Fatal(end)
		}
	})
}

func TestMessageBeyondTheBoundEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiscord(t, func(ws *websocket.Conn) {
			// The head of a frame says enough: 127, then 64 bits of length.
			_, _ = ws.NetConn().Write([]byte{0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0})
			hold(ws)
		})
		if end := wantEnd(t, d.connect(ZlibStream)); !strings.Contains(end.Reason, "more than 67108864 bytes") {
			t.Fatal(end)
		}
	})
}

func TestCloseSendsItsCodeAndEndsARead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		received := make(chan error, 1)
		d := newDiscord(t, func(ws *websocket.Conn) {
			_, _, err := ws.ReadMessage()
			received <- err
		})
		conn := d.connect(ZlibStream)
		ended := make(chan error)
		go func() { _, err := conn.Read(); ended <- err }()
		synctest.Wait()
		begin := time.Now()
		var closers sync.WaitGroup
		for range 5 {
			closers.Go(func() { _ = conn.Close(4900, "restart "+strings.Repeat("ü", 200)) })
		}
		if err := <-ended; err == nil || err.Error() != "connection lost: closed by us with 4900" {
			t.Errorf("the read ended with %v", err)
		}
		closers.Wait()
		if err := <-received; !websocket.IsCloseError(err, 4900) || !strings.Contains(err.Error(), "restart ü") {
			t.Errorf("Discord got %v", err)
		}
		if time.Since(begin) != 0 {
			t.Errorf("it took %s", time.Since(begin))
		}
		if err := conn.Write([]byte("x")); err == nil {
			t.Error("a frame went out after the close")
		}
	})
}

// What is still on its way when a connection is closed must be read, or the
// kernel resets the connection and the close frame may be lost on the other
// side. This takes a real socket.
func TestCloseReadsWhatIsOnItsWay(t *testing.T) {
	received := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			received <- err
			return
		}
		defer ws.Close()
		for range 100 {
			send(ws, strings.Repeat("x", 10_000))
		}
		_, _, err = ws.ReadMessage()
		received <- err
	}))
	defer server.Close()
	conn, err := (&Dialer{Compress: None}).Dial(t.Context(), strings.Replace(server.URL, "http", "ws", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(1000, ""); err != nil {
		t.Fatal(err)
	}
	if err := <-received; !websocket.IsCloseError(err, 1000) {
		t.Fatalf("Discord got %v", err)
	}
	wantEnd(t, conn)
}

func TestNothingHangsOnADeadPeer(t *testing.T) {
	dead := func(t *testing.T) *fakeDiscord {
		return newDiscord(t, func(ws *websocket.Conn) { <-t.Context().Done() }) // reads and says nothing
	}
	story(t, "write", func(t *testing.T) {
		conn := dead(t).connect(ZlibStream)
		begin := time.Now()
		err := conn.Write([]byte("heartbeat"))
		if err == nil || err.Error() != "write to the gateway: timed out" || time.Since(begin) != DefaultWriteTimeout {
			t.Fatalf("after %s: %v", time.Since(begin), err)
		}
		wantEnd(t, conn) // it is cut: a part of the frame may have left
	})
	story(t, "close", func(t *testing.T) {
		conn := dead(t).connect(ZlibStream)
		ended := make(chan error, 1)
		go func() { _, err := conn.Read(); ended <- err }()
		synctest.Wait()
		begin := time.Now()
		_ = conn.Close(4900, "")
		if took := time.Since(begin); took > 2*second {
			t.Fatalf("it took %s", took)
		}
		if err := <-ended; err == nil {
			t.Fatal("the read did not end")
		}
	})
	story(t, "close while a write is stuck", func(t *testing.T) {
		conn := dead(t).connect(ZlibStream)
		written := make(chan error, 1)
		go func() { written <- conn.Write([]byte("x")) }()
		synctest.Wait()
		begin := time.Now()
		_ = conn.Close(4900, "")
		if took := time.Since(begin); took > 2*second {
			t.Fatalf("it took %s", took)
		}
		if err := <-written; err == nil {
			t.Fatal("the write succeeded")
		}
	})
	story(t, "close that is never answered, though data keep coming", func(t *testing.T) {
		d := newDiscord(t, func(ws *websocket.Conn) {
			go io.Copy(io.Discard, ws.NetConn())
			for ws.WriteMessage(websocket.TextMessage, []byte("more")) == nil {
				<-time.After(50 * time.Millisecond)
			}
		})
		conn := d.connect(None)
		begin := time.Now()
		_ = conn.Close(4900, "")
		if took := time.Since(begin); took > 2*second {
			t.Fatalf("it took %s", took)
		}
	})
}

func TestAQuietConnectionKeepsNoLargeBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var z deflater
		d := newDiscord(t, func(ws *websocket.Conn) {
			_ = ws.WriteMessage(websocket.BinaryMessage, z.frame(strings.Repeat("large", 1<<20)))
			hold(ws)
		})
		shared := d.connect(ZlibStream)
		if _, err := shared.Read(); err != nil {
			t.Fatal(err)
		}
		go shared.Read()
		synctest.Wait() // until that waits for the next message
		c := shared.(*conn)
		if c.frame != nil {
			t.Error("it keeps a frame")
		}
	})
}

// Whoever holds the last message may be waiting for room in a queue while
// somebody else closes: what comes meanwhile must not be written over it.
func TestAMessageOutlivesAClose(t *testing.T) {
	for _, compress := range []Compression{None, ZlibStream} {
		story(t, string(compress), func(t *testing.T) {
			want, other := strings.Repeat("a", 100), strings.Repeat("b", 60_000)
			var z deflater
			d := newDiscord(t, func(ws *websocket.Conn) {
				put := func(message string) {
					if compress == None {
						send(ws, message)
						return
					}
					_ = ws.WriteMessage(websocket.BinaryMessage, z.frame(message))
				}
				ws.SetCloseHandler(func(int, string) error { put(other); put(other); return nil })
				put(want)
				hold(ws)
			})
			dialer := d.dialer(compress)
			conn, err := dialer.Dial(t.Context(), "ws://gateway.test")
			if err != nil {
				t.Fatal(err)
			}
			got, err := conn.Read()
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.Close(4900, "")
			for range 4 { // whoever gets its memory next must not be given it yet
				b := dialer.buffers.Get(64 << 10)
				clear(*b)
				b = dialer.buffers.Get(0)
				clear(*b)
			}
			if string(got) != want {
				t.Fatalf("it has become %.20q", got)
			}
			wantEnd(t, conn)
		})
	}
}
