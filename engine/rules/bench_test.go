package rules

import (
	"encoding/json"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// typical is a message as Discord sends it, of 1.3 kB, whose author stands where
// Discord puts it: behind half of the message.
const typical = `{"t":"MESSAGE_CREATE","s":4711,"op":0,"d":{"type":0,"tts":false,"timestamp":"2026-11-02T18:21:36.274000+00:00","pinned":false,` +
	`"nonce":"1434612345678901248","mentions":[{"username":"nelly","public_flags":0,"primary_guild":null,"id":"80351110224678912",` +
	`"global_name":"Nelly","discriminator":"0","clan":null,"avatar":"8342729096ea3675442027381ff50dfe","member":{"roles":["41771983423143936"],` +
	`"nick":"NelloKello","mute":false,"joined_at":"2019-04-26T06:26:56.936000+00:00","flags":0,"deaf":false}}],"mention_roles":[],` +
	`"mention_everyone":false,"member":{"roles":["41771983423143936","41771983423143937"],"premium_since":null,"pending":false,"nick":null,` +
	`"mute":false,"joined_at":"2021-01-03T12:44:09.101000+00:00","flags":2,"deaf":false,"communication_disabled_until":null,"banner":null,` +
	`"avatar":null},"id":"1434612350000000000","flags":0,"embeds":[],"edited_timestamp":null,"content":"<@80351110224678912> did you see ` +
	`what they wrote about \"the gate\" yesterday? I could not believe it at first, but it is all there.","components":[],` +
	`"channel_type":0,"channel_id":"290926798999357250","author":{"username":"wumpus","public_flags":64,"primary_guild":null,` +
	`"id":"53908099506183680","global_name":"Wumpus","discriminator":"0","clan":null,"bot":true,"avatar_decoration_data":null,"avatar":` +
	`"a_bab14f271d565501444b2ca3be944b25"},"attachments":[],"guild_id":"290926798626357250"}}`

// BenchmarkWants measures each kind of rule on one event. The frame of it is not
// copied.
func BenchmarkWants(b *testing.B) {
	thousand := make([]uint64, 1000)
	for i := range thousand {
		thousand[i] = 290926798626357250 + uint64(i)
	}
	for _, c := range []struct {
		name  string
		rules Config
	}{
		{"types", Config{Only: []string{"MESSAGE_CREATE", "MESSAGE_UPDATE", "INTERACTION_*"}}},
		{"drop", Config{Drop: []string{"TYPING_START", "PRESENCE_UPDATE", "MESSAGE_REACTION_*"}}},
		{"guilds-1000", Config{Guilds: thousand}},
		{"shards", Config{Shards: []Range{{0, 63}, {70, 70}}}},
		{"sample", Config{Sample: map[string]float64{"MESSAGE_CREATE": 50, "TYPING_START": 10}}},
		{"when-true", Config{When: "true"}},
		{"when-size", Config{When: "size < 4096"}},
		{"when-type", Config{When: `type == "MESSAGE_CREATE"`}},
		{"when-guild", Config{When: `guild == 290926798626357250`}},
		{"when-short-circuit", Config{When: `type == "TYPING_START" and d.author.bot`}},
		{"when-author-bot", Config{When: `d.author.bot != true`}},
		{"when-author-id", Config{When: `d.author.id == 53908099506183680`}},
		{"when-content", Config{When: `d.content contains "gate"`}},
		{"when-missing", Config{When: `d.webhook_id == nil`}},
		{"when-mentions", Config{When: `any(d.mentions, .id == 80351110224678912)`}},
		{"when-all-of-d", Config{When: `len(d) > 3`}},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := must(b, c.rules)
			e := &event.Event{
				ID: event.ID{Session: 1, Seq: 4711}, ShardID: 3, Shards: 64, Type: "MESSAGE_CREATE", Guild: 290926798626357250, Data: []byte(typical),
			}
			b.ReportAllocs()
			for b.Loop() {
				e.ID.Seq++
				s.Wants(e)
			}
			for _, r := range s.Rules() {
				if r.Errors > 0 {
					b.Fatal(r.Err)
				}
			}
		})
	}
}

// BenchmarkDecode is what reading all of d would cost, for comparison.
func BenchmarkDecode(b *testing.B) {
	frame := []byte(typical)
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var f struct {
				D map[string]any `json:"d"`
			}
			if err := json.Unmarshal(frame, &f); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("value", func(b *testing.B) {
		path := []step{{key: "d", index: -1}}
		b.ReportAllocs()
		for b.Loop() {
			value(frame, find(frame, path))
		}
	})
	b.Run("find", func(b *testing.B) {
		path := []step{{key: "d", index: -1}, {key: "author", index: -1}, {key: "bot", index: -1}}
		for b.Loop() {
			find(frame, path)
		}
	})
}
