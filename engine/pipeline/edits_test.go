package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// text is a message as a user has just written it, as the gateway sends it.
func text() map[string]any { return sample("message") }

// sample is `d` of a frame in testdata.
func sample(name string) map[string]any {
	var f struct{ D map[string]any }
	body, err := os.ReadFile("testdata/" + name + ".json")
	if err == nil {
		err = json.Unmarshal(body, &f)
	}
	if err != nil {
		panic(err)
	}
	return f.D
}

// with is a message with other members; nil takes one away.
func with(m map[string]any, more ...any) map[string]any {
	m = maps.Clone(m)
	for i := 0; i < len(more); i += 2 {
		if m[more[i].(string)] = more[i+1]; more[i+1] == gone {
			delete(m, more[i].(string))
		}
	}
	return m
}

// gone takes a member away.
var gone = new(int)

var preview = []any{map[string]any{"type": "link", "title": "North pier tides"}}

// frame is an event that nothing has brought before.
func frame(eventType string, d map[string]any) *event.Event {
	return numbered(sent.Add(1), eventType, d)
}

// sent counts the events of these tests.
var sent atomic.Int64

// numbered is an event by its number: with the same one it comes again.
func numbered(seq int64, eventType string, d map[string]any) *event.Event {
	body, _ := json.Marshal(d)
	return &event.Event{
		ID: event.ID{Session: 0xa1, Seq: seq}, Type: eventType,
		Data: fmt.Appendf(nil, `{"t":%q,"s":%d,"op":0,"d":%s}`, eventType, seq, body),
	}
}

// step is one event of a story: a MESSAGE_CREATE first, MESSAGE_UPDATEs then.
type step struct {
	d     map[string]any
	noise bool
}

const (
	passes = false
	noise  = true
)

// The frames of a link as Discord sends them: written, unfurled, edited, and the
// edit unfurled once more.
func TestALinkAsDiscordSendsIt(t *testing.T) {
	edited := sample("edit")
	e := NewEdits(100, true)
	for i, s := range []step{
		{text(), passes}, {sample("unfurl"), noise}, {edited, passes},
		{with(edited, "edited_timestamp", "2026-11-20T18:42:31.204+00:00"), noise},
		{sample("unfurl"), passes}, // of the old text, too late
		{with(edited, "embeds", []any{}), noise},
	} {
		if got := e.Noise(frame(kindOf(i), s.d)); got != s.noise {
			t.Errorf("step %d is noise: %v", i, got)
		}
	}
}

func kindOf(step int) string {
	if step == 0 {
		return "MESSAGE_CREATE"
	}
	return "MESSAGE_UPDATE"
}

func TestWhatCountsAsAnEdit(t *testing.T) {
	for name, steps := range stories() {
		e := NewEdits(100, true)
		for i, s := range steps {
			if got := e.Noise(frame(kindOf(i), s.d)); got != s.noise {
				t.Errorf("%s: step %d is noise: %v", name, i, got)
			}
		}
	}
}

// Whatever a RESUME brings again, from any of its events on, is decided as the first
// time, or passes: nothing that passed is kept away.
func TestAReplayKeepsNothingAway(t *testing.T) {
	for name, steps := range stories() {
		for from := range steps {
			e := NewEdits(100, true)
			for i, s := range steps {
				e.Noise(numbered(int64(i), kindOf(i), s.d))
			}
			for i := from; i < len(steps); i++ {
				if s := steps[i]; e.Noise(numbered(int64(i), kindOf(i), s.d)) && !s.noise {
					t.Errorf("%s: replayed from step %d on, step %d is kept away", name, from, i)
				}
			}
		}
	}
}

// stories are what happens to messages.
func stories() map[string][]step {
	all := storiesOfPeople()
	maps.Copy(all, storiesOfOthers())
	return all
}

// storiesOfPeople are of messages that users write.
func storiesOfPeople() map[string][]step {
	written := text()
	unfurled := with(written, "embeds", preview, "nonce", gone)
	edited := with(unfurled, "content", "tides tomorrow 05:52", "edited_timestamp", "2026-11-20T18:42:31.204618+00:00")
	back := with(written, "edited_timestamp", "2026-11-20T18:43:02.000001+00:00")
	poll := with(written, "poll", map[string]any{"results": map[string]any{"is_finalized": false}})
	ended := with(poll, "poll", map[string]any{"results": map[string]any{"is_finalized": true}})
	reply := with(written, "type", 19, "referenced_message", map[string]any{"id": "1", "content": "before"})
	return map[string][]step{
		"a link is unfurled":                  {{written, passes}, {unfurled, noise}},
		"five links are unfurled":             {{written, passes}, {unfurled, noise}, {unfurled, noise}, {with(unfurled, "embeds", append(preview, preview...)), noise}},
		"somebody edits":                      {{written, passes}, {edited, passes}},
		"an edit is unfurled":                 {{written, passes}, {edited, passes}, {with(edited, "embeds", append(preview, preview...)), noise}},
		"an unfurl cuts the time of the edit": {{written, passes}, {edited, passes}, {with(edited, "edited_timestamp", "2026-11-20T18:42:31.204000+00:00"), noise}},
		"the same text is saved again":        {{written, passes}, {with(written, "edited_timestamp", "2026-11-20T18:43:00+00:00"), passes}},
		"edited, and back to what it was":     {{written, passes}, {edited, passes}, {back, passes}, {with(back, "embeds", preview), noise}},
		"a late unfurl brings the old text":   {{written, passes}, {edited, passes}, {unfurled, passes}, {with(edited, "embeds", preview, "tts", true), noise}},
		"pinned, unpinned":                    {{written, passes}, {with(written, "pinned", true), passes}, {written, passes}},
		"unfurled after it was pinned":        {{written, passes}, {with(written, "pinned", true), passes}, {with(unfurled, "pinned", true), noise}},
		"crossposted":                         {{written, passes}, {with(written, "flags", 1), passes}},
		"previews are hidden, and shown":      {{written, passes}, {unfurled, noise}, {with(unfurled, "flags", 4, "embeds", []any{}), passes}, {unfurled, passes}},
		"a thread is opened":                  {{written, passes}, {with(written, "flags", 32, "thread", map[string]any{"id": "5"}), passes}},
		"an attachment is taken away":         {{with(written, "attachments", []any{1, 2}), passes}, {with(written, "attachments", []any{1}), passes}},
		"a mention comes and goes":            {{written, passes}, {with(written, "mentions", []any{}), passes}, {written, passes}},
		"a poll ends":                         {{poll, passes}, {ended, passes}, {ended, noise}},
		"a poll with a link is unfurled":      {{poll, passes}, {with(poll, "embeds", preview), noise}},
		"a reply is unfurled":                 {{reply, passes}, {with(reply, "embeds", preview), noise}},
		"the message replied to is edited":    {{reply, passes}, {with(reply, "referenced_message", map[string]any{"id": "1", "content": "after"}), noise}},
		"a partial update, as once there were": {{written, passes}, {map[string]any{"id": written["id"], "channel_id": "1", "embeds": preview}, passes},
			{map[string]any{"id": written["id"], "content": "other"}, passes}, {with(written, "content", "other"), passes}},
		"a key that nobody knows":         {{written, passes}, {with(unfurled, "soul", 1), passes}, {with(unfurled, "soul", 1), noise}},
		"the order of members is no news": {{written, passes}, {written, noise}},
	}
}

// storiesOfOthers are of messages whose embeds are no previews.
func storiesOfOthers() map[string][]step {
	written := text()
	bot := with(written, "author", map[string]any{"id": "1", "username": "buoy", "bot": true})
	deferred := with(bot, "content", "", "flags", 128, "interaction_metadata", map[string]any{"id": "9"})
	stories := map[string][]step{
		"a bot edits":                    {{bot, passes}, {with(bot, "embeds", preview, "edited_timestamp", "2026-11-20T18:43:00+00:00"), passes}},
		"a deferred answer is filled in": {{deferred, passes}, {with(deferred, "flags", 0, "embeds", preview), passes}, {with(deferred, "flags", 0), passes}},
	}
	for name, d := range map[string]map[string]any{
		"a bot":                                  bot,
		"Discord itself":                         with(written, "author", map[string]any{"id": "1", "system": true}),
		"a webhook":                              with(written, "webhook_id", "77"),
		"an application":                         with(written, "application_id", "77"),
		"a command that a user gave":             with(written, "interaction_metadata", map[string]any{"id": "1"}),
		"auto moderation, under the user's name": with(written, "type", 24),
		"the result of a user's poll":            with(written, "type", 46),
	} {
		shown := with(d, "embeds", preview)
		stories["another embed of "+name] = []step{{d, passes}, {shown, passes}, {shown, passes}, {d, passes}}
	}
	return stories
}

func TestAnUpdateOfAnUnknownMessagePassesAndIsRemembered(t *testing.T) {
	e := NewEdits(100, true)
	if e.Noise(frame("MESSAGE_UPDATE", text())) || !e.Noise(frame("MESSAGE_UPDATE", with(text(), "embeds", preview))) {
		t.Error("the first one has to pass, the second one not")
	}
}

func TestWithoutTheIntentOrSwitchedOffNothingIsNoise(t *testing.T) {
	for name, e := range map[string]*Edits{"no intent": NewEdits(100, false), "off": NewEdits(100, true), "no room": NewEdits(0, true)} {
		if name == "off" {
			e.Configure(false, 100)
		}
		e.Noise(frame("MESSAGE_CREATE", text()))
		if e.Noise(frame("MESSAGE_UPDATE", text())) {
			t.Error(name)
		}
	}
}

// What is malformed, or not the whole message, passes each time that it comes: nobody
// can tell what it leaves out.
func TestWhatIsMalformedOrPartialPasses(t *testing.T) {
	e := NewEdits(100, true)
	e.Noise(frame("MESSAGE_CREATE", text()))
	for _, d := range []string{
		``, `{`, `{}`, `[]`, `{"id":5}`, `{"id":"1"`, `{"id":"1","edited_timestamp":null,"embeds":[]}`,
		`{"id":"x","content":"","author":{},"edited_timestamp":null}`,
		`{"id":"1","content":"","author":{"bot":},"edited_timestamp":null}`,
		`{"id":"1","content":"","edited_timestamp":null}`,
		`{"id":"1","author":{},"edited_timestamp":null}`,
		`{"id":"1","content":"","author":{}}`,
		`{"id":"1","content":"","author":{},"edited_timestamp":"yesterday"}`,
	} {
		for seq := range 2 {
			data := []byte(`{"t":"MESSAGE_UPDATE","s":1,"op":0,"d":` + d + `}`)
			if e.Noise(&event.Event{ID: event.ID{Seq: int64(seq)}, Type: "MESSAGE_UPDATE", Data: data}) {
				t.Error(d)
			}
		}
	}
}

// However many messages there are, no more are remembered than there is room for, and
// those are the latest.
func TestTheOldestMessagesGiveWay(t *testing.T) {
	e := NewEdits(1000, true)
	written := text()
	message := func(n int) map[string]any { return with(written, "id", fmt.Sprint(1209231463430062100+n)) }
	for n := range 6000 {
		e.Noise(frame("MESSAGE_CREATE", message(n)))
	}
	noise := 0
	for n := 5800; n < 6000; n++ {
		if e.Noise(frame("MESSAGE_UPDATE", message(n))) {
			noise++
		}
	}
	if _, _, _, known := e.Stats(); known != 1000 || noise < 190 {
		t.Errorf("%d are known, of the last 200 %d", known, noise)
	}
	if seen, dropped, bytes, _ := e.Stats(); seen != 200 || dropped != uint64(noise) || bytes < 200*500 {
		t.Errorf("seen %d, dropped %d, %d bytes", seen, dropped, bytes)
	}
}

// Deleted messages make room, and no update of them is judged by what they were.
func TestDeletedMessagesAreForgotten(t *testing.T) {
	e := NewEdits(1000, true)
	var ids []string
	for n := range 30 {
		d := with(text(), "id", fmt.Sprint(1209231463430062100+n))
		ids = append(ids, d["id"].(string))
		e.Noise(frame("MESSAGE_CREATE", d))
	}
	known := func() int { _, _, _, known := e.Stats(); return known }
	if known() != 30 {
		t.Fatalf("%d are known", known())
	}
	e.Noise(frame("MESSAGE_DELETE", map[string]any{"id": ids[0], "channel_id": ids[1], "guild_id": ids[2]}))
	if known() != 29 {
		t.Errorf("%d are known after one was deleted", known())
	}
	e.Noise(frame("MESSAGE_DELETE_BULK", map[string]any{"ids": ids[:20], "channel_id": ids[25]}))
	if known() != 10 {
		t.Errorf("%d are known after 19 more were deleted", known())
	}
	for i, id := range ids {
		if got := e.Noise(frame("MESSAGE_UPDATE", with(text(), "id", id))); got != (i >= 20) {
			t.Errorf("an update of message %d is noise: %v", i, got)
		}
	}
}

// Keys may come in any order, and d before t.
func TestTheOrderOfKeysDoesNotMatter(t *testing.T) {
	e := NewEdits(100, true)
	create := frame("MESSAGE_CREATE", text())
	body := string(create.Data)[strings.Index(string(create.Data), `"d":`) : len(create.Data)-1]
	create.Data = []byte(`{"op":0,` + body + `,"s":9,"t":"MESSAGE_CREATE"}`)
	if e.Noise(create) || !e.Noise(frame("MESSAGE_UPDATE", sample("unfurl"))) {
		t.Error("the order of keys matters")
	}
}

// Shards come at the same time, each with messages of its own, while the operator
// changes the configuration.
func TestShardsComeAtTheSameTime(t *testing.T) {
	e, written := NewEdits(10_000, true), text()
	var shards sync.WaitGroup
	for shard := range 4 {
		shards.Go(func() {
			for n := range 200 {
				d := with(written, "id", strconv.Itoa(1209231463430062100+shard*1000+n))
				if e.Noise(frame("MESSAGE_CREATE", d)) || e.Noise(frame("MESSAGE_UPDATE", with(d, "content", "other"))) {
					t.Error("an edit is noise")
				}
				if !e.Noise(frame("MESSAGE_UPDATE", with(d, "content", "other", "embeds", preview))) {
					t.Error("an unfurl passes")
				}
			}
		})
	}
	shards.Go(func() { e.Configure(true, 10_000); e.Stats() })
	shards.Wait()
	if seen, dropped, _, known := e.Stats(); seen != 1600 || dropped != 800 || known != 800 {
		t.Errorf("seen %d, dropped %d, known %d", seen, dropped, known)
	}
}

// No bytes make it panic, and what it takes for noise is a whole message that
// encoding/json would read with the same text.
func FuzzEdits(f *testing.F) {
	for _, name := range []string{"message", "unfurl", "edit"} {
		f.Add(frame("MESSAGE_UPDATE", sample(name)).Data)
	}
	f.Add([]byte(`{"d":{"id":"1","content":"","author":{"bot":1},"edited_timestamp":null}}`))
	written := text()
	create := frame("MESSAGE_CREATE", written)
	f.Fuzz(func(t *testing.T, data []byte) {
		e := NewEdits(8, true)
		e.Noise(create)
		noise := e.Noise(&event.Event{Type: "MESSAGE_UPDATE", Data: data})
		var frame map[string]json.RawMessage
		if !noise || json.Unmarshal(data, &frame) != nil || bytes.Count(data, []byte(`"d"`)) > 1 {
			return // of two d, that Discord never sends, the first counts
		}
		var got map[string]any
		if err := json.Unmarshal(frame["d"], &got); err != nil {
			t.Fatal(err)
		}
		for key, want := range written {
			switch key {
			case "embeds", "nonce", "tts", "member", "referenced_message":
				continue
			}
			if fmt.Sprint(got[key]) != fmt.Sprint(want) {
				t.Fatalf("noise, and %s is %v, not %v", key, got[key], want)
			}
		}
	})
}

func BenchmarkEdits(b *testing.B) {
	create, update := frame("MESSAGE_CREATE", text()), frame("MESSAGE_UPDATE", sample("unfurl"))
	other := &event.Event{Type: "PRESENCE_UPDATE", Data: create.Data}
	for _, c := range []struct {
		name string
		ev   *event.Event
	}{{"create", create}, {"update", update}, {"other", other}} {
		b.Run(c.name, func(b *testing.B) {
			e := NewEdits(100_000, true)
			e.Noise(create)
			b.ReportAllocs()
			for b.Loop() {
				e.Noise(c.ev)
			}
		})
	}
}
