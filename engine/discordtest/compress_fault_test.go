package discordtest

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// unpack inflates what was sent so far of a stream.
func unpack(t *testing.T, name string, stream []byte) []byte {
	t.Helper()
	var r io.Reader
	var err error
	if name == "zstd-stream" {
		r, err = zstd.NewReader(bytes.NewReader(stream), zstd.WithDecoderConcurrency(1))
	} else {
		r, err = zlib.NewReader(bytes.NewReader(stream))
	}
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if !errors.Is(err, io.ErrUnexpectedEOF) { // the stream has no end
		return nil
	}
	return plain
}

func TestJoinHoldsOneEventForTheNextMessage(t *testing.T) {
	const ack, event = `{"t":null,"s":null,"op":11,"d":null}`, `{"t":"X","s":1,"op":0,"d":{}}`
	for _, name := range []string{"zlib-stream", "zstd-stream"} {
		enc, err := newEncoder(name, 6)
		if err != nil {
			t.Fatal(err)
		}
		enc.(*faultyEncoder).join.Store(true)
		var stream []byte
		for i, step := range []struct {
			frame string
			parts int
		}{{ack, 1}, {event, 0}, {ack, 1}, {event, 1}} {
			packed, err := enc.encode([]byte(step.frame))
			if err != nil {
				t.Fatal(err)
			}
			parts := split(packed, 0)
			if len(parts) != step.parts {
				t.Fatalf("%s: message %d leaves in %d frames", name, i, len(parts))
			}
			stream = append(stream, bytes.Join(parts, nil)...)
		}
		if got := string(unpack(t, name, stream)); got != ack+event+ack+event {
			t.Errorf("%s: it inflates to %q", name, got)
		}
	}
}

// Every kind of damage hits one message, shows, and leaves the compressor as it
// was, for there may be a proxy in between that is to blame.
func TestDamageHitsOneMessageAndShows(t *testing.T) {
	frames := []string{`{"op":10}`, `{"t":"X","s":1,"op":0,"d":{"content":"anything that a user may write"}}`, `{"op":11}`}
	for _, name := range []string{"zlib-stream", "zstd-stream"} {
		for how := DamageBits; how < damageEnd; how++ {
			for _, level := range []int{6, CompressLight} {
				enc, err := newEncoder(name, level)
				if err != nil {
					t.Fatal(err)
				}
				var stream []byte
				for i, frame := range frames {
					if i == 1 {
						enc.(*faultyEncoder).damage.Store(uint32(how))
					}
					packed, err := enc.encode([]byte(frame))
					if err != nil {
						t.Fatal(err)
					}
					stream = append(stream, packed...)
				}
				got := unpack(t, name, stream)
				if rest := bytes.TrimPrefix(got, []byte(frames[0])); len(rest) > 0 && json.Valid(rest) {
					t.Errorf("%s, damage %d: it inflates to %q", name, how, got)
				}
			}
		}
	}
	var p packer
	for how := DamageBits; how < damageEnd; how++ {
		p.faults.damage.Store(uint32(how))
		for i := range 2 {
			document, err := p.pack([]byte(frames[1]))
			if err != nil {
				t.Fatal(err)
			}
			var plain []byte
			r, err := zlib.NewReader(bytes.NewReader(document))
			if err == nil {
				plain, err = io.ReadAll(r)
			}
			if whole := err == nil && string(plain) == frames[1]; whole != (i == 1) {
				t.Errorf("damage %d, document %d: %q, %v", how, i, plain, err)
			}
		}
	}
}

func TestFaultsOfCompressedFramesNeedSome(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		if err := s.CorruptNext(Pair{}); !errors.Is(err, ErrNoSession) {
			t.Errorf("nobody is there: %v", err)
		}
		c := hello(t, s, dial)
		c.ready(0, 1)
		for what, err := range map[string]error{"corrupt": s.CorruptNext(Pair{}), "join": s.JoinNext(Pair{})} {
			if !errors.Is(err, ErrNotCompressed) {
				t.Errorf("%s on plain text: %v", what, err)
			}
		}
		if err := s.CorruptNextBy(Pair{}, damageEnd); err == nil {
			t.Error("there is such damage")
		}
	})
}

func TestZstdMessagesAreNeverSplit(t *testing.T) {
	enc, err := newEncoder("zstd-stream", 0)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := enc.encode([]byte(`{"op":10,"d":{"heartbeat_interval":41250,"_trace":["[\"gateway-prd-us-east1-b\"]"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if parts := split(packed, 10); len(parts) != 1 || !bytes.Equal(parts[0], packed) {
		t.Errorf("%d parts", len(parts))
	}
}
