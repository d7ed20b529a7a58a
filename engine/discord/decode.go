package discord

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// DecodeHello reads the heartbeat interval of op 10. It fails if there is none
// or if it is not within a second and an hour: heartbeats faster than that would
// by themselves be more than Discord takes (120 frames in 60 s).
func DecodeHello(d []byte) (time.Duration, error) {
	var hello struct {
		Interval float64 `json:"heartbeat_interval"` // ms
	}
	if err := json.Unmarshal(d, &hello); err != nil {
		return 0, fmt.Errorf("decode hello: %w", err)
	}
	interval := time.Duration(hello.Interval * float64(time.Millisecond))
	if interval < time.Second || interval > time.Hour {
		return 0, fmt.Errorf("decode hello: heartbeat_interval of %g ms", hello.Interval)
	}
	return interval, nil
}

// Ready is what the engine needs of a READY.
type Ready struct {
	Version   int      // of the gateway; 0 if not told
	SessionID string   // never empty
	ResumeURL string   // without path and query; empty if not told
	UserID    uint64   // of the bot; 0 if not told
	Guilds    []uint64 // every guild of the shard, in the order told
	Shard     *[2]int  // id and total; nil if Discord did not echo them
}

// DecodeReady reads d of a READY. It fails only if d is not an object or names
// no session: one oddly typed field must not keep a shard from coming up, so
// every other field is left empty if it is not what it should be.
func DecodeReady(d []byte) (Ready, error) {
	var raw struct {
		Version   json.RawMessage `json:"v"`
		SessionID json.RawMessage `json:"session_id"`
		ResumeURL json.RawMessage `json:"resume_gateway_url"`
		User      json.RawMessage `json:"user"`
		Guilds    json.RawMessage `json:"guilds"`
		Shard     json.RawMessage `json:"shard"`
	}
	if err := json.Unmarshal(d, &raw); err != nil {
		return Ready{}, fmt.Errorf("decode ready: %w", err)
	}
	ready := Ready{
		SessionID: decodeString(raw.SessionID),
		ResumeURL: decodeString(raw.ResumeURL),
		UserID:    parseSnowflake(lastValue(raw.User, "id")),
		Guilds:    decodeGuildIDs(raw.Guilds),
		Shard:     decodeShard(raw.Shard),
	}
	if v, ok := parseInt(raw.Version); ok {
		ready.Version = int(v)
	}
	if ready.SessionID == "" {
		return Ready{}, errors.New("decode ready: no session_id")
	}
	return ready, nil
}

func decodeString(raw json.RawMessage) string {
	text, _ := unquote(raw)
	return string(text)
}

// decodeGuildIDs reads READY's [{"id":…,"unavailable":true}, …].
func decodeGuildIDs(raw json.RawMessage) []uint64 {
	var guilds []json.RawMessage
	if json.Unmarshal(raw, &guilds) != nil {
		return nil
	}
	ids := make([]uint64, 0, len(guilds))
	for _, guild := range guilds {
		if id := parseSnowflake(lastValue(guild, "id")); id != 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

func decodeShard(raw json.RawMessage) *[2]int {
	var shard []int
	if json.Unmarshal(raw, &shard) != nil || len(shard) != 2 {
		return nil
	}
	return &[2]int{shard[0], shard[1]}
}

// DecodeInvalidSession reads d of op 9: whether a RESUME may still succeed.
// Everything but true means that it cannot.
func DecodeInvalidSession(d []byte) (resumable bool) { return string(d) == "true" }

// GuildUnavailable looks for the key unavailable in d of a GUILD_CREATE or
// GUILD_DELETE: its absence from a GUILD_CREATE means that the bot has been
// added, from a GUILD_DELETE that it has been removed (Discord docs, Gateway
// events). It allocates nothing and stops at the first occurrence at depth 1,
// so that only a guild without the key is read to its end. d must be
// well-formed, as [Scan] leaves it.
func GuildUnavailable(d []byte) (present, value bool) {
	raw := firstValue(d, "unavailable")
	return raw != nil, string(raw) == "true"
}

// MaskReady returns a copy of a READY frame in which session_id and
// resume_gateway_url of d are "", so that a bot cannot take over, or end, the
// session that Gatehouse holds. Everything else is kept byte for byte. It is
// nil if the frame is malformed.
func MaskReady(frame []byte) []byte {
	var f Frame
	if Scan(frame, &f) != nil {
		return nil
	}
	out := make([]byte, 0, len(frame))
	from := 0 // start of what has not been copied yet
	eachMember(frame, 0, func(m member, end int) {
		if !m.is(frame, "d") {
			return
		}
		eachMember(frame, m.val, func(m member, end int) {
			if m.is(frame, "session_id") || m.is(frame, "resume_gateway_url") {
				out = append(out, frame[from:m.val]...)
				out = append(out, `""`...)
				from = end
			}
		})
	})
	return append(out, frame[from:]...)
}

// eachMember visits the members of the object that begins at i, behind white
// space, in text that is known to be well-formed; of anything else none.
func eachMember(b []byte, i int, visit func(m member, end int)) {
	i = skipSpace(b, i)
	if i >= len(b) || b[i] != '{' {
		return
	}
	i, done := firstMember(b, i)
	for !done {
		var m member
		if i = readKey(b, i, &m); i < 0 {
			return
		}
		if i = skipValue(b, i, 1); i < 0 {
			return
		}
		visit(m, i)
		i, done = nextMember(b, i)
	}
}
