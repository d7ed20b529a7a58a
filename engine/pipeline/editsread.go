package pipeline

import (
	"bytes"
	"hash/maphash"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// reading is what of a message has been met.
type reading struct {
	m                       message
	author, content, edited bool
	others                  bool // its embeds are the author's own, or Discord's
	broken                  bool
}

// read takes what counts from the frame of a message. ok is false if it is not
// whole, or one whose embeds are not just previews: those are not remembered, and
// all their updates pass.
func (e *Edits) read(ev *event.Event) (m message, ok bool) {
	var r reading
	well := discord.Members(body(ev.Data), func(key, value, whole []byte) {
		if r.member(key, value) {
			// The order of members does not matter.
			r.m.digest += maphash.Bytes(e.seed, whole)
		}
	})
	// Of a session's events no two have the same number.
	r.m.by = ev.ID.Session ^ uint64(ev.ID.Seq)*0x9e3779b97f4a7c15
	whole := r.author && r.content && r.edited && r.m.id != 0
	return r.m, well && whole && !r.broken && !r.others
}

// member takes one member of a message and reports whether it is part of what a
// person can have written or changed.
func (r *reading) member(key, value []byte) (counts bool) {
	switch string(key) {
	case "embeds", "nonce", "tts", "member", "referenced_message",
		"gatehouse_n": // by which the simulated Discord numbers its events
		return false
	case "edited_timestamp":
		var readable bool
		r.m.edited, readable = milliseconds(value)
		r.edited, r.broken = true, r.broken || !readable
		return false
	case "id":
		r.m.id = snowflake(value)
	case "content":
		r.content = true
	case "type": // of plain messages and replies; the others are Discord's own
		r.others = r.others || string(value) != "0" && string(value) != "19"
	case "author":
		r.author = true
		r.others = r.others || !isPerson(value)
	case "webhook_id", "application_id", "interaction", "interaction_metadata":
		r.others = r.others || string(value) != "null"
	}
	return true
}

// isPerson reports whether an author is a user, and neither a bot nor Discord.
func isPerson(author []byte) bool {
	person := true
	well := discord.Members(author, func(key, value, _ []byte) {
		switch string(key) {
		case "bot", "system":
			person = person && string(value) == "false"
		}
	})
	return well && person
}

// body is `d` of a frame, and what follows it.
func body(frame []byte) (d []byte) {
	// Discord's order of keys is t, s, op, d: no need to walk over d to find it. A
	// type has no quotes in it, so this cannot be part of one.
	const mark = `,"op":0,"d":`
	if i := bytes.Index(frame[:min(len(frame), 96)], []byte(mark)); i >= 0 && bytes.HasPrefix(frame, []byte(`{"t":"`)) {
		return frame[i+len(mark):]
	}
	discord.Members(frame, func(key, value, _ []byte) {
		if string(key) == "d" {
			d = value
		}
	})
	return d
}

// deleted calls yield for the messages that a MESSAGE_DELETE or MESSAGE_DELETE_BULK
// names.
func deleted(frame []byte, yield func(id uint64)) {
	discord.Members(body(frame), func(key, value, _ []byte) {
		switch string(key) {
		case "id":
			yield(snowflake(value))
		case "ids":
			discord.Elements(value, func(id []byte) { yield(snowflake(id)) })
		}
	})
}

// snowflake reads an id; 0 if it is none.
func snowflake(value []byte) (id uint64) {
	if len(value) < 3 || value[0] != '"' {
		return 0
	}
	for _, c := range value[1 : len(value)-1] {
		if c < '0' || c > '9' {
			return 0
		}
		id = id*10 + uint64(c-'0')
	}
	return id
}

// milliseconds reads an ISO 8601 time, or null as 0.
func milliseconds(value []byte) (ms int64, ok bool) {
	if string(value) == "null" {
		return 0, true
	}
	if len(value) < 2 || value[0] != '"' {
		return 0, false
	}
	at, err := time.Parse(time.RFC3339Nano, string(value[1:len(value)-1]))
	return at.UnixMilli(), err == nil
}
