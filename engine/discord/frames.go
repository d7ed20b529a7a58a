package discord

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// ErrFrameTooLong is wrapped by the errors of the Append functions if a frame
// would exceed [MaxSendBytes], which Discord answers with close code 4002.
var ErrFrameTooLong = errors.New("frame is longer than Discord accepts")

// Properties is what an Identify says about the client.
type Properties struct{ OS, Browser, Device string }

// Identify is the content of op 2.
type Identify struct {
	Token      Token
	Intents    Intents
	Properties Properties

	Shard, Shards  int             // Shards 0 identifies an unsharded bot
	LargeThreshold int             // members above which offline ones are left out, 50 to 250; 0 for Discord's default of 50
	Presence       json.RawMessage // as sent, see [RenderPresence]; empty for none
	Compress       bool            // payload compression; not together with a transport compression
	Capabilities   int             // bit field; 0 leaves it out
}

// AppendHeartbeat appends op 1 with the last sequence number, or null if seq is
// 0 because nothing was received yet.
func AppendHeartbeat(dst []byte, seq int64) []byte {
	if seq == 0 {
		return append(dst, `{"op":1,"d":null}`...)
	}
	dst = append(dst, `{"op":1,"d":`...)
	dst = strconv.AppendInt(dst, seq, 10)
	return append(dst, '}')
}

// AppendIdentify appends op 2. It fails if the presence is not JSON, and with
// [ErrFrameTooLong], which in practice means a presence that is too long. On an
// error dst is returned as it came.
func AppendIdentify(dst []byte, id Identify) ([]byte, error) {
	start := len(dst)
	out := append(dst, `{"op":2,"d":{"token":`...)
	out = appendString(out, id.Token.Reveal())
	out = append(out, `,"intents":`...)
	out = strconv.AppendUint(out, uint64(id.Intents), 10)
	out = appendProperties(out, id.Properties)
	if id.Compress {
		out = append(out, `,"compress":true`...)
	}
	if id.LargeThreshold != 0 {
		out = append(out, `,"large_threshold":`...)
		out = strconv.AppendInt(out, int64(id.LargeThreshold), 10)
	}
	if id.Shards != 0 {
		out = append(out, `,"shard":[`...)
		out = strconv.AppendInt(out, int64(id.Shard), 10)
		out = append(out, ',')
		out = strconv.AppendInt(out, int64(id.Shards), 10)
		out = append(out, ']')
	}
	if len(id.Presence) != 0 {
		if !json.Valid(id.Presence) {
			return dst, errors.New("identify: the presence is not valid JSON")
		}
		out = append(out, `,"presence":`...)
		out = append(out, id.Presence...)
	}
	if id.Capabilities != 0 {
		out = append(out, `,"capabilities":`...)
		out = strconv.AppendInt(out, int64(id.Capabilities), 10)
	}
	out = append(out, `}}`...)
	if n := len(out) - start; n > MaxSendBytes {
		return dst, fmt.Errorf("identify: %w: %d of %d bytes; shorten the presence", ErrFrameTooLong, n, MaxSendBytes)
	}
	return out, nil
}

func appendProperties(dst []byte, p Properties) []byte {
	dst = append(dst, `,"properties":{"os":`...)
	dst = appendString(dst, p.OS)
	dst = append(dst, `,"browser":`...)
	dst = appendString(dst, p.Browser)
	dst = append(dst, `,"device":`...)
	dst = appendString(dst, p.Device)
	return append(dst, '}')
}

// AppendResume appends op 6 for a session and the last sequence number received
// in it. It fails with [ErrFrameTooLong]; dst is then returned as it came.
func AppendResume(dst []byte, token Token, sessionID string, seq int64) ([]byte, error) {
	start := len(dst)
	out := append(dst, `{"op":6,"d":{"token":`...)
	out = appendString(out, token.Reveal())
	out = append(out, `,"session_id":`...)
	out = appendString(out, sessionID)
	out = append(out, `,"seq":`...)
	out = strconv.AppendInt(out, seq, 10)
	out = append(out, `}}`...)
	if n := len(out) - start; n > MaxSendBytes {
		return dst, fmt.Errorf("resume: %w: %d of %d bytes", ErrFrameTooLong, n, MaxSendBytes)
	}
	return out, nil
}

// appendString appends s as a JSON string. Bytes that are not UTF-8 become
// U+FFFD, as in encoding/json.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&0xf])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
