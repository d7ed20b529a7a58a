package discord

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
)

// listed is what Members finds, as encoding/json would tell it.
func listed(object []byte) (found map[string]string, ok bool) {
	found = make(map[string]string)
	ok = Members(object, func(key, value, whole []byte) {
		if text := string(whole); !strings.HasPrefix(text, `"`+string(key)+`"`) || !strings.HasSuffix(text, string(value)) {
			panic("whole is not the member: " + text)
		}
		var name string
		if json.Unmarshal([]byte(`"`+string(key)+`"`), &name) != nil {
			panic("no key: " + string(key))
		}
		found[name] = string(value)
	})
	return found, ok
}

func TestMembersAreListedInTheirOwnBytes(t *testing.T) {
	var keys, wholes []string
	ok := Members([]byte(` {"a":1, "b" : {"a":[2]} ,"c\"d":"}","a":null} rest`), func(key, _, whole []byte) {
		keys, wholes = append(keys, string(key)), append(wholes, string(whole))
	})
	if got := strings.Join(keys, " "); !ok || got != `a b c\"d a` {
		t.Error(ok, got)
	}
	if got := strings.Join(wholes, ";"); got != `"a":1;"b" : {"a":[2]};"c\"d":"}";"a":null` {
		t.Error(got)
	}
}

func TestWhatIsNoObjectHasNoMembers(t *testing.T) {
	for _, text := range []string{``, ` `, `null`, `[]`, `"a"`, `{`, `{"a"`, `{"a":`, `{"a":}`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a":1 "b":2}`, `{a:1}`, `{"a":01}`} {
		if Members([]byte(text), func(_, _, _ []byte) {}) {
			t.Error(text)
		}
	}
}

func TestMembersAllocatesNothing(t *testing.T) {
	object := []byte(`{"id":"1","content":"a \" b","embeds":[{"title":"x"}],"edited_timestamp":null}`)
	n := 0
	if allocs := testing.AllocsPerRun(100, func() { Members(object, func(_, _, _ []byte) { n++ }) }); allocs > 0 || n == 0 {
		t.Error(allocs, n)
	}
}

func TestElementsAreListedInTheirOwnBytes(t *testing.T) {
	var values []string
	if !Elements([]byte(` [ "1" ,{"a":[2]}, null] rest`), func(v []byte) { values = append(values, string(v)) }) ||
		strings.Join(values, ";") != `"1";{"a":[2]};null` {
		t.Error(values)
	}
	for _, text := range []string{``, `{}`, `[`, `["1"`, `["1",`, `["1",]`, `[1 2]`} {
		if Elements([]byte(text), func([]byte) {}) {
			t.Error(text)
		}
	}
	if !Elements([]byte(`[]`), func([]byte) { t.Error("of an empty array") }) {
		t.Error("an empty array is none")
	}
}

// What encoding/json takes for an object, Members takes for the same one.
func FuzzMembers(f *testing.F) {
	f.Add([]byte(`{"t":"MESSAGE_UPDATE","s":7,"op":0,"d":{"id":"1","content":"x","edited_timestamp":null}}`))
	f.Add([]byte(` { "a\u0062" : [ { } , -1.5e+3 , "\\\"" ] , "" : { "x" : true } } `))
	f.Add([]byte(`{"a":1}{`))
	f.Add([]byte(`{"a":"\ud800"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		found, ok := listed(text)
		var want map[string]json.RawMessage
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		if err := decoder.Decode(&want); err != nil || want == nil {
			if ok && !nestedDeep(text) {
				t.Fatalf("taken, and encoding/json says %v: %q", err, text)
			}
			return
		}
		if nestedDeep(text) {
			return
		}
		same := maps.EqualFunc(found, want, func(a string, b json.RawMessage) bool { return a == string(b) })
		if !ok || !same {
			t.Fatalf("%v %q, want %q", ok, found, want)
		}
	})
}

// nestedDeep reports whether a text may be nested beyond what is followed.
func nestedDeep(text []byte) bool {
	return strings.Count(string(text), "{")+strings.Count(string(text), "[") > maxDepth
}
