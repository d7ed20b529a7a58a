package tui

import (
	"strings"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func TestAnActionRunsWithItsArgument(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		cmd, err := d.m.runWith(d.m.byID("level"), " Error ")
		d.start(cmd)
		d.settle()
		if err != nil || d.m.log.level != ops.LevelError {
			t.Fatalf("level %v, %v", d.m.log.level, err)
		}
		if _, err = d.m.runWith(d.m.byID("filter"), "state:failed"); err != nil {
			t.Fatal(err)
		}
		d.sees("╭─ shard 7 ─", "1 of 32")
	})
}

func TestAnArgumentThatMakesNoSenseIsSaidAndWhatWould(t *testing.T) {
	for _, tc := range []struct{ id, text, want string }{
		{"level", "loud", `"loud" is not a level; allowed: debug, info, warn, error`},
		{"filter", "speed>3", `"speed": figures are lat`},
		{"zoom", "3", "zoom takes nothing after it"},
	} {
		drive(t, full(32), func(d *driver) {
			_, err := d.m.runWith(d.m.byID(tc.id), tc.text)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s %s: %v", tc.id, tc.text, err)
			}
		})
	}
}

func TestWithoutItsArgumentAnActionRunsAsByItsKeyOrSaysWhatItNeeds(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		if _, err := d.m.runWith(d.m.byID("filter"), " "); err != nil {
			t.Fatal(err)
		}
		d.sees("/▏")
		a := &action{id: "shard", arg: &argument{name: "id", hint: func(*model) string { return "0 to 31" }}}
		if _, err := d.m.runWith(a, ""); err == nil || err.Error() != "shard needs <id>: 0 to 31" {
			t.Fatal(err)
		}
	})
}

func TestAReadOnlyConsoleTakesNoArgumentsForTheEngine(t *testing.T) {
	s := full(32)
	s.options = func(o *Options) { o.ReadOnly = true }
	drive(t, s, func(d *driver) {
		a := &action{id: "pause", engine: true, arg: &argument{name: "sink"}}
		if _, err := d.m.runWith(a, "bot"); err == nil || !strings.Contains(err.Error(), "read-only") {
			t.Fatal(err)
		}
	})
}
