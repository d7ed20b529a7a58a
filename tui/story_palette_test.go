package tui

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// command types a line into the palette.
func (d *driver) command(line string) {
	d.press(":")
	d.write(line)
	d.press("enter")
}

// row is the chosen row of the palette or the help.
func (d *driver) row() string {
	for _, line := range strings.Split(d.screen(), "\n") {
		if at := strings.Index(line, "│ "+d.m.glyphs.Right); at >= 0 {
			return strings.TrimSpace(strings.TrimPrefix(line[at:], "│ "+d.m.glyphs.Right))
		}
	}
	return ""
}

func TestThePaletteFindsByNameTitleAndKey(t *testing.T) {
	for typed, want := range map[string]string{
		"resh": "reshard", "reab": "reshard-abort", "dead letters": "letters", "R": "reshard", "r": "restart",
		"DRAIN": "drain", "ctrl+r": "reload", "logs": "logs", "wrap": "wrap", "exit": "exit",
	} {
		drive(t, full(32), func(d *driver) {
			d.press(":")
			d.write(typed)
			if got := d.row(); !strings.HasPrefix(got, want+" ") {
				t.Errorf("%q: the first row is %q, want %s", typed, got, want)
			}
		})
	}
}

func TestThePaletteAsksWhatTheKeyAsks(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.command("restart")
		d.sees("restart shard 0?")
		d.seesNot("Commands")
		d.press("enter")
		d.did() // only y says yes
		d.command("reidentify")
		d.sees("Re-identify shard 0", "Cancel")
		d.hold("enter")
		d.did()
		d.command("drain")
		d.sees("Drain the queue and exit?")
	})
}

func TestAShardIsGoneToByItsID(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.command("shard 12")
		d.sees("shard 12", "esc back")
		d.press("esc")
		d.sees("╭─ shard 12 ─")
		d.command("shard 99")
		d.sees(`"99" is not a shard here; allowed: 0 to 31`, ":shard 99▏") // still open
		d.press("esc")
		d.seesNot("shard 99")
	})
}

func TestCommandsTakeTheShardsThatTheyAreAbout(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.command("restart 3")
		d.sees("restart shard 3?")
		d.press("y")
		d.did(ops.Command{Kind: ops.CommandRestart, Shards: []int{3}, By: "ann"})
		d.press("m")
		d.command("restart 0-2,5")
		d.sees("Restart 4 shards", "0-2, 5")
		d.press("esc")
		d.command("restart 7")
		d.sees("restart 7: the shard has failed: mend the cause, then s starts it")
		d.press("esc", "6")
		d.command("restart 4") // not the worker under the cursor
		d.sees("restart shard 4?")
		if m := d.m.sel; len(m.marked) != 1 || !m.marked[0] || m.index != 1 {
			t.Errorf("commands have changed cursor and marks: %+v", m)
		}
	})
	for text, want := range map[string]string{
		"x": `"x" is not a shard here; allowed: 0 to 31`, "5-2": `"5-2" runs backwards; write 2-5`, "30-32": `"32" is not a shard`,
	} {
		drive(t, full(32), func(d *driver) {
			d.command("stop " + text)
			d.sees(want)
			d.press("esc")
			d.did()
		})
	}
}

func TestSinksAreSteeredByTheirNames(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.command("pause bot")
		d.sees("hold deliveries to bot?")
		d.press("y")
		d.did(ops.Command{Kind: ops.CommandPauseSink, Sink: "bot", By: "ann"})
		d.command("pause bit")
		d.sees(`"bit" is not a sink; allowed: `, "bot")
		d.press("esc")
		d.command("flush bot")
		d.sees("bot delivers")
	})
}

func TestASinkIsNotHeldWhileTheEngineDrains(t *testing.T) {
	drive(t, size{120, 40}.at(opfake.SceneDrain), func(d *driver) {
		d.command("pause bot")
		d.sees("pause: the engine drains: to hold a sink would only delay it")
		d.seesNot("hold deliveries")
	})
}

func TestAReshardIsPlannedFromThePalette(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.command("reshard 64")
		d.settle()
		d.sees("32 → 64")
		d.hold("enter")
		d.did()
	})
	for _, bad := range []string{"0", "-3", "many", "1000000"} {
		drive(t, full(32), func(d *driver) {
			d.command("reshard " + bad)
			d.sees("is not a number of shards; allowed: 1 to 999999")
		})
	}
}

func TestLookAndPagesAreSetByCommands(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.command("level error")
		d.sees("level error")
		d.command("filter state:failed")
		d.sees("/state:failed 1 of 32")
		d.command("filter off")
		d.seesNot("1 of 32")
		d.command("colour latency")
		d.sees("colour latency")
		d.command("refresh 2s")
		if d.m.pull.refresh != 2*time.Second {
			t.Errorf("refresh %v", d.m.pull.refresh)
		}
		d.command("theme contrast")
		if !strings.EqualFold(d.m.chosen.Name, "contrast") {
			t.Errorf("theme %q", d.m.chosen.Name)
		}
		d.command("page 3")
		if d.m.page != pageSinks {
			t.Errorf("page %d", d.m.page)
		}
		d.command("logs")
		if d.m.page != pageLog {
			t.Errorf("page %d", d.m.page)
		}
		d.command("only 7")
		if d.m.log.shard != 7 {
			t.Errorf("shard %d", d.m.log.shard)
		}
	})
}

func TestAWrongArgumentIsOneLineThatSaysWhatIsAllowed(t *testing.T) {
	for line, want := range map[string]string{
		"level loud":   `"loud" is not a level; allowed: debug, info, warn, error`,
		"refresh 1ms":  `"1ms" is not a time between two looks; allowed: 100ms to 10s`,
		"page 12":      `"12" is not a page; allowed: 1, overview`,
		"theme x":      `"x" is not a theme; allowed: `,
		"shard":        "",
		"zoom 3":       "zoom takes nothing after it",
		"filter lat>x": "lat",
		"restrat":      `"restrat" is not a command; did you mean restart?`,
		"qqqqqqqqq":    `"qqqqqqqqq" is not a command; clear the line`,
		"only 77":      `"77" is not a shard here`,
	} {
		drive(t, full(32), func(d *driver) {
			d.command(line)
			d.sees(want, "esc close")
			d.did()
		})
	}
}

func TestACommandThatNeedsAnArgumentAsksForIt(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.command("shard")
		d.sees(":shard ▏ <id>", "0 to 31")
		d.press("enter")
		d.sees("shard needs <id>: 0 to 31")
		d.press("4", "enter")
		d.seesNot("esc close")
		if s := d.m.selected(); s.ID != 4 {
			t.Errorf("shard %d", s.ID)
		}
	})
}

func TestTabCompletesFromWhatThereIs(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press(":")
		d.write("sha")
		d.press("tab")
		d.sees(":shard ▏")
		d.sees("7", "failed") // those in trouble first
		d.press("esc", ":")
		d.write("pause b")
		d.press("tab")
		d.sees(":pause bot▏")
		d.press("esc", ":")
		d.write("theme lig")
		d.press("tab", "enter")
		if !strings.EqualFold(d.m.chosen.Name, "light") {
			t.Errorf("theme %q", d.m.chosen.Name)
		}
	})
}

func TestWhatIsTypedCountsUnlessTheArrowsChose(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.command("shard 1") // 10 to 19 are listed as well
		if s := d.m.selected(); s.ID != 1 {
			t.Errorf("shard %d", s.ID)
		}
		d.press(":")
		d.write("level ")
		d.press("down", "down", "enter")
		if d.m.log.level != ops.LevelInfo {
			t.Errorf("level %v", d.m.log.level)
		}
	})
}

func TestCommandsOfBeforeComeBack(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.command("level warn")
		d.command("shard 5")
		d.press(":")
		d.write("zo")
		d.press("up")
		d.sees(":shard 5▏")
		d.press("up", "up")
		d.sees(":level warn▏")
		d.press("down", "down")
		d.sees(":zo▏")
		d.press("ctrl+p", "enter")
		d.seesNot("esc close")
	})
}

func TestWhatIsNotPossibleIsGreyedWithItsReasonAndSaidOnEnter(t *testing.T) {
	s := full(32)
	s.options = func(o *Options) { o.ReadOnly = true }
	drive(t, s, func(d *driver) {
		d.press(":")
		d.write("drain")
		d.sees("not now: this console is read-only")
		d.press("enter")
		d.sees("drain: this console is read-only", "esc close")
		d.did()
	})
}

func TestThePaletteIsLeftByEscAndByNothingTyped(t *testing.T) {
	for _, key := range []string{"esc", "enter"} {
		drive(t, full(32), func(d *driver) {
			d.press(":", key)
			d.seesNot("esc close")
			d.did()
		})
	}
}

func TestLettersTypedIntoThePaletteAreNotActions(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press(":")
		d.write("qyrz?/ :")
		d.sees(":")
		d.press("esc")
		d.did()
		if d.quit || d.m.page != pageDash {
			t.Error("a letter was an action")
		}
	})
}

func TestANumberIsShortForAShard(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press(":")
		d.write("12")
		d.sees("shard 12 ", "go to a shard")
		d.press("enter")
		d.sees("shard 12", "esc back")
		d.command("99")
		d.sees(`"99" is not a shard here; allowed: 0 to 31`)
	})
}

func TestAFilterIsCompletedTermByTerm(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press(":")
		d.write("filter !ready wor")
		d.press("tab")
		d.sees(":filter !ready worker:▏")
		d.write("1")
		d.press("enter")
		d.sees("/!ready worker:1 ")
	})
}

func TestTheLogIsSearchedByCommand(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.command("find resumed")
		if d.m.log.find != "resumed" {
			t.Errorf("looks for %q", d.m.log.find)
		}
		d.command("find off")
		if d.m.log.find != "" {
			t.Errorf("looks for %q", d.m.log.find)
		}
	})
}

// The list of shards is made of what is live: shard 7 comes first while it is in
// trouble, and goes down the list when it is not.
func TestEnterTakesTheRowThatWasChosenWhereverItHasGone(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press(":")
		d.write("shard ")
		d.press("down")
		if !strings.HasPrefix(d.row(), "7 ") {
			t.Fatalf("the first row is %q", d.row())
		}
		d.op.Change = func(s *ops.Snapshot) { s.Shards[7].State = ops.ShardReady }
		d.pass(2 * time.Second)
		if !strings.HasPrefix(d.row(), "7 ") {
			t.Errorf("the chosen row is %q", d.row())
		}
		d.press("enter")
		if s := d.m.selected(); s.ID != 7 {
			t.Errorf("shard %d", s.ID)
		}
	})
}

func TestEveryCommandCanBeRunFromThePalette(t *testing.T) {
	for _, a := range registry() {
		if a.group == "" || a.id == "palette" {
			continue
		}
		drive(t, full(32), func(d *driver) {
			d.command(a.id)
			if strings.Contains(d.screen(), "is not a command") {
				t.Errorf("%s cannot be run", a.id)
			}
			checkSize(t, d, d.m.w, d.m.h)
		})
	}
}

// A cat on the keyboard: whatever is typed, the palette neither breaks the frame nor
// does anything that has to be confirmed, as long as nobody presses y.
func TestThePaletteBearsAnyKeys(t *testing.T) {
	keys := []string{":", ":", "?", "esc", "enter", "enter", "tab", "up", "down", "pgdown", "pgup", "backspace", "left", "right", "space", "ctrl+u",
		"ctrl+p", "ctrl+n", "r", "e", "s", "t", "a", "p", "o", "1", "2", "-", ",", "x", "ü", "世"}
	for seed := range uint64(6) {
		drive(t, setup{shards: 300, w: 80, h: 24}, func(d *driver) {
			random := rand.New(rand.NewPCG(seed, 7))
			for range 400 {
				key := keys[random.IntN(len(keys))]
				if d.m.dialogs.Len() > 0 && len(key) > 2 && key != "esc" && key != "enter" {
					continue // with the arrows one can get to the button, and means it
				}
				d.press(key)
				if d.quit {
					t.Fatal("it has quit")
				}
				checkSize(t, d, 80, 24)
			}
			for _, c := range d.op.Commands() {
				if g := gradeOf(c, d.m.live); g != gradeNone {
					t.Errorf("the engine was asked %+v", c)
				}
			}
		})
	}
}
