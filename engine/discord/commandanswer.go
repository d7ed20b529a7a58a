package discord

import (
	"math"
	"strconv"
	"time"
)

// Answer is what a dispatch that answers a [Command] says about the question.
type Answer struct {
	Op    Opcode // of the command that is answered; 0 if RATE_LIMITED does not say
	Guild uint64 // 0 if not told
	// Nonce is that of the command, decoded; nil if there is none. It may be a
	// part of the scanned text.
	Nonce []byte
	// Index and Count are chunk_index and chunk_count of a
	// GUILD_MEMBERS_CHUNK. Count is 1 if not told, and for other answers.
	Index, Count int
	Limited      bool          // RATE_LIMITED: the command is not answered
	RetryAfter   time.Duration // RATE_LIMITED: from when on it would be, at most a day
}

// maxRetryAfter bounds what Discord may say.
const maxRetryAfter = 24 * time.Hour

// IsAnswer reports whether dispatches of this type answer commands.
func IsAnswer(kind string) bool {
	switch kind {
	case "GUILD_MEMBERS_CHUNK", "RATE_LIMITED", "SOUNDBOARD_SOUNDS", "CHANNEL_INFO":
		return true
	default:
		return false
	}
}

// ScanAnswer reads what d of a dispatch says about the command that it answers.
// It is false, and *a empty, if dispatches of this type answer none. d must be
// well-formed, as [Scan] leaves it; what is not as it should be counts as not
// told. It allocates only for a nonce with escapes, and for RATE_LIMITED.
func ScanAnswer(kind string, d []byte, a *Answer) bool {
	*a = Answer{Count: 1}
	switch kind {
	case "GUILD_MEMBERS_CHUNK":
		a.Op = OpRequestGuildMembers
	case "SOUNDBOARD_SOUNDS":
		a.Op = OpRequestSoundboard
	case "CHANNEL_INFO":
		a.Op = OpRequestChannelInfo
	case "RATE_LIMITED":
		a.Limited = true
		a.limited(d)
		return true
	default:
		*a = Answer{}
		return false
	}
	eachMember(d, 0, func(m member, end int) {
		switch {
		case m.is(d, "guild_id"):
			a.Guild = parseSnowflake(d[m.val:end])
		case a.Op != OpRequestGuildMembers:
		case m.is(d, "nonce"):
			a.Nonce, _ = unquote(d[m.val:end])
		case m.is(d, "chunk_index"):
			a.Index = smallInt(d[m.val:end], 0)
		case m.is(d, "chunk_count"):
			a.Count = max(1, smallInt(d[m.val:end], 1))
		}
	})
	return true
}

// limited reads d of a RATE_LIMITED.
func (a *Answer) limited(d []byte) {
	eachMember(d, 0, func(m member, end int) {
		value := d[m.val:end]
		switch {
		case m.is(d, "opcode"):
			a.Op = Opcode(smallInt(value, 0))
		case m.is(d, "retry_after"):
			a.RetryAfter = seconds(value)
		case m.is(d, "meta"):
			a.Guild, a.Nonce = 0, nil
			eachMember(value, 0, func(m member, end int) {
				switch {
				case m.is(value, "guild_id"):
					a.Guild = parseSnowflake(value[m.val:end])
				case m.is(value, "nonce"):
					a.Nonce, _ = unquote(value[m.val:end])
				}
			})
		}
	})
}

// smallInt is a number from 0 to 2³¹-1, or dflt if it is something else.
func smallInt(raw []byte, dflt int) int {
	n, ok := parseInt(raw)
	if !ok || n < 0 || n > math.MaxInt32 {
		return dflt
	}
	return int(n)
}

// seconds reads a number of seconds; 0 if it is none.
func seconds(raw []byte) time.Duration {
	s, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || !(s > 0) {
		return 0
	}
	if s >= maxRetryAfter.Seconds() {
		return maxRetryAfter
	}
	return time.Duration(s * float64(time.Second))
}
