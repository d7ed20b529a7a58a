package discordtest

import (
	"bytes"
	"cmp"
	"strconv"
	"time"
)

// NumberKey is the last key of `d` of every numbered event.
const NumberKey = "gatehouse_n"

// numberMark is what precedes the number on the wire.
const numberMark = `"` + NumberKey + `":`

// EventNumber is the number of an event, found in its frame, its `d`, or a line
// that ends in either. ok is false for a frame without one. It reads from the
// end and decodes nothing.
func EventNumber(frame []byte) (n uint64, ok bool) {
	i := bytes.LastIndex(frame, []byte(numberMark))
	if i < 0 {
		return 0, false
	}
	for _, c := range frame[i+len(numberMark):] {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + uint64(c-'0')
		ok = true
	}
	return n, ok
}

// entry is an event as sessions keep it: everything its frame is made from.
type entry struct {
	number uint64 // 0 for READY and RESUMED
	ref    uint64 // number of the message it refers to
	at     uint32 // ms since the server's start
	refAt  uint32
	guild  uint32
	kind   kind
	now    revision // of the message that it is or changes
}

// renderer writes frames. It is immutable.
type renderer struct {
	templates *templates
	world     *world // only the arithmetic: guildID
	app       uint64 // the bot's user and application id
	start     time.Time
}

// subject is what the slots of one template are filled from.
type subject struct {
	entry
	guildID  uint64
	user     uint64 // seed of the acting user
	user2    uint64
	channel  uint64
	text     uint64 // seed of content
	members  int
	atMS     int64 // Unix
	refAtMS  int64
	messageN uint64
}

// appendFrame appends the wire form of an event, keys in Discord's order.
func (r *renderer) appendFrame(dst []byte, e entry, seq int64, custom []byte) []byte {
	dst = append(dst, `{"t":"`...)
	if e.kind.bodied() {
		name, body, _ := bytes.Cut(custom, []byte{' '})
		dst, custom = append(dst, name...), body
	} else {
		dst = append(dst, e.kind.dispatch()...)
	}
	dst = append(dst, `","s":`...)
	dst = strconv.AppendInt(dst, seq, 10)
	dst = append(dst, `,"op":0,"d":`...)
	dst = r.appendBody(dst, e, custom)
	if e.number != 0 && e.kind != kindBare {
		dst = append(dst, ',')
		dst = append(dst, numberMark...)
		dst = strconv.AppendUint(dst, e.number, 10)
	}
	dst = append(dst, '}')
	if e.kind == kindOdd {
		dst = append(dst, oddEnvelope...)
	}
	return append(dst, '}')
}

// appendBody appends `d` without its closing brace. It depends on the entry
// alone, so that every session gets the same bytes.
func (r *renderer) appendBody(dst []byte, e entry, custom []byte) []byte {
	s := r.subjectOf(e)
	switch e.kind {
	case kindReady:
		return append(dst, custom...)
	case kindCustom, kindAnswer, kindReply, kindBare, kindOdd:
		if len(custom) > 0 {
			return append(dst, custom...)
		}
	case kindHuge:
		return r.appendHuge(dst, s)
	case kindGuildCreate, kindGuildAvailable, kindGuildJoin:
		return r.appendGuild(dst, s)
	}
	return r.fill(dst, r.choose(e), &s)
}

// choose picks among the variants of a kind.
func (r *renderer) choose(e entry) template {
	switch {
	case e.kind >= kindMessage && e.kind <= kindPin:
		return r.templates.message(cmp.Or(e.ref, e.number))
	case e.kind == kindPresence && scramble(e.number)%10 < 3:
		return r.templates.rich
	case e.kind.bodied():
		return r.templates.byKind[kindCustom]
	default:
		return r.templates.byKind[e.kind]
	}
}

func (r *renderer) subjectOf(e entry) subject {
	s := subject{entry: e, messageN: e.number, atMS: r.unixMS(e.at)}
	s.refAtMS = s.atMS
	if e.ref != 0 {
		s.messageN, s.refAtMS = e.ref, r.unixMS(e.refAt)
	}
	if e.number != 0 {
		s.guildID = r.world.guildID(e.guild)
	}
	h := scramble(s.messageN)
	s.text = h >> 8
	s.channel = s.guildID + 1 + h%7
	s.user = scramble(s.guildID + h%61)
	s.user2 = scramble(s.guildID + h>>32%67)
	if e.guild == noGuild {
		s.channel = userID(s.user) + 1
	}
	if e.ref != 0 && e.kind > kindPin {
		s.user, s.user2 = s.user2, s.user // somebody else reacts
	}
	return s
}

func (r *renderer) unixMS(at uint32) int64 { return r.start.UnixMilli() + int64(at) }

// fill appends a template with its slots filled.
func (r *renderer) fill(dst []byte, t template, s *subject) []byte {
	for i := range t {
		dst = append(dst, t[i].text...)
		switch slot := t[i].slot; {
		case slot == slotNone:
		case slot >= slotUser && slot <= slotUser2Avatar:
			dst = appendPerson(dst, slot, s)
		case slot >= slotPinned && slot <= slotEmbeds:
			dst = r.appendRevision(dst, slot, s)
		case slot >= slotJoined && slot <= slotUnixMS:
			dst = appendTime(dst, slot, s)
		default:
			dst = r.appendSlot(dst, slot, s)
		}
	}
	return dst
}

func (r *renderer) appendSlot(dst []byte, slot slot, s *subject) []byte {
	switch slot {
	case slotGuild:
		return strconv.AppendUint(dst, s.guildID, 10)
	case slotChannel:
		return strconv.AppendUint(dst, s.channel, 10)
	case slotMessage:
		return strconv.AppendUint(dst, snowflake(s.refAtMS, s.messageN), 10)
	case slotID:
		return strconv.AppendUint(dst, snowflake(s.atMS, s.number+s.text<<8), 10)
	case slotNonce:
		return appendNonce(dst, s)
	case slotApp:
		return strconv.AppendUint(dst, r.app, 10)
	case slotRole1, slotRole2:
		return strconv.AppendUint(dst, s.guildID+20+uint64(slot-slotRole1), 10)
	case slotContent:
		return append(dst, phrases[s.text%uint64(len(phrases))]...)
	case slotNumber:
		return strconv.AppendUint(dst, s.text%10_000, 10)
	case slotStatus:
		return append(dst, statuses[s.text%uint64(len(statuses))]...)
	case slotHash:
		return appendHex(dst, s.user^s.text)
	case slotMembers:
		return strconv.AppendInt(dst, int64(s.members), 10)
	case slotLarge:
		return strconv.AppendBool(dst, s.members > 50)
	default:
		return dst
	}
}

// appendPerson fills a slot of one of the two users.
func appendPerson(dst []byte, slot slot, s *subject) []byte {
	seed := s.user
	if slot >= slotUser2 {
		seed = s.user2
		slot -= slotUser2 - slotUser
	}
	switch slot {
	case slotUser:
		return strconv.AppendUint(dst, userID(seed), 10)
	case slotUserName:
		dst = append(dst, surnames[seed%uint64(len(surnames))]...)
		return strconv.AppendUint(dst, seed>>40%1000, 10)
	case slotUserNick:
		return append(dst, nicknames[seed%uint64(len(nicknames))]...)
	default:
		return appendHex(dst, seed)
	}
}

// userID is the id of the user that a seed stands for.
func userID(seed uint64) uint64 {
	return (seed%30_000_000_000+1_000_000_000)<<22 | seed&0x3fffff
}

func appendTime(dst []byte, slot slot, s *subject) []byte {
	switch slot {
	case slotJoined:
		return appendISO(dst, 1_704_067_200_000+int64(s.user%60_000_000_000))
	case slotSent:
		return appendISO(dst, s.refAtMS)
	case slotNow:
		return appendISO(dst, s.atMS)
	case slotUnix:
		return strconv.AppendInt(dst, s.atMS/1000, 10)
	default:
		return strconv.AppendInt(dst, s.atMS, 10)
	}
}

// appendISO appends a time as Discord writes it.
func appendISO(dst []byte, unixMS int64) []byte { return appendMicros(dst, unixMS*1000) }

// appendMicros is [appendISO] for microseconds.
func appendMicros(dst []byte, unixMicros int64) []byte {
	return time.UnixMicro(unixMicros).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000-07:00")
}

// snowflake is an id made at a time.
func snowflake(unixMS int64, low uint64) uint64 {
	const epoch = 1_420_070_400_000
	return uint64(unixMS-epoch)<<22 | low&0x3fffff
}

// appendHex appends 32 hex digits.
func appendHex(dst []byte, seed uint64) []byte {
	const digits = "0123456789abcdef"
	for range 2 {
		seed = scramble(seed)
		for shift := 60; shift >= 0; shift -= 4 {
			dst = append(dst, digits[seed>>uint(shift)&0xf])
		}
	}
	return dst
}
