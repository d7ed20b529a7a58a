package main

import (
	"strings"
	"testing"
)

func TestCtlWorkers(t *testing.T) {
	path := serveFake(t, &fakeEngine{})
	got := gatehouse(t, nil, "ctl", "workers", "--control", path)
	want := `WORKER  SHARDS  READY  GUILDS  EVENTS/S  BYTES/S  SHARE  WAITING  OLDEST  DROPPED
     0  0-1, 3    2/3   2 000      12.3    2 KiB    76%    1 234      9s        3
     1  2         0/1   1 000       0.0      0 B     0%        0       –        0
`
	if got.code != exitDone || got.stdout != want {
		t.Errorf("exit code %d %s:\n%s", got.code, got.stderr, got.stdout)
	}
}

func TestCtlSinkShowsItsRules(t *testing.T) {
	path := serveFake(t, &fakeEngine{})
	got := gatehouse(t, nil, "ctl", "sink", "bot", "--control", path)
	want := `
RULE         KEPT AWAY  BYTES  ERRORS  TEXT
events.drop      4 300  2 MiB       0  TYPING_*
when                21  900 B       2  d.size > 3
when: could not judge an event, which passed: nil > 3 [2J
`
	if got.code != exitDone || !strings.HasSuffix(got.stdout, want) || strings.Contains(got.stdout, "not configured") {
		t.Errorf("exit code %d %s:\n%s", got.code, got.stderr, got.stdout)
	}
	got = gatehouse(t, nil, "ctl", "sink", "old", "--control", path)
	if got.code != exitDone || !strings.HasSuffix(got.stdout, "\nno rules: it takes every event\n") {
		t.Errorf("%+v", got)
	}
	got = gatehouse(t, nil, "ctl", "sink", "bott", "--control", path)
	if got.code != exitFailed || got.stderr != "gatehouse: there is no sink \"bott\"; gatehouse ctl sinks lists them\n" {
		t.Errorf("%+v", got)
	}
}
