package discord

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestAppendHeartbeat(t *testing.T) {
	if got := string(AppendHeartbeat([]byte("x"), 251)); got != `x{"op":1,"d":251}` {
		t.Errorf("got %s", got)
	}
	if got := string(AppendHeartbeat(nil, 0)); got != `{"op":1,"d":null}` {
		t.Errorf("before the first dispatch: %s", got)
	}
}

func TestAppendIdentify(t *testing.T) {
	for _, tc := range []struct {
		name string
		id   Identify
		want string
	}{
		{"the least", Identify{Token: NewToken("Bot a.b.c")},
			`{"op":2,"d":{"token":"a.b.c","intents":0,"properties":{"os":"","browser":"","device":""}}}`},
		{"everything", Identify{
			Token: NewToken("a.b.c"), Intents: IntentGuilds | IntentGuildMessages, Properties: Properties{"linux", `gate"house`, "gate\nhouse"},
			Shard: 0, Shards: 16, LargeThreshold: 250, Presence: json.RawMessage(`{"status":"idle"}`), Compress: true, Capabilities: 1 << 15},
			`{"op":2,"d":{"token":"a.b.c","intents":513,"properties":{"os":"linux","browser":"gate\"house","device":"gate\u000ahouse"},` +
				`"compress":true,"large_threshold":250,"shard":[0,16],"presence":{"status":"idle"},"capabilities":32768}}`},
	} {
		got, err := AppendIdentify(nil, tc.id)
		if err != nil || string(got) != tc.want || !json.Valid(got) {
			t.Errorf("%s: got %s, %v", tc.name, got, err)
		}
	}
}

func TestAppendResume(t *testing.T) {
	got, err := AppendResume([]byte("x"), NewToken("a.b.c"), "5d41", 1337)
	if want := `x{"op":6,"d":{"token":"a.b.c","session_id":"5d41","seq":1337}}`; err != nil || string(got) != want {
		t.Fatalf("got %s, %v", got, err)
	}
}

func TestFramesKeepToTheLimit(t *testing.T) {
	token := NewToken("sssecret")
	for name, build := range map[string]func(n int) ([]byte, error){
		"identify": func(n int) ([]byte, error) {
			presence, _ := json.Marshal(strings.Repeat("x", n))
			return AppendIdentify([]byte("before"), Identify{Token: token, Presence: presence})
		},
		"resume": func(n int) ([]byte, error) {
			return AppendResume([]byte("before"), token, strings.Repeat("x", n), 1)
		},
	} {
		short, err := build(1000)
		if err != nil {
			t.Fatal(err)
		}
		most := MaxSendBytes - (len(short) - len("before") - 1000)
		if got, err := build(most); err != nil || len(got) != len("before")+MaxSendBytes {
			t.Errorf("%s of exactly the limit: %d bytes, %v", name, len(got), err)
		}
		got, err := build(most + 1)
		if !errors.Is(err, ErrFrameTooLong) || string(got) != "before" || strings.Contains(err.Error(), "sssecret") {
			t.Errorf("%s one byte over: %q, %v", name, got, err)
		}
	}
}

func TestAppendIdentifyRefusesABrokenPresence(t *testing.T) {
	if got, err := AppendIdentify(nil, Identify{Presence: json.RawMessage(`{"status":`)}); err == nil {
		t.Fatalf("got %s", got)
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("plain")
	f.Add("\"\\\x00\x1f\x7f\u2028\xff é🦆")
	f.Fuzz(func(t *testing.T, s string) {
		var got, want string
		if err := json.Unmarshal(appendString(nil, s), &got); err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(s)
		if err := json.Unmarshal(text, &want); err != nil || got != want {
			t.Fatalf("got %q, want %q, %v", got, want, err)
		}
	})
}
