package discord

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzScan holds Scan against encoding/json: the same messages are accepted,
// and the same parts come out.
func FuzzScan(f *testing.F) {
	for _, seed := range fuzzSeeds() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		before := bytes.Clone(msg)
		var got Frame
		err := Scan(msg, &got)
		want, ok := referenceScan(msg)
		if ok != (err == nil) {
			t.Fatalf("encoding/json accepts: %v, Scan says: %v", ok, err)
		}
		if err != nil && (!errors.Is(err, ErrMalformed) || !sameFrame(got, Frame{})) {
			t.Fatalf("after an error: %+v, %v", got, err)
		}
		if err == nil && !sameFrame(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		if !bytes.Equal(msg, before) {
			t.Fatal("Scan wrote to the message")
		}
	})
}

func fuzzSeeds() []string {
	return []string{
		sampleReaction, sampleMessage, sampleReady, sampleRateLimited,
		`{"t":"GUILD_DELETE","s":7,"op":0,"d":{"id":"1290331204774989846","unavailable":true}}`,
		`{"d":{"guild_id":"5","id":"6"},"op":0,"s":2,"t":"GUILD_UPDATE"}`,
		"{ \"op\" : 10 ,\r\n\t\"d\" : { \"heartbeat_interval\" : 41250 } , \"s\" : null , \"t\" : null }",
		`{"\u006fp":0,"\u0074":"\u0054","s":-1,"d":{"\u0067uild_id":"\u0031\u0032"}}`,
		`{"op":0,"d":{"guild_id":7},"d":{"id":"8"},"t":"X","t":null}`,
		`{"op":9,"d":false,"x":[1.5e-7,-0,"\ud83d",[],{}]}`,
		`{"op":1e1}`, `{"op":01}`, `[]`, `{}`, ``, `{"op":0,}`, "{\"op\":0,\"d\":\"a\nb\"}",
		`{"op":0,"t":"RATE_LIMITED","d":{"meta":{"guild_id":"1"},"meta":{"guild_id":null}}}`,
		`{"op":0,"d":` + strings.Repeat("[", 511) + strings.Repeat("]", 511) + `}`,
		`{"op":0,"d":` + strings.Repeat("[", 512) + strings.Repeat("]", 512) + `}`,
	}
}

// referenceScan says by encoding/json what Scan is to find.
func referenceScan(msg []byte) (f Frame, ok bool) {
	var top map[string]json.RawMessage
	if !json.Valid(msg) || nesting(msg) > maxDepth || json.Unmarshal(msg, &top) != nil || top == nil {
		return Frame{}, false
	}
	var op, seq *int64
	var kind *string
	if raw := top["op"]; raw == nil || json.Unmarshal(raw, &op) != nil || op == nil {
		return Frame{}, false
	}
	if raw := top["s"]; raw != nil && json.Unmarshal(raw, &seq) != nil {
		return Frame{}, false
	}
	if raw := top["t"]; raw != nil && json.Unmarshal(raw, &kind) != nil {
		return Frame{}, false
	}
	f = Frame{Op: Opcode(*op), Data: top["d"]}
	if seq != nil {
		f.Seq = *seq
	}
	if kind != nil {
		f.Type = []byte(*kind)
	}
	f.Guild = referenceGuild(string(f.Type), f.Data)
	return f, true
}

func referenceGuild(kind string, d []byte) uint64 {
	var data map[string]json.RawMessage
	if json.Unmarshal(d, &data) != nil {
		return 0
	}
	raw := data["guild_id"]
	switch kind {
	case "GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE":
		raw = data["id"]
	case "RATE_LIMITED":
		var meta map[string]json.RawMessage
		if json.Unmarshal(data["meta"], &meta) != nil {
			return 0
		}
		raw = meta["guild_id"]
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	if strings.Trim(text, "0123456789") != "" || len(text) > 20 {
		return 0
	}
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// nesting is the depth of valid JSON.
func nesting(msg []byte) (deepest int) {
	depth, inString := 0, false
	for i := 0; i < len(msg); i++ {
		switch c := msg[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

func sameFrame(a, b Frame) bool {
	// encoding/json replaces what is not UTF-8; the scanner keeps the bytes.
	sameType := bytes.Equal(a.Type, b.Type) && (a.Type == nil) == (b.Type == nil) || !utf8.Valid(a.Type)
	return a.Op == b.Op && a.Seq == b.Seq && a.Guild == b.Guild && sameType &&
		bytes.Equal(a.Data, b.Data) && (a.Data == nil) == (b.Data == nil)
}

// FuzzMaskReady: whatever comes in, no session secret goes out, and everything
// else does.
func FuzzMaskReady(f *testing.F) {
	f.Add([]byte(sampleReady))
	f.Add([]byte(`{"op":0,"d":{"session_id":"a","\u0073ession_id":["b"],"resume_gateway_url":null},"d":{"session_id":1}}`))
	f.Fuzz(func(t *testing.T, msg []byte) {
		masked := MaskReady(msg)
		var frame, after Frame
		if Scan(msg, &frame) != nil {
			if masked != nil {
				t.Fatalf("masked a malformed frame: %q", masked)
			}
			return
		}
		if err := Scan(masked, &after); err != nil {
			t.Fatalf("masked frame: %v", err)
		}
		var want, got map[string]any
		if json.Unmarshal(frame.Data, &want) != nil || want == nil {
			return
		}
		if err := json.Unmarshal(after.Data, &got); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"session_id", "resume_gateway_url"} {
			if value, ok := got[secret]; ok && value != "" {
				t.Fatalf("%s is still %v", secret, value)
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d members of %d are left", len(got), len(want))
		}
	})
}
