package gateway

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/klauspost/compress/zstd"

	"github.com/gatehouse-gateway/gatehouse/transport/gateway/inflate"
)

// packer makes the frames of a compression.
type packer struct {
	deflater
	zstd   *zstd.Encoder
	stream bytes.Buffer
}

func (p *packer) pack(compress Compression, message string) []byte {
	switch compress {
	case ZlibStream:
		return p.frame(message)
	case Payload:
		var out bytes.Buffer
		w := zlib.NewWriter(&out)
		_, _ = w.Write([]byte(message))
		_ = w.Close()
		return out.Bytes()
	case ZstdStream:
		if p.zstd == nil {
			p.zstd, _ = zstd.NewWriter(&p.stream, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(128<<10))
		}
		p.stream.Reset()
		_, _ = p.zstd.Write([]byte(message))
		_ = p.zstd.Flush()
		return bytes.Clone(p.stream.Bytes())
	default:
		return []byte(message)
	}
}

// kindOf is how a compression's frames are sent.
func kindOf(compress Compression) int {
	if compress == None {
		return websocket.TextMessage
	}
	return websocket.BinaryMessage
}

func TestMessagesJoinedInAFrameComeOneByOne(t *testing.T) {
	messages := []string{
		`{"s":1,"d":{"content":"}{ \"}{\" \\"}}`, `{"s":2}`, `{"s":3,"d":[{},[{}],"]}"]}`,
		`{"s":4,"d":"` + strings.Repeat("long ", 300_000) + `"}`, `{"s":5}`,
	}
	for _, compress := range compressions {
		story(t, string(compress), func(t *testing.T) {
			d := newDiscord(t, func(ws *websocket.Conn) {
				var p packer
				var frame []byte
				for _, m := range messages {
					frame = append(frame, p.pack(compress, m)...)
				}
				_ = ws.WriteMessage(kindOf(compress), frame)
				_ = ws.WriteMessage(kindOf(compress), p.pack(compress, `{"s":6}`))
				send(ws, `{"s":7}`)
				hold(ws)
			})
			conn := d.connect(compress)
			for _, m := range append(messages, `{"s":6}`, `{"s":7}`) {
				wantMessage(t, conn, m)
			}
		})
	}
}

// What looks joined and is not a row of JSON objects is left to the scanner, which
// refuses it.
func TestWhatIsNotJoinedStaysWhole(t *testing.T) {
	for _, text := range []string{
		`{"d":"}{"}`, `{"d":{"content":"}{}{}{"}}`, `"}{`, `{{}{`, `{"d":"\"}{`, `x`, ``, `{"a":1}`, `["}{"]`,
	} {
		if got := firstMessage([]byte(text)); string(got) != text {
			t.Errorf("%s is cut to %s", text, got)
		}
	}
	for text, want := range map[string]string{`{}{}`: `{}`, `{"a":"}{"}{"b":1}`: `{"a":"}{"}`, `}{`: `}`} {
		if got := firstMessage([]byte(text)); string(got) != want {
			t.Errorf("%s gives %s", text, got)
		}
	}
}

func TestJoinedMessagesAreDroppedByAClose(t *testing.T) {
	story(t, "zlib", func(t *testing.T) {
		d := newDiscord(t, func(ws *websocket.Conn) {
			var z deflater
			_ = ws.WriteMessage(websocket.BinaryMessage, append(z.frame(`{"s":1}`), z.frame(`{"s":2}`)...))
			hold(ws)
		})
		conn := d.connect(ZlibStream)
		wantMessage(t, conn, `{"s":1}`)
		_ = conn.Close(4900, "")
		if message, err := conn.Read(); err == nil {
			t.Fatalf("read %q after the close", message)
		}
	})
}

// The damage that each decoder must find, in the frame after Hello.
func TestDamageEndsEveryCompressedConnection(t *testing.T) {
	const hello, event = `{"op":10}`, `{"t":"MESSAGE_CREATE","s":1,"op":0,"d":{"content":"some text of the user's own"}}`
	for name, damage := range map[string]func(frame []byte) []byte{
		"cut in the middle":             func(f []byte) []byte { return f[:len(f)/2] },
		"without its last byte":         func(f []byte) []byte { return f[:len(f)-1] },
		"without its first byte":        func(f []byte) []byte { return f[1:] },
		"begun with an unknown kind":    func(f []byte) []byte { return append([]byte{f[0] | 6}, f[1:]...) },
		"noise":                         func(f []byte) []byte { return bytes.Repeat([]byte{0xa7, 0x3c, 0xfe}, len(f)) },
		"text":                          func([]byte) []byte { return []byte(event) },
		"a stream that begins anew":     func(f []byte) []byte { return append([]byte{0x78, 0x9c}, f...) },
		"another that begins anew":      func(f []byte) []byte { return append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0, 0x38}, f...) },
		"a frame of another connection": func([]byte) []byte { return new(deflater).frame(event) },
	} {
		for _, compress := range compressions[1:] {
			story(t, string(compress)+" "+name, func(t *testing.T) {
				d := newDiscord(t, func(ws *websocket.Conn) {
					var p packer
					_ = ws.WriteMessage(websocket.BinaryMessage, p.pack(compress, hello))
					_ = ws.WriteMessage(websocket.BinaryMessage, damage(p.pack(compress, event)))
					for range 6 { // a zlib-stream waits for the end of the message
						_ = ws.WriteMessage(websocket.BinaryMessage, p.pack(compress, event))
					}
					hold(ws)
				})
				conn := d.connect(compress)
				wantMessage(t, conn, hello)
				if message, err := conn.Read(); err == nil {
					t.Fatalf("it gives %q", message)
				}
				if end := wantEnd(t, conn); !strings.HasPrefix(end.Reason, "cannot inflate what came: "+inflate.ErrCorrupt.Error()) {
					t.Fatal(end)
				}
			})
		}
	}
}

// The reason of a window that is too large says what to do.
func TestAZstdWindowThatIsTooLargeNamesTheRemedy(t *testing.T) {
	story(t, "128 MiB", func(t *testing.T) {
		d := newDiscord(t, func(ws *websocket.Conn) {
			_ = ws.WriteMessage(websocket.BinaryMessage, []byte{0x28, 0xb5, 0x2f, 0xfd, 0, (27 - 10) << 3, 8, 0, 0, 'x'})
			hold(ws)
		})
		want := "cannot inflate what came: the zstd window is too large: 134217728 bytes per connection where 8388608 are allowed; use zlib-stream instead"
		if end := wantEnd(t, d.connect(ZstdStream)); end.Reason != want {
			t.Fatal(end)
		}
	})
}

// Rows of any JSON objects come apart where they were joined.
func FuzzFirstMessage(f *testing.F) {
	f.Add([]byte(`{"a":"}{"}`), []byte(`{"b":["\"}{",{}]}`))
	f.Add([]byte(`{}`), []byte(`{"\\":"\\\\\"{"}`))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		_ = firstMessage(one)
		var a, b bytes.Buffer
		if json.Compact(&a, one) != nil || json.Compact(&b, two) != nil || a.Bytes()[0] != '{' || b.Bytes()[0] != '{' {
			return
		}
		row := append(bytes.Clone(a.Bytes()), b.Bytes()...)
		if got := firstMessage(row); !bytes.Equal(got, a.Bytes()) {
			t.Fatalf("%s of %s", got, row)
		}
		if got := firstMessage(b.Bytes()); !bytes.Equal(got, b.Bytes()) {
			t.Fatalf("%s of %s", got, b.Bytes())
		}
	})
}
