package tui

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

var tableRow = regexp.MustCompile(`(?m)^│[→ ][◉ ] +(\d+) `)

// rowIDs are the shards in the order of the table's rows.
func (d *driver) rowIDs() []string {
	var ids []string
	for _, m := range tableRow.FindAllStringSubmatch(d.screen(), -1) {
		ids = append(ids, m[1])
	}
	return ids
}

func TestEveryNumberTurnsToItsPage(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		for key, want := range map[string]string{
			"2": "worst first", "3": "dead letters", "4": "since start", "5": "no reshard", "6": "workers 2", "7": "reserve", "8": "follow", "9": "rolling restart of all shards",
		} {
			d.press(key)
			d.sees(want)
			if d.m.page == pageDash {
				t.Errorf("%s does not turn the page", key)
			}
			d.press("1")
			if d.m.page != pageDash {
				t.Errorf("1 does not turn back from %s", key)
			}
		}
	})
}

func TestTheCrumbsSayWhereOneIs(t *testing.T) {
	drive(t, at(opfake.SceneWorkers), func(d *driver) {
		d.press("6", "down", "enter")
		d.sees("workers → worker ")
		d.press("enter")
		d.sees("→ shard ")
		d.press("6")
		d.seesNot("→ worker")
		d.press("2", "enter")
		d.sees("shards → shard ")
		d.press("esc")
		if d.m.page != pageShards {
			t.Error("esc does not lead back to the table")
		}
		d.press("esc")
		if d.m.page != pageDash {
			t.Error("esc does not lead to the overview")
		}
	})
}

func TestATabIsClicked(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		line := strings.Split(d.screen(), "\n")[d.m.layout.tabs.Y]
		x := strings.Index(line, "6 workers")
		d.send(tea.MouseClickMsg{X: x + 3, Y: d.m.layout.tabs.Y, Button: tea.MouseLeft})
		if d.m.page != pageWorkers {
			t.Errorf("page %d after a click on workers", d.m.page)
		}
	})
}

func TestTheWorstShardsComeFirst(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("2")
		if got := d.rowIDs(); !slices.Equal(got[:7], []string{"7", "12", "20", "13", "29", "30", "31"}) {
			t.Errorf("the table begins with %v", got[:7])
		}
		d.press("V")
		if got := d.rowIDs(); got[len(got)-1] != "7" {
			t.Errorf("reversed, the table ends with %v", got)
		}
		d.press("V", "O")
		if got := d.rowIDs(); got[0] != "0" || got[31] != "31" {
			t.Errorf("by id it is %v", got)
		}
	})
}

// Rows that change places under the cursor are how the wrong shard is restarted.
func TestRowsKeepTheirPlacesWhileTheyAreRead(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("2", "O", "O", "O") // by events a second, which change all the time
		first := d.rowIDs()
		d.pass(2 * time.Second)
		if got := d.rowIDs(); !slices.Equal(got, first) {
			t.Errorf("rows have jumped:\n%v\n%v", first, got)
		}
		for range 10 { // the cursor moves on
			d.press("down")
			d.pass(time.Second)
		}
		if got := d.rowIDs(); !slices.Equal(got, first) {
			t.Errorf("rows have jumped under the cursor:\n%v\n%v", first, got)
		}
		id := d.m.sel.id
		d.pass(2 * rowsHold)
		if d.m.sel.id != id {
			t.Errorf("the cursor went from shard %d to %d", id, d.m.sel.id)
		}
		if got := d.rowIDs(); slices.Equal(got, first) {
			t.Error("rows are never put in order again")
		}
	})
}

func TestTheFilterPicksRowsAndMarkAllMarksThem(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("2", "/")
		d.write("!ready")
		d.press("enter")
		d.sees("/!ready 7 of 32")
		if got := d.rowIDs(); len(got) != 7 {
			t.Errorf("%d rows: %v", len(got), got)
		}
		d.press("*")
		d.sees("7 marked")
		d.press("esc")
		d.seesNot("marked")
		d.press("esc")
		d.seesNot("/!ready")
		if d.m.page != pageShards {
			t.Error("esc leaves the table before the filter is cleared")
		}
		d.press("/")
		d.write("id:3-5")
		d.press("enter", "*", "r")
		d.press("tab", "enter")
		d.did(ops.Command{Kind: ops.CommandRestart, Shards: []int{3, 4, 5}, By: "ann"})
	})
}

func TestAColumnIsClickedToOrderByIt(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("2")
		y := d.m.layout.whole.Y + 1
		head := []rune(strings.Split(d.screen(), "\n")[y])
		x := strings.Index(strings.ReplaceAll(string(head), "│", "|"), "guilds")
		d.send(tea.MouseClickMsg{X: x - 1, Y: y, Button: tea.MouseLeft})
		d.sees("fullest first", "▾guilds")
		d.send(tea.MouseClickMsg{X: x - 1, Y: y, Button: tea.MouseLeft})
		d.sees("fullest first, reversed", "▴guilds")
		want := d.rowIDs()[4]
		d.send(tea.MouseClickMsg{X: 20, Y: y + 5, Button: tea.MouseLeft})
		if got := fmt.Sprint(d.m.sel.id); got != want {
			t.Errorf("a click on row 4 selects shard %s, it shows %s", got, want)
		}
	})
}

func TestTheLogIsSearched(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("8", "/")
		d.write("Session")
		d.sees("/Session", "lines", "session resumed")
		d.seesNot("identify budget")
		d.press("enter")
		d.pass(3 * time.Second)
		d.seesNot("identify budget")
		d.sees("/session")
		d.press("/", "x", "x", "x")
		d.sees("no line at this level holds")
		d.press("esc")
		d.sees("identify budget")
		d.press("/")
		d.write("budget")
		d.press("enter", "esc")
		d.sees("session resumed")
		if d.m.page != pageLog {
			t.Error("esc leaves the log before it shows all lines again")
		}
	})
}

func TestTheCurvesShowThePast(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.sees("last 5 min  T 1 h")
		d.press("T")
		d.sees("last 1 h  T 24 h", "⣿")
		d.press("T", "C")
		d.sees("overview → curves", "last 24 h", "heartbeat p99", "bytes/s", "lag", "-24 h", "-12 h", "now")
		if got := len(d.m.past.have.Events); got != 288 {
			t.Errorf("%d steps", got)
		}
		d.press("esc", "T")
		d.sees("last 5 min")
	})
}

// A day of history must not be fetched four times a second.
func TestThePastIsFetchedOnlyAsOftenAsItChanges(t *testing.T) {
	for span, most := range map[ops.HistoryRange]int{ops.History5m: 21, ops.History1h: 5, ops.History24h: 5} {
		drive(t, full(32), func(d *driver) {
			d.start(d.m.showRange(span))
			d.settle()
			before := d.op.Histories()
			d.pass(20 * time.Second)
			if n := d.op.Histories() - before; n < 3 || n > most {
				t.Errorf("%v: %d times in 20 s", span, n)
			}
			d.press("9")
			before = d.op.Histories()
			d.pass(20 * time.Second)
			if n := d.op.Histories() - before; n > 0 {
				t.Errorf("%v: %d times while no curve is in sight", span, n)
			}
		})
	}
}

func TestThePageOfAShardHasEverything(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("enter")
		d.sees("events by type", "MESSAGE_CREATE", "guilds 40", "unavailable", "loading", "its log", "session resumed")
		d.press("/")
		d.write("0")
		d.sees("digits of a guild's id")
		d.press("enter")
		d.pass(2 * time.Second)
		d.sees("/0")
		d.press("esc")
		d.pass(2 * time.Second)
		d.seesNot("/0")
		if d.m.page != pageDrawer {
			t.Error("esc leaves the page before all guilds are shown again")
		}
	})
	s := full(32)
	s.w, s.h = 80, 24
	drive(t, s, func(d *driver) { // a part at a time
		d.press("enter")
		for _, want := range []string{"latency", "MESSAGE_CREATE", "unavailable", "session resumed", "latency"} {
			d.sees(want)
			d.press("tab")
		}
	})
}

func TestWhereFindsTheShardOfAGuild(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		guild := d.op.Guild(12, 1)
		d.press(":")
		d.write(fmt.Sprintf("where %d 64", guild))
		d.press("enter")
		d.settle()
		d.sees(fmt.Sprintf("guild %d is on shard 12 of 32, unavailable; of 64 it would be on shard", guild), "overview → shard 12")
		d.press("esc", ":")
		d.write("where twelve")
		d.press("enter")
		d.sees(`"twelve" is not the id of a guild`)
	})
}
