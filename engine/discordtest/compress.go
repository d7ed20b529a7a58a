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
	var inner encoder
	var err error
	switch {
	case name == "zlib-stream" && level == CompressLight:
		inner = &lightZlib{}
	case name == "zlib-stream":
		inner, err = newZlibStream(level)
	case name == "zstd-stream":
		inner, err = newZstdStream()
	default:
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("discordtest: %w", err)
	}
	return &faultyEncoder{encoder: inner, name: name}, nil
}

func newZlibStream(level int) (encoder, error) {
	e := new(streamEncoder)
	w, err := zlib.NewWriterLevel(&e.out, level)
	e.w = w
	return e, err
}

func newZstdStream() (encoder, error) {
	e := new(streamEncoder)
	w, err := zstd.NewWriter(&e.out, zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(128<<10))
	e.w = w
	return e, err
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
	empty(&e.out)
	if _, err := e.w.Write(frame); err != nil {
		return nil, err
	}
	if err := e.w.Flush(); err != nil {
		return nil, err
	}
	return e.out.Bytes(), nil
}

// empty makes a buffer ready for the next message, without the memory of one that
// was very large.
func empty(b *bytes.Buffer) {
	if b.Cap() > 64<<10 {
		*b = bytes.Buffer{}
	}
	b.Reset()
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
	empty(&e.out)
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
type packer struct {
	writers sync.Pool
	faults  packerFaults
}

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
	return p.faults.apply(out.Bytes()), err
}

// syncMark ends every message of zlib-stream, and no part of one.
var syncMark = []byte{0, 0, 0xff, 0xff}

// split cuts a message of zlib-stream into parts of at most size bytes; none but
// the last ends like a message. What does not end in the mark, as a message of
// zstd-stream, is not cut: there the WebSocket message is what holds it together.
// Of nothing there are no parts.
func split(message []byte, size int) [][]byte {
	if len(message) == 0 {
		return nil
	}
	if size <= 0 || len(message) <= size || !bytes.HasSuffix(message, syncMark) {
		return [][]byte{message}
	}
	var parts [][]byte
	for len(message) > size {
		at := size
		for at > 1 && bytes.HasSuffix(message[:at], syncMark) {
			at--
		}
		parts = append(parts, message[:at])
		message = message[at:]
	}
	return append(parts, message)
}
