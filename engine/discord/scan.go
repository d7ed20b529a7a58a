package discord

import (
	"errors"
	"fmt"
)

// ErrMalformed is wrapped by the errors of [Scan].
var ErrMalformed = errors.New("malformed gateway frame")

// Frame is what the engine needs to know of a gateway message. Type and Data
// are parts of the scanned message, not copies, and valid as long as it is.
type Frame struct {
	Op   Opcode
	Seq  int64  // 0 if null or absent
	Type []byte // nil if null or absent
	Data []byte // d as it came, without white space around it; nil if absent
	// Guild is the guild that the event is about, 0 if none: d.id of
	// GUILD_CREATE, GUILD_UPDATE and GUILD_DELETE, d.meta.guild_id of
	// RATE_LIMITED, d.guild_id of everything else. Objects deeper in d name
	// guilds too (message_reference.guild_id); they do not count. An id that is
	// neither a string of digits nor a number counts as none.
	Guild uint64
}

// Scan takes a gateway message apart, in one pass and without decoding d. The
// order of keys does not matter, unknown ones are skipped, and of a key that
// occurs twice the last one counts, as in encoding/json.
//
// The whole message is checked: Scan accepts what encoding/json accepts, with
// these differences. Stricter: at most 512 levels of nesting; the message must
// be an object with an integer op; s must be an integer or null, t a string or
// null; keys match by their exact case. Laxer: nothing. Like encoding/json it
// lets strings pass that are not valid UTF-8.
//
// Scan allocates nothing, unless t or a key holds an escape sequence. Errors
// wrap [ErrMalformed], give an offset and never quote the message. After an
// error *f is empty.
func Scan(msg []byte, f *Frame) error {
	*f = Frame{}
	var top topLevel
	i := skipSpace(msg, 0)
	if i >= len(msg) || msg[i] != '{' {
		return malformed(i)
	}
	i, done := firstMember(msg, i)
	for !done {
		if i = top.member(msg, i); i < 0 {
			return malformed(^i)
		}
		if i, done = nextMember(msg, i); i < 0 {
			return malformed(^i)
		}
	}
	if i = skipSpace(msg, i); i != len(msg) {
		return malformed(i)
	}
	return top.fill(msg, f)
}

func malformed(offset int) error { return fmt.Errorf("%w at byte %d", ErrMalformed, offset) }

// span is a part of the text; empty if it was not met.
type span struct{ from, to int }

func (s span) of(b []byte) []byte {
	if s.to == 0 {
		return nil
	}
	return b[s.from:s.to:s.to]
}

// topLevel holds where the members of a message are, and those of its d that
// may name a guild. Which of these counts is known once t is, and t may come
// after d.
type topLevel struct {
	op, s, t, d       span
	id, guildID, meta span
}

// member takes one member whose key begins at i.
func (top *topLevel) member(b []byte, i int) int {
	var m member
	if i = readKey(b, i, &m); i < 0 {
		return i
	}
	if m.is(b, "d") {
		top.id, top.guildID, top.meta = span{}, span{}, span{}
		if uint(i) < uint(len(b)) && b[i] == '{' {
			i = top.data(b, i)
		} else {
			i = skipValue(b, i, 1)
		}
		top.d = span{m.val, i}
		return i
	}
	i = skipValue(b, i, 1)
	switch {
	case m.is(b, "op"):
		top.op = span{m.val, i}
	case m.is(b, "s"):
		top.s = span{m.val, i}
	case m.is(b, "t"):
		top.t = span{m.val, i}
	}
	return i
}

// data takes d, an object that begins at i.
func (top *topLevel) data(b []byte, i int) int {
	i, done := firstMember(b, i)
	var m member
	for !done {
		if i = readKey(b, i, &m); i < 0 {
			return i
		}
		if i = skipValue(b, i, 2); i < 0 {
			return i
		}
		if n := m.keyEnd - m.key; n == len("id") || n == len("meta") || n == len("guild_id") || m.escaped {
			top.dataMember(b, &m, i)
		}
		if i, done = nextMember(b, i); i < 0 {
			return i
		}
	}
	return i
}

func (top *topLevel) dataMember(b []byte, m *member, end int) {
	switch {
	case m.is(b, "id"):
		top.id = span{m.val, end}
	case m.is(b, "guild_id"):
		top.guildID = span{m.val, end}
	case m.is(b, "meta"):
		top.meta = span{m.val, end}
	}
}

// fill reads the parts of a well-formed message.
func (top *topLevel) fill(b []byte, f *Frame) error {
	op, ok := parseInt(top.op.of(b))
	if !ok {
		return fmt.Errorf("%w: op is not an integer", ErrMalformed)
	}
	var seq int64
	if s := top.s.of(b); s != nil && string(s) != "null" {
		if seq, ok = parseInt(s); !ok {
			return fmt.Errorf("%w: s is not an integer", ErrMalformed)
		}
	}
	var kind []byte
	if t := top.t.of(b); t != nil && string(t) != "null" {
		if kind, ok = unquote(t); !ok {
			return fmt.Errorf("%w: t is not a string", ErrMalformed)
		}
	}
	f.Op, f.Seq, f.Type, f.Data = Opcode(op), seq, kind, top.d.of(b)
	f.Guild = top.guild(b, kind)
	return nil
}

// guild is the guild id, by the dispatch type.
func (top *topLevel) guild(b, kind []byte) uint64 {
	switch string(kind) {
	case "GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE":
		return parseSnowflake(top.id.of(b))
	case "RATE_LIMITED":
		return parseSnowflake(lastValue(top.meta.of(b), "guild_id"))
	default:
		return parseSnowflake(top.guildID.of(b))
	}
}
