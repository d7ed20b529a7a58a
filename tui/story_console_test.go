package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

func TestQuittingSaysThatTheEngineStopsAndTakesAYes(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("q")
		d.sees("Stop Gatehouse?", "The engine stops", "next start", "32 session starts")
		d.press("enter") // Cancel has the focus
		d.seesNot("Stop Gatehouse?")
		d.press("q", "q")
		d.sees("Stop Gatehouse?")
		d.press("y")
		if !d.quit || d.m.leaving != leaveStop {
			t.Fatalf("quit %v, leaving %v", d.quit, d.m.leaving)
		}
	})
}

func TestCtrlCTwiceQuitsFromAnywhere(t *testing.T) {
	for _, where := range [][]string{{}, {"?"}, {"i"}, {"l"}, {"enter"}} {
		drive(t, full(32), func(d *driver) {
			d.press(where...)
			d.press("ctrl+c")
			d.sees("Stop Gatehouse?")
			if d.quit {
				t.Fatal("quit after one")
			}
			d.press("ctrl+c")
			if !d.quit {
				t.Fatal("not quit after two")
			}
		})
	}
}

func TestLeavingAnotherProcessNeedsNoQuestion(t *testing.T) {
	s := full(32)
	s.options = func(o *Options) { o.Attached = true }
	drive(t, s, func(d *driver) {
		d.press("q")
		if !d.quit {
			t.Fatal("asked")
		}
	})
}

func TestDetachingLeavesTheEngineRunning(t *testing.T) {
	s := full(32)
	s.options = func(o *Options) { o.CanDetach = true }
	drive(t, s, func(d *driver) {
		d.press("q")
		d.sees("Leave it running")
		d.press("d")
		if d.m.verdict(nil, nil) != ErrDetached {
			t.Fatalf("ends with %v", d.m.verdict(nil, nil))
		}
	})
}

func TestADialogThatOpensByItselfIsDeafAtFirst(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.op.Change = func(s *ops.Snapshot) { s.Phase = ops.PhaseStopped }
		d.pass(300 * time.Millisecond)
		d.sees("The engine has stopped")
		d.press("y", "enter", "esc")
		d.sees("The engine has stopped")
		if d.quit {
			t.Fatal("a key meant for something else has quit")
		}
		d.pass(400 * time.Millisecond)
		d.press("esc")
		d.seesNot("The engine has stopped")
		d.pass(5 * time.Second)
		d.seesNot("The engine has stopped") // said once
	})
}

func TestTheLogFollowsStopsAndFollowsAgain(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("tab", "up", "up", "up")
		at := d.m.log.back
		if at != 3 {
			t.Fatalf("scrolled back %d lines", at)
		}
		d.pass(4 * time.Second)
		d.sees("new ↓", "follow ○")
		if d.m.log.back <= at {
			t.Error("the lines in sight have moved")
		}
		d.press("end")
		d.seesNot("new ↓")
		d.sees("follow ●")
	})
}

func TestTheLogIsFilteredByLevelAndShard(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("L", "L")
		d.sees("level error", "closed with 4014")
		d.seesNot("session resumed")
		d.press("L", "o")
		d.sees("level debug", "shard 0 only")
		for _, line := range d.m.log.lines {
			if line.Shard != 0 {
				t.Fatalf("a line of shard %d", line.Shard)
			}
		}
		d.press("o")
		d.seesNot("only")
	})
}

func TestOnTheLogsOwnScreenTextCanBeCopied(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		if d.m.View().MouseMode == tea.MouseModeNone {
			t.Fatal("no mouse on the dashboard")
		}
		d.press("l")
		if d.m.View().MouseMode != tea.MouseModeNone {
			t.Error("the console holds the mouse")
		}
		lines := strings.Split(d.screen(), "\n")
		for _, line := range lines[3 : len(lines)-2] {
			if strings.ContainsAny(line, "│╭╮") {
				t.Fatalf("a border in %q", line)
			}
		}
		d.press("l")
		d.sees("╭─ shard 0 ─")
	})
}

func TestTheMouseSelectsScrollsAndRunsTheKeyBar(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		click := func(x, y int) {
			d.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
			d.settle()
		}
		l := d.m.layout
		click(l.shards.X+1+l.grid.CellW+3, l.shards.Y+1+l.grid.CellH)
		d.sees("╭─ shard 5 ─")
		d.send(tea.MouseWheelMsg{X: 5, Y: l.log.Y + 1, Button: tea.MouseWheelUp})
		d.sees("follow ○")
		bar := strings.Split(d.screen(), "\n")[l.keys.Y]
		click(strings.Index(bar, "r resume")+2, l.keys.Y)
		d.sees("restart shard 5?")
		click(3, l.keys.Y) // a click answers no question
		d.did()
		d.sees("restart shard 5?")
	})
}

func TestTheDrawerBecomesAPageOnSmallScreens(t *testing.T) {
	drive(t, setup{shards: 32, w: 80, h: 24}, func(d *driver) {
		d.seesNot("resume at")
		d.press("enter")
		d.sees("╭─ shard 0 ", "resume at  gateway-us-east1-b.discord.gg", "esc back")
		d.press("esc")
		d.seesNot("resume at")
	})
}

func TestAScreenTooSmallStillSaysWhatIsWrong(t *testing.T) {
	drive(t, setup{shards: 32, w: 40, h: 10}, func(d *driver) {
		d.sees("25 ready", "7 not", "shard 7 failed", "needs 60x16, has 40x10", "q quit")
		d.press("r", "y", "i", "y")
		d.did()
		d.press("q")
		d.sees("stop the engine?")
		d.press("q", "y")
		if d.quit {
			t.Fatal("q answered its own question")
		}
		d.press("q", "y")
		if !d.quit {
			t.Fatal("not quit")
		}
	})
}

func TestManyShardsInACellShowTheWorst(t *testing.T) {
	s := setup{shards: 4096, w: 80, h: 24, fleet: func(op *opfake.Operator) {
		op.Calm = true
		op.Change = func(s *ops.Snapshot) { s.Shards[2193].State = ops.ShardFailed }
	}}
	drive(t, s, func(d *driver) {
		d.sees("in a cell, the worst shown", "✖")
		d.press("n")
		d.sees("shard 2193 ✖ failed")
	})
}

func TestHelpIsMadeOfTheRegistry(t *testing.T) {
	drive(t, setup{shards: 32, w: 160, h: 140}, func(d *driver) {
		d.press("?")
		for _, a := range d.m.actions {
			if a.group != "" {
				d.sees(a.allKeys()+" ", strings.Fields(a.title)[0]) // long titles are broken
			}
		}
		d.press("?")
		d.seesNot("╭─ Help ─")
	})
}

func TestTheRegistryIsSound(t *testing.T) {
	ids, keys := map[string]bool{}, map[string]string{}
	for _, a := range registry() {
		if a.id == "" || a.title == "" && a.group != "" || a.run == nil && (a.arg == nil || a.arg.optional) {
			t.Errorf("action %+v", a)
		}
		for _, name := range append([]string{a.id}, a.aliases...) {
			if ids[name] || strings.ContainsAny(name, " :") {
				t.Errorf("the name %q is that of two actions, or cannot be typed", name)
			}
			ids[name] = true
		}
		if a.arg != nil && (a.arg.name == "" || a.arg.run == nil) {
			t.Errorf("%s: argument %+v", a.id, a.arg)
		}
		for _, k := range a.keys {
			if keys[k] != "" {
				t.Errorf("%s is bound to %s and %s", k, keys[k], a.id)
			}
			keys[k] = a.id
			switch k {
			case "ctrl+a", "ctrl+b", "ctrl+space", "ctrl+@":
				t.Errorf("%s takes %s from tmux, screen or a screen reader", a.id, k)
			case "y":
				if a.id != "copy" { // which asks nothing
					t.Errorf("%s opens with the key that confirms", a.id)
				}
			}
		}
	}
}

func TestSuspendingIsNotDoneAndSaidWhy(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("ctrl+z")
		d.sees("heartbeats would stop")
	})
}
