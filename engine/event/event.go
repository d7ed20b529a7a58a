// Package event is one dispatch on its way from a shard to the bot, and the
// form in which the bot receives it.
//
// Values are plain data. An [Event] may be read by many goroutines; nobody
// writes to Data after it has entered the queue.
package event

import (
	"bytes"
	"strconv"
	"time"
)

// Kind tells a bot what a GUILD_CREATE or GUILD_DELETE means, whether an event
// is a replay, and whether an interaction comes too late.
type Kind uint8

// The kinds (Discord docs, Gateway events: GUILD_CREATE, and Interactions:
// receiving and responding).
const (
	KindNone      Kind = iota
	KindLoaded         // GUILD_CREATE: backfill after READY
	KindJoined         // GUILD_CREATE: the bot was added
	KindAvailable      // GUILD_CREATE: back after an outage
	KindReplayed       // GUILD_CREATE: known already, sent again after a RESUME
	KindLate           // INTERACTION_CREATE: older than [AnswerWithin], it cannot be answered unless it has been already
	KindExpired        // INTERACTION_CREATE: older than [TokenValid], nothing can be done with it any more
	KindLeft           // GUILD_DELETE: the bot was removed, or the guild is gone
	KindOutage         // GUILD_DELETE: Discord cannot reach the guild for now
)

var kindNames = [...]string{
	KindNone: "", KindLoaded: "loaded", KindJoined: "joined",
	KindAvailable: "available", KindReplayed: "replayed",
	KindLate: "late", KindExpired: "expired",
	KindLeft: "left", KindOutage: "outage",
}

// String is the kind as the bot receives it; empty for [KindNone].
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return ""
}

// ID names an event: the same on every delivery attempt and after any restart,
// because a RESUME replays a session's dispatches with their sequence numbers.
type ID struct {
	Session uint64 // digest of the session id
	Seq     int64
}

// AppendTo appends the id as the bot sees it: sixteen hex digits, a hyphen and
// the sequence number.
func (id ID) AppendTo(dst []byte) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, digits[id.Session>>uint(shift)&0xf])
	}
	dst = append(dst, '-')
	return strconv.AppendInt(dst, id.Seq, 10)
}

// String is the id as the bot sees it.
func (id ID) String() string { return string(id.AppendTo(nil)) }

// Event is one dispatch.
type Event struct {
	ID       ID
	ShardID  int
	Shards   int // total of the fleet it came from
	Type     string
	Guild    uint64 // 0 for none
	Kind     Kind
	Received time.Time
	Data     []byte // the frame as Discord sent it: {"t":…,"s":…,"op":0,"d":…}
	// To is the name of the one sink that the event is for, because its bot has
	// asked Discord for it; empty for all. It counts while the event enters the
	// queue.
	To string
}

// Size is what the event counts for against the bounds of a queue, in bytes.
func (e *Event) Size() int { return len(e.Data) + overhead }

// overhead is about what an event costs in memory beside its data.
const overhead = 96

// AppendJSON appends the event as the bot receives it, one line without a line
// feed:
//
//	{"id":"…-42","shardId":3,"shards":8,"receivedAt":1763750467936,"kind":"loaded","data":{…}}
//
// receivedAt is Unix time in milliseconds. kind is left out if there is none.
// data is the frame, byte for byte, but for line breaks between its tokens,
// which Discord does not send and which become spaces.
func (e *Event) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"id":"`...)
	dst = e.ID.AppendTo(dst)
	dst = append(dst, `","shardId":`...)
	dst = strconv.AppendInt(dst, int64(e.ShardID), 10)
	dst = append(dst, `,"shards":`...)
	dst = strconv.AppendInt(dst, int64(e.Shards), 10)
	dst = append(dst, `,"receivedAt":`...)
	dst = strconv.AppendInt(dst, e.Received.UnixMilli(), 10)
	if e.Kind != KindNone {
		dst = append(dst, `,"kind":"`...)
		dst = append(dst, e.Kind.String()...)
		dst = append(dst, '"')
	}
	dst = append(dst, `,"data":`...)
	start := len(dst)
	dst = append(dst, e.Data...)
	oneLine(dst[start:])
	return append(dst, '}')
}

// oneLine replaces line breaks. In JSON they can only stand between tokens.
func oneLine(frame []byte) {
	if bytes.IndexByte(frame, '\n') < 0 && bytes.IndexByte(frame, '\r') < 0 {
		return
	}
	for i, c := range frame {
		if c == '\n' || c == '\r' {
			frame[i] = ' '
		}
	}
}
