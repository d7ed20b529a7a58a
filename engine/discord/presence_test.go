package discord

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestRenderPresence(t *testing.T) {
	for _, tc := range []struct{ name, template, want string }{
		{"no presence", ``, ``},
		{"what Discord requires is added", `{}`, `{"since":null,"activities":[],"status":"online","afk":false}`},
		{"null activities would disconnect", `{"activities":null,"status":"dnd"}`, `{"since":null,"activities":[],"status":"dnd","afk":false}`},
		{"figures are filled in",
			`{"status":"idle","activities":[{"type":3,"name":"{{guilds}} harbours <{{shard}}/{{ shards }}>"},{"type":4,"name":"x","state":"{{shard}}{{shard}}"}]}`,
			`{"since":null,"activities":[{"name":"2481 harbours <7/272>","type":3},{"name":"x","type":4,"state":"77"}],"status":"idle","afk":false}`},
		{"a stream", `{"activities":[{"type":1,"name":"tide","url":"https://twitch.tv/tide"}],"afk":true,"since":1763750467936}`,
			`{"since":1763750467936,"activities":[{"name":"tide","type":1,"url":"https://twitch.tv/tide"}],"status":"online","afk":true}`},
	} {
		got, err := RenderPresence(json.RawMessage(tc.template), 7, 272, 2481)
		if err != nil || string(got) != tc.want {
			t.Errorf("%s: got %s, %v", tc.name, got, err)
		}
	}
}

func TestValidatePresenceSaysWhatIsWrong(t *testing.T) {
	for raw, want := range map[string]string{
		`{"status":"busy"}`:                      `status "busy" is not one of online, dnd, idle, invisible, offline`,
		`{"status":5}`:                           "status cannot be number",
		`{"activities":{}}`:                      "activities cannot be object",
		`{"activities":[{}]}`:                    "activity 1: name is missing",
		`{"colour":"red"}`:                       `unknown field "colour"`,
		`"online"`:                               "must be an object, not string",
		`{"status":`:                             "not valid JSON",
		`{"status":{{shard}}}`:                   "not valid JSON",
		`{"status":"online"}{}`:                  "not valid JSON",
		`{"status":"{{member}}"}`:                "unknown placeholder {{member}}",
		`{"activities":[{"name":"x","type":9}]}`: "activity 1: type 9 is not one of",
		`{"activities":[{"name":"x"},{"name":"x","type":1}]}`:                   "activity 2: streaming needs the url",
		`{"activities":[{"name":"x","type":4}]}`:                                "activity 1: a custom status needs its text in state",
		`{"activities":[{"name":"x","details":"only games may set this one"}]}`: `unknown field "details"`,
		`{"activities":[{"name":"x","type":"watching"}]}`:                       "type cannot be string",
	} {
		err := ValidatePresence(json.RawMessage(raw))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "presence: ") {
			t.Errorf("%s: got %v, want %q in it", raw, err, want)
		}
	}
	for _, raw := range []string{"", `{"status":"invisible"}`, `{"activities":[{"name":"{{shard}} of {{shards}}"}]}`} {
		if err := ValidatePresence(json.RawMessage(raw)); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
