package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// allMembers asks for the members of a guild.
const allMembers = `{"guild_id":"7","query":"","limit":0}`

func TestCtlSend(t *testing.T) {
	for _, c := range []struct {
		args []string
		want ops.Send
	}{
		{[]string{"presence", ` {"status":"idle"} `, "--shards", "0-2,7"}, ops.Send{Op: 3, Data: []byte(`{"status":"idle"}`), Shards: []int{0, 1, 2, 7}}},
		{[]string{"3", `{"status":"dnd","activities":[{"name":"<3 & co","type":0}]}`}, ops.Send{Op: 3, Data: []byte(`{"status":"dnd","activities":[{"name":"<3 & co","type":0}]}`)}},
		{[]string{"Voice", `{"guild_id":"7","channel_id":null}`}, ops.Send{Op: 4, Data: []byte(`{"guild_id":"7","channel_id":null}`)}},
		{[]string{"channel-info", sendables()[4].example}, ops.Send{Op: 43, Data: []byte(sendables()[4].example)}},
		{[]string{"31", `{"guild_ids":["7"]}`}, ops.Send{Op: 31, Data: []byte(`{"guild_ids":["7"]}`)}},
	} {
		e := &fakeEngine{sent: ops.Sent{Shards: []int{0, 1, 2, 7}, At: fakeNow()}}
		got := gatehouse(t, []string{"USER=ann"}, append([]string{"ctl", "--control", serveFake(t, e), "send"}, c.args...)...)
		c.want.By = "ann (ctl)"
		if got.code != exitDone || !strings.HasSuffix(got.stdout, ": sent by shards 0-2,7\n") || got.stderr != "" || !reflect.DeepEqual(e.sends, []ops.Send{c.want}) {
			t.Errorf("%v: %+v, asked for %+v", c.args, got, e.sends)
		}
	}
}

// What can be sent is what the protocol package knows, by the same opcodes.
func TestEveryCommandThatCanBeSentHasAName(t *testing.T) {
	for _, s := range sendables() {
		if name := discord.Opcode(s.op).String(); strings.HasPrefix(name, "op ") {
			t.Errorf("%s is %s", s.name, name)
		}
		if !json.Valid([]byte(s.example)) {
			t.Errorf("%s: %s", s.name, s.example)
		}
	}
}

func TestCtlSendReadsStdinAndFiles(t *testing.T) {
	e := &fakeEngine{sent: ops.Sent{Shards: []int{3}}}
	path := serveFake(t, e)
	dir := t.TempDir()
	const data = "{\"guild_id\": \"7\", \"channel_id\": null}"
	if err := os.WriteFile(filepath.Join(dir, "voice.json"), []byte(data+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, argument := range []string{"-", "@voice.json", "@" + dir + "/voice.json"} {
		var stdout, stderr bytes.Buffer
		a := &app{stdin: strings.NewReader("\n" + data), stdout: &stdout, stderr: &stderr, dir: dir}
		code := a.execute(t.Context(), []string{"ctl", "send", "voice", argument, "--control", path})
		if code != exitDone || stdout.String() != "voice: sent by shard 3\n" || string(e.sends[len(e.sends)-1].Data) != `{"guild_id":"7","channel_id":null}` {
			t.Errorf("%s: exit code %d, %s%s, sent %v", argument, code, stdout.String(), stderr.String(), e.sends)
		}
	}
}

func TestCtlSendPrintsAnswersAsLines(t *testing.T) {
	e := &fakeEngine{sent: ops.Sent{Shards: []int{3}, At: fakeNow(), Answers: []json.RawMessage{
		[]byte(`{"t":"GUILD_MEMBERS_CHUNK","d":{"nick":"<b>&é"}}`), []byte("{\"t\":\"X\",\"d\":\"\u009b31m\u202e\u2028\"}"),
	}}}
	path := serveFake(t, e)
	got := gatehouse(t, nil, "ctl", "send", "members", allMembers, "--answers", "--control", path)
	want := `{"t":"GUILD_MEMBERS_CHUNK","d":{"nick":"<b>&é"}}` + "\n" + `{"t":"X","d":"\u009b31m\u202e\u2028"}` + "\n"
	if got.code != exitDone || got.stdout != want || got.stderr != "members: sent by shard 3, 2 answers\n" || !e.sends[0].Answers {
		t.Errorf("%+v", got)
	}
	got = gatehouse(t, nil, "ctl", "send", "members", allMembers, "--answers", "--control", path, "-o", "json")
	var sent struct {
		Shards  []int             `json:"shards"`
		At      time.Time         `json:"sent_at"`
		Answers []json.RawMessage `json:"answers"`
	}
	if err := json.Unmarshal([]byte(got.stdout), &sent); err != nil || sent.Shards[0] != 3 || !sent.At.Equal(fakeNow()) || len(sent.Answers) != 2 || got.stderr != "" {
		t.Errorf("%v, %+v", err, got)
	}
}

func TestCtlSendSaysWhyNothingWasSent(t *testing.T) {
	for _, c := range []struct {
		name   string
		engine *fakeEngine
		want   string
	}{
		{"refused", &fakeEngine{unsent: &ops.SendError{Op: 8, Reason: "guild 7 is not a guild of this bot\x1b[2J"}}, "not sent: guild 7 is not a guild of this bot [2J\n"},
		{"in part", &fakeEngine{unsent: &ops.SendError{Op: 8, Reason: "shard 2 is not ready", Sent: []int{0, 1, 5}}}, "not sent: shard 2 is not ready; shards 0-1,5 sent it all the same\n"},
		{"too slow", &fakeEngine{slow: true}, "not done within 50ms; what was sent by then stays sent; --timeout waits longer\n"},
	} {
		args := []string{"ctl", "send", "members", allMembers, "--control", serveFake(t, c.engine)}
		if c.engine.slow {
			args = append(args, "--timeout", "50ms")
		}
		got := gatehouse(t, nil, args...)
		if got.code != exitFailed || got.stdout != "" || got.stderr != "gatehouse: "+c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	soon := &fakeEngine{unsent: &ops.SendError{Op: 8, Reason: "it has just been asked for", RetryAt: fakeNow(), Sent: []int{1}}}
	got := gatehouse(t, nil, "ctl", "send", "8", allMembers, "--control", serveFake(t, soon), "-o", "json")
	want := "{\n  \"code\": \"not_sent\",\n  \"message\": \"it has just been asked for\",\n  \"retry_at\": \"2026-11-22T12:00:00Z\",\n  \"sent\": [\n    1\n  ]\n}\n"
	if got.code != exitFailed || got.stdout != want || got.stderr != "gatehouse: not sent: it has just been asked for; shard 1 sent it all the same; it can be tried again at 12:00:00 UTC\n" {
		t.Errorf("%+v", got)
	}
}

func TestCtlPresence(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--status", "idle", "--activity", "Watching {{guilds}} guilds"}, `{"since":null,"activities":[{"name":"{{guilds}} guilds","type":3}],"status":"idle","afk":false}`},
		{[]string{"--activity", "listening to  <b> & co"}, `{"since":null,"activities":[{"name":"<b> & co","type":2}],"status":"online","afk":false}`},
		{[]string{"--activity", "Playing chess"}, `{"since":null,"activities":[{"name":"chess","type":0}],"status":"online","afk":false}`},
		{[]string{"--activity", "Competing in chess"}, `{"since":null,"activities":[{"name":"chess","type":5}],"status":"online","afk":false}`},
		{[]string{"--activity", "Playing", "--status", "dnd"}, `{"since":null,"activities":[{"name":"Custom Status","type":4,"state":"Playing"}],"status":"dnd","afk":false}`},
		{[]string{"--status", "invisible"}, `{"since":null,"activities":[],"status":"invisible","afk":false}`},
		{[]string{`{"status":"dnd"}`}, `{"status":"dnd"}`},
	} {
		e := &fakeEngine{sent: ops.Sent{Shards: []int{0, 1, 2, 3}}}
		got := gatehouse(t, nil, append([]string{"ctl", "presence", "--shards", "0-3", "--control", serveFake(t, e)}, c.args...)...)
		if got.code != exitDone || got.stdout != "presence: sent by shards 0-3\n" || e.sends[0].Op != 3 || len(e.sends[0].Shards) != 4 || string(e.sends[0].Data) != c.want {
			t.Errorf("%v: %+v, asked for %v", c.args, got, e.sends)
		}
		if err := discord.ValidatePresence([]byte(c.want)); err != nil {
			t.Errorf("%s: %v", c.want, err)
		}
	}
}

func TestCtlIdentify(t *testing.T) {
	got := gatehouse(t, nil, "ctl", "identify", "--control", serveFake(t, &fakeEngine{}))
	want := `budget       990 of 1 000 left: Discord said 994 10m ago, 4 spent since
reserve      100 of them are kept for identifies that somebody asks for
reset        in 3h0m
last hour    12 spent; at that pace the reserve is reached in 2h0m
since start  34 sent, 2 answered with op 9
allowed      16 at a time, one in 5s for each bucket
waiting      1 shard, the next in 2s
breaker      lets identifies pass; it has stopped them 1 time since start

BUCKET  WAITING   NEXT  REFUSED IN A ROW
     3        1  in 2s                 2
     5        0      –                 1
`
	if got.code != exitDone || got.stdout != want || got.stderr != "" {
		t.Errorf("exit code %d, stderr %q:\n%s", got.code, got.stderr, got.stdout)
	}
	broken := serveFake(t, &fakeEngine{broken: true})
	const why = "has stopped identifies for 1m: 40 identifies in 5m; gatehouse ctl identify allow lets them go on\n"
	for _, args := range [][]string{{"identify"}, {"status"}} {
		if got := gatehouse(t, nil, append([]string{"ctl", "--control", broken}, args...)...); !strings.Contains(got.stdout, "breaker") || !strings.Contains(got.stdout, why) {
			t.Errorf("%v: %s", args, got.stdout)
		}
	}
}

func TestTheLedgerBeforeDiscordHasTold(t *testing.T) {
	var out strings.Builder
	p := &printer{w: &out, now: fakeNow()}
	p.identify(ops.Identify{})
	if !strings.HasPrefix(out.String(), "budget       Discord has not told yet\nreset        –\n") {
		t.Errorf("%s", out.String())
	}
}

// A shard that is up may be in trouble all the same, and says so.
func TestWhatIsOddAboutAShardThatIsUp(t *testing.T) {
	for _, c := range []struct {
		name         string
		shard        ops.Shard
		note, detail string
	}{
		{"nothing", ops.Shard{Latency: 41 * time.Millisecond, LastACK: ago(3 * time.Second), LastEvent: ago(time.Second), Quiet: 5 * time.Minute}, "",
			"latency      41ms, measured 3s ago\n"},
		{"an ACK is overdue", ops.Shard{LastACK: ago(55 * time.Second)}, "last ACK 55s ago",
			"latency      not known: the last ACK came 55s ago\n"},
		{"no ACK yet", ops.Shard{}, "", "latency      no ACK yet\n"},
		{"it is probed", ops.Shard{Latency: 1, LastACK: ago(time.Second), LastEvent: ago(6 * time.Minute), Quiet: 5 * time.Minute, ProbeAt: ago(2 * time.Second), Probes: 3, Deaf: 1},
			"no event for 6m, probed 2s ago", "last event   6m ago; probed after 5m without one; 3 probes since start, 1 without an answer\n"},
		{"Discord wants a reconnect", ops.Shard{Latency: 1, LastACK: ago(time.Second), Replacing: true}, "Discord wants a reconnect: the next connection is being opened", "\nDiscord wants a reconnect"},
		{"commands wait", ops.Shard{Latency: 1, LastACK: ago(time.Second), Outbox: 2, Sends: 118}, "waiting to be sent: 2 commands", "commands     2 waiting; 118 of 120 frames sent in the last 60s\n"},
	} {
		var out strings.Builder
		p := &printer{w: &out, now: fakeNow()}
		c.shard.State = ops.ShardReady
		if got := p.shardNote(c.shard); got != c.note {
			t.Errorf("%s: %q", c.name, got)
		}
		p.shard(&ops.ShardDetail{Shard: c.shard})
		if !strings.Contains(out.String(), c.detail) {
			t.Errorf("%s: no %q in\n%s", c.name, c.detail, out.String())
		}
	}
}

func TestSinksSayWhatTheirBotsAsked(t *testing.T) {
	var out strings.Builder
	p := &printer{w: &out, now: fakeNow()}
	p.sinks([]ops.Sink{{Name: "bot", State: ops.SinkOK, Asked: 12, Unsent: 1}, {Name: "quiet", State: ops.SinkOK}})
	if !strings.HasSuffix(out.String(), "\nbot: its bot sent 12 commands for Discord, 1 refused\n") {
		t.Errorf("%s", out.String())
	}
}

func TestShardsAreNamedInRanges(t *testing.T) {
	for want, ids := range map[string][]int{
		"no shard": nil, "shard 3": {3}, "shards 0-7,12": {0, 1, 2, 3, 4, 5, 6, 7, 12}, "shards 1,3": {1, 3}, "shards 2-3": {2, 3},
	} {
		if got := shardsText(ids); got != want {
			t.Errorf("%v: %s", ids, got)
		}
	}
}
