package main

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func TestCtlAlertsAreAListAndFailOnlyIfTheyAreAskedTo(t *testing.T) {
	path := serveFake(t, &fakeEngine{})
	want := `LEVEL     ID                FOR  SEEN BY
critical  shard/3/failed  30h0m  –            shard 3 has failed: token refused
warn      sink/bot           1m  ann 30s ago  sink bot lags
`
	if got := gatehouse(t, nil, "ctl", "alerts", "--control", path); got.code != exitDone || got.stdout != want || got.stderr != "" {
		t.Errorf("exit code %d, stderr %q:\n%s", got.code, got.stderr, got.stdout)
	}
	if got := gatehouse(t, nil, "ctl", "alerts", "--fail", "--control", path); got.code != exitFailed || got.stdout != want || got.stderr != "" {
		t.Errorf("with --fail: %+v", got)
	}
}

func TestCtlActionsSayWhoDidWhat(t *testing.T) {
	got := gatehouse(t, []string{"TZ=UTC"}, "ctl", "actions", "--control", serveFake(t, &fakeEngine{}))
	for _, want := range []string{"ann (ctl)  rolling restart of all shards  running    1m  1 of 4, next in 2s\n",
		"by itself  stop identifies [2J            done        –  40 identifies in 5m\n"} {
		if got.code != exitDone || !strings.Contains(got.stdout, want) {
			t.Errorf("exit code %d, no %q in\n%s", got.code, want, got.stdout)
		}
	}
}

func TestCtlSteers(t *testing.T) {
	for _, c := range []struct {
		args []string
		want ops.Command
	}{
		{[]string{"restart", "--all"}, ops.Command{Kind: ops.CommandRestart, All: true}},
		{[]string{"restart", "--all", "--rolling", "--every", "5s"}, ops.Command{Kind: ops.CommandRestart, All: true,
			Rolling: ops.Rolling{On: true, Every: 5 * time.Second, Within: time.Minute}}},
		{[]string{"restart", "3-5", "--rolling", "--every", "0s", "--within", "90s"}, ops.Command{Kind: ops.CommandRestart, Shards: []int{3, 4, 5},
			Rolling: ops.Rolling{On: true, Within: 90 * time.Second}}},
		{[]string{"cancel", "17"}, ops.Command{Kind: ops.CommandCancel, Action: 17}},
		{[]string{"alerts", "ack", "shard/3/failed"}, ops.Command{Kind: ops.CommandAck, Alert: "shard/3/failed"}},
		{[]string{"loglevel", "debug"}, ops.Command{Kind: ops.CommandLogLevel, Level: ops.LevelDebug}},
		{[]string{"dump"}, ops.Command{Kind: ops.CommandDump}},
		{[]string{"drop", "bot", "--yes-drop", "1234"}, ops.Command{Kind: ops.CommandDrop, Sink: "bot", Events: 1234}},
	} {
		e := &fakeEngine{steps: []ops.Progress{{Done: 1, Total: 1, Text: "it is done"}}}
		got := gatehouse(t, []string{"USER=ann"}, append([]string{"ctl", "--control", serveFake(t, e)}, c.args...)...)
		c.want.By = "ann (ctl)"
		if got.code != exitDone || got.stdout != "it is done\n" || got.stderr != "" || !reflect.DeepEqual(e.did(), c.want) {
			t.Errorf("%v: %+v, asked for %+v", c.args, got, e.did())
		}
	}
}

func TestCtlRefusesWhatCannotBeMeant(t *testing.T) {
	e := &fakeEngine{}
	path := serveFake(t, e)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"restart", "--all", "3"}, "--all: shards are named too; use one of them"},
		{[]string{"restart"}, "gatehouse ctl restart needs ids of shards, such as 3, or 0-7,12, or --worker, or --all"},
		{[]string{"restart", "3", "--every", "2s"}, "--every goes with --rolling"},
		{[]string{"restart", "3", "--rolling", "--every", "2h"}, "--every: 2h0m0s; allowed: 0s to 1h0m0s"},
		{[]string{"restart", "3", "--rolling", "--within", "10ms"}, "--within: 10ms; allowed: 1s to 1h0m0s"},
		{[]string{"cancel", "x"}, `"x" is not the id of an action; gatehouse ctl actions lists them`},
		{[]string{"loglevel", "loud"}, `"loud" is not a level; allowed: debug, info, warn, error`},
		{[]string{"drop", "bot"}, "stdin is no terminal to be asked on; look at gatehouse ctl sinks, then give --yes-drop"},
		{[]string{"drop", "bot", "--yes-drop", "0"}, "--yes-drop: 0 is not a number of events"},
		{[]string{"alerts", "ack"}, "gatehouse ctl alerts ack takes one argument: the id of an alert"},
	} {
		got := gatehouse(t, nil, append(append([]string{"ctl"}, c.args...), "--control", path)...)
		if got.code != exitUsage || !strings.HasPrefix(got.stderr, "gatehouse: "+c.want) || strings.Count(got.stderr, "\n") != 1 {
			t.Errorf("%v: %+v", c.args, got)
		}
		if did := e.did(); did.Kind != ops.CommandKind(0) {
			t.Errorf("%v was carried out: %+v", c.args, did)
		}
	}
}

func TestCtlHistoryIsALineForEachSeries(t *testing.T) {
	path := serveFake(t, &fakeEngine{})
	got := gatehouse(t, []string{"TZ=UTC"}, "ctl", "history", "--range", "1h", "--control", path)
	for _, want := range []string{"the last 1h in steps of 10s, to 2026-11-23 04:00:00\n", "SERIES", "events/s  ", "359.0", "10.0", "·▁", "▇█"} {
		if got.code != exitDone || !strings.Contains(got.stdout, want) {
			t.Errorf("exit code %d, no %q in\n%s%s", got.code, want, got.stdout, got.stderr)
		}
	}
	got = gatehouse(t, nil, "ctl", "history", "-o", "json", "--control", path)
	if !strings.Contains(strings.Join(strings.Fields(got.stdout), ""), `"step_ms":1000,"end":"2026-11-23T04:00:00Z","events_per_second":[null,`) {
		t.Errorf("%.300s", got.stdout)
	}
	got = gatehouse(t, nil, "ctl", "history", "--range", "2h", "--control", path)
	if got.code != exitUsage || !strings.Contains(got.stderr, `--range: range "2h": ranges are 5m, 1h and 24h`) {
		t.Errorf("%+v", got)
	}
}

func TestCtlWhereFindsTheShardOfAGuild(t *testing.T) {
	path := serveFake(t, &fakeEngine{})
	got := gatehouse(t, nil, "ctl", "where", "81384788765712384", "--total", "64", "--control", path)
	want := "guild 81384788765712384 is on shard 2 of 4\nworker 1, unavailable: Discord reports an outage\nof 64 shards it would be on shard 2\n"
	if got.code != exitDone || got.stdout != want {
		t.Errorf("exit code %d:\n%s%s", got.code, got.stdout, got.stderr)
	}
	got = gatehouse(t, nil, "ctl", "where", "81384788765712384", "-o", "json", "--control", path)
	if !strings.Contains(got.stdout, `"guild": "81384788765712384"`) || !strings.Contains(got.stdout, `"state": "unavailable"`) {
		t.Errorf("%s%s", got.stdout, got.stderr)
	}
	for _, args := range [][]string{{"twelve"}, {"0"}, {"81384788765712384", "--total", "-1"}} {
		if got := gatehouse(t, nil, append([]string{"ctl", "where", "--control", path}, args...)...); got.code != exitUsage || strings.Count(got.stderr, "\n") != 1 {
			t.Errorf("%v: %+v", args, got)
		}
	}
}
