package event

import (
	"bytes"
	"time"
)

// What Discord allows a bot for an interaction (Discord docs, Interactions:
// receiving and responding).
const (
	AnswerWithin = 3 * time.Second  // for the first answer; then the token is void, unless it was given
	TokenValid   = 15 * time.Minute // for everything that follows it
)

// TypeInteraction is the dispatch that dies of waiting.
const TypeInteraction = "INTERACTION_CREATE"

// credible bounds how long before it reached us an interaction can have been
// made: a session cannot be resumed after so long. An id that says otherwise is
// none of Discord's.
const credible = 24 * time.Hour

// Lateness is the kind that the event has at an instant: [KindLate] or
// [KindExpired] for an interaction that is too old, else its own.
func (e *Event) Lateness(now time.Time) Kind {
	if e.Type != TypeInteraction {
		return e.Kind
	}
	switch age := e.Age(now); {
	case age > TokenValid:
		return KindExpired
	case age > AnswerWithin:
		return KindLate
	case e.Kind == KindLate || e.Kind == KindExpired:
		return KindNone
	default:
		return e.Kind
	}
}

// Age is how long ago the event reached us; an interaction's, how long ago
// Discord made it. Its id tells, and counts more than our receiving it, since a
// RESUME brings interactions again that are minutes old.
func (e *Event) Age(now time.Time) time.Duration {
	age := now.Sub(e.Received)
	if e.Type != TypeInteraction {
		return age
	}
	// Discord's clock and ours need not agree, so that the id may lie in the
	// future: of the two ages the greater one counts.
	if made, ok := madeAt(e.Data); ok && e.Received.Sub(made) < credible {
		age = max(age, now.Sub(made))
	}
	return age
}

// discordEpoch is from when snowflakes count, in Unix milliseconds (Discord
// docs, Reference: snowflakes).
const discordEpoch = 1420070400000

// madeAt is the instant in the snowflake d.id of a frame.
func madeAt(frame []byte) (at time.Time, ok bool) {
	id, ok := digits(member(member(frame, "d"), "id"))
	if !ok {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(id>>22) + discordEpoch), true
}

// digits reads a string of digits at the front of a text. Nineteen always fit,
// and Discord will not need twenty this century.
func digits(text []byte) (n uint64, ok bool) {
	if len(text) == 0 || text[0] != '"' {
		return 0, false
	}
	for i, c := range text[1:min(len(text), 21)] {
		switch {
		case c == '"':
			return n, i > 0
		case c < '0' || c > '9':
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return 0, false
}

// member is the text from the value of an object's member on, nil if there is
// none of that name. The object must be JSON, as frames are that have passed
// discord.Scan: what is not gives some answer, and no panic. Of a key that
// occurs twice the first one counts; names with escapes are not recognized.
func member(object []byte, name string) []byte {
	b := object
	i := skipSpace(b, 0)
	if i >= len(b) || b[i] != '{' {
		return nil
	}
	for i = skipSpace(b, i+1); i < len(b) && b[i] == '"'; i = skipSpace(b, i+1) {
		key := i + 1
		i = skipString(b, i)
		found := i-1-key == len(name) && string(b[key:i-1]) == name
		if i = skipSpace(b, i); i >= len(b) || b[i] != ':' {
			return nil
		}
		i = skipSpace(b, i+1)
		if found {
			return b[min(i, len(b)):]
		}
		i = skipSpace(b, skipValue(b, i))
		if i >= len(b) || b[i] != ',' {
			return nil
		}
	}
	return nil
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// skipValue is the offset behind the value at i.
func skipValue(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = skipString(b, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']', ',':
			if depth == 0 {
				return i // the end of a number or a word
			}
			if b[i] != ',' {
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
		i++
	}
	return i
}

// skipString is the offset behind the string whose opening quote is at i.
func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			break
		}
		i += n
		escapes := 0
		for b[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
	return len(b)
}
