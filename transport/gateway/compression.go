package gateway

import (
	"strconv"

	"github.com/gatehouse-gateway/gatehouse/transport/gateway/inflate"
)

// Compression says how Discord compresses what it sends. What a client sends is
// never compressed.
type Compression string

// The compressions spoken (Discord docs, Gateway: encoding and compression), with
// what a connection keeps in memory while nothing comes, beside its socket.
//
// None of the streams carries a checksum that is ever reached. Damage to their
// structure ends the connection, and a RESUME brings the events again; but a byte
// of text that became another one on the way would not be noticed here. That it
// does not is the business of TLS, without which no connection to Discord is made.
const (
	// None is text frames of plain JSON.
	None Compression = "none"
	// ZlibStream is one zlib stream per connection: 64 KiB.
	ZlibStream Compression = "zlib-stream"
	// ZstdStream is one zstd stream per connection: the window that Discord
	// chooses, which is not documented, and [inflate.ZstdOverhead]. A window of
	// 128 KiB makes 0.6 MB, of 2 MiB 2.6 MB, of 8 MiB 8.9 MB; larger ones are
	// refused ([inflate.MaxZstdWindow]). It takes about a quarter less time and wire
	// than zlib.
	ZstdStream Compression = "zstd-stream"
	// Payload is a zlib document, with a checksum, for each message that Discord
	// thinks worth it, between text frames: nothing is kept. It is asked for in
	// the Identify and not in the URL, see [Compression.InIdentify].
	Payload Compression = "payload"
)

// InIdentify reports whether the Identify has to ask for the compression, with
// `compress: true`; Discord leaves that out of account on a connection that is
// compressed as a stream.
func (c Compression) InIdentify() bool { return c == Payload }

// inURL is the parameter of the gateway URL that asks for the compression; empty
// for none.
func (c Compression) inURL() (parameter string, err error) {
	switch c {
	case ZlibStream, ZstdStream:
		return string(c), nil
	case None, Payload:
		return "", nil
	default:
		return "", &DialError{
			Stage: StageURL, Reason: "unknown compression " + strconv.Quote(string(c)),
			Hint: `use "zlib-stream", "zstd-stream", "payload" or "none"`,
		}
	}
}

// inflater turns the binary frames of one connection into messages.
type inflater interface {
	// Inflate takes a frame and returns what it completes, if it does, valid
	// until the next call: one message, or several one after the other. The
	// frame is not kept.
	Inflate(frame []byte) (messages []byte, complete bool, err error)
	// Recycle frees what only the last message needed.
	Recycle()
	// Release frees everything.
	Release()
}

var (
	_ inflater = (*inflate.Stream)(nil)
	_ inflater = (*inflate.Zstd)(nil)
	_ inflater = (*inflate.Documents)(nil)
)

// newInflater is for one connection; nil if nothing is compressed.
func (c Compression) newInflater(pool *inflate.Pool) inflater {
	switch c {
	case ZlibStream:
		return inflate.New(pool, MaxMessage)
	case ZstdStream:
		return inflate.NewZstd(pool, MaxMessage)
	case Payload:
		return inflate.NewDocuments(pool, MaxMessage)
	default:
		return nil
	}
}
