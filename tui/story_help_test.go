package tui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// clickOn clicks the first place of a text on the screen.
func (d *driver) clickOn(text string) {
	d.t.Helper()
	for y, line := range strings.Split(d.screen(), "\n") {
		if at := strings.Index(line, text); at >= 0 {
			d.send(tea.MouseClickMsg{X: ansi.StringWidth(line[:at]), Y: y, Button: tea.MouseLeft})
			d.settle()
			return
		}
	}
	d.t.Fatalf("%q is not on the screen", text)
}

func TestARowIsRunByTheMouseAndAsksAsEver(t *testing.T) {
	for _, s := range []size{{160, 45}, {120, 40}, {80, 24}} {
		drive(t, setup{shards: 32, w: s.w, h: s.h}, func(d *driver) {
			d.press(":")
			d.write("re")
			d.clickOn("reidentify <")
			d.sees("Re-identify shard 0")
			d.press("esc", "?")
			d.write("unavailable")
			d.clickOn("filter, of the log")
			d.sees("/▏")
			d.press("esc", ":")
			d.clickOn("Commands")
			d.sees("Commands") // no row, nothing
			d.did()
		})
	}
}

func TestTheWheelMovesOverTheRows(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("?")
		for range 3 {
			d.send(tea.MouseWheelMsg{X: 40, Y: 10, Button: tea.MouseWheelDown})
		}
		if !strings.HasPrefix(d.row(), "3 ") {
			t.Errorf("the chosen row is %q", d.row())
		}
	})
}

func TestHelpIsSearchedByTyping(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("?")
		d.write("dead letters")
		d.sees("letters <sink>", "send dead letters to the bot again")
		d.seesNot("restart by resume")
		for range 12 {
			d.press("backspace")
		}
		d.write("zzz")
		d.sees("nothing is about that")
		d.press("enter")
		d.sees(`nothing here is about "zzz"`)
	})
}

func TestHelpRunsWhatIsChosen(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("?")
		d.write("re-identify")
		d.press("enter")
		d.sees("Re-identify shard 0")
		d.press("esc", "?", "down", "down", "enter")
		if d.m.page != pageShards {
			t.Errorf("page %d", d.m.page)
		}
		d.press("?")
		d.write("by its id")
		d.press("enter")
		d.sees(":shard ▏ <id>") // it needs an argument
	})
}

func TestHelpChoosesWhatFitsBest(t *testing.T) {
	for typed, want := range map[string]string{"theme": "t ", "R": "R ", "log": "l ", "restart": "r ", "ctrl+r": "ctrl+r "} {
		drive(t, full(32), func(d *driver) {
			d.press("?")
			d.write(typed)
			if !strings.HasPrefix(d.row(), want) {
				t.Errorf("%q: the chosen row is %q", typed, d.row())
			}
		})
	}
}

func TestHelpSaysWhyAndStaysOpen(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("?")
		d.write("force the switch")
		d.sees("(not now: no reshard is under way)")
		d.press("enter")
		d.sees("reshard-force: no reshard is under way", "esc close")
		d.did()
	})
}

func TestHelpClosesByItsKeyUnlessSomethingIsTyped(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("?", "?")
		d.seesNot("esc close")
		d.press("?", "a", "?")
		d.sees("/a?▏")
	})
}

func TestHelpScrollsToItsEndOnEveryScreen(t *testing.T) {
	for _, s := range []size{{120, 40}, {80, 24}, {60, 16}} {
		drive(t, setup{shards: 32, w: s.w, h: s.h}, func(d *driver) {
			d.press("?")
			last := ""
			for range 200 {
				d.press("down")
				last = d.row()
			}
			if !strings.HasPrefix(last, "ctrl+z") {
				t.Errorf("%dx%d: the last row is %q", s.w, s.h, last)
			}
			checkSize(t, d, s.w, s.h)
		})
	}
}

func TestPastedTextGoesIntoThePalette(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press(":")
		d.m.paste("shard\n 3\r")
		d.m.dirty = true
		d.sees(":shard 3▏")
		d.m.paste(evil)
		d.m.dirty = true
		d.harmless([]string{":"})
	})
}

func TestThePaletteKeepsItsSize(t *testing.T) {
	for _, keys := range [][]string{{":"}, {":", "r"}, {":", "s", "h", "a", "tab"}, {"?"}, {"?", "x", "x", "x", "x", "enter"}} {
		drive(t, setup{shards: 500, w: 80, h: 24}, func(d *driver) {
			d.press(keys...)
			for w := 1; w <= 210; w += 13 {
				for h := 1; h <= 62; h += 9 {
					d.send(sizeMsg(w, h))
					checkSize(t, d, w, h)
				}
			}
		})
	}
}

func TestFramesOfThePalette(t *testing.T) {
	sizes := []size{{200, 60}, {120, 40}, {80, 24}, {60, 16}, {40, 10}}
	goldenViews(t, "palette", sizes, []view{
		{name: "empty", keys: []string{":"}},
		{name: "search", keys: []string{":", "r", "e", "s"}},
		{name: "values", keys: []string{":", "s", "h", "a", "tab", "1"}},
		{name: "wrong", keys: []string{":", "x", "y", "z", "enter"}},
		{name: "help", keys: []string{"?"}},
		{name: "help_search", keys: []string{"?", "l", "o", "g"}},
	})
	goldenPlain(t, "palette", view{keys: []string{":", "r", "e", "s"}})
	goldenPlain(t, "palette_help", view{keys: []string{"?", "down"}})
}

func ExampleBindings() {
	all, err := Bindings(map[string][]string{"restart": {"f5"}})
	for _, b := range all {
		if b.Action == "restart" {
			fmt.Println(b.Action, b.Default, b.Keys, err)
		}
	}
	// Output: restart [r] [f5] <nil>
}

func TestALongNumberIsShortForTheShardOfAGuild(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.command("81384788765712384")
		d.settle()
		d.sees("guild 81384788765712384 is on shard")
	})
}
