package discordtest

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/klauspost/compress/zstd"
)

// The decoders of these tests pull, as a client's should: one stream for the life
// of the connection, over real TCP.
func TestCompressedStreamsDecode(t *testing.T) {
	for _, test := range []struct {
		name   string
		cfg    Config
		decode func(io.Reader) (io.Reader, error)
	}{
		{"zlib-stream", Config{}, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }},
		{"zlib-stream", Config{CompressLevel: CompressLight}, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }},
		{"zlib-stream", Config{SplitFrames: 100}, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }},
		{"zstd-stream", Config{}, func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) }},
	} {
		t.Run(fmt.Sprintf("%s %d %d", test.name, test.cfg.CompressLevel, test.cfg.SplitFrames), func(t *testing.T) {
			test.cfg.Guilds, test.cfg.Rate = 10, 3000
			s, err := New(test.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			ws, _, err := websocket.DefaultDialer.Dial(s.GatewayURL()+query+"&compress="+test.name, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer ws.Close()
			frames := &frameReader{ws: ws}
			plain, err := test.decode(frames)
			if err != nil {
				t.Fatal(err)
			}
			if err := ws.WriteMessage(1, []byte(identifyFrame(DefaultToken, AllIntents, 0, 1))); err != nil {
				t.Fatal(err)
			}
			checkStream(t, plain, 800)
			if test.cfg.SplitFrames > 0 && frames.largest > test.cfg.SplitFrames {
				t.Errorf("a frame has %d bytes", frames.largest)
			}
		})
	}
}

// checkStream reads n gateway messages, whose dispatches must count up.
func checkStream(t *testing.T, plain io.Reader, n int) {
	t.Helper()
	decoder := json.NewDecoder(plain)
	var last int64
	for i := range n {
		var f frame
		if err := decoder.Decode(&f); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		if i == 0 && f.Op != 10 || i > 0 && f.S != last+1 {
			t.Fatalf("message %d has op %d, s %d after %d", i, f.Op, f.S, last)
		}
		last = f.S
	}
}

// frameReader is the binary messages of a connection as one stream.
type frameReader struct {
	ws      *websocket.Conn
	rest    []byte
	largest int
}

func (r *frameReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		kind, message, err := r.ws.ReadMessage()
		if err != nil {
			return 0, err
		}
		if kind != websocket.BinaryMessage {
			return 0, fmt.Errorf("a message of kind %d", kind)
		}
		r.largest = max(r.largest, len(message))
		r.rest = message
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func TestZlibMessagesEndWithTheSyncMark(t *testing.T) {
	for _, level := range []int{CompressLight, 1, 6} {
		enc, err := newEncoder("zlib-stream", level)
		if err != nil {
			t.Fatal(err)
		}
		var stream bytes.Buffer
		var want bytes.Buffer
		for i := range 100 {
			message := bytes.Repeat([]byte(fmt.Sprintf(`{"op":%d},`, i)), 1+i*i%6000)
			packed, err := enc.encode(message)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasSuffix(packed, []byte{0, 0, 0xff, 0xff}) {
				t.Fatalf("level %d: message %d ends in %x", level, i, packed[len(packed)-4:])
			}
			stream.Write(packed)
			want.Write(message)
		}
		r, err := zlib.NewReader(&stream)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, want.Len())
		if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Errorf("level %d: it does not inflate to what went in: %v", level, err)
		}
	}
}

func TestSplitNeverEndsAPartLikeAMessage(t *testing.T) {
	message := append(bytes.Repeat([]byte{0, 0, 0xff, 0xff}, 20), 1, 2, 0, 0, 0xff, 0xff)
	parts := split(message, 8)
	for i, part := range parts {
		if ends := bytes.HasSuffix(part, []byte{0, 0, 0xff, 0xff}); ends != (i == len(parts)-1) || len(part) > 8 {
			t.Errorf("part %d is %x", i, part)
		}
	}
	if !bytes.Equal(bytes.Join(parts, nil), message) {
		t.Error("the parts are not the message")
	}
}

func TestCloseWaitsForEverything(t *testing.T) {
	s, err := New(Config{Guilds: 500, Rate: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	ws := dialRetry(t, s.GatewayURL()+query)
	defer ws.Close()
	if err := ws.WriteMessage(1, []byte(identifyFrame(DefaultToken, AllIntents, 0, 1))); err != nil {
		t.Fatal(err)
	}
	for range 10 { // and then do not read any more: the server's writer is held up
		if _, _, err := ws.ReadMessage(); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Run does not return")
	}
	if err := s.Start(t.Context()); err != ErrClosed {
		t.Errorf("started again: %v", err)
	}
}

// dialRetry dials a server that may still be starting: its listener is open.
func dialRetry(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(url, nil)
	for err != nil && t.Context().Err() == nil {
		ws, _, err = websocket.DefaultDialer.Dial(url, nil)
	}
	return ws
}
