package httpsink

import (
	"bytes"
	"time"
)

// headers is what is kept of an answer's headers while they are read.
type headers struct {
	length    int64 // -1 if there is none
	chunked   bool
	close     bool
	keepAlive bool
}

// add takes one header line.
func (h *headers) add(r *response, line []byte) error {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || !isToken(line[:colon]) {
		return malformed("a header without a name")
	}
	name, value := line[:colon], bytes.Trim(line[colon+1:], " \t")
	switch len(name) { // most are told apart by their length alone
	case len("Location"):
		if is(name, "location") {
			r.location = string(value)
		}
	case len("Connection"): // and Keep-Alive
		if is(name, "connection") {
			h.connection(value)
		} else if is(name, "keep-alive") {
			r.keepFor = keepAliveTimeout(value)
		}
	case len("Retry-After"):
		if is(name, "retry-after") {
			r.retryAfter = string(value)
		}
	case len("Content-Type"):
		if is(name, "content-type") {
			r.json = isJSON(value)
		}
	case len("Content-Length"):
		if is(name, "content-length") {
			return h.contentLength(value)
		}
	case len("Transfer-Encoding"):
		if is(name, "transfer-encoding") {
			return h.transferEncoding(value)
		}
	}
	return nil
}

// isJSON reports whether a Content-Type is application/json, with or without
// parameters.
func isJSON(value []byte) bool {
	if i := bytes.IndexByte(value, ';'); i >= 0 {
		value = bytes.TrimRight(value[:i], " \t")
	}
	return is(value, "application/json")
}

func (h *headers) contentLength(value []byte) error {
	n, ok := parseDigits(value)
	if !ok || h.length >= 0 && h.length != n {
		return malformed("its Content-Length")
	}
	h.length = n
	return nil
}

func (h *headers) transferEncoding(value []byte) error {
	if h.chunked || !is(value, "chunked") {
		return malformed("its Transfer-Encoding is not chunked")
	}
	h.chunked = true
	return nil
}

// connection reads the tokens of a Connection header.
func (h *headers) connection(value []byte) {
	for len(value) > 0 {
		token := value
		if i := bytes.IndexByte(value, ','); i >= 0 {
			token, value = value[:i], value[i+1:]
		} else {
			value = nil
		}
		token = bytes.Trim(token, " \t")
		h.close = h.close || is(token, "close")
		h.keepAlive = h.keepAlive || is(token, "keep-alive")
	}
}

// keepAliveTimeout finds timeout=N, in seconds, among a header's parameters.
func keepAliveTimeout(value []byte) time.Duration {
	const key = "timeout="
	for part := range bytes.SplitSeq(value, []byte{','}) {
		part = bytes.Trim(part, " \t")
		if len(part) > len(key) && is(part[:len(key)], key) {
			if n, ok := parseDigits(part[len(key):]); ok && n < 1<<20 {
				return time.Duration(n) * time.Second
			}
		}
	}
	return 0
}

// parseDigits reads a number of up to 18 digits and nothing else.
func parseDigits(text []byte) (int64, bool) {
	if len(text) == 0 || len(text) > 18 {
		return 0, false
	}
	var n int64
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// is compares with a lower-case word, whatever the case of text.
func is(text []byte, word string) bool {
	if len(text) != len(word) {
		return false
	}
	for i, c := range text {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// isToken reports whether a header may have this name (RFC 9110, 5.6.2).
func isToken(name []byte) bool {
	for _, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), c) >= 0:
		default:
			return false
		}
	}
	return true
}
