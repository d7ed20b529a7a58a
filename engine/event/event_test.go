package event

import (
	"encoding/json"
	"testing"
	"time"
)

var sample = Event{
	ID:       ID{Session: 0x0123456789abcdef, Seq: 42},
	ShardID:  3,
	Shards:   8,
	Type:     "GUILD_CREATE",
	Kind:     KindJoined,
	Received: time.UnixMilli(1763750467936),
	Data:     []byte(`{"t":"GUILD_CREATE","s":42,"op":0,"d":{"id":"1"}}`),
}

func TestTheBotReceives(t *testing.T) {
	want := `{"id":"0123456789abcdef-42","shardId":3,"shards":8,"receivedAt":1763750467936,"kind":"joined",` +
		`"data":{"t":"GUILD_CREATE","s":42,"op":0,"d":{"id":"1"}}}`
	if got := string(sample.AppendJSON(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAnEventIsOneLine(t *testing.T) {
	e := sample
	e.Data = []byte("{\"t\":\"X\",\r\n \"d\":\"a\\nb\"}")
	line := e.AppendJSON([]byte("before\n"))
	if string(line[:7]) != "before\n" {
		t.Errorf("what stood before was changed: %q", line)
	}
	var got struct{ Data struct{ D string } }
	if err := json.Unmarshal(line[7:], &got); err != nil || got.Data.D != "a\nb" {
		t.Errorf("%q: %v, %q", line, err, got.Data.D)
	}
	for _, c := range line[7:] {
		if c == '\n' || c == '\r' {
			t.Errorf("a line break in %q", line)
		}
	}
}

func TestKindNoneIsLeftOut(t *testing.T) {
	e := sample
	e.Kind = KindNone
	var got map[string]any
	if err := json.Unmarshal(e.AppendJSON(nil), &got); err != nil {
		t.Fatal(err)
	}
	if _, there := got["kind"]; there {
		t.Errorf("%v", got)
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	e := sample
	e.Data = make([]byte, 1200)
	buf := make([]byte, 0, 2048)
	b.ReportAllocs()
	for b.Loop() {
		buf = e.AppendJSON(buf[:0])
	}
}
