package rules

import (
	"bytes"
	"encoding/json"
)

// step is one step into a JSON value: by a key into an object, or by an index into
// an array if key is empty and index is not negative.
type step struct {
	key   string
	index int // -1 for a key
}

// find is where the value at a path begins; -1 if there is none. It reads no
// further than that, and takes the frame for well-formed, which the shard has
// checked: of one that is not, something is found or nothing, without a panic.
func find(b []byte, path []step) int {
	i := skipSpace(b, 0)
	for k := range path {
		if i >= len(b) {
			return -1
		}
		switch p := &path[k]; {
		case b[i] == '{' && p.index < 0:
			i = member(b, i+1, p.key)
		case b[i] == '[' && p.index >= 0:
			i = element(b, i+1, p.index)
		default:
			return -1
		}
		if i < 0 {
			return -1
		}
	}
	if i >= len(b) {
		return -1
	}
	return i
}

// member is where the value of a key begins in the object whose first member is at
// i; -1 if it has no such key.
func member(b []byte, i int, key string) int {
	for {
		from := skipSpace(b, i)
		if from >= len(b) || b[from] != '"' {
			return -1
		}
		to := skipString(b, from)
		i = skipSpace(b, to)
		if i >= len(b) || b[i] != ':' {
			return -1
		}
		i = skipSpace(b, i+1)
		if isKey(b[from:to], key) {
			return i
		}
		if i = nextIn(b, i); i < 0 {
			return -1
		}
	}
}

// element is where the n-th value begins of the array whose first is at i; -1 if it
// has fewer.
func element(b []byte, i, n int) int {
	if i = skipSpace(b, i); i >= len(b) || b[i] == ']' {
		return -1
	}
	for ; n > 0; n-- {
		if i = nextIn(b, i); i < 0 {
			return -1
		}
	}
	return i
}

// nextIn is where the next member or element begins behind the value at i; -1 if
// that is the last.
func nextIn(b []byte, i int) int {
	i = skipSpace(b, skipValue(b, i))
	if i >= len(b) || b[i] != ',' {
		return -1
	}
	return skipSpace(b, i+1)
}

// isKey reports whether a key, in its quotes, is the one that is looked for.
func isKey(quoted []byte, key string) bool {
	if bytes.IndexByte(quoted, '\\') >= 0 {
		return text(quoted) == key
	}
	return len(quoted) == len(key)+2 && string(quoted[1:len(quoted)-1]) == key
}

// text is what a string in its quotes says.
func text(quoted []byte) string {
	if len(quoted) < 2 {
		return ""
	}
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // empty if it is no string: frames have been checked
	return s
}

// skipSpace is where the next token begins at or behind i.
func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipString is where the string ends that begins at i, behind its quote.
func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return len(b)
		}
		i += n
		slashes := 0
		for b[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i + 1
		}
	}
	return len(b)
}

// skipValue is where the value ends that begins at i.
func skipValue(b []byte, i int) int {
	for depth := 0; i < len(b); {
		switch b[i] {
		case '"':
			i = skipString(b, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
			i++
		case ',':
			if depth == 0 {
				return i
			}
			i++
			continue
		default:
			i++
			continue
		}
		if depth == 0 {
			return i
		}
	}
	return len(b)
}
