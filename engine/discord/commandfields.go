package discord

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// commandData is `d` of a command while it is checked. The first thing that is
// wrong stays in err; from then on every method does nothing of use.
type commandData struct {
	op      Opcode
	members []commandMember
	out     []byte // what has been checked, each member behind a comma
	err     error
}

// commandMember is one member of d, in compact form.
type commandMember struct {
	name string // decoded
	text []byte // "name":value
	raw  []byte // the value
}

// openCommand takes d apart.
func openCommand(op Opcode, d json.RawMessage) (*commandData, error) {
	p := &commandData{op: op}
	text, err := compactObject(d)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", op, err)
	}
	i, done := firstMember(text, 0)
	for !done {
		var m member
		if i = readKey(text, i, &m); i >= 0 {
			i = skipValue(text, i, 2)
		}
		if i < 0 {
			return nil, fmt.Errorf("%v: d is nested deeper than %d levels", op, maxDepth)
		}
		name, _ := unquote(text[m.key-1 : m.keyEnd+1])
		p.members = append(p.members, commandMember{string(name), text[m.key-1 : i], text[m.val:i]})
		i, done = nextMember(text, i)
	}
	return p, nil
}

// compactObject is d without white space. It fails if d is not an object, or
// holds what Discord could not decode.
func compactObject(d json.RawMessage) ([]byte, error) {
	if len(bytes.TrimSpace(d)) == 0 {
		return nil, errors.New("d is missing")
	}
	if !utf8.Valid(d) {
		return nil, errors.New("d is not valid UTF-8")
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, d); err != nil {
		return nil, errors.New("d is not valid JSON")
	}
	text := compact.Bytes()
	if text[0] != '{' {
		return nil, fmt.Errorf("d must be an object, not %s", shown(text))
	}
	if i := loneSurrogate(text); i >= 0 {
		return nil, fmt.Errorf("d holds half a character: %s without its other half", text[i:i+6])
	}
	return text, nil
}

// loneSurrogate finds an escape of half a character in well-formed JSON; -1 if
// there is none. Go decodes it, the decoders of others refuse the whole frame.
func loneSurrogate(b []byte) int {
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		i++
		if b[i] != 'u' {
			continue
		}
		switch {
		case isSurrogate(b[i+1:], "89ab"):
			if b[i+5] != '\\' || b[i+6] != 'u' || !isSurrogate(b[i+7:], "cdef") {
				return i - 1
			}
			i += 10
		case isSurrogate(b[i+1:], "cdef"):
			return i - 1
		}
	}
	return -1
}

// isSurrogate reports whether four hex digits begin with d and one of the second.
func isSurrogate(hex []byte, second string) bool {
	return len(hex) >= 4 && hex[0]|0x20 == 'd' && strings.IndexByte(second, hex[1]|0x20) >= 0
}

// shown is a JSON value as an error quotes it: short, and on one line.
func shown(raw []byte) string {
	const most = 40
	text := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, string(raw[:min(len(raw), 4*most)]))
	if utf8.RuneCountInString(text) <= most && len(raw) <= 4*most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}

// fail keeps the first thing that is wrong.
func (p *commandData) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%v: "+format, append([]any{p.op}, args...)...)
	}
}

// take is the value of a field, which counts as checked from then on; nil if it
// is not there.
func (p *commandData) take(name string) (raw []byte) {
	p.members = slices.DeleteFunc(p.members, func(m commandMember) bool {
		if m.name != name {
			return false
		}
		if raw != nil {
			p.fail("%s occurs twice", name)
		}
		raw = m.raw
		return true
	})
	return raw
}

// given reports whether a field is there and not null.
func given(raw []byte) bool { return raw != nil && string(raw) != "null" }

// put adds a checked field to what is sent.
func (p *commandData) put(name string, raw []byte) {
	p.out = appendString(append(p.out, ','), name)
	p.out = append(append(p.out, ':'), raw...)
}

// appendRest appends the fields that nobody has taken.
func (p *commandData) appendRest(dst []byte) []byte {
	for _, m := range p.members {
		dst = append(append(dst, ','), m.text...)
	}
	return dst
}

// id reads an id.
func (p *commandData) id(name string, raw []byte) uint64 {
	id := parseSnowflake(raw)
	if id == 0 {
		p.fail("%s %s is not an id; use its digits as a string", name, shown(raw))
	}
	return id
}

// guild takes guild_id.
func (p *commandData) guild() uint64 {
	raw := p.take("guild_id")
	if !given(raw) {
		p.fail("guild_id is missing")
		return 0
	}
	return p.id("guild_id", raw)
}

// ids reads an array of ids, or a single one, without repetitions.
func (p *commandData) ids(name string, raw []byte) []uint64 {
	if raw[0] != '[' {
		return []uint64{p.id(name, raw)}
	}
	var ids []uint64
	seen := make(map[uint64]bool)
	for _, element := range elements(raw) {
		id := p.id(name, element)
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// flag takes a field that is true or false, and absent whatever dflt says.
func (p *commandData) flag(name string) (value, ok bool) {
	raw := p.take(name)
	if !given(raw) {
		return false, false
	}
	if string(raw) != "true" && string(raw) != "false" {
		p.fail("%s %s must be true or false", name, shown(raw))
	}
	return string(raw) == "true", true
}

// elements are the values of a well-formed array.
func elements(raw []byte) []json.RawMessage {
	var values []json.RawMessage
	_ = json.Unmarshal(raw, &values) // not an array: none
	return values
}
