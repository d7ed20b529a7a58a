package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfigKeysListsActionsWithTheirKeys(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "gatehouse.yaml"), "tui:\n  keys:\n    restart: [f5, ctrl+t]\n    drain: disabled\n")
	got := gatehouseIn(t, dir, nil, "config", "keys")
	if got.code != 0 {
		t.Fatal(got)
	}
	found := map[string][]string{}
	for line := range strings.Lines(got.stdout) {
		fields := strings.Fields(line)
		found[fields[0]] = fields
	}
	for action, want := range map[string]string{
		"ACTION": "ACTION KEYS DEFAULT DOES", "restart": "restart f5 ctrl+t r restart by resume",
		"drain": "drain disabled D drain:", "shard": "shard - - go to a shard", "help": "help ? ? help",
	} {
		if text := strings.Join(found[action], " "); !strings.HasPrefix(text, want) {
			t.Errorf("%s: %q, want %q", action, text, want)
		}
	}
}

func TestConfigKeysSpeaksJSON(t *testing.T) {
	got := gatehouse(t, []string{`GATEHOUSE_TUI_KEYS={"restart":"f5","drain":"disabled"}`}, "config", "keys", "-o", "json")
	var lines []keyLine
	if err := json.Unmarshal([]byte(got.stdout), &lines); err != nil || got.code != 0 {
		t.Fatal(err, got)
	}
	for _, l := range lines {
		if l.Keys == nil || l.Default == nil || l.Title == "" {
			t.Errorf("%+v", l)
		}
		switch l.Action {
		case "restart":
			if l.Keys[0] != "f5" || l.Default[0] != "r" {
				t.Errorf("%+v", l)
			}
		case "drain":
			if len(l.Keys) != 0 || l.Default[0] != "D" {
				t.Errorf("%+v", l)
			}
		}
	}
}

func TestAKeyMapThatCannotBeEndsTheStart(t *testing.T) {
	env := complete("http://127.0.0.1:1", `GATEHOUSE_TUI_KEYS={"restart":"R","stpo":"f5"}`)
	for _, args := range [][]string{{"run"}, {"config", "keys"}} {
		got := gatehouse(t, env, args...)
		for _, want := range []string{
			`config: tui.keys.restart: the key "R" is that of "reshard" as well`, `config: tui.keys.stpo: is not an action`, `did you mean "stop"?`,
		} {
			if got.code != 2 || !strings.Contains(got.stderr, want) {
				t.Errorf("%v: %+v, want %s", args, got, want)
			}
		}
	}
	if got := gatehouse(t, nil, "config", "keys", "-o", "yaml"); got.code != 2 || !strings.Contains(got.stderr, "allowed: table, json") {
		t.Errorf("%+v", got)
	}
}
