package discord

import "encoding/json"

// member is one member of an object, as offsets into the text.
type member struct {
	key, keyEnd int // without the quotes
	escaped     bool
	val         int
}

// readKey reads a key that begins at i, with its colon, and returns the offset
// of the value.
func readKey(b []byte, i int, m *member) int {
	if uint(i) >= uint(len(b)) || b[i] != '"' {
		return ^i
	}
	m.key, m.escaped = i+1, false
	if i = skipPlain(b, i+1); uint(i) >= uint(len(b)) {
		return ^i
	}
	if b[i] != '"' {
		m.escaped = true
		if i = skipString(b, i); i < 0 {
			return i
		}
		i--
	}
	m.keyEnd = i
	i = skipSpace(b, i+1)
	if uint(i) >= uint(len(b)) || b[i] != ':' {
		return ^i
	}
	i = skipSpace(b, i+1)
	m.val = i
	return i
}

// firstMember returns the offset of the first key of the object that begins at
// i, or of what stands in its place; done if the object is empty.
func firstMember(b []byte, i int) (next int, done bool) {
	i = skipSpace(b, i+1)
	if uint(i) < uint(len(b)) && b[i] == '}' {
		return i + 1, true
	}
	return i, false
}

// nextMember takes the end of a value and returns the offset of the next key,
// or the offset behind the object and done. An offset is negative if neither a
// comma nor a closing brace follows.
func nextMember(b []byte, i int) (next int, done bool) {
	i = skipSpace(b, i)
	if uint(i) >= uint(len(b)) {
		return ^i, true
	}
	if b[i] == ',' {
		return skipSpace(b, i+1), false
	}
	return closing(b, i, '}'), true
}

// is reports whether the member's key, decoded, is name.
func (m *member) is(b []byte, name string) bool {
	if m.escaped {
		text, ok := unquote(b[m.key-1 : m.keyEnd+1])
		return ok && string(text) == name
	}
	return string(b[m.key:m.keyEnd]) == name
}

// unquote decodes a well-formed JSON string. It allocates only if the string
// holds an escape.
func unquote(raw []byte) (text []byte, ok bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return nil, false
	}
	inner := raw[1 : len(raw)-1]
	if skipPlain(inner, 0) == len(inner) {
		return inner, true
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return nil, false
	}
	return []byte(s), true
}

// firstValue returns the value of the first member called name of the object d,
// or nil. It reads no further than that member.
func firstValue(d []byte, name string) []byte { return findValue(d, name, false) }

// lastValue returns the value of the last member called name of the object d,
// or nil.
func lastValue(d []byte, name string) []byte { return findValue(d, name, true) }

func findValue(d []byte, name string, last bool) (found []byte) {
	i := skipSpace(d, 0)
	if i >= len(d) || d[i] != '{' {
		return nil
	}
	i, done := firstMember(d, i)
	var m member
	for !done {
		if i = readKey(d, i, &m); i < 0 {
			return nil
		}
		if i = skipValue(d, i, 1); i < 0 {
			return nil
		}
		if m.is(d, name) {
			found = d[m.val:i]
			if !last {
				return found
			}
		}
		if i, done = nextMember(d, i); i < 0 {
			return nil
		}
	}
	return found
}

// parseUint reads decimal digits; ok is false for anything else, including what
// does not fit.
func parseUint(text []byte) (n uint64, ok bool) {
	if len(text) == 0 || len(text) > 20 {
		return 0, false
	}
	for _, c := range text {
		if !isDigit(c) {
			return 0, false
		}
		digit := uint64(c - '0')
		if n > (1<<64-1-digit)/10 {
			return 0, false
		}
		n = n*10 + digit
	}
	return n, true
}

// parseInt reads a well-formed JSON number that is an integer within 64 bits,
// as encoding/json does for an int64.
func parseInt(text []byte) (n int64, ok bool) {
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	u, ok := parseUint(text)
	switch {
	case !ok:
		return 0, false
	case negative && u <= 1<<63:
		return -int64(u), true
	case !negative && u < 1<<63:
		return int64(u), true
	default:
		return 0, false
	}
}

// parseSnowflake reads an id: a JSON string of digits, or a number, which some
// payloads hold. It is 0 for null and for whatever else is not an id.
func parseSnowflake(raw []byte) uint64 {
	if len(raw) > 0 && raw[0] == '"' {
		raw, _ = unquote(raw)
	}
	n, _ := parseUint(raw)
	return n
}
