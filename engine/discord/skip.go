package discord

import (
	"encoding/binary"
	"math/bits"
)

// The skip functions walk JSON (RFC 8259) without decoding it. Each takes the
// text and the offset of what it skips, and returns the offset behind it or,
// if the text is not JSON there, the complement of the offending offset: a
// negative number. Together they accept exactly what encoding/json accepts, but
// for the bound on nesting.

// maxDepth bounds nesting, and with it the stack. encoding/json allows 10000;
// Discord's deepest payloads (components, audit logs) stay below 20.
const maxDepth = 512

// skipSpace skips white space. There is none in what Discord sends, so the
// loop is kept out of the callers.
func skipSpace(b []byte, i int) int {
	if uint(i) < uint(len(b)) && b[i] <= ' ' {
		return skipSpaceRun(b, i)
	}
	return i
}

func skipSpaceRun(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipValue skips any value. depth counts the containers around it.
func skipValue(b []byte, i, depth int) int {
	if uint(i) >= uint(len(b)) {
		return ^i
	}
	switch b[i] {
	case '"':
		return skipString(b, i+1)
	case '{':
		return skipObject(b, i, depth+1)
	case '[':
		return skipArray(b, i, depth+1)
	case 'n':
		return skipLiteral(b, i, "null")
	case 't':
		return skipLiteral(b, i, "true")
	case 'f':
		return skipLiteral(b, i, "false")
	default:
		return skipNumber(b, i)
	}
}

func skipLiteral(b []byte, i int, word string) int {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return ^i
	}
	return i + len(word)
}

// skipObject skips an object that begins at i.
func skipObject(b []byte, i, depth int) int {
	if depth > maxDepth {
		return ^i
	}
	i = skipSpace(b, i+1)
	if uint(i) < uint(len(b)) && b[i] == '}' {
		return i + 1
	}
	for {
		if uint(i) >= uint(len(b)) || b[i] != '"' {
			return ^i
		}
		if i = skipString(b, i+1); i < 0 {
			return i
		}
		i = skipSpace(b, i)
		if uint(i) >= uint(len(b)) || b[i] != ':' {
			return ^i
		}
		if i = skipValue(b, skipSpace(b, i+1), depth); i < 0 {
			return i
		}
		i = skipSpace(b, i)
		if uint(i) >= uint(len(b)) {
			return ^i
		}
		if b[i] != ',' {
			return closing(b, i, '}')
		}
		i = skipSpace(b, i+1)
	}
}

// skipArray skips an array that begins at i.
func skipArray(b []byte, i, depth int) int {
	if depth > maxDepth {
		return ^i
	}
	i = skipSpace(b, i+1)
	if uint(i) < uint(len(b)) && b[i] == ']' {
		return i + 1
	}
	for {
		if i = skipValue(b, i, depth); i < 0 {
			return i
		}
		i = skipSpace(b, i)
		if uint(i) >= uint(len(b)) {
			return ^i
		}
		if b[i] != ',' {
			return closing(b, i, ']')
		}
		i = skipSpace(b, i+1)
	}
}

func closing(b []byte, i int, bracket byte) int {
	if b[i] != bracket {
		return ^i
	}
	return i + 1
}

// skipString skips the rest of a string whose opening quote is before i.
func skipString(b []byte, i int) int {
	for {
		i = skipPlain(b, i)
		if uint(i) >= uint(len(b)) {
			return ^i
		}
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			if i = skipEscape(b, i); i < 0 {
				return i
			}
		default: // a control character
			return ^i
		}
	}
}

// skipPlain returns the offset of the next quote, backslash or control
// character from i on, or len(b).
//
// It looks at eight bytes at a time. With the high bit of a byte clear, x-n
// sets it for x < n. XOR 2 swaps '"' (0x22) with 0x20 and keeps what is below
// 0x20 there, so one comparison with 0x21 finds quotes and control characters.
// A borrow can only disturb bytes behind a true hit, and the first one counts.
func skipPlain(b []byte, i int) int {
	const ones = 0x0101010101010101
	for len(b)-i >= 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		hit := (((w ^ 0x02*ones) - 0x21*ones) | ((w ^ '\\'*ones) - ones)) & ^w & (0x80 * ones)
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)>>3
		}
		i += 8
	}
	for i < len(b) && b[i] >= ' ' && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// skipEscape skips one escape sequence whose backslash is at i.
func skipEscape(b []byte, i int) int {
	if i+1 >= len(b) {
		return ^i
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
	default:
		return ^i
	}
	if i+6 > len(b) {
		return ^i
	}
	for _, c := range b[i+2 : i+6] {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return ^i
		}
	}
	return i + 6
}

// skipNumber skips a number: a sign, digits without a leading zero, a fraction,
// an exponent.
func skipNumber(b []byte, i int) int {
	if b[i] == '-' {
		i++
	}
	start := i
	if i = skipDigits(b, i); i == start || (b[start] == '0' && i > start+1) {
		return ^start
	}
	if i < len(b) && b[i] == '.' {
		start = i + 1
		if i = skipDigits(b, start); i == start {
			return ^start
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		start = i
		if i = skipDigits(b, start); i == start {
			return ^start
		}
	}
	return i
}

func skipDigits(b []byte, i int) int {
	for uint(i) < uint(len(b)) && isDigit(b[i]) {
		i++
	}
	return i
}

func isDigit(c byte) bool { return c-'0' <= 9 }
