package control

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func TestEveryCommandComesThrough(t *testing.T) {
	for n := range 256 {
		kind := ops.CommandKind(n)
		if kind.String() == unknownWord {
			continue
		}
		want := ops.Command{Kind: kind, By: "ann"}
		shards, sink, letters := needs(kind)
		if shards {
			want.Shards = []int{0, 3}
		}
		if kind == ops.CommandRestart {
			want.Workers = []int{0, 1}
		}
		if sink {
			want.Sink = "bot"
		}
		if letters {
			want.Letters = []string{"9c1f-42"}
		}
		if kind == ops.CommandReshard {
			want.Target = ops.Target{Total: 32, Last: 15, Slice: true}
		}
		switch kind {
		case ops.CommandRestart:
			want.Rolling = ops.Rolling{On: true, Every: 1500 * time.Millisecond, Within: 90 * time.Second}
		case ops.CommandDrop:
			want.Events = 1234
		case ops.CommandLogLevel:
			want.Level = ops.LevelDebug
		case ops.CommandAck:
			want.Alert = "shard/3/failed"
		case ops.CommandCancel:
			want.Action = 7
		}
		body, err := json.Marshal(wireCommand(want))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeCommand(body); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: came as %+v, %v", body, got, err)
		}
	}
}

func TestARestartOfAllComesThrough(t *testing.T) {
	want := ops.Command{Kind: ops.CommandRestart, All: true, Rolling: ops.Rolling{On: true}}
	body, err := json.Marshal(wireCommand(want))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decodeCommand(body); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s: came as %+v, %v", body, got, err)
	}
}

func TestABadCommandIsSaidInOneLine(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{``, "the body is not a command: it is empty; send one such as"},
		{`[]`, "the body is not a command: "},
		{`{"action":"restart"`, "the body is not a command: unexpected EOF"},
		{`{"action":"restart","shard":3}`, `unknown field "shard"`},
		{`{"action":"restart","shards":[1]}{}`, "the body goes on after the command"},
		{`{"action":"reboot"}`, `action: "reboot" is not known; allowed: restart, reidentify, stop, start, pause, resume, drain, replay, discard, allow, reshard, reshard-pause, reshard-resume, reshard-abort, reshard-force, reload, drop, loglevel, dump, ack, cancel`},
		{`{"action":"unknown"}`, `action: "unknown" is not known`},
		{`{"action":"restart"}`, "shards: missing; restart needs at least one id"},
		{`{"action":"restart","workers":[-2]}`, "workers: -2 is below zero"},
		{`{"action":"stop","shards":[1],"workers":[1]}`, "workers: stop takes none"},
		{`{"action":"reload","sink":"bot"}`, "sink: reload takes none"},
		{`{"action":"restart","shards":[-1]}`, "shards: -1 is below zero"},
		{`{"action":"restart","shards":[1],"sink":"bot"}`, "sink: restart takes none"},
		{`{"action":"drain","shards":[1]}`, "shards: drain takes none"},
		{`{"action":"pause"}`, "sink: missing; pause needs the name of one"},
		{`{"action":"pause","sink":"bot","letters":["a"]}`, "letters: pause takes none"},
		{`{"action":"replay","sink":"bot","letters":[""]}`, `letters: "" is not an event id`},
		{`{"action":"drain","target":{"total":32}}`, "target: drain takes none"},
		{`{"action":"reshard","target":{"total":-1}}`, "target: total: -1 shards; allowed: 1 to 65536"},
		{`{"action":"reshard","target":{"total":8,"slice":{"first":4,"last":8}}}`, "target: slice: there is no shard 8 of 8; the last one is 7"},
		{`{"action":"reshard","target":{"slice":{"first":4,"last":3}}}`, "target: slice: 4 to 3 is not a range of shards"},
		{`{"action":"pause","sink":"b\u001b[2Jt"}`, "sink: not a printable text of up to 128 bytes"},
		{`{"action":"drain","by":"` + strings.Repeat("x", 129) + `"}`, "by: not a printable text"},
		{`{"action":"stop","shards":[1],"all":true}`, "all: stop takes none"},
		{`{"action":"restart","shards":[1],"all":true}`, "all: shards or workers are named too"},
		{`{"action":"restart","all":true,"rolling":{"every_ms":3600001}}`, "rolling: every 1h0m0.001s; allowed: 0 to 1h0m0s"},
		{`{"action":"restart","all":true,"rolling":{"every_ms":1,"within_ms":-5}}`, "rolling: within -5ms; allowed: 1s to 1h0m0s"},
		{`{"action":"stop","shards":[1],"rolling":{"every_ms":1}}`, "rolling: stop takes none"},
		{`{"action":"drop","sink":"bot"}`, "events: missing; drop needs it"},
		{`{"action":"drop","sink":"bot","events":-1}`, "events: -1 is below zero"},
		{`{"action":"drop","events":5}`, "sink: missing; drop needs the name of one"},
		{`{"action":"loglevel"}`, "level: missing; loglevel needs it"},
		{`{"action":"loglevel","level":"loud"}`, `level: "loud" is not known; allowed: debug, info, warn, error`},
		{`{"action":"dump","level":"debug"}`, "level: dump takes none"},
		{`{"action":"ack"}`, "alert: missing; ack needs it"},
		{`{"action":"ack","alert":"a\u001b"}`, "alert: not a printable text"},
		{`{"action":"cancel"}`, "id: missing; cancel needs it"},
		{`{"action":"restart","shards":[` + strings.Repeat("1,", maxShardsNamed) + `1]}`, "shards: 65537 are named; allowed: up to 65536"},
	} {
		_, err := decodeCommand([]byte(c.body))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.60s: got %v, want %s", c.body, err, c.want)
		}
	}
}

func FuzzDecodeCommand(f *testing.F) {
	for _, seed := range []string{
		`{"action":"restart","shards":[0,1,2],"by":"ann"}`, `{"action":"drain"}`, `{"action":"pause","sink":"bot"}`,
		`{"action":"replay","sink":"bot","letters":["a-1","a-2"]}`, `{"action":"discard","sink":"old"}`,
		`{"action":"reshard","target":{"total":32}}`, `{"action":"reshard","target":{"slice":{"first":1,"last":2}}}`,
		``, `null`, `{}`, `[]`, `{"action":7}`, `{"action":"restart","shards":[1e99]}`, `{"action":"stop","shards":[-1]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		cmd, err := decodeCommand(body)
		if err != nil {
			if len(err.Error()) > 4096 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		shards, sink, letters := needs(cmd.Kind)
		if cmd.Kind.String() == unknownWord || shards != (len(cmd.Shards)+len(cmd.Workers) > 0 || cmd.All) || sink != (cmd.Sink != "") || !letters && len(cmd.Letters) > 0 {
			t.Fatalf("%q was taken for %+v", body, cmd)
		}
		again, err := json.Marshal(wireCommand(cmd))
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decodeCommand(again); err != nil || !reflect.DeepEqual(normal(back), normal(cmd)) {
			t.Fatalf("%+v came back as %+v, %v", cmd, back, err)
		}
	})
}

// normal has no empty lists, which JSON leaves out.
func normal(c ops.Command) ops.Command {
	if len(c.Shards) == 0 {
		c.Shards = nil
	}
	if len(c.Letters) == 0 {
		c.Letters = nil
	}
	return c
}
