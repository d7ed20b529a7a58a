package httpsink

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"
)

// Limits of what an answer may hold. A line of its head must fit into the
// connection's read buffer.
const (
	readBuffer   = 8 << 10
	maxHeadLines = 256
	maxInterim   = 8 // answers of 1xx before the real one
)

var (
	errMalformed = errors.New("the answer is not HTTP")
	errHeadSize  = errors.New("the head of the answer is too long")
)

func malformed(what string) error { return fmt.Errorf("%w: %s", errMalformed, what) }

// Ways in which a body ends.
type bodyKind uint8

const (
	bodyNone    bodyKind = iota // there is none
	bodyLength                  // after so many bytes
	bodyChunked                 // with an empty chunk
	bodyToEnd                   // with the connection
)

// response is the head of an answer.
type response struct {
	status     int
	body       bodyKind
	length     int64         // for bodyLength
	close      bool          // the connection cannot be used again
	keepFor    time.Duration // the server closes it when unused for so long; 0 if it did not say
	retryAfter string        // as sent
	location   string        // of a redirect, as sent
	json       bool          // its body says that it is application/json
}

// success reports whether the bot has acknowledged.
func (r *response) success() bool { return r.status >= 200 && r.status < 300 }

// readResponse reads the head of the next answer, past those of 1xx.
func readResponse(br *bufio.Reader) (response, error) {
	for range maxInterim {
		r, err := readHead(br)
		if err != nil || r.status >= 200 || r.status == 101 {
			return r, err
		}
	}
	return response{}, malformed("nothing but interim answers")
}

// readHead reads a status line and the headers after it.
func readHead(br *bufio.Reader) (response, error) {
	line, err := readLine(br)
	if err != nil {
		return response{}, err
	}
	r, minor, err := parseStatus(line)
	if err != nil {
		return response{}, err
	}
	h := headers{length: -1}
	for range maxHeadLines {
		line, err := readLine(br)
		switch {
		case err == io.EOF:
			return response{}, io.ErrUnexpectedEOF
		case err != nil:
			return response{}, err
		case len(line) == 0:
			r.settle(&h, minor)
			return r, nil
		}
		if err := h.add(&r, line); err != nil {
			return response{}, err
		}
	}
	return response{}, errHeadSize
}

// readLine returns a line without its end, valid until the next read. A bare
// line feed ends it too (RFC 9112, 2.2). It is io.EOF only if there was not a
// single byte.
func readLine(br *bufio.Reader) ([]byte, error) {
	line, err := br.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull:
		return nil, errHeadSize
	case err == io.EOF && len(line) > 0:
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	}
	line = line[:len(line)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, printableLine(line)
}

// printableLine refuses control characters (RFC 9110, 5.5).
func printableLine(line []byte) error {
	for _, c := range line {
		if c < ' ' && c != '\t' || c == 0x7f {
			return malformed("control characters in its head")
		}
	}
	return nil
}

// parseStatus reads "HTTP/1.x NNN reason".
func parseStatus(line []byte) (r response, minor byte, err error) {
	const prefix = "HTTP/1."
	if len(line) < len(prefix)+5 || string(line[:len(prefix)]) != prefix || line[8] != ' ' ||
		len(line) > 12 && line[12] != ' ' {
		return r, 0, malformed("it does not begin with a status of HTTP/1")
	}
	if minor = line[7]; minor != '0' && minor != '1' {
		return r, 0, malformed("it is of an unknown version")
	}
	for _, c := range line[9:12] {
		if c < '0' || c > '9' {
			return r, 0, malformed("its status is not a number")
		}
		r.status = r.status*10 + int(c-'0')
	}
	if r.status < 100 {
		return r, 0, malformed("its status is not a number")
	}
	return r, minor, nil
}

// settle decides how the body ends and whether the connection can be kept
// (RFC 9112, 6.3 and 9.3).
func (r *response) settle(h *headers, minor byte) {
	r.close = h.close || minor == '0' && !h.keepAlive
	switch {
	case r.status == 101:
		r.close = true
	case r.status < 200 || r.status == 204 || r.status == 304:
	case h.chunked && minor == '1':
		// A length beside chunks smells of two servers that disagree.
		r.body, r.close = bodyChunked, r.close || h.length >= 0
	case h.length > 0:
		r.body, r.length = bodyLength, h.length
	case h.length < 0:
		r.body, r.close = bodyToEnd, true
	}
}
