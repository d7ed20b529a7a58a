package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestKeysOfTheConsoleAreReadFromEveryLayer(t *testing.T) {
	const want = "map[drain:[] next:[n #] page-shards:[0] restart:[f5]]"
	for name, load := range map[string]func() (*Loaded, error){
		"yaml": func() (*Loaded, error) {
			return loadYAML(t, "tui:\n  keys:\n    restart: f5\n    next: [n, '#']\n    drain: disabled\n    page-shards: 0\n    theme:\n")
		},
		"variable": func() (*Loaded, error) {
			return loadYAML(t, "", `GATEHOUSE_TUI_KEYS={"restart":"f5","next":["n","#"],"drain":"disabled","page-shards":"0"}`)
		},
		"flag": func() (*Loaded, error) {
			return Load(Options{Dir: t.TempDir(), Flags: map[string]any{"tui.keys": `{"restart":"f5","next":["n","#"],"drain":"Disabled","page-shards":0}`}})
		},
	} {
		loaded, err := load()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := fmt.Sprint(loaded.TUI.Keys); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestWhatIsShownOfKeysIsReadBack(t *testing.T) {
	loaded, err := loadYAML(t, `tui: {keys: {restart: [f5, '"'], drain: disabled, next: '\'}}`)
	if err != nil {
		t.Fatal(err)
	}
	shown := showKeyMap(loaded.TUI.Keys)
	if want := `{drain: disabled, next: ["\\"], restart: ["f5", "\""]}`; shown != want {
		t.Fatalf("shown as %s, want %s", shown, want)
	}
	again, err := loadYAML(t, "tui.keys: "+shown)
	if err != nil || fmt.Sprint(again.TUI.Keys) != fmt.Sprint(loaded.TUI.Keys) {
		t.Fatal(again, err)
	}
}

func TestKeysThatCannotBeAreProblemsThatNameThem(t *testing.T) {
	for text, want := range map[string]string{
		"tui.keys: f5":                         `tui.keys: "f5" is no section of actions and keys`,
		"tui: {keys: {restart: true}}":         "tui.keys: restart: true is not a key; put it in quotes",
		"tui: {keys: {restart: []}}":           "tui.keys: restart: the list is empty",
		"tui: {keys: {restart: {a: b}}}":       "restart: a section is not a key",
		"tui: {keys: {restrat: f5}}":           `gatehouse.yaml:1); did you mean "restart"?`,
		"tui: {keys: {restart: R}}":            `tui.keys.restart: the key "R" is that of "reshard" as well, where nothing is configured`,
		"tui: {keys: {restart: x1, stop: x1}}": `the key "x1" is not a key`,
		"tui: {keys: {restart: f5, stop: f5}}": `tui.keys.restart: the key "f5" is that of "stop" as well`,
		"tui: {keys: {stop: ctrl+b}}":          `tui.keys.stop: the key "ctrl+b" cannot be taken: tmux takes it`,
		"tui: {keys: {stop: enter}}":           `the key "enter" cannot be taken`,
		"tui: {keys: {stop: y}}":               `the key "y" cannot be taken: it answers questions`,
	} {
		_, err := loadYAML(t, text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v, want %s", text, err, want)
		}
	}
}

func TestAChangeOfKeysWaitsForTheNextStart(t *testing.T) {
	was, is := Default(), Default()
	is.TUI.Keys = map[string][]string{"restart": {"f5"}}
	changes := was.Changes(&is)
	if len(changes) != 1 || changes[0].Live || !strings.Contains(changes[0].Text, `{} -> {restart: ["f5"]}`) {
		t.Fatalf("%+v", changes)
	}
}
