package discord

import (
	"reflect"
	"testing"
	"time"
)

const sampleChunk = `{"t":"GUILD_MEMBERS_CHUNK","s":5245,"op":0,"d":{"presences":[{"user":{"id":"13"},"nonce":"not this"}],` +
	`"nonce":"gh-1","not_found":["x",5],"members":[{"user":{"id":"9","guild_id":"6"}}],"guild_id":"1209231463430062098",` +
	`"chunk_index":1,"chunk_count":2}}`

func TestScanAnswer(t *testing.T) {
	for _, tc := range []struct {
		name, kind, d string
		want          Answer
	}{
		{"a chunk", "GUILD_MEMBERS_CHUNK", string(scanData(t, sampleChunk)),
			Answer{Op: 8, Guild: guildA, Nonce: []byte("gh-1"), Index: 1, Count: 2}},
		{"a chunk without a nonce", "GUILD_MEMBERS_CHUNK", `{"guild_id":"5","members":[],"chunk_index":0,"chunk_count":1}`,
			Answer{Op: 8, Guild: 5, Count: 1}},
		{"an odd chunk", "GUILD_MEMBERS_CHUNK", `{"guild_id":null,"nonce":7,"chunk_index":-1,"chunk_count":99999999999}`,
			Answer{Op: 8, Count: 1}},
		{"an escaped nonce", "GUILD_MEMBERS_CHUNK", `{"nonce":"\u0067h-1","chunk_count":0}`,
			Answer{Op: 8, Nonce: []byte("gh-1"), Count: 1}},
		{"too often", "RATE_LIMITED", string(scanData(t, sampleRateLimited)),
			Answer{Op: 8, Guild: guildB, Nonce: []byte("m-3"), Count: 1, Limited: true, RetryAfter: 26914 * time.Millisecond}},
		{"too often, without a nonce", "RATE_LIMITED", `{"meta":{"guild_id":"5"},"opcode":31,"retry_after":1}`,
			Answer{Op: 31, Guild: 5, Count: 1, Limited: true, RetryAfter: time.Second}},
		{"of two metas the last counts", "RATE_LIMITED", `{"meta":{"guild_id":"5","nonce":"x"},"meta":{"a":1}}`, Answer{Count: 1, Limited: true}},
		{"too often for ever", "RATE_LIMITED", `{"retry_after":1e300}`, Answer{Count: 1, Limited: true, RetryAfter: 24 * time.Hour}},
		{"odd limits", "RATE_LIMITED", `{"retry_after":-3,"opcode":"8","meta":[]}`, Answer{Count: 1, Limited: true}},
		{"sounds", "SOUNDBOARD_SOUNDS", `{"soundboard_sounds":[],"guild_id":"5","nonce":"x"}`, Answer{Op: 31, Guild: 5, Count: 1}},
		{"channels", "CHANNEL_INFO", `{"guild_id":"5","channels":[{"id":"6"}],"chunk_count":3}`, Answer{Op: 43, Guild: 5, Count: 1}},
		{"no object", "CHANNEL_INFO", `[]`, Answer{Op: 43, Count: 1}},
	} {
		var got Answer
		if !IsAnswer(tc.kind) || !ScanAnswer(tc.kind, []byte(tc.d), &got) || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: got %+v, want %+v", tc.name, got, tc.want)
		}
	}
	for _, kind := range []string{"MESSAGE_CREATE", "", "READY", "CHANNEL_UPDATE"} {
		got := Answer{Op: 8, Guild: 5}
		if IsAnswer(kind) || ScanAnswer(kind, []byte(`{"guild_id":"5"}`), &got) || !reflect.DeepEqual(got, Answer{}) {
			t.Errorf("%s is taken for an answer: %+v", kind, got)
		}
	}
}

func TestScanAnswerAllocatesNothing(t *testing.T) {
	d := scanData(t, sampleChunk)
	var a Answer
	if n := testing.AllocsPerRun(20, func() { ScanAnswer("GUILD_MEMBERS_CHUNK", d, &a) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestReplaceNonce(t *testing.T) {
	for _, tc := range []struct{ name, msg, nonce, replacement, want string }{
		{"in its place", `{"op":0,"d":{"a":1,"nonce":"gh-1","b":2},"s":5}`, "gh-1", "m", `{"op":0,"d":{"a":1,"nonce":"m","b":2},"s":5}`},
		{"out of the middle", `{"d":{"a":1, "nonce" : "gh-1" ,"b":2}}`, "gh-1", "", `{"d":{"a":1 ,"b":2}}`},
		{"from the front", `{"d":{ "nonce":"gh-1", "b":2}}`, "gh-1", "", `{"d":{ "b":2}}`},
		{"from the end", `{"d":{"b":2 , "nonce":"gh-1"}}`, "gh-1", "", `{"d":{"b":2}}`},
		{"all there is", `{"d":{ "nonce":"gh-1" }}`, "gh-1", "", `{"d":{  }}`},
		{"twice, all there is", `{"d":{"nonce":"gh-1","nonce":"gh-1"}}`, "gh-1", "", `{"d":{}}`},
		{"thrice with company", `{"d":{"nonce":"gh-1","nonce":"gh-1","a":1,"nonce":"gh-1"}}`, "gh-1", "", `{"d":{"a":1}}`},
		{"twice behind a member", `{"d":{"a":1,"nonce":"x","nonce":"x"}}`, "x", "", `{"d":{"a":1}}`},
		{"in meta", `{"d":{"meta":{"nonce":"gh-1","guild_id":"5"},"opcode":8}}`, "gh-1", "", `{"d":{"meta":{"guild_id":"5"},"opcode":8}}`},
		{"in meta and beside it", `{"d":{"nonce":"x","meta":{"g":1,"nonce":"x"},"nonce":"x"}}`, "x", "", `{"d":{"meta":{"g":1}}}`},
		{"with escapes", `{"\u0064":{"\u006eonce":"\u0067h-1"}}`, "gh-1", "a\"b", `{"\u0064":{"\u006eonce":"a\"b"}}`},
	} {
		msg := []byte(tc.msg)
		got, ok := ReplaceNonce(msg, tc.nonce, tc.replacement)
		if !ok || string(got) != tc.want || string(msg) != tc.msg {
			t.Errorf("%s: got %s, %v, want %s", tc.name, got, ok, tc.want)
		}
	}
	for _, msg := range []string{
		`{"nonce":"x","op":0}`, `{"d":{"nonce":"y"}}`, `{"d":{"nonce":7}}`, `{"d":{"members":[{"nonce":"x"}],"a":{"nonce":"x"}}}`,
		`{"d":{"meta":{"meta":{"nonce":"x"}}}}`, `{"d":null}`, `[]`, ``, `{"d":[{"nonce":"x"}]}`,
	} {
		if got, ok := ReplaceNonce([]byte(msg), "x", "z"); ok || got != nil {
			t.Errorf("%s became %s", msg, got)
		}
	}
}
