package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func TestCtlStatusFitsOnAPage(t *testing.T) {
	path := serveFake(t, &fakeEngine{})
	got := gatehouse(t, nil, "ctl", "status", "--control", path)
	want := `Gatehouse 9.9 on web-1: running, up 1h10m

shards      2 ready, 1 backoff, 1 failed; this process holds 0 to 3 of 8
guilds      4 000, 12 unavailable, 3 loading
loading     2 of 4 shards loaded, 3 997 of 4 000 guilds, what is missing is told in 30s; 1 guild did not come in time; missing: 81384788765712384, 2, 3
traffic     312.5 events/s, 1.5 MiB/s; 7 654 321 events since start
compress    zstd-stream, 6.2 to 1 since start
latency     median 41ms, p99 90ms, longest 1.2s
waiting     1 234 events for the slowest sink, the oldest for 9s
queue       3 MiB of 4 GiB, 1 MiB of 256 MiB in memory, 2 MiB on disk in 3 files in /var/lib/gatehouse/queue; the disk takes nothing for 1m: no space left on device
edits       kept away 432 of 1 000 MESSAGE_UPDATEs (43.2 %, 3 MiB); knows 5 000 of at most 100 000 messages
identifies  990 of 1 000 left, 100 of them in reserve, reset in 3h0m; 1 in the queue
commands    1 234 sent to Discord, 5 refused; 2 in the queue; answers to 1 still come
reshard     off; Discord recommends 16 shards

SINK  STATE           FOR  WAITING  OLDEST  EMPTY IN  EVENTS/S  DELIVERED  P99  FILTERED  DROPPED  DEAD  TARGET
bot   retrying         9s    1 234      9s     never       0.0  1 234 567  3ms     4 321        0     2  http://127.0.0.1:8080/events
old   not configured    –        5       –     never       0.0          0    –         0        0     0  –
bot: 1s ago: connection refused, next try in 500ms

HOOK      CALLS  PANICS  LAST PANIC
dispatch  1 234       0  –
filter        7       1  1m ago, for MESSAGE_CREATE of shard 3: index out of range

ALERT       FOR
critical  30h0m  shard 3 has failed: token refused
seen         1m  sink bot lags
`
	if got.code != exitDone || got.stdout != want || got.stderr != "" {
		t.Errorf("exit code %d, stderr %q:\n%s", got.code, got.stderr, got.stdout)
	}
}

func TestCtlShards(t *testing.T) {
	path := serveFake(t, &fakeEngine{})
	got := gatehouse(t, nil, "ctl", "shards", "--control", path)
	want := `SHARD  STATE      FOR  LATENCY  GUILDS  EVENTS/S     SEQ  LOST  RESUMES  IDENT
    0  ready     1h0m     41ms   1 000      12.3  123456     0        0      1
    1  ready    1m10s     1.2s   1 000       0.0       7     2        2      0
    2  backoff     3s        –   1 000       0.0       0     0        0      0  dials again in 4s: connection lost [2J
    3  failed   30h0m        –       0       0.0       0     0        0      0  token refused; set another
`
	if got.code != exitDone || got.stdout != want {
		t.Errorf("exit code %d %s:\n%s", got.code, got.stderr, got.stdout)
	}
}

func TestCtlShard(t *testing.T) {
	path := serveFake(t, &fakeEngine{})
	got := gatehouse(t, nil, "ctl", "shard", "2", "--control", path)
	for _, want := range []string{
		"shard 2: backoff for 3s\ndials again in 4s: connection lost [2J\n",
		"\nsession      for –, at seq 0, resumes at gateway-us-east1-b.discord.gg\n",
		"\nEVENT           COUNT  EVENTS/S\nMESSAGE_CREATE  1 234       1.5\n",
		"\nAGO  FROM   TO       WHY\n 3s  ready  backoff  connection lost\n",
	} {
		if got.code != exitDone || !strings.Contains(got.stdout, want) {
			t.Errorf("exit code %d, no %q in\n%s", got.code, want, got.stdout)
		}
	}
	missing := gatehouse(t, nil, "ctl", "shard", "7", "--control", path)
	if missing.code != exitFailed || missing.stderr != "gatehouse: there is no shard 7 here; this process holds 0 to 3\n" {
		t.Errorf("%+v", missing)
	}
}

func TestCtlJSONIsWhatTheAPISays(t *testing.T) {
	path := serveFake(t, &fakeEngine{})
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"status"}, `"phase": "running"`},
		{[]string{"shards"}, `"retry_at": "2026-11-22T12:00:04Z"`},
		{[]string{"shard", "2"}, `"resume_host": "gateway-us-east1-b.discord.gg"`},
		{[]string{"sinks"}, `"lag_ms": 9000,`},
		{[]string{"sink", "bot"}, `"filtered": 4321,`},
		{[]string{"workers"}, `"events_per_second": 12.34,`},
		{[]string{"log"}, `"text": "shard backoff"`},
		{[]string{"dead-letters"}, `"id": "9c1f-42"`},
		{[]string{"alerts"}, `"acknowledged_by": "ann"`},
		{[]string{"actions"}, `"can_be_cancelled": true`},
		{[]string{"identify"}, `"runs_out_at": "2026-11-22T14:00:00Z"`},
	} {
		got := gatehouse(t, nil, append([]string{"ctl", "-o", "json", "--control", path}, c.args...)...)
		if got.code != exitDone || !json.Valid([]byte(got.stdout)) || !strings.Contains(got.stdout, c.want) {
			t.Errorf("%v: exit code %d %s:\n%s", c.args, got.code, got.stderr, got.stdout)
		}
	}
}

func TestCtlLogAndDeadLettersAskForWhatTheyWereTold(t *testing.T) {
	e := &fakeEngine{}
	path := serveFake(t, e)
	got := gatehouse(t, nil, "ctl", "log", "--max", "5", "--level", "warn", "--shard", "2", "--control", path)
	if got.code != exitDone || !strings.HasSuffix(got.stdout, "  warn   shard 2: shard backoff\n") || strings.Count(got.stdout, "\n") != 2 {
		t.Errorf("%+v", got)
	}
	if want := (ops.LogQuery{Max: 5, Level: ops.LevelWarn, Shard: 2}); e.log != want {
		t.Errorf("asked for %+v", e.log)
	}
	got = gatehouse(t, nil, "ctl", "dead-letters", "--sink", "bot", "--max", "1", "--control", path)
	if got.code != exitDone || !strings.Contains(got.stdout, "  bot   9c1f-42   MESSAGE_CREATE      3  the bot answered 400\nthe newest 1 of 2; --max shows more") {
		t.Errorf("%+v", got)
	}
	if e.letters != (ops.DeadLetterQuery{Sink: "bot", Max: 1}) {
		t.Errorf("asked for %+v", e.letters)
	}
}

func TestCtlActions(t *testing.T) {
	for _, c := range []struct {
		args []string
		want ops.Command
	}{
		{[]string{"restart", "0-2,1", "7"}, ops.Command{Kind: ops.CommandRestart, Shards: []int{0, 1, 2, 7}}},
		{[]string{"restart", "--worker", "1"}, ops.Command{Kind: ops.CommandRestart, Workers: []int{1}}},
		{[]string{"restart", "--worker", "1,3", "7"}, ops.Command{Kind: ops.CommandRestart, Shards: []int{7}, Workers: []int{1, 3}}},
		{[]string{"reload"}, ops.Command{Kind: ops.CommandReload}},
		{[]string{"reidentify", "3"}, ops.Command{Kind: ops.CommandReidentify, Shards: []int{3}}},
		{[]string{"stop", "3"}, ops.Command{Kind: ops.CommandStop, Shards: []int{3}}},
		{[]string{"start", "3"}, ops.Command{Kind: ops.CommandStart, Shards: []int{3}}},
		{[]string{"pause", "bot"}, ops.Command{Kind: ops.CommandPauseSink, Sink: "bot"}},
		{[]string{"resume", "bot"}, ops.Command{Kind: ops.CommandResumeSink, Sink: "bot"}},
		{[]string{"discard", "old"}, ops.Command{Kind: ops.CommandDiscard, Sink: "old"}},
		{[]string{"drain"}, ops.Command{Kind: ops.CommandDrain}},
		{[]string{"identify", "allow"}, ops.Command{Kind: ops.CommandAllow}},
		{[]string{"dead-letters", "replay", "--sink", "bot", "a-1", "a-2"}, ops.Command{Kind: ops.CommandReplay, Sink: "bot", Letters: []string{"a-1", "a-2"}}},
		{[]string{"dead-letters", "replay", "--sink", "bot", "--all"}, ops.Command{Kind: ops.CommandReplay, Sink: "bot"}},
	} {
		e := &fakeEngine{steps: []ops.Progress{{Done: 1, Total: 1, Text: "it is done"}}}
		got := gatehouse(t, []string{"USER=ann"}, append([]string{"ctl", "--control", serveFake(t, e)}, c.args...)...)
		c.want.By = "ann (ctl)"
		if got.code != exitDone || got.stdout != "it is done\n" || got.stderr != "" || !reflect.DeepEqual(e.did(), c.want) {
			t.Errorf("%v: %+v, asked for %+v", c.args, got, e.did())
		}
	}
}

func TestCtlWaitsForALongActionAndTellsOfItsProgress(t *testing.T) {
	e := &fakeEngine{steps: []ops.Progress{
		{Total: 1200, Text: "closes the shards"}, {Done: 700, Total: 1200, Text: "500 events left"}, {Done: 1200, Total: 1200, Text: "drained: 1200 events delivered"},
	}}
	path := serveFake(t, e)
	got := gatehouse(t, nil, "ctl", "drain", "--wait", "--control", path)
	if got.code != exitDone || got.stdout != "drained: 1200 events delivered\n" || !strings.HasPrefix(got.stderr, "drain: 0 of 1 200, closes the shards\n") {
		t.Errorf("%+v", got)
	}
	got = gatehouse(t, nil, "ctl", "drain", "--control", path, "-o", "json")
	want := `{"action":"drain","state":"running","done":0,"total":1200,"text":"closes the shards","error":""}` + "\n"
	if got.code != exitDone || got.stdout != want {
		t.Errorf("without --wait: %+v", got)
	}
}

func TestCtlFailuresAreExitCode1(t *testing.T) {
	refused := serveFake(t, &fakeEngine{refuse: "shard 3 is stopped already"})
	got := gatehouse(t, nil, "ctl", "stop", "3", "--control", refused)
	if got.code != exitFailed || got.stdout != "" || got.stderr != "gatehouse: stop refused: shard 3 is stopped already\n" {
		t.Errorf("refused: %+v", got)
	}
	failed := serveFake(t, &fakeEngine{steps: []ops.Progress{{Total: 1, Text: "start shard 3: no"}}, fail: errors.New("shard 3 failed: token")})
	got = gatehouse(t, nil, "ctl", "start", "3", "--wait", "--control", failed, "-o", "json")
	if got.code != exitFailed || !strings.Contains(got.stdout, `"state":"failed"`) || got.stderr != "gatehouse: start shard 3 failed: shard 3 failed: token\n" {
		t.Errorf("failed: %+v", got)
	}
}

func TestCtlBadUsageIsOneLineAndExitCode2(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"stauts"}, `unknown command "stauts"; did you mean "status"?`},
		{[]string{"status", "-o", "yaml"}, `--output: "yaml" is not known; allowed: table, json`},
		{[]string{"status", "now"}, `gatehouse ctl status takes no argument "now"`},
		{[]string{"shard"}, "gatehouse ctl shard takes one argument: the id of a shard, such as 3"},
		{[]string{"shard", "1-3"}, `"1-3" names 3 shards; name one, or see all with gatehouse ctl shards`},
		{[]string{"restart"}, "gatehouse ctl restart needs ids of shards, such as 3, or 0-7,12"},
		{[]string{"restart", "7-3"}, `"7-3" is not a shard or a range of shards; write ids from 0 to 65535 such as 3, or 0-7,12`},
		{[]string{"restart", "0,"}, `"" is not a shard`},
		{[]string{"restart", "99999"}, `"99999" is not a shard`},
		{[]string{"pause"}, "gatehouse ctl pause takes one argument: the name of a sink"},
		{[]string{"log", "--level", "loud"}, `--level: "loud" is not known; allowed: debug, info, warn, error`},
		{[]string{"log", "--max", "-1"}, "--max: -1 is below zero; 0 means all"},
		{[]string{"log", "--shard", "-7"}, "--shard: -7 is out of range"},
		{[]string{"dead-letters", "--max", "-1"}, "--max: -1 is below zero"},
		{[]string{"dead-letters", "repaly"}, `unknown command "repaly"; did you mean "replay"?`},
		{[]string{"dead-letters", "replay", "a-1"}, "--sink: missing; name the sink whose dead letters shall be replayed"},
		{[]string{"dead-letters", "replay", "--sink", "bot"}, "no event is named; give event ids as gatehouse ctl dead-letters shows them, or --all"},
		{[]string{"dead-letters", "replay", "--sink", "bot", "--all", "a-1"}, "--all and event ids do not go together"},
		{[]string{"status", "--control", "http://localhost:1"}, `--control: "http://localhost:1" is not supported by this version; allowed: the path of a socket, or unix:///path`},
		{[]string{"status", "--control", "unix://"}, `--control: "unix://" names no socket`},
		{[]string{"identify", "alow"}, `unknown command "alow"; did you mean "allow"?`},
		{[]string{"send"}, "gatehouse ctl send needs a command: presence (3), voice (4), members (8), soundboard (31), channel-info (43)"},
		{[]string{"send", "identify", "{}"}, `"identify" is not a command that can be sent; allowed: presence (3), voice (4)`},
		{[]string{"send", "2", "{}"}, `"2" is not a command that can be sent`},
		{[]string{"send", "voice"}, `gatehouse ctl send voice needs its data: JSON such as {"guild_id":"41771983423143937","channel_id":null}, - for stdin, or @FILE`},
		{[]string{"send", "presence", "{", "}"}, `gatehouse ctl send takes a command and its data, not "}" as well; put the JSON in quotes`},
		{[]string{"send", "presence", "{status: idle}"}, `the data is not a JSON object; write one such as {"status":"idle"}`},
		{[]string{"send", "presence", "null"}, `the data is not a JSON object`},
		{[]string{"send", "presence", "-"}, `stdin is not a JSON object; write one such as {"status":"idle"}`},
		{[]string{"send", "presence", "@/nowhere/p.json"}, "/nowhere/p.json cannot be read: no such file or directory; check the path and its permissions"},
		{[]string{"send", "presence", `{"a":"` + strings.Repeat("x", mostData) + `"}`}, "the data has more than 32768 bytes; Discord takes up to 4096"},
		{[]string{"send", "presence", "{}", "--answers"}, "--answers: Discord does not answer presence; remove it"},
		{[]string{"send", "members", "{}", "--shards", "3"}, "--shards: members finds its shard by the guild that it names; remove it"},
		{[]string{"send", "presence", "{}", "--shards", "7-3"}, `--shards: "7-3" is not a shard or a range of shards`},
		{[]string{"send", "presence", "{}", "--timeout", "1h"}, "--timeout: 1h0m0s is out of range; allowed: up to 5m"},
		{[]string{"send", "presence", "{}", "--timeout", "0s"}, "--timeout: 0s is out of range"},
		{[]string{"presence"}, `gatehouse ctl presence needs --status, --activity, or JSON such as {"status":"idle"}`},
		{[]string{"presence", "--status", "away"}, `--status: "away" is not known; allowed: online, dnd, idle, invisible, offline`},
		{[]string{"presence", "{}", "--status", "idle"}, "JSON does not go together with --status and --activity; use one of them"},
		{[]string{"presence", "{}", "{}"}, `gatehouse ctl presence takes one argument, not "{}" as well`},
		{[]string{"presence", "--activity", "Streaming chess"}, "--activity: Streaming needs a URL; give JSON such as"},
		{[]string{"presence", `{"status":"busy"}`}, `presence: status "busy" is not one of online, dnd, idle, invisible, offline`},
		{[]string{"send", "members", `{"guild_id":"7"}`, "--answers"}, "request guild members: query and user_ids are missing; give one"},
		{[]string{"plan", "--to", "0"}, "--to: 0 is out of range; allowed: 1 to 65536"},
		{[]string{"plan", "--to", "8", "--first", "4"}, "--first and --last go together: they name the shards that this process is to hold"},
		{[]string{"plan", "--first", "4", "--last", "3"}, "--first 4 --last 3 is not a range of shards"},
		{[]string{"reshard", "--to", "8", "--first", "4", "--last", "8"}, "--last: there is no shard 8 of 8; allowed: up to 7"},
		{[]string{"reshard", "abrot"}, `unknown command "abrot"; did you mean "abort"?`},
		{[]string{"reshard"}, "stdin is no terminal to be asked on; look at gatehouse ctl plan, then give --yes"},
		{[]string{"reshard", "force"}, "stdin is no terminal to be asked on; look at gatehouse ctl reshard status and at gatehouse ctl reshard force --help, then give --yes"},
		{[]string{"drain", "--wiat"}, "unknown flag --wiat; did you mean --wait?"},
	} {
		got := gatehouse(t, nil, append([]string{"ctl"}, c.args...)...)
		if got.code != exitUsage || !strings.HasPrefix(got.stderr, "gatehouse: "+c.want) || strings.Count(got.stderr, "\n") != 1 || got.stdout != "" {
			t.Errorf("%v: %+v", c.args, got)
		}
	}
}

func TestCtlFindsTheRunningGatehouse(t *testing.T) {
	path := serveFake(t, &fakeEngine{})
	dir := filepath.Dir(path)
	runtime, temp := shortDir(t), shortDir(t)
	named := filepath.Join(runtime, "gatehouse", socketName)
	unnamed := filepath.Join(temp, perUser(), socketName)
	for _, link := range []string{named, unnamed} {
		if err := errors.Join(os.Mkdir(filepath.Dir(link), 0o700), os.Symlink(path, link)); err != nil {
			t.Fatal(err)
		}
	}
	nowhere := filepath.Join(dir, "nowhere.sock")
	file := filepath.Join(dir, "gatehouse.yaml")
	if err := os.WriteFile(file, []byte("control: {socket: "+path+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		env  []string
		args []string
	}{
		{"flag", []string{"GATEHOUSE_CONTROL=" + nowhere, "GATEHOUSE_CONTROL_SOCKET=" + nowhere}, []string{"--control", path}},
		{"flag with a URL", nil, []string{"--control", "unix://" + path}},
		{"flag with a relative path", nil, []string{"--control", "c.sock"}},
		{"variable", []string{"GATEHOUSE_CONTROL=" + path, "GATEHOUSE_CONTROL_SOCKET=" + nowhere}, nil},
		{"configuration", []string{"GATEHOUSE_CONTROL_SOCKET=" + path, "XDG_RUNTIME_DIR=" + dir}, nil},
		{"configuration file", []string{"XDG_RUNTIME_DIR=" + dir}, []string{"--config", file}},
		{"default of a login", []string{"XDG_RUNTIME_DIR=" + runtime, "TMPDIR=" + dir}, nil},
		{"default of a service, asked from a login", []string{"XDG_RUNTIME_DIR=" + dir, "TMPDIR=" + temp}, nil},
		{"default without a runtime folder", []string{"TMPDIR=" + temp}, nil},
	} {
		work := dir
		if len(c.args) == 0 {
			work = t.TempDir()
		}
		got := gatehouseIn(t, work, c.env, append([]string{"ctl", "sinks"}, c.args...)...)
		if got.code != exitDone || !strings.HasPrefix(got.stdout, "SINK") {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestCtlDoesNotChooseBetweenTwo(t *testing.T) {
	runtime := shortDir(t)
	path := serveFake(t, &fakeEngine{})
	paths := []string{filepath.Join(runtime, "gatehouse", socketName), filepath.Join(runtime, perUser(), socketName)}
	for _, link := range paths {
		if err := errors.Join(os.Mkdir(filepath.Dir(link), 0o700), os.Symlink(path, link)); err != nil {
			t.Fatal(err)
		}
	}
	got := gatehouse(t, []string{"XDG_RUNTIME_DIR=" + runtime, "TMPDIR=" + runtime}, "ctl", "drain")
	want := "gatehouse: two Gatehouses answer, at " + paths[0] + " and at " + paths[1] + "; name one of them with --control\n"
	if got.code != exitFailed || got.stderr != want {
		t.Errorf("%+v", got)
	}
}

func TestCtlSaysWhereItLooked(t *testing.T) {
	dir := shortDir(t)
	open := filepath.Join(dir, perUser())
	if err := errors.Join(os.Mkdir(open, 0o700), os.Chmod(open, 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		env  []string
		args []string
		code int
		want string
	}{
		{"named", nil, []string{"status", "--control", "/nowhere/c.sock"}, exitFailed,
			"no Gatehouse answers at /nowhere/c.sock: no such file or directory (--control); check the path, and that a Gatehouse runs there\n"},
		{"default", []string{"XDG_RUNTIME_DIR=" + dir, "TMPDIR=/nowhere"}, []string{"status"}, exitFailed,
			"no Gatehouse answers at " + dir + "/gatehouse/control.sock: no such file or directory; no Gatehouse answers at /nowhere/" + perUser() + "/control.sock: no such file or directory; start one with gatehouse run, or name its socket with --control\n"},
		{"not trusted", []string{"TMPDIR=" + dir}, []string{"status"}, exitFailed,
			"no Gatehouse answers at " + open + "/control.sock: " + open + " is open to other users; run chmod 700 " + open + "; start one"},
		{"off", []string{"GATEHOUSE_CONTROL_SOCKET=off"}, []string{"status"}, exitUsage, "config: control.socket is off: a Gatehouse with this configuration cannot be reached"},
		{"dead letters", []string{"TMPDIR=/nowhere", "GATEHOUSE_QUEUE_DIR=/srv/q"}, []string{"dead-letters", "--sink", "bot"}, exitFailed,
			"no Gatehouse answers at /nowhere/" + perUser() + "/control.sock: no such file or directory; start one with gatehouse run, or name its socket with --control\ngatehouse: without it, look at /srv/q/bot.ndjson: one dead letter a line\n"},
		{"dead letters of all", []string{"XDG_STATE_HOME=/srv"}, []string{"dead-letters", "--control", "/nowhere/c.sock"}, exitFailed, "no Gatehouse answers at /nowhere/c.sock"},
	} {
		got := gatehouse(t, c.env, append([]string{"ctl"}, c.args...)...)
		if got.code != c.code || !strings.HasPrefix(got.stderr, "gatehouse: "+c.want) || got.stdout != "" {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestCtlWithABrokenConfigurationDoesNotGuess(t *testing.T) {
	got := gatehouse(t, []string{"GATEHOUSE_LOG_LEVEL=loud"}, "ctl", "status")
	if got.code != exitUsage || !strings.Contains(got.stderr, "config: log.level:") || !strings.HasSuffix(got.stderr, "gatehouse: name the running Gatehouse with --control to do without the configuration\n") {
		t.Errorf("%+v", got)
	}
}

func TestCompletionKnowsShardsAndSinks(t *testing.T) {
	path := serveFake(t, &fakeEngine{})
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"shard", ""}, "0\tready\n1\tready\n2\tbackoff\n3\tfailed\n"},
		{[]string{"start", ""}, "3\tfailed\n"},
		{[]string{"restart", "2"}, "2\tbackoff\n"},
		{[]string{"pause", ""}, "bot\tretrying\n"},
		{[]string{"discard", ""}, "old\tidle\n"},
		{[]string{"dead-letters", "replay", "--sink", ""}, "bot\tretrying\nold\tidle\n"},
		{[]string{"identify", ""}, "allow\tLet identifies go on that the breaker has stopped\n"},
		{[]string{"reshard", "a"}, "abort\tClose the next fleet; the one that is up stays as it is\n"},
		{[]string{"reshard", "--to", ""}, ""},
		{[]string{"send", ""}, "presence\tstatus and activities\nvoice\tjoin, move or leave a voice channel\nmembers\tmembers of a guild\n" +
			"soundboard\tsoundboard sounds of guilds\nchannel-info\tstatus of a guild's voice channels\n"},
		{[]string{"send", "presence", "{}", "--shards", "2"}, "2\tbackoff\n"},
		{[]string{"presence", "--shards", "3"}, "3\tfailed\n"},
		{[]string{"presence", "--status", ""}, "online\ndnd\nidle\ninvisible\noffline\n"},
	} {
		got := gatehouse(t, nil, append([]string{"__complete", "ctl", "--control", path}, c.args...)...)
		if offers, _, _ := strings.Cut(got.stdout, ":"); got.code != exitDone || offers != c.want {
			t.Errorf("%v: %q", c.args, got.stdout)
		}
	}
	if got := gatehouse(t, nil, "__complete", "ctl", "--control", "/nowhere/c.sock", "pause", ""); got.code != exitDone || !strings.HasPrefix(got.stdout, ":") {
		t.Errorf("without a Gatehouse: %+v", got)
	}
}

func TestSpansAndSizes(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: none, 1: "<1ms", 1500 * time.Microsecond: "2ms", 1234 * time.Millisecond: "1.2s", time.Minute: "1m", 70 * time.Second: "1m10s",
		10 * time.Minute: "10m", time.Hour: "1h0m", 47*time.Hour + 30*time.Minute: "47h30m", 50 * time.Hour: "2d2h", -time.Second: "-1s",
	} {
		if got := span(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 4 << 30: "4 GiB", 300<<20 + 1: "300 MiB"} {
		if got := size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
