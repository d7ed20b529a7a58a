package discord

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

const guildA, guildB = 1209231463430062098, 1290331204774989846

// Each row is d as a library sends it, and the frame that goes to Discord.
func TestCommandsGoOutAsDiscordWantsThem(t *testing.T) {
	for _, tc := range []struct {
		name  string
		op    Opcode
		d     string
		frame string
	}{
		{"joining a voice channel", 4, `{"guild_id":"1209231463430062098","channel_id":"7","self_mute":false,"self_deaf":true}`,
			`{"op":4,"d":{"guild_id":"1209231463430062098","channel_id":"7","self_mute":false,"self_deaf":true}}`},
		{"leaving, with a number for an id and nothing about ears", 4, ` { "channel_id" : null , "guild_id" : 1209231463430062098 } `,
			`{"op":4,"d":{"guild_id":"1209231463430062098","channel_id":null,"self_mute":false,"self_deaf":false}}`},
		{"a field of tomorrow", 4, `{"guild_id":5,"channel_id":6,"self_video":true,"x":{"y": [1, 2]}}`,
			`{"op":4,"d":{"guild_id":"5","channel_id":"6","self_mute":false,"self_deaf":false,"self_video":true,"x":{"y":[1,2]}}}`},
		{"all members, guild in an array", 8, `{"guild_id":["1209231463430062098"],"query":"","limit":0,"presences":false,"nonce":""}`,
			`{"op":8,"d":{"guild_id":"1209231463430062098","query":"","limit":0,"presences":false}}`},
		{"a search", 8, `{"limit":10,"query":"m\u0061r<","guild_id":"5","nonce":"n-1","user_ids":null}`,
			`{"op":8,"d":{"guild_id":"5","query":"mar<","limit":10,"nonce":"n-1"}}`},
		{"users, once each, an empty query besides", 8, `{"guild_id":5,"user_ids":["7",8,7],"query":"","limit":0,"presences":true}`,
			`{"op":8,"d":{"guild_id":"5","user_ids":["7","8"],"limit":0,"presences":true}}`},
		{"one user, without an array", 8, `{"guild_id":"5","user_ids":"7"}`, `{"op":8,"d":{"guild_id":"5","user_ids":["7"]}}`},
		{"an empty list of users beside a query", 8, `{"guild_id":"5","user_ids":[],"query":"m","limit":100}`,
			`{"op":8,"d":{"guild_id":"5","query":"m","limit":100}}`},
		{"whole characters in escapes", 43, `{"guild_id":"5","fields":["status"],"x":"\ud83e\uDD86\ud83e\udd86 \\ud83e"}`,
			`{"op":43,"d":{"guild_id":"5","fields":["status"],"x":"\ud83e\uDD86\ud83e\udd86 \\ud83e"}}`},
		{"sounds", 31, `{"guild_ids":["1209231463430062098",5,5]}`, `{"op":31,"d":{"guild_ids":["1209231463430062098","5"]}}`},
		{"channels", 43, `{"guild_id":"5","fields":["status", "voice_start_time","mood"]}`,
			`{"op":43,"d":{"guild_id":"5","fields":["status","voice_start_time","mood"]}}`},
		{"an escaped key", 43, `{"\u0067uild_id":"5","fields":["status"]}`, `{"op":43,"d":{"guild_id":"5","fields":["status"]}}`},
		{"presence", 3, `{"status":"dnd","activities":null}`,
			`{"op":3,"d":{"since":null,"activities":[],"status":"dnd","afk":false}}`},
	} {
		c, err := ParseCommand(tc.op, json.RawMessage(tc.d))
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		frame, err := c.AppendFrame([]byte("before"), "")
		if err != nil || string(frame) != "before"+tc.frame {
			t.Errorf("%s:\n got %s, %v\nwant %s", tc.name, frame, err, tc.frame)
		}
	}
}

func TestParseCommandSaysWhatIsWrong(t *testing.T) {
	long := strings.Repeat("9", 33)
	for _, tc := range []struct {
		op      Opcode
		d, want string
	}{
		{2, `{}`, "op 2 cannot be sent: use 3 (presence update), 4 (voice"},
		{1, `null`, "op 1 cannot be sent"},
		{4, ``, "voice state update: d is missing"},
		{4, `{`, "d is not valid JSON"},
		{4, "{\"x\":\"\xff\"}", "d is not valid UTF-8"},
		{4, `[1]`, "d must be an object, not [1]"},
		{4, `null`, "d must be an object, not null"},
		{4, `{"x":"\ud83d"}`, `d holds half a character: \ud83d without its other half`},
		{4, `{"x":"\ud83d\ud83d"}`, `half a character`},
		{4, `{"x":"\uDE00"}`, `half a character: \uDE00`},
		{4, `{"x":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}`, "nested deeper than 512"},
		{4, `{"channel_id":null}`, "guild_id is missing"},
		{4, `{"guild_id":null,"channel_id":null}`, "guild_id is missing"},
		{4, `{"guild_id":"general","channel_id":null}`, `guild_id "general" is not an id`},
		{4, `{"guild_id":["5"],"channel_id":null}`, `guild_id ["5"] is not an id`},
		{4, `{"guild_id":1.2e18,"channel_id":null}`, `guild_id 1.2e18 is not an id`},
		{4, `{"guild_id":"0","channel_id":null}`, `guild_id "0" is not an id`},
		{4, `{"guild_id":"5"}`, "channel_id is missing: name the voice channel to join, or null to leave"},
		{4, `{"guild_id":"5","channel_id":"x"}`, `channel_id "x" is not an id; use its digits as a string`},
		{4, `{"guild_id":"5","channel_id":null,"self_mute":1}`, "self_mute 1 must be true or false"},
		{4, `{"guild_id":"5","guild_id":"6","channel_id":null}`, "guild_id occurs twice"},
		{8, `{"query":"","limit":0}`, "request guild members: guild_id is missing"},
		{8, `{"guild_id":["5","6"],"query":"","limit":0}`, "guild_id names 2 guilds; Discord takes exactly one"},
		{8, `{"guild_id":[],"query":"","limit":0}`, "guild_id names 0 guilds"},
		{8, `{"guild_id":"5"}`, "query and user_ids are missing"},
		{8, `{"guild_id":"5","user_ids":[]}`, "user_ids is empty; name 1 to 100, or use query"},
		{8, `{"guild_id":"5","query":"a","limit":1,"user_ids":["7"]}`, "query and user_ids exclude each other"},
		{8, `{"guild_id":"5","query":"a"}`, "limit is missing; use 1 to 100"},
		{8, `{"guild_id":"5","query":"a","limit":101}`, "limit 101 is not a number from 0 to 100"},
		{8, `{"guild_id":"5","query":"a","limit":-1}`, "limit -1 is not"},
		{8, `{"guild_id":"5","query":"a","limit":"5"}`, `limit "5" is not`},
		{8, `{"guild_id":"5","query":7,"limit":5}`, "query 7 must be a string"},
		{8, `{"guild_id":"5","user_ids":["7","me"]}`, `user_ids "me" is not an id`},
		{8, `{"guild_id":"5","user_ids":[` + strings.TrimSuffix(manyIDs(101), ",") + `]}`, "user_ids names 101 users; Discord takes at most 100"},
		{8, `{"guild_id":"5","user_ids":["7"],"presences":"yes"}`, `presences "yes" must be true or false`},
		{8, `{"guild_id":"5","user_ids":["7"],"nonce":5}`, "nonce 5 must be a string of at most 32 bytes"},
		{8, `{"guild_id":"5","user_ids":["7"],"nonce":"` + long + `"}`, "has 33 bytes; Discord ignores one of more than 32"},
		{31, `{}`, "request soundboard sounds: guild_ids is missing"},
		{31, `{"guild_ids":[]}`, "guild_ids is empty"},
		{31, `{"guild_ids":["5",{}]}`, "guild_ids {} is not an id"},
		{43, `{"guild_id":"5"}`, `request channel info: fields is missing; it lists what to ask for, of "status" and "voice_start_time"`},
		{43, `{"guild_id":"5","fields":[]}`, "fields is empty"},
		{43, `{"guild_id":"5","fields":"status"}`, `fields "status" must be an array`},
		{43, `{"guild_id":"5","fields":["status",5]}`, "fields holds 5, which is not a name"},
		{3, ``, "presence update: d is missing"},
		{3, `{"status":"busy"}`, `presence: status "busy" is not one of`},
		{3, `{"status":"\ud83d"}`, "half a character"},
		{3, `{"status":"{{member}}"}`, "unknown placeholder"},
		{4, `{"guild_id":"` + strings.Repeat("x", 5000) + `\u001b","channel_id":null}`, `guild_id "` + strings.Repeat("x", 39) + "… is not an id"},
	} {
		_, err := ParseCommand(tc.op, json.RawMessage(tc.d))
		switch {
		case err == nil || !strings.Contains(err.Error(), tc.want):
			t.Errorf("op %d %.80s: got %v, want %q in it", tc.op, tc.d, err, tc.want)
		case len(err.Error()) > 250 || strings.Contains(err.Error(), "\n"):
			t.Errorf("op %d %.80s: not one short line: %v", tc.op, tc.d, err)
		}
	}
}

func manyIDs(n int) string {
	var b []byte
	for i := range n {
		b = append(appendID(b, uint64(i)+1), ',')
	}
	return string(b)
}

func mustParse(t *testing.T, op Opcode, d string) Command {
	t.Helper()
	c, err := ParseCommand(op, json.RawMessage(d))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFullListsAreRecognised(t *testing.T) {
	for d, want := range map[string]bool{
		`{"guild_id":"5","query":"","limit":0}`:                   true,
		`{"guild_id":"5","query":"","limit":0,"presences":true}`:  true,
		`{"guild_id":"5","query":"","limit":1}`:                   false,
		`{"guild_id":"5","query":"a","limit":0}`:                  false,
		`{"guild_id":"5","query":"","limit":0,"user_ids":["7"]}`:  false,
		`{"guild_id":"5","query":"\u0020","limit":0,"nonce":"x"}`: false,
	} {
		if c := mustParse(t, 8, d); c.Full != want || !slices.Equal(c.Guilds, []uint64{5}) {
			t.Errorf("%s: %+v", d, c)
		}
	}
}

func TestANonceOfOursTakesTheCallersPlace(t *testing.T) {
	c := mustParse(t, 8, `{"guild_id":"5","user_ids":["7"],"nonce":"\u00e9-1"}`)
	if c.Nonce != "é-1" {
		t.Errorf("nonce %q", c.Nonce)
	}
	for nonce, want := range map[string]string{"": "é-1", "gh-1": "gh-1"} {
		frame, err := c.AppendFrame(nil, nonce)
		if err != nil || string(frame) != `{"op":8,"d":{"guild_id":"5","user_ids":["7"],"nonce":"`+want+`"}}` {
			t.Errorf("got %s, %v", frame, err)
		}
	}
	if frame, err := c.AppendFrame([]byte("x"), strings.Repeat("n", 33)); err == nil || string(frame) != "x" {
		t.Errorf("a nonce that Discord ignores went into %s", frame)
	}
	// Other commands have none: a field of that name is the caller's own.
	sounds := mustParse(t, 31, `{"guild_ids":["5"]}`)
	if frame, _ := sounds.AppendFrame(nil, "gh-1"); string(frame) != `{"op":31,"d":{"guild_ids":["5"]}}` {
		t.Errorf("got %s", frame)
	}
}

func TestEveryShardGetsItsPart(t *testing.T) {
	c := mustParse(t, 31, `{"guild_ids":["1209231463430062098","1290331204774989846","1209231463430062099"],"x":1}`)
	var all []uint64
	for shard := range 8 {
		part, ok := c.For(shard, 8)
		if ok != (len(part.Guilds) > 0) {
			t.Fatalf("shard %d: %v with %v", shard, ok, part.Guilds)
		}
		all = append(all, part.Guilds...)
	}
	slices.Sort(all)
	if !slices.Equal(all, []uint64{guildA, guildA + 1, guildB}) || len(c.Guilds) != 3 {
		t.Errorf("parts hold %v, the whole %v", all, c.Guilds)
	}
	part, ok := c.For(ShardOf(guildA, 8), 8)
	frame, err := part.AppendFrame(nil, "")
	if want := `{"op":31,"d":{"guild_ids":["1209231463430062098","1209231463430062099"],"x":1}}`; !ok || err != nil || string(frame) != want {
		t.Errorf("got %s, %v, %v", frame, ok, err)
	}
	members := mustParse(t, 8, `{"guild_id":"1209231463430062098","query":"","limit":0}`)
	if _, ok := members.For(ShardOf(guildA, 8)^1, 8); ok {
		t.Error("a shard is to ask for a guild that it does not hold")
	}
	if _, ok := members.For(ShardOf(guildA, 8), 8); !ok {
		t.Error("no shard asks")
	}
	if _, ok := mustParse(t, 3, `{}`).For(7, 8); !ok {
		t.Error("presence is for every shard")
	}
}

func TestPresenceIsFilledInForEachShard(t *testing.T) {
	c := mustParse(t, 3, `{"activities":[{"name":"{{guilds}} of {{shard}}/{{shards}}","type":3}]}`)
	if frame, err := c.AppendFrame(nil, ""); err == nil {
		t.Errorf("placeholders went out: %s", frame)
	}
	filled, err := c.Fill(7, 272, 2481)
	if err != nil {
		t.Fatal(err)
	}
	frame, err := filled.AppendFrame(nil, "")
	if want := `{"op":3,"d":{"since":null,"activities":[{"name":"2481 of 7/272","type":3}],"status":"online","afk":false}}`; err != nil || string(frame) != want {
		t.Errorf("got %s, %v", frame, err)
	}
	if again, err := c.Fill(8, 272, 0); err != nil || strings.Contains(string(again.fields), "of 7/") {
		t.Errorf("the template has become that of a shard: %s, %v", again.fields, err)
	}
	if same, err := mustParse(t, 31, `{"guild_ids":["5"]}`).Fill(1, 2, 3); err != nil || same.Op != 31 {
		t.Errorf("%+v, %v", same, err)
	}
}

func TestAFrameThatIsTooLongIsRefusedHere(t *testing.T) {
	for op, d := range map[Opcode]string{
		3:  `{"activities":[{"type":4,"name":"x","state":"` + strings.Repeat("s", 4100) + `"}]}`,
		8:  `{"guild_id":"5","query":"` + strings.Repeat("q", 4100) + `","limit":1}`,
		31: `{"guild_ids":[` + strings.TrimSuffix(manyIDs(1000), ",") + `]}`,
		43: `{"guild_id":"5","fields":["status"],"x":"` + strings.Repeat("x", 4100) + `"}`,
	} {
		frame, err := mustParse(t, op, d).AppendFrame([]byte("x"), "")
		if !errors.Is(err, ErrFrameTooLong) || string(frame) != "x" || !strings.Contains(err.Error(), "of 4096 bytes; ") {
			t.Errorf("op %d: %v", op, err)
		}
	}
	// To the byte: 4096 pass, 4097 do not.
	base, _ := mustParse(t, 8, `{"guild_id":"5","query":"q","limit":1}`).AppendFrame(nil, "")
	for extra, ok := range map[int]bool{MaxSendBytes - len(base): true, MaxSendBytes - len(base) + 1: false} {
		c := mustParse(t, 8, `{"guild_id":"5","query":"q`+strings.Repeat("q", extra)+`","limit":1}`)
		if frame, err := c.AppendFrame(nil, ""); (err == nil) != ok {
			t.Errorf("%d bytes: %v", len(frame), err)
		}
	}
	if _, err := (Command{}).AppendFrame(nil, ""); err == nil {
		t.Error("an empty command went out")
	}
}

func TestMemberRequest(t *testing.T) {
	frame, err := MemberRequest(5, 7).AppendFrame(nil, "gh-1")
	if err != nil || string(frame) != `{"op":8,"d":{"guild_id":"5","user_ids":["7"],"nonce":"gh-1"}}` {
		t.Errorf("got %s, %v", frame, err)
	}
}
