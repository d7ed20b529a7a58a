package rules

import (
	"bytes"
	"strconv"
	"strings"
)

// deepest is how far a value is read into. No frame that has been checked is deeper.
const deepest = 512

// exact is the greatest integer up to which floats hold all of them. What is beyond
// is an id or a set of bits, and stays a string of its digits.
const exact = 1 << 53

// value is the JSON value that begins at i, as expressions see it: nil, bool, int,
// float64, string, []any or map[string]any.
func value(b []byte, i int) any {
	r := reader{b: b, i: i}
	return r.value(0)
}

// reader takes values from a text one after the other. What is not well-formed ends
// early.
type reader struct {
	b []byte
	i int
}

// next is the byte that the next token begins with; 0 at the end.
func (r *reader) next() byte {
	if r.i = skipSpace(r.b, r.i); r.i < len(r.b) {
		return r.b[r.i]
	}
	return 0
}

func (r *reader) value(depth int) any {
	switch c := r.next(); {
	case depth > deepest || c == 0:
		r.i = len(r.b)
		return nil
	case c == '"':
		return r.text()
	case c == '{':
		return r.object(depth)
	case c == '[':
		return r.array(depth)
	default:
		return r.scalar()
	}
}

func (r *reader) text() string {
	from := r.i
	r.i = skipString(r.b, r.i)
	return text(r.b[from:r.i])
}

func (r *reader) object(depth int) map[string]any {
	out := make(map[string]any)
	r.i++
	for r.next() == '"' {
		key := r.text()
		if r.next() != ':' {
			break
		}
		r.i++
		v := r.value(depth + 1)
		if _, twice := out[key]; !twice { // as find has it
			out[key] = v
		}
		if r.next() != ',' {
			break
		}
		r.i++
	}
	r.end('}')
	return out
}

func (r *reader) array(depth int) []any {
	out := []any{}
	r.i++
	if r.next() == ']' {
		r.i++
		return out
	}
	for r.next() != 0 {
		out = append(out, r.value(depth+1))
		if r.next() != ',' {
			break
		}
		r.i++
	}
	r.end(']')
	return out
}

// end takes the end of an object or an array.
func (r *reader) end(c byte) {
	if r.next() == c {
		r.i++
		return
	}
	r.i = len(r.b)
}

// scalar takes a number, true, false or null.
func (r *reader) scalar() any {
	from := r.i
	for r.i < len(r.b) && strings.IndexByte(",]} \n\r\t:", r.b[r.i]) < 0 {
		r.i++
	}
	switch word := r.b[from:r.i]; string(word) {
	case "true":
		return true
	case "false":
		return false
	case "null", "":
		return nil
	default:
		return number(word)
	}
}

// number is what a JSON number is in an expression.
func number(word []byte) any {
	if n, err := strconv.ParseInt(string(word), 10, 64); err == nil && n >= -exact && n <= exact {
		return int(n)
	}
	if len(bytes.Trim(word, "-0123456789")) == 0 {
		return string(word)
	}
	f, err := strconv.ParseFloat(string(word), 64)
	if err != nil {
		return nil
	}
	return f
}
