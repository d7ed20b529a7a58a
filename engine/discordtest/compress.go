package discordtest

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// encoder is the transport compression of one connection. What encode returns is
// valid until the next call.
type encoder interface {
	encode(frame []byte) ([]byte, error)
}

// newEncoder makes the encoder that the `compress` parameter asks for; nil for
// none.
func newEncoder(name string, level int) (encoder, error) {
	switch {
	case name == "zlib-stream" && level == CompressLight:
		return &lightZlib{}, nil
	case name == "zlib-stream":
		e := new(streamEncoder)
		w, err := zlib.NewWriterLevel(&e.out, level)
		if err != nil {
			return nil, fmt.Errorf("discordtest: %w", err)
		}
		e.w = w
		return e, nil
	case name == "zstd-stream":
		e := new(streamEncoder)
		w, err := zstd.NewWriter(&e.out, zstd.WithEncoderLevel(zstd.SpeedFastest),
			zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(128<<10))
		if err != nil {
			return nil, fmt.Errorf("discordtest: %w", err)
		}
		e.w = w
		return e, nil
	default:
		return nil, nil
	}
}

// streamEncoder is one compressor for the life of a connection, flushed after
// every message.
type streamEncoder struct {
	out bytes.Buffer
	w   interface {
		Write([]byte) (int, error)
		Flush() error
	}
}

func (e *streamEncoder) encode(frame []byte) ([]byte, error) {
	e.out.Reset()
	if _, err := e.w.Write(frame); err != nil {
		return nil, err
	}
	if err := e.w.Flush(); err != nil {
		return nil, err
	}
	return e.out.Bytes(), nil
}

// lightContext is how far back lightZlib refers, in bytes.
const lightContext = 4 << 10

// lightZlib compresses message by message against the last 4 kB before it, which
// costs 4 kB per connection in place of hundreds: a thousand connections fit in
// a demo. To the client it is one zlib stream like any other.
type lightZlib struct {
	out  bytes.Buffer
	last []byte
	open bool
}

func (e *lightZlib) encode(frame []byte) ([]byte, error) {
	e.out.Reset()
	if !e.open {
		e.out.Write([]byte{0x78, 0x01})
		e.open = true
	}
	if err := flate.StatelessDeflate(&e.out, frame, false, e.last); err != nil {
		return nil, err
	}
	if len(frame) >= lightContext {
		e.last = append(e.last[:0], frame[len(frame)-lightContext:]...)
		return e.out.Bytes(), nil
	}
	e.last = append(e.last, frame...)
	if over := len(e.last) - lightContext; over > 0 {
		e.last = append(e.last[:0], e.last[over:]...)
	}
	return e.out.Bytes(), nil
}

// packer makes complete zlib documents, for payload compression. Connections
// share its compressors.
type packer struct{ writers sync.Pool }

func (p *packer) pack(frame []byte) ([]byte, error) {
	w, ok := p.writers.Get().(*zlib.Writer)
	if !ok {
		w = zlib.NewWriter(nil)
	}
	defer p.writers.Put(w)
	var out bytes.Buffer
	w.Reset(&out)
	if _, err := w.Write(frame); err != nil {
		return nil, err
	}
	err := w.Close()
	return out.Bytes(), err
}

// split cuts a compressed message into parts of at most size bytes; none but the
// last ends like a message.
func split(message []byte, size int) [][]byte {
	if size <= 0 || len(message) <= size {
		return [][]byte{message}
	}
	var parts [][]byte
	for len(message) > size {
		at := size
		for at > 1 && bytes.HasSuffix(message[:at], []byte{0, 0, 0xff, 0xff}) {
			at--
		}
		parts = append(parts, message[:at])
		message = message[at:]
	}
	return append(parts, message)
}
