package event

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

func TestAnEventComesBackFromItsLine(t *testing.T) {
	guild := sample
	guild.Guild = 1
	plain := guild
	plain.Kind, plain.ShardID, plain.Shards, plain.ID.Seq = KindNone, 0, 1, math.MaxInt64
	gap := Event{
		ID: ID{Session: 5, Seq: -42}, Shards: 1, Type: "GATEHOUSE_GAP", Received: time.UnixMilli(1763750467936),
		Data: []byte(`{"op":0,"t":"GATEHOUSE_GAP","s":null,"d":{"dropped":7}}`),
	}
	unknown := sample
	unknown.Type, unknown.Data = "NEW_ONE", []byte(`{"op":0,"d":{"guild_id":"99","x":"<&\u2028>"} , "s":1,"t":"NEW_ONE"}`)
	unknown.Guild = 99
	for _, want := range []Event{guild, plain, gap, unknown} {
		line := want.AppendJSON(nil)
		got, err := Parse(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if !bytes.Equal(got.Data, want.Data) || !got.Received.Equal(want.Received) {
			t.Errorf("%s became %s, received %v", want.Data, got.Data, got.Received)
		}
		got.Data, want.Data, got.Received, want.Received = nil, nil, time.Time{}, time.Time{}
		if got.ID != want.ID || got.ShardID != want.ShardID || got.Shards != want.Shards ||
			got.Kind != want.Kind || got.Type != want.Type || got.Guild != want.Guild {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
}

func TestEveryKindComesBack(t *testing.T) {
	for k := range Kind(len(kindNames)) {
		e := sample
		e.Kind = k
		if got, err := Parse(e.AppendJSON(nil)); err != nil || got.Kind != k {
			t.Errorf("%s came back as %s: %v", k, got.Kind, err)
		}
	}
}

func TestWhatIsNotAnEventIsRefused(t *testing.T) {
	line := string(sample.AppendJSON(nil))
	change := func(old, with string) string {
		if !strings.Contains(line, old) {
			t.Fatalf("no %s in %s", old, line)
		}
		return strings.Replace(line, old, with, 1)
	}
	for name, text := range map[string]string{
		"nothing":              "",
		"another object":       `{"data":1}`,
		"a short id":           change("0123456789abcdef-42", "0123456789abcde-42"),
		"capitals in the id":   change("abcdef-42", "ABCDEF-42"),
		"an id without seq":    change("-42", "-"),
		"a seq with a plus":    change("-42", "-+42"),
		"a seq with zeros":     change("-42", "-042"),
		"a seq below zero":     change("-42", "--0"),
		"a shard of words":     change(`"shardId":3`, `"shardId":three`),
		"a shard of minus 0":   change(`"shardId":3`, `"shardId":-0`),
		"a shard too large":    change(`"shardId":3`, `"shardId":99999999999999999999`),
		"no total":             change(`,"shards":8`, ``),
		"an unknown kind":      change("joined", "lost"),
		"an empty kind":        change("joined", ""),
		"a space":              change(`,"data":`, `, "data":`),
		"a frame without op":   change(`"op":0,`, ``),
		"a frame cut short":    change(`{"id":"1"}}`, `{"id":"1"`),
		"something behind it":  line + " ",
		"two of them":          line + line,
		"a break in the frame": change(`"op":0,`, "\"op\":0,\n"),
	} {
		if e, err := Parse([]byte(text)); !errors.Is(err, ErrNotEvent) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	for n := range len(line) {
		if _, err := Parse([]byte(line[:n])); !errors.Is(err, ErrNotEvent) {
			t.Errorf("the first %d bytes of a line: %v", n, err)
		}
	}
}

func TestAnErrorDoesNotQuoteTheEvent(t *testing.T) {
	line := `{"id":"0123456789abcdef-42","shardId":3,"shards":8,"receivedAt":1,"data":{"op":0,"secret":tell}}`
	if _, err := Parse([]byte(line)); err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "tell") {
		t.Error(err)
	}
}

// FuzzParse holds that what is read gives the same line again, and names the
// type that a scan of its frame gives.
func FuzzParse(f *testing.F) {
	e := sample
	for k := range Kind(len(kindNames)) {
		e.Kind = k
		f.Add(e.AppendJSON(nil))
	}
	f.Add([]byte(`{"id":"0000000000000000-0","shardId":-1,"shards":0,"receivedAt":-9223372036854775808,"data":{"op":0}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := Parse(line)
		if err != nil {
			return
		}
		if again := e.AppendJSON(nil); !bytes.Equal(again, line) {
			t.Fatalf("read %q, wrote %q", line, again)
		}
		var frame discord.Frame
		if err := discord.Scan(e.Data, &frame); err != nil || string(frame.Type) != e.Type {
			t.Fatalf("%q is a %q: %v", e.Data, frame.Type, err)
		}
	})
}

// FuzzEvent holds that any event whose frame is one comes back.
func FuzzEvent(f *testing.F) {
	f.Add(uint64(1), int64(2), 3, 4, int64(1763750467936), uint8(2), string(sample.Data))
	f.Fuzz(func(t *testing.T, session uint64, seq int64, shard, shards int, at int64, kind uint8, data string) {
		var frame discord.Frame
		if discord.Scan([]byte(data), &frame) != nil {
			return
		}
		want := Event{
			ID: ID{session, seq}, ShardID: shard, Shards: shards, Type: string(frame.Type), Guild: frame.Guild,
			Kind: Kind(kind) % Kind(len(kindNames)), Received: time.UnixMilli(at), Data: []byte(data),
		}
		oneLine(want.Data)
		got, err := Parse(want.AppendJSON(nil))
		if err != nil || !bytes.Equal(got.Data, want.Data) || !got.Received.Equal(want.Received) {
			t.Fatalf("%+v: %v", got, err)
		}
		got.Data, want.Data, got.Received, want.Received = nil, nil, time.Time{}, time.Time{}
		if got.ID != want.ID || got.ShardID != want.ShardID || got.Shards != want.Shards ||
			got.Kind != want.Kind || got.Type != want.Type || got.Guild != want.Guild {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	e := sample
	e.Data = []byte(`{"t":"MESSAGE_CREATE","s":42,"op":0,"d":{"guild_id":"1","content":"` + strings.Repeat("x", 1100) + `"}}`)
	line := e.AppendJSON(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(line); err != nil {
			b.Fatal(err)
		}
	}
}
