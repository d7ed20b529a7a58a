package httpsink

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
)

const (
	maxDrain   = 64 << 10 // bytes of a body that are read to keep the connection
	maxExcerpt = 512      // bytes of a body that an error looks at
	maxRequest = 64 << 10 // bytes of a body with commands for Discord
	maxTrailer = 4 << 10
	maxPieces  = 1 << 12 // chunks of a body, which may be of a byte each
)

var errTooMuch = errors.New("the body is too long to be read away")

// body walks through the body of an answer without copying it.
type body struct {
	br    *bufio.Reader
	kind  bodyKind
	left  int64 // of the body or the present chunk
	open  bool  // a chunk has been begun
	ended bool  // it has been read to its end
}

func (r *response) bodyOf(br *bufio.Reader) body {
	b := body{br: br, kind: r.body}
	switch r.body {
	case bodyLength:
		b.left = r.length
	case bodyToEnd:
		b.left = math.MaxInt64
	}
	return b
}

// piece returns the next bytes of the body, valid until the next read, and
// io.EOF after the last.
func (b *body) piece() ([]byte, error) {
	data, err := b.next()
	b.ended = err == io.EOF
	return data, err
}

func (b *body) next() ([]byte, error) {
	if b.ended {
		return nil, io.EOF
	}
	if b.left == 0 {
		if b.kind != bodyChunked {
			return nil, io.EOF
		}
		if err := b.chunk(); err != nil {
			return nil, err
		}
	}
	if _, err := b.br.Peek(1); err != nil {
		if err == io.EOF && b.kind != bodyToEnd {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	n := int(min(b.left, int64(b.br.Buffered())))
	data, err := b.br.Peek(n)
	if err != nil {
		return nil, err
	}
	b.left -= int64(n)
	_, err = b.br.Discard(n)
	return data, err
}

// chunk ends the present chunk and begins the next. It returns io.EOF after the
// last one and its trailer.
func (b *body) chunk() error {
	if b.open {
		if end, err := readChunkLine(b.br); err != nil || len(end) != 0 {
			return malformed("a chunk without end")
		}
	}
	line, err := readChunkLine(b.br)
	if err != nil {
		return err
	}
	if b.left, err = parseChunkSize(line); err != nil {
		return err
	}
	if b.open = b.left > 0; b.open {
		return nil
	}
	return b.trailer()
}

// trailer reads the headers behind the last chunk, which nobody wants.
func (b *body) trailer() error {
	for size := 0; size <= maxTrailer; {
		line, err := readChunkLine(b.br)
		if err != nil {
			return err
		}
		if len(line) == 0 {
			return io.EOF
		}
		if colon := bytes.IndexByte(line, ':'); colon <= 0 || !isToken(line[:colon]) {
			return malformed("a trailer without a name")
		}
		size += len(line) + 2
	}
	return errHeadSize
}

// drain reads the rest of the body away, if it is not too long. After nil the
// connection stands at the next answer.
func (b *body) drain() error {
	for n, pieces := 0, 0; n <= maxDrain && pieces < maxPieces; pieces++ {
		data, err := b.piece()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		n += len(data)
		if b.kind == bodyLength && b.left > maxDrain {
			break
		}
	}
	return errTooMuch
}

// whole is the body, valid until the next read, or nil if it is too long or does
// not come to its end.
func (b *body) whole() []byte {
	if b.kind == bodyLength && b.left > maxRequest {
		return nil
	}
	var all []byte
	for range maxPieces {
		data, err := b.piece()
		switch {
		case err == io.EOF:
			return all
		case err != nil || len(all)+len(data) > maxRequest:
			return nil
		case all == nil && b.kind == bodyLength && b.left == 0:
			return data
		}
		all = append(all, data...)
	}
	return nil
}

// excerpt is the beginning of the body, as far as it can be had.
func (b *body) excerpt() []byte {
	var text []byte
	for len(text) < maxExcerpt {
		data, err := b.piece()
		if err != nil {
			break
		}
		text = append(text, data...)
	}
	return text[:min(len(text), maxExcerpt)]
}

// readChunkLine reads a line of the chunks' own. Other than in a head, a bare
// line feed does not end it: servers and proxies that disagree on that are how
// one answer is smuggled into another.
func readChunkLine(br *bufio.Reader) ([]byte, error) {
	line, err := br.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull:
		return nil, errHeadSize
	case err == io.EOF:
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	case len(line) < 2 || line[len(line)-2] != '\r':
		return nil, malformed("a chunk's line without its end")
	}
	line = line[:len(line)-2]
	return line, printableLine(line)
}

// parseChunkSize reads hexadecimal digits up to an extension.
func parseChunkSize(line []byte) (int64, error) {
	if i := bytes.IndexByte(line, ';'); i >= 0 {
		line = line[:i]
	}
	line = bytes.TrimRight(line, " \t")
	if len(line) == 0 || len(line) > 15 {
		return 0, malformed("the size of a chunk")
	}
	var size int64
	for _, c := range line {
		d := hexDigit(c)
		if d < 0 {
			return 0, malformed("the size of a chunk")
		}
		size = size<<4 | d
	}
	return size, nil
}

func hexDigit(c byte) int64 {
	switch {
	case c >= '0' && c <= '9':
		return int64(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int64(c|0x20-'a') + 10
	}
	return -1
}
