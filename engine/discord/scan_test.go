package discord

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestScanFindsTheParts(t *testing.T) {
	for _, tc := range []struct {
		name, msg string
		op        Opcode
		seq       int64
		kind      string
		guild     uint64
	}{
		{"a message", sampleMessage, OpDispatch, 8813, "MESSAGE_CREATE", 1290331204774989846},
		{"a guild, by d.id", sampleGuild(), OpDispatch, 4, "GUILD_CREATE", 1290331204774989846},
		{"a rate limit, by d.meta", sampleRateLimited, OpDispatch, 9, "RATE_LIMITED", 1290331204774989846},
		{"READY has no guild", sampleReady, OpDispatch, 1, "READY", 0},
		{"hello", `{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250,"_trace":["[\"gw\",{\"micros\":0.0}]"]}}`, OpHello, 0, "", 0},
		{"an ACK without d", `{"op":11}`, OpHeartbeatACK, 0, "", 0},
		{"t behind d", `{"d":{"id":"5","guild_id":"6"},"op":0,"s":3,"t":"GUILD_DELETE"}`, OpDispatch, 3, "GUILD_DELETE", 5},
		{"no guild in a direct message", `{"t":"MESSAGE_CREATE","s":3,"op":0,"d":{"id":"5","guild_id":null}}`, OpDispatch, 3, "MESSAGE_CREATE", 0},
		{"nested ids do not count", `{"t":"MESSAGE_CREATE","s":3,"op":0,"d":{"x":{"guild_id":"1"},"y":[{"guild_id":"2"}]}}`, OpDispatch, 3, "MESSAGE_CREATE", 0},
		{"an id as a number", `{"t":"X","s":3,"op":0,"d":{"guild_id":1290331204774989846}}`, OpDispatch, 3, "X", 1290331204774989846},
		{"an id too large for one", `{"t":"X","s":3,"op":0,"d":{"guild_id":"18446744073709551616"}}`, OpDispatch, 3, "X", 0},
		{"the largest id", `{"t":"X","s":3,"op":0,"d":{"guild_id":"18446744073709551615"}}`, OpDispatch, 3, "X", 1<<64 - 1},
		{"the last of two d", `{"op":0,"t":"X","d":{"guild_id":"1"},"d":{"id":"2"}}`, OpDispatch, 0, "X", 0},
		{"escaped keys", `{"\u006fp":7,"\u0073":2}`, OpReconnect, 2, "", 0},
		{"white space", " \r\n{ \"op\" :\t0 , \"t\" : \"X\" , \"d\" : { \"guild_id\" : \"9\" } }\n", OpDispatch, 0, "X", 9},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var f Frame
			if err := Scan([]byte(tc.msg), &f); err != nil {
				t.Fatal(err)
			}
			if f.Op != tc.op || f.Seq != tc.seq || string(f.Type) != tc.kind || f.Guild != tc.guild {
				t.Fatalf("got %v %d %q %d", f.Op, f.Seq, f.Type, f.Guild)
			}
		})
	}
}

func TestScanLeavesDataUntouched(t *testing.T) {
	data := `{"content":"\u00e9 é \ud83e\udd86","n":1.50e+1}`
	msg := []byte(`{"t":"X","s":1,"op":0,"d": ` + data + ` }`)
	var f Frame
	if err := Scan(msg, &f); err != nil {
		t.Fatal(err)
	}
	if string(f.Data) != data {
		t.Fatalf("got %s", f.Data)
	}
	if _ = append(f.Data, "overwritten"...); !strings.HasSuffix(string(msg), " }") {
		t.Fatal("appending to Data writes into the message")
	}
}

func TestScanRefuses(t *testing.T) {
	nested := func(n int) string { return `{"op":0,"d":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	for name, msg := range map[string]string{
		"nothing": "", "an array": "[]", "no op": `{"t":"X"}`, "a null op": `{"op":null}`, "op as a string": `{"op":"0"}`,
		"a fraction as s": `{"op":0,"s":1.5}`, "t as a number": `{"op":0,"t":1}`, "s too large": `{"op":0,"s":9223372036854775808}`,
		"a truncated message": sampleMessage[:700], "something behind the end": `{"op":0}x`, "two messages": `{"op":11}{"op":11}`,
		"a trailing comma": `{"op":0,}`, "a missing colon": `{"op" 0}`, "a missing comma": `{"op":0 "s":1}`,
		"a control character": "{\"op\":0,\"d\":\"a\x01\"}", "a bad escape": `{"op":0,"d":"\x"}`, "a cut escape": `{"op":0,"d":"\u12"}`,
		"a leading zero": `{"op":0,"d":01}`, "a lone minus": `{"op":0,"d":-}`, "a bare point": `{"op":0,"d":1.}`, "an empty exponent": `{"op":0,"d":1e}`,
		"a misspelt literal": `{"op":0,"d":nul}`, "mixed brackets": `{"op":0,"d":[1}`, "too deep": nested(maxDepth),
	} {
		f := Frame{Seq: 5}
		err := Scan([]byte(msg), &f)
		if !errors.Is(err, ErrMalformed) || !sameFrame(f, Frame{}) {
			t.Errorf("%s: got %+v, %v", name, f, err)
		}
	}
	if err := Scan([]byte(nested(maxDepth-1)), new(Frame)); err != nil {
		t.Errorf("as deep as allowed: %v", err)
	}
}

// Every way to cut a message short, and every single byte replaced, is judged
// as encoding/json judges it.
func TestScanAgreesWithEncodingJSONOnDamage(t *testing.T) {
	msg := []byte(sampleRateLimited)
	var f Frame
	for i := range msg {
		if Scan(msg[:i], &f) == nil {
			t.Fatalf("accepts the first %d bytes", i)
		}
		for _, c := range []byte("\x00\n \"\\,:{}[]0-.eut\x80") {
			damaged := append([]byte{}, msg...)
			damaged[i] = c
			want, ok := referenceScan(damaged)
			if err := Scan(damaged, &f); (err == nil) != ok || ok && !sameFrame(f, want) {
				t.Fatalf("byte %d as %q: %+v, %v; encoding/json: %+v, %v", i, c, f, err, want, ok)
			}
		}
	}
}

func TestScanErrorsDoNotQuote(t *testing.T) {
	err := Scan([]byte(`{"op":0,"d":{"session_id":"sssecret"`), new(Frame))
	if err == nil || strings.Contains(err.Error(), "sssecret") {
		t.Fatalf("got %v", err)
	}
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	msg, guild := []byte(sampleMessage), []byte(sampleGuild())
	var f Frame
	allocations := testing.AllocsPerRun(100, func() {
		if Scan(msg, &f) != nil || InternType(f.Type) == "" || Scan(guild, &f) != nil {
			t.Fatal("the samples are well-formed")
		}
		GuildUnavailable(f.Data)
	})
	if allocations != 0 {
		t.Fatalf("%v allocations", allocations)
	}
}

// skipPlain is right at every offset and length, with every byte.
func TestSkipPlain(t *testing.T) {
	for length := range 20 {
		for hit := range length {
			for c := range 256 {
				text := []byte(strings.Repeat("é~", length)[:length])
				text[hit] = byte(c)
				want := length
				if c < ' ' || c == '"' || c == '\\' {
					want = hit
				}
				if got := skipPlain(text, 0); got != want {
					t.Fatalf("%q: got %d, want %d", text, got, want)
				}
			}
		}
	}
}

func TestSkipNumberAgreesWithEncodingJSON(t *testing.T) {
	const alphabet = "0159-+.eE"
	var try func(prefix string, more int)
	try = func(prefix string, more int) {
		if prefix != "" {
			got := skipValue([]byte(prefix), 0, 0) == len(prefix)
			if got != json.Valid([]byte(prefix)) {
				t.Errorf("%s: accepted is %v", prefix, got)
			}
		}
		if more > 0 {
			for _, c := range alphabet {
				try(prefix+string(c), more-1)
			}
		}
	}
	try("", 5)
}
