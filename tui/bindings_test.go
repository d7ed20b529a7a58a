package tui

import (
	"context"
	"strings"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
	"github.com/gatehouse-gateway/gatehouse/tui/keymap"
)

// with gives actions other keys.
func with(s setup, keys map[string][]string) setup {
	s.options = func(o *Options) { o.Keys = keys }
	return s
}

func TestTheKeysThatTheConsoleComesWithCanBeConfiguredAsTheyAre(t *testing.T) {
	keys := map[string][]string{}
	for _, a := range registry() {
		keys[a.id] = a.keys
		for _, key := range a.keys {
			if f := keymap.Check(key); f != nil {
				t.Errorf("%s: %s %s", a.id, key, f.What)
			}
		}
	}
	if problems := CheckKeys(keys); problems != nil {
		t.Fatal(problems)
	}
}

func TestAConfiguredKeyTakesThePlaceOfTheOthers(t *testing.T) {
	drive(t, with(full(32), map[string][]string{"restart": {"f5", "ctrl+t"}, "left": {"left", "H"}, "journal": {}}), func(d *driver) {
		d.sees("f5 restart")
		d.press("r")
		d.seesNot("restart shard 0?")
		d.press("f5")
		d.sees("restart shard 0?")
		d.press("n", "right", "H")
		d.sees("╭─ shard 0 ─")
	})
}

func TestAnActionWithoutAKeyIsNotOnTheKeyBar(t *testing.T) {
	keys := map[string][]string{"restart": {}, "help": {}, "budget": {}, "reshard": {}}
	s := with(setup{shards: 32, w: 200, h: 60}, keys)
	s.fleet = func(op *opfake.Operator) {
		op.Change = func(s *ops.Snapshot) {
			s.Alerts = []ops.Alert{{ID: "identify/budget", Text: "few are left", Shard: -1}}
		}
	}
	drive(t, s, func(d *driver) {
		lines := strings.Split(d.screen(), "\n")
		bar := lines[len(lines)-1]
		for _, word := range []string{"resume", "help", "identifies", "reshard", ":h", ":r", ":b"} {
			if strings.Contains(bar, word) {
				t.Errorf("the key bar has %q: %s", word, bar)
			}
		}
		for _, key := range []string{"r", "?", "I", "R"} {
			d.press(key)
			if d.m.dialogs.Len() > 0 || d.m.page != pageDash || d.m.confirm != nil {
				t.Fatalf("%s does something", key)
			}
		}
	})
}

func TestReasonsAndHintsNameTheConfiguredKeys(t *testing.T) {
	drive(t, with(full(32), map[string][]string{"stop": {"f8"}, "alert": {"f2"}, "next": {"f3"}}), func(d *driver) {
		d.sees("f2 show")
		d.press("f3", "r") // shard 7 has failed
		d.sees("mend the cause, then f8 starts it")
	})
	drive(t, with(full(32), map[string][]string{"stop": {}}), func(d *driver) {
		d.press("n", "r")
		d.sees("then :stop starts it")
	})
}

func TestTheKeyThatOpensADialogDoesNotAnswerIt(t *testing.T) {
	drive(t, with(full(32), map[string][]string{"drain": {"n"}, "next": {"f3"}, "pause": {"d"}, "letters": {}}), func(d *driver) {
		d.press("n")
		d.sees("Drain the queue and exit?")
		d.hold("n") // that would be the key of Cancel
		d.sees("Drain the queue and exit?")
		d.press("esc")
		d.did()
	})
}

func TestAScreenTooSmallTakesTheConfiguredKeyToQuit(t *testing.T) {
	drive(t, with(setup{shards: 32, w: 40, h: 10}, map[string][]string{"quit": {"Q"}}), func(d *driver) {
		d.sees("Q quit")
		d.press("q")
		d.seesNot("stop the engine?")
		d.press("Q", "y")
		if !d.quit {
			t.Fatal("not quit")
		}
	})
	drive(t, with(setup{shards: 32, w: 40, h: 10}, map[string][]string{"quit": {}}), func(d *driver) {
		d.sees("ctrl+c quit")
	})
}

func TestAKeyMapThatCannotBeIsSaidBeforeTheTerminalIsTaken(t *testing.T) {
	err := Run(context.Background(), Options{Operator: &opfake.Operator{}, Keys: map[string][]string{"restart": {"R"}, "stop": {"ctrl+b"}}})
	for _, want := range []string{`restart: the key "R" is that of "reshard" as well`, `stop: the key "ctrl+b" cannot be taken: tmux`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestBindingsListWhatIsAndWhatWouldBe(t *testing.T) {
	all, err := Bindings(map[string][]string{"restart": {"f5"}, "stop": {}})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Binding{}
	for _, b := range all {
		found[b.Action] = b
	}
	if b := found["restart"]; b.Default[0] != "r" || b.Keys[0] != "f5" || b.Title == "" {
		t.Errorf("%+v", b)
	}
	if b := found["stop"]; b.Default[0] != "s" || len(b.Keys) != 0 {
		t.Errorf("%+v", b)
	}
}
