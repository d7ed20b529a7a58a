package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// text is a message as a user has just written it, as the gateway sends it.
func text() map[string]any {
	return map[string]any{
		"id": "1209231463430062100", "channel_id": "1209231463430062200", "guild_id": "1209231463430062098",
		"type": 0, "timestamp": "2026-11-20T18:42:01.118000+00:00", "edited_timestamp": nil,
		"content": "tides tomorrow: https://tides.example.org/stations/north-pier", "embeds": []any{},
		"author": map[string]any{"id": "275191317922844674", "username": "maren", "global_name": "Maren"},
		"member": map[string]any{"nick": nil, "roles": []string{}}, "attachments": []any{}, "components": []any{},
		"mentions": []any{}, "mention_roles": []any{}, "mention_everyone": false, "flags": 0, "pinned": false, "tts": false,
		"nonce": "1573407866439716879",
	}
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

func frame(eventType string, d map[string]any) *event.Event {
	body, _ := json.Marshal(d)
	return &event.Event{Type: eventType, Data: fmt.Appendf(nil, `{"t":%q,"s":7,"op":0,"d":%s}`, eventType, body)}
}

func TestWhatCountsAsAnEdit(t *testing.T) {
	written := text()
	unfurled := with(written, "embeds", preview, "nonce", gone)
	edited := with(unfurled, "content", "tides tomorrow 05:52", "edited_timestamp", "2026-11-20T18:42:31.204618+00:00")
	bot := with(written, "author", map[string]any{"id": "1", "bot": true})
	hook := with(written, "webhook_id", "77")
	poll := with(written, "poll", map[string]any{"results": map[string]any{"is_finalized": false}})
	for name, steps := range map[string][]struct {
		d     map[string]any
		noise bool
	}{
		"a link is unfurled":                        {{written, false}, {unfurled, true}},
		"five links are unfurled":                   {{written, false}, {unfurled, true}, {unfurled, true}, {with(unfurled, "embeds", append(preview, preview...)), true}},
		"somebody edits":                            {{written, false}, {edited, false}},
		"an edit is unfurled":                       {{written, false}, {edited, false}, {with(edited, "embeds", preview), true}},
		"an unfurl cuts the time of the edit":       {{written, false}, {edited, false}, {with(edited, "edited_timestamp", "2026-11-20T18:42:31.204000+00:00"), true}},
		"the same text is saved again":              {{written, false}, {with(written, "edited_timestamp", "2026-11-20T18:43:00+00:00"), false}},
		"a late unfurl brings the old text":         {{written, false}, {edited, false}, {unfurled, false}, {with(edited, "embeds", preview), true}},
		"pinned, unpinned":                          {{written, false}, {with(written, "pinned", true), false}, {written, false}},
		"unfurled after it was pinned":              {{written, false}, {with(written, "pinned", true), false}, {with(unfurled, "pinned", true), true}},
		"crossposted":                               {{written, false}, {with(written, "flags", 1), false}},
		"previews are hidden":                       {{written, false}, {unfurled, true}, {with(unfurled, "flags", 4, "embeds", []any{}), false}},
		"a thread is opened":                        {{written, false}, {with(written, "flags", 32, "thread", map[string]any{"id": "5"}), false}},
		"an attachment is taken away":               {{with(written, "attachments", []any{1, 2}), false}, {with(written, "attachments", []any{1}), false}},
		"a poll ends":                               {{poll, false}, {with(poll, "poll", map[string]any{"results": map[string]any{"is_finalized": true}}), false}},
		"a poll with a link is unfurled":            {{poll, false}, {with(poll, "embeds", preview), true}},
		"a bot changes its embed":                   {{bot, false}, {with(bot, "embeds", preview), false}, {with(bot, "embeds", preview), false}},
		"a webhook changes its embed":               {{hook, false}, {with(hook, "embeds", preview), false}},
		"a deferred answer is filled in":            {{with(bot, "content", "", "flags", 128), false}, {with(bot, "content", "done", "flags", 0), false}},
		"an application's message on a user's part": {{with(written, "interaction_metadata", map[string]any{"id": "1"}), false}, {with(unfurled, "interaction_metadata", map[string]any{"id": "1"}), false}},
		"the message replied to is edited":          {{with(written, "referenced_message", 1), false}, {with(unfurled, "referenced_message", 2), true}},
		"a partial update, as there once were":      {{written, false}, {map[string]any{"id": written["id"], "channel_id": "1", "embeds": preview}, false}},
		"the order of members differs not":          {{written, false}, {written, true}},
	} {
		e := NewEdits(100, true)
		for i, s := range steps {
			kind := "MESSAGE_UPDATE"
			if i == 0 {
				kind = "MESSAGE_CREATE"
			}
			if got := e.Noise(frame(kind, s.d)); got != s.noise {
				t.Errorf("%s: step %d is noise: %v", name, i, got)
			}
		}
	}
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

func TestWhatIsMalformedPasses(t *testing.T) {
	e := NewEdits(100, true)
	e.Noise(frame("MESSAGE_CREATE", text()))
	for _, data := range []string{``, `{`, `{"d":`, `{"d":{}}`, `{"d":[]}`, `{"d":{"id":5}}`, `{"d":{"id":"x","content":"","author":{},"edited_timestamp":null}}`,
		`{"d":{"id":"1","content":"","author":{},"edited_timestamp":"yesterday"}}`} {
		if e.Noise(&event.Event{Type: "MESSAGE_UPDATE", Data: []byte(data)}) {
			t.Error(data)
		}
	}
}

// However many messages there are, no more are remembered than there is room for, and
// those are the latest.
func TestTheOldestMessagesGiveWay(t *testing.T) {
	e := NewEdits(1000, true)
	message := func(n int) map[string]any { return with(text(), "id", fmt.Sprint(1209231463430062100+n)) }
	for n := range 20_000 {
		e.Noise(frame("MESSAGE_CREATE", message(n)))
	}
	noise := 0
	for n := 19_800; n < 20_000; n++ {
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

func BenchmarkEdits(b *testing.B) {
	create, update := frame("MESSAGE_CREATE", text()), frame("MESSAGE_UPDATE", with(text(), "embeds", preview))
	other := &event.Event{Type: "PRESENCE_UPDATE", Data: create.Data}
	for _, c := range []struct {
		name string
		ev   *event.Event
	}{{"create", create}, {"update", update}, {"other", other}} {
		b.Run(c.name, func(b *testing.B) {
			e := NewEdits(100_000, true)
			b.ReportAllocs()
			for b.Loop() {
				e.Noise(c.ev)
			}
		})
	}
}
