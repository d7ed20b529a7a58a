package keymap

import (
	"fmt"
	"strings"
	"testing"
)

func actions() []Action {
	return []Action{
		{"restart", []string{"r"}}, {"reshard", []string{"R"}}, {"back", []string{"esc"}}, {"interrupt", []string{"ctrl+c"}},
		{"copy", []string{"y"}}, {"first", []string{"home", "g"}}, {"shard", nil},
	}
}

func TestKeysThatCanBePressedAreTaken(t *testing.T) {
	for _, key := range []string{"g", "G", "?", "+", "-", "=", "ü", "f1", "f63", "pgup", "space", "ctrl+r", "alt+x", "shift+tab",
		"ctrl+alt+x", "ctrl++", "alt+shift+g", "ctrl+left", "shift+f5", "/"} {
		if f := Check(key); f != nil {
			t.Errorf("%s: %+v", key, f)
		}
	}
}

func TestKeysThatCannotAreSaidWithWhatCan(t *testing.T) {
	for key, want := range map[string]string{
		"ctrl+a": "screen", "ctrl+b": "tmux", "ctrl+space": "input methods", "ctrl+@": "input methods",
		"ctrl+i": "cannot be told from tab", "ctrl+m": "enter", "ctrl+[": "esc",
		"escape": `did you mean "esc"?`, "pageup": `did you mean "pgup"?`, "f64": "is not a key", "f05": "is not a key", "": "is empty",
		" ": "write space", "shift+g": "write G", "shift+1": "the sign it types", "ctrl+G": "write ctrl+g", "alt+ctrl+x": "write ctrl+alt+x",
		"strg+x": "not a modifier", "ctrl+ctrl+x": "write ctrl+x", "\x1b": "is not a key", "hello": "allowed: one letter",
	} {
		f := Check(key)
		if f == nil || !strings.Contains(f.What+"; "+f.Hint, want) {
			t.Errorf("%q: %+v, want %q", key, f, want)
		}
	}
}

func TestConfiguredKeysLieOverTheOthers(t *testing.T) {
	got, problems := Merge(actions(), map[string][]string{
		"restart": {"f5", "ctrl+r"}, "reshard": {}, "shard": {"#"}, "back": {"backspace"}, "first": {"g"},
	})
	if problems != nil {
		t.Fatal(problems)
	}
	for id, want := range map[string]string{
		"restart": "[f5 ctrl+r]", "reshard": "[]", "shard": "[#]", "back": "[backspace esc]", "interrupt": "[ctrl+c]", "first": "[g]", "copy": "[y]",
	} {
		if fmt.Sprint(got[id]) != want {
			t.Errorf("%s: %v, want %s", id, got[id], want)
		}
	}
}

func TestAKeyCanGoFromOneActionToAnother(t *testing.T) {
	got, problems := Merge(actions(), map[string][]string{"restart": {"R"}, "reshard": {"r"}})
	if problems != nil || fmt.Sprint(got["restart"], got["reshard"]) != "[R] [r]" {
		t.Fatal(got, problems)
	}
}

func TestWhatIsWrongNamesActionAndKey(t *testing.T) {
	for _, tc := range []struct {
		keys map[string][]string
		want string
	}{
		{map[string][]string{"restrat": {"x"}}, `restrat: is not an action; did you mean "restart"?`},
		{map[string][]string{"presence-of-mind": {"x"}}, "gatehouse config keys lists the actions"},
		{map[string][]string{"restart": {"R"}}, `restart: the key "R" is that of "reshard" as well, where nothing is configured; choose another key, or give reshard another one or disabled`},
		{map[string][]string{"reshard": {"r"}}, `reshard: the key "r" is that of "restart" as well`},
		{map[string][]string{"reshard": {"x"}, "restart": {"x"}}, `restart: the key "x" is that of "reshard" as well; give one of them`},
		{map[string][]string{"restart": {"x", "x"}}, `the key "x" is there twice`},
		{map[string][]string{"restart": {"esc"}}, `the key "esc" cannot be taken`},
		{map[string][]string{"restart": {"enter"}}, `the key "enter" cannot be taken`},
		{map[string][]string{"restart": {"ctrl+c"}}, `the key "ctrl+c" cannot be taken`},
		{map[string][]string{"restart": {"y"}}, `the key "y" cannot be taken: it answers questions`},
		{map[string][]string{"restart": {"ctrl+b"}}, `the key "ctrl+b" cannot be taken: tmux takes it`},
		{map[string][]string{"restart": {"x", "disabled"}}, "write disabled alone"},
	} {
		got, problems := Merge(actions(), tc.keys)
		if got != nil || len(problems) != 1 || !strings.Contains(problems[0].String(), tc.want) {
			t.Errorf("%v: %v, want %s", tc.keys, problems, tc.want)
		}
	}
}

func TestEveryProblemIsSaidAtOnce(t *testing.T) {
	_, problems := Merge(actions(), map[string][]string{"restart": {"ctrl+a", "escape"}, "nothing": {"x"}, "copy": {"R"}})
	if len(problems) != 4 {
		t.Fatal(problems)
	}
}
