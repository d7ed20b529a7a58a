package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// FuzzExpression: whatever a person writes is either compiled or a [*Error] on one
// line, and whatever comes from Discord is judged without a panic, twice alike.
func FuzzExpression(f *testing.F) {
	for _, when := range []string{
		`type == "MESSAGE_CREATE" and d.author.bot != true`, `guild in [81384788765712384, "5"]`, `shard in 0..63`,
		`any(d.embeds ?? [], any(.fields, .inline))`, `d.content matches "^!" ? size < 5 : !d.a`, `d["a"][0]?.b ?? true`,
		`count(d.mentions, .id == 5) > 3`, `1 % 0 == 1`, `filter(d, #)[0]`, `d.x[1:2] == "a"`, `lower(trim(d.content)) == ""`,
		`-d.a < abs(size)`, `{"a": d}.a.b`, `d.a | len() > 3`, `bitand(d.flags, 64) != 0`, `max(d.list) > min(1, d.b)`, `reduce(d, #acc)`,
		"`a` == type", `nil == d`, `0x5 == 5.0e1`, `if size > 1 { true } else { false }`, `2 ** size > 1`, `d?.[0]`, `(guild)`, `"\u00e9" == d.é`,
	} {
		f.Add(when, []byte(`{"t":"A","s":1,"op":0,"d":{"author":{"id":"5","bot":true},"embeds":[{"fields":[{"inline":true}]}],"content":"x","flags":3}}`))
		f.Add(when, []byte(`{"d":[1,2,{"a":null}]}`))
	}
	f.Fuzz(func(t *testing.T, when string, frame []byte) {
		s, err := Compile(Config{When: when})
		if err != nil {
			var bad *Error
			if !errors.As(err, &bad) || bad.Key != "when" || bad.Column < 1 || bad.Text == "" || strings.ContainsAny(bad.Text, "\n\r") {
				t.Fatalf("%#v", err)
			}
			return
		}
		e := event.Event{Type: "A", Guild: 5, ShardID: 1, Shards: 2, Data: frame}
		first, second := s.Wants(&e), s.Wants(&e)
		if first != second {
			t.Fatal("judged differently the next time")
		}
		for _, r := range s.Rules() {
			if r.Errors > 0 && (!first || strings.ContainsAny(r.Err, "\n\r")) {
				t.Fatalf("%+v", r)
			}
		}
	})
}

// FuzzFind: whatever is found in a frame is what encoding/json finds there, and what
// is no frame at all makes no panic.
func FuzzFind(f *testing.F) {
	for _, frame := range []string{
		`{"d":{"a":{"b":[1,2.5,"x"]}}}`, `{"t":"q","d":{"x":"\"}\\","a":"\u00e9"}}`, ` { "d" : [ 1 , { "a" : null } ] } `,
		`{"d":{"a":[],"b":{},"c":-1e3,"e":9007199254740993}}`, `{"\u0064":{"a":1}}`, `{"d":{"a`, `{"d":{"a":tru]}`, `[`, ``, `{"d":"\`,
		`{"d":[[[[1]]],[2,[3]]]}`, `{"d":{"":{"":1}}}`,
	} {
		f.Add([]byte(frame), "d.a.b")
		f.Add([]byte(frame), "d.1.a")
		f.Add([]byte(frame), "d.a")
	}
	f.Fuzz(func(t *testing.T, frame []byte, path string) {
		var steps []step
		for _, key := range strings.Split(path, ".") {
			if n, err := strconv.Atoi(key); err == nil && n >= 0 && n < 1000 {
				steps = append(steps, step{index: n})
			} else {
				steps = append(steps, step{key: key, index: -1})
			}
		}
		var got any
		if i := find(frame, steps); i >= 0 {
			got = value(frame, i)
		}
		d := json.NewDecoder(bytes.NewReader(frame))
		d.UseNumber()
		var want any
		if !json.Valid(frame) || d.Decode(&want) != nil || repeats(frame) {
			return
		}
		for _, s := range steps {
			if want = walk(want, s); want == nil {
				break
			}
		}
		if want = plain(want); !reflect.DeepEqual(got, want) {
			t.Fatalf("%#v, want %#v", got, want)
		}
	})
}

// walk is one step into a decoded value.
func walk(v any, s step) any {
	switch v := v.(type) {
	case map[string]any:
		if s.index < 0 {
			return v[s.key]
		}
	case []any:
		if s.index >= 0 && s.index < len(v) {
			return v[s.index]
		}
	}
	return nil
}

// plain is a decoded value as expressions see it.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		return number([]byte(v))
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	}
	return v
}

// repeats reports whether a key may occur twice in an object, or a string may not be
// UTF-8: there encoding/json has its own way.
func repeats(frame []byte) bool {
	d := json.NewDecoder(bytes.NewReader(frame))
	seen := make(map[string]bool)
	for {
		token, err := d.Token()
		if err != nil {
			return bytes.ContainsRune(frame, '\uFFFD') || !bytes.Equal(bytes.ToValidUTF8(frame, nil), frame)
		}
		if s, ok := token.(string); ok {
			if seen[s] {
				return true
			}
			seen[s] = true
		}
	}
}

func TestNumbersOfAFrame(t *testing.T) {
	for text, want := range map[string]any{
		"0": 0, "-5": -5, "9007199254740992": 9007199254740992, "9007199254740993": "9007199254740993",
		"-9007199254740993": "-9007199254740993", "1209231463430062098": "1209231463430062098",
		"184467440737095516160": "184467440737095516160", "0.5": 0.5, "1e3": 1000.0, "1e999": nil, "true": true, "null": nil,
	} {
		if got := value([]byte(text), 0); got != want {
			t.Errorf("%s is %#v, want %#v", text, got, want)
		}
	}
}

func TestNothingIsTooDeep(t *testing.T) {
	frame := []byte(`{"d":` + strings.Repeat(`[`, 10_000_000))
	for _, when := range []string{"d == nil", "d[0][0][0] == nil", "len(d) == 1"} {
		must(t, Config{When: when}).Wants(&event.Event{Type: "A", Data: frame})
	}
}
