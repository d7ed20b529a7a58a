package discord

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParseCommand: whatever is accepted makes a frame that a strict decoder can
// read, with nothing lost, and with every id a string.
func FuzzParseCommand(f *testing.F) {
	for _, seed := range []string{
		`{"guild_id":"1209231463430062098","channel_id":null,"self_mute":true}`,
		`{"guild_id":["5"],"query":"","limit":0,"presences":true,"nonce":"m-1","x":{"y":[1.5e3,"\ud83e\udd86"]}}`,
		`{"guild_id":5,"user_ids":["7",8],"\u006eonce":null}`,
		`{"guild_ids":["5",6],"z":"\u2028"}`,
		`{"guild_id":"5","fields":["status"]}`,
		`{"status":"dnd","activities":[{"name":"{{guilds}}","type":0}],"since":null}`,
		`{"guild_id":"5","query":"\ud83d","limit":1}`,
	} {
		for _, op := range []int{3, 4, 8, 31, 43} {
			f.Add(op, []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, op int, d []byte) {
		before := bytes.Clone(d)
		c, err := ParseCommand(Opcode(op), d)
		if !bytes.Equal(d, before) {
			t.Fatal("the caller's data were changed")
		}
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r\x1b") || !utf8.ValidString(err.Error()) {
				t.Fatalf("cannot stand in a log: %q", err)
			}
			return
		}
		if c, err = c.Fill(3, 8, 100); err != nil {
			return // {{sha{{shard}}rd}} and the like
		}
		frame, err := c.AppendFrame(nil, "gh-1")
		if err != nil {
			return
		}
		checkFrame(t, c, before, frame)
	})
}

func checkFrame(t *testing.T, c Command, d, frame []byte) {
	t.Helper()
	var got struct {
		Op int                        `json:"op"`
		D  map[string]json.RawMessage `json:"d"`
	}
	if len(frame) > MaxSendBytes || !utf8.Valid(frame) {
		t.Fatalf("frame of %d bytes", len(frame))
	}
	if err := json.Unmarshal(frame, &got); err != nil || got.Op != int(c.Op) {
		t.Fatalf("%v: %s", err, frame)
	}
	var scanned Frame
	if err := Scan(frame, &scanned); err != nil {
		t.Fatal(err)
	}
	if c.Op == OpPresenceUpdate {
		return
	}
	if len(c.Guilds) == 0 || len(c.Guilds) > 1 && c.Op != OpRequestSoundboard {
		t.Fatalf("guilds %v", c.Guilds)
	}
	if c.Op != OpRequestSoundboard && scanned.Guild != c.Guilds[0] {
		t.Fatalf("guild %d in the frame, %d beside it", scanned.Guild, c.Guilds[0])
	}
	var want map[string]json.RawMessage
	if err := json.Unmarshal(d, &want); err != nil {
		t.Fatalf("accepted what is no object: %s", d)
	}
	for name := range want {
		// What says nothing may go: null and what op 8 leaves out.
		if _, ok := got.D[name]; !ok && string(want[name]) != "null" && c.Op != OpRequestGuildMembers {
			t.Fatalf("%q is lost: %s from %s", name, frame, d)
		}
	}
	if c.Op == OpRequestGuildMembers && string(got.D["nonce"]) != `"gh-1"` {
		t.Fatalf("nonce is %s", got.D["nonce"])
	}
}

// FuzzReplaceNonce holds ReplaceNonce against encoding/json.
func FuzzReplaceNonce(f *testing.F) {
	for _, msg := range []string{
		sampleChunk, sampleRateLimited, sampleMessage,
		`{"d":{"nonce":"x","meta":{"g":1,"nonce":"x"},"nonce":"x"}}`,
		`{"d":{"":"x","meta":{"g":1,"nonce":"x"},"nonce":"x"}}`,
		`{"d":{"nonce":"x" , "nonce":"x", "a":[] ,"nonce":"x" } , "d":{"meta":{ "nonce" : "x" }}}`,
	} {
		f.Add([]byte(msg), "x", "y")
		f.Add([]byte(msg), "gh-1", "")
	}
	f.Fuzz(func(t *testing.T, msg []byte, nonce, replacement string) {
		before := bytes.Clone(msg)
		got, ok := ReplaceNonce(msg, nonce, replacement)
		if !bytes.Equal(msg, before) {
			t.Fatal("the message was changed")
		}
		var top map[string]json.RawMessage
		if !utf8.Valid(msg) || !utf8.ValidString(nonce) || !utf8.ValidString(replacement) || nesting(msg) > maxDepth || json.Unmarshal(msg, &top) != nil {
			return // no panic, and nothing more is promised
		}
		checkReplaced(t, msg, got, top, ok, nonce, replacement)
	})
}

// checkReplaced compares a message with its copy; ok is whether there is one.
func checkReplaced(t *testing.T, msg, got []byte, top map[string]json.RawMessage, ok bool, nonce, replacement string) {
	t.Helper()
	d, _ := object(top["d"])
	meta, _ := object(d["meta"])
	had, hadMeta := isText(d["nonce"], nonce), isText(meta["nonce"], nonce)
	if (had || hadMeta) && !ok {
		t.Fatal("not found")
	}
	if !ok {
		return
	}
	var after map[string]json.RawMessage
	if err := json.Unmarshal(got, &after); err != nil {
		t.Fatalf("%v: %q from %q", err, got, msg)
	}
	newD, _ := object(after["d"])
	newMeta, _ := object(newD["meta"])
	sameBut(t, top, after, "d")
	if !repeats(msg) {
		checkNonce(t, had, newD, replacement)
		checkNonce(t, hadMeta, newMeta, replacement)
		sameBut(t, d, newD, "nonce", "meta")
		sameBut(t, meta, newMeta, "nonce")
	}
}

func checkNonce(t *testing.T, had bool, after map[string]json.RawMessage, replacement string) {
	t.Helper()
	raw, ok := after["nonce"]
	if had && (replacement == "" && ok || replacement != "" && !isText(raw, replacement)) {
		t.Fatalf("the nonce is %s, not %q", raw, replacement)
	}
}

// sameBut reports members that differ, but for some.
func sameBut(t *testing.T, before, after map[string]json.RawMessage, but ...string) {
	t.Helper()
	for _, name := range but {
		delete(before, name)
		delete(after, name)
	}
	if len(before) != len(after) {
		t.Fatalf("%d members became %d", len(before), len(after))
	}
	for name, raw := range before {
		if !bytes.Equal(raw, after[name]) {
			t.Fatalf("%q was %s and is %s", name, raw, after[name])
		}
	}
}

func object(raw json.RawMessage) (map[string]json.RawMessage, bool) {
	var m map[string]json.RawMessage
	err := json.Unmarshal(raw, &m)
	return m, err == nil && m != nil
}

func isText(raw json.RawMessage, text string) bool {
	var s *string
	return raw != nil && json.Unmarshal(raw, &s) == nil && s != nil && *s == text
}

// repeats reports whether an object in the message names a member twice.
func repeats(msg []byte) bool {
	var twice bool
	var walk func(raw []byte)
	walk = func(raw []byte) {
		seen := map[string]bool{}
		eachMember(raw, 0, func(m member, end int) {
			name, _ := unquote(raw[m.key-1 : m.keyEnd+1])
			twice = twice || seen[string(name)]
			seen[string(name)] = true
			walk(raw[m.val:end])
		})
	}
	walk(msg)
	return twice
}
