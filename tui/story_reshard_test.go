package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// planTo opens the plan for a number of shards, and waits until it hears keys.
func (d *driver) planTo(total string) {
	d.t.Helper()
	d.press("R", "ctrl+u")
	d.write(total)
	d.press("enter")
	d.pass(dialog.DeafFor)
}

// hinders is a console over a healthy fleet that has this trouble with reshards.
func hinders(trouble opfake.Trouble) setup {
	s := at(opfake.SceneHealthy)
	s.fleet = func(op *opfake.Operator) {
		op.Scene = opfake.SceneHealthy
		op.Hinder(trouble)
	}
	return s
}

func TestTheFleetGrowsFromTheQuestionToTheResult(t *testing.T) {
	drive(t, at(opfake.SceneHealthy), func(d *driver) {
		d.press("R")
		d.sees("Reshard: how many shards?", "shards now     32", "recommended    36  by Discord", "2 with 1569 of 2500 guilds  62 %",
			"from 80 % full on, now 48 %; next check in 4h", "212 guilds a day", "shards    36▏")
		d.press("enter")
		d.pass(dialog.DeafFor)
		d.sees("Reshard 32 → 36", "Discord recommends 36", "36 of 988 identifies  952 after it, reserve 100, reset 21h", "3 of 16, 5.0s apart",
			"in about 42s", "and then     5 with 1394 of 2500 guilds", "about 108MiB more", "type 36 to go on:")
		d.write("36")
		d.did()
		d.press("enter")
		d.did(ops.Command{Kind: ops.CommandReshard, Target: ops.Target{Total: 36}, By: "ann"})
		for _, want := range []string{"→ spawn", "✓ spawn  → load", "✓ load  → overlap", "→ retire"} {
			for range 60 {
				if strings.Contains(d.screen(), want) {
					break
				}
				d.pass(500 * time.Millisecond)
			}
			d.sees(want, "events/s")
		}
		d.pass(6 * time.Second)
		d.sees("✓ 32 → 36 done in 47s", "38ms without a delivery at the switch", "36 spent", "0 only old", "● 36 ready", "◉")
		d.press("H")
		d.sees("reshard 32 to 36 is done after 47s")
		if len(d.m.journal) != 1 {
			t.Errorf("the result is told %d times: %v", len(d.m.journal), d.m.journal)
		}
	})
}

// The number is the only thing that begins a reshard.
func TestOnlyTheNumberBeginsAReshard(t *testing.T) {
	for _, keys := range [][]string{{"enter"}, {"y"}, {"y", "enter"}, {"tab", "enter"}, {"right", "enter"}, {"3", "enter"}, {"3", "6", "6", "enter"},
		{"3", "2", "enter"}, {"3", "6", "esc"}, {"3", "6", "tab", "enter"}} {
		drive(t, at(opfake.SceneHealthy), func(d *driver) {
			d.planTo("36")
			d.press(keys...)
			d.pass(time.Second)
			if d.did(); d.m.resharding() != nil {
				t.Errorf("%v has begun it", keys)
			}
		})
	}
}

func TestWhatWasTypedBeforeThePlanWasReadCountsNothing(t *testing.T) {
	drive(t, at(opfake.SceneHealthy), func(d *driver) {
		d.press("R", "enter", "3", "6", "enter", "esc")
		d.pass(dialog.DeafFor)
		d.sees("type 36 to go on: ▏")
		d.press("6", "enter")
		d.did()
	})
}

func TestAKeyOfTheReshardHeldDownDoesNothing(t *testing.T) {
	for _, keys := range [][]string{{"R"}, {"R", "enter"}, {"R", "x"}, {"R", "F"}, {"R", "h"}} {
		for _, s := range []opfake.Scene{opfake.SceneHealthy, opfake.SceneDiffers} {
			drive(t, at(s), func(d *driver) {
				d.press(keys[:len(keys)-1]...)
				d.hold(keys[len(keys)-1])
				d.did()
			})
		}
	}
}

func TestAPlanThatTakesItsTimeIsWaitedForAndCanBeLeft(t *testing.T) {
	s := at(opfake.SceneHealthy)
	s.fleet = func(op *opfake.Operator) { op.Scene, op.PlanTakes = opfake.SceneHealthy, 1500*time.Millisecond }
	drive(t, s, func(d *driver) {
		d.press("R", "enter")
		d.pass(150 * time.Millisecond)
		d.seesNot("the engine plans")
		d.pass(100 * time.Millisecond)
		d.sees("◐ the engine plans… 0s")
		first := d.screen()
		d.pass(250 * time.Millisecond)
		if d.screen() == first {
			t.Error("nothing shows that it goes on")
		}
		d.press("backspace") // another number: the plan for 36 is not wanted any more
		d.pass(3 * time.Second)
		d.sees("shards    3▏")
		d.seesNot("the engine plans", "type 36")
		d.press("enter", "esc")
		d.pass(3 * time.Second)
		d.seesNot("Reshard")
	})
}

func TestAPlanThatDoesNotComeIsToldInTheForm(t *testing.T) {
	drive(t, at(opfake.SceneHealthy), func(d *driver) {
		d.press("R")
		d.op.Fail(errors.New("connection refused"))
		d.press("enter")
		d.sees("No plan: connection refused", "shards    36▏")
		d.op.Fail(nil)
		d.press("enter")
		d.sees("type 36 to go on")
	})
	drive(t, at(opfake.SceneHealthy), func(d *driver) {
		d.press("R")
		d.op.Silence()
		d.press("enter")
		d.pass(planTimeout + time.Second)
		d.sees("No plan: the engine has not answered within 10s")
	})
}

func TestARefusedPlanSaysWhyInPlaceOfTheConfirmation(t *testing.T) {
	drive(t, at(opfake.SceneDue), func(d *driver) {
		d.sees("R reshard") // first on the bar
		d.press("R")
		d.sees("Due: 84 % of the guilds that the fleet can hold. It does not begin: 16")
		d.press("esc")
		d.planTo("18")
		d.sees("✖ shard 5 would hold 2789 guilds, Discord allows 2500: ask for at least 21", "✖ 18 identifies are needed, 16 are left", "2 too few")
		d.seesNot("type 18")
		d.write("18")
		d.press("enter")
		d.did()
		d.planTo("18")
		d.press("esc")
		d.planTo("999999")
		d.sees("✖ 999999 shards are not possible: name a number from 1 to 100000")
		d.seesNot("costs", "waves")
		d.press("esc")
		d.planTo("18")
		d.press("b")
		d.sees("Reshard: how many shards?", "shards    18▏")
	})
}

func TestAReadOnlyConsolePlansButDoesNotBegin(t *testing.T) {
	s := at(opfake.SceneHealthy)
	s.options = func(o *Options) { o.ReadOnly = true }
	drive(t, s, func(d *driver) {
		d.planTo("64")
		d.sees("Reshard 32 → 64", "✖ this console is read-only")
		d.write("64")
		d.press("enter")
		d.did()
	})
	s = at(opfake.SceneDiffers)
	s.options = func(o *Options) { o.ReadOnly = true }
	drive(t, s, func(d *driver) {
		d.press("R", "x", "y", "h", "y", "F")
		d.sees("x abort, h pause, F force: this console is read-only")
		d.did()
	})
}

func TestAProcessThatHoldsASliceIsToldItsNewOne(t *testing.T) {
	drive(t, at(opfake.SceneSlice), func(d *driver) {
		d.press("R")
		d.sees("64  this process holds 0 to 31", "shards        68▏", "first here    0", "last here     33")
		d.press("ctrl+u")
		d.write("96")
		d.sees("last here     47") // in proportion
		d.press("down", "down", "backspace")
		d.write("0")
		d.press("up", "up", "backspace", "8") // it stays as somebody has written it
		d.sees("shards        98▏", "last here     40")
		d.press("down", "backspace")
		d.write("60")
		d.press("enter")
		d.sees("last here is 40, before first here, 60")
		d.press("backspace", "backspace", "down", "ctrl+u")
		d.write("98")
		d.press("enter")
		d.sees("last here is 98: with 98 shards the last one is 97")
		d.press("backspace", "7", "enter")
		d.pass(dialog.DeafFor)
		d.sees("Reshard 64 → 98", "held here    0 to 31 → 0 to 97")
		d.write("98")
		d.press("enter")
		d.did(ops.Command{Kind: ops.CommandReshard, Target: ops.Target{Total: 98, Last: 97, Slice: true}, By: "ann"})
	})
}

func TestANumberThatIsNoneIsRefusedInTheForm(t *testing.T) {
	drive(t, at(opfake.SceneHealthy), func(d *driver) {
		d.press("R", "ctrl+u")
		d.write("a-0.")
		d.press("enter")
		d.sees("shards is 0: write at least 1", "shards    0▏")
		d.press("backspace")
		d.sees("what reshard.target says")
		d.press("enter")
		d.sees("Reshard 32 → 36")
	})
}

func TestAbortingSaysWhatIsGoneAndLeavesTheFleet(t *testing.T) {
	drive(t, hinders(opfake.StreamsDrift), func(d *driver) {
		d.planTo("64")
		d.write("64")
		d.press("enter")
		d.pass(time.Minute)
		d.sees("→ overlap", "came from the old fleet alone", "only old", "only new")
		d.press("x")
		d.sees("Abort the reshard 32 → 64?", "with 32 shards, goes on untouched", "64 identifies  another try costs 64", "begun by ann")
		d.press("enter") // it begins on going on
		d.pass(time.Second)
		d.sees("→ overlap")
		d.press("x", "y")
		d.pass(time.Second)
		d.sees("✖ 32 → 64 ended in overlap", "why        aborted by ann", "as it was: 32 shards", "● 32 ready")
		d.press("x")
		d.sees("no reshard is under way")
	})
}

func TestAPausedReshardSaysSoAndGoesOn(t *testing.T) {
	drive(t, at(opfake.SceneSpawn), func(d *driver) {
		d.press("R", "h")
		d.sees("pause the reshard? No further identify, no switch.")
		d.press("y")
		d.pass(time.Second)
		d.sees("⏸ spawn PAUSED", "it is paused with 32 of 64 shards ready", "none is sent while it is paused", "h go on")
		d.pass(time.Minute)
		d.sees("32 of 64 ready")
		d.press("h", "y")
		d.pass(10 * time.Second)
		d.sees("64 of 64 ready")
		d.did(ops.Command{Kind: ops.CommandReshardPause, By: "ann"}, ops.Command{Kind: ops.CommandReshardResume, By: "ann"})
	})
}

func TestForcingTakesTheNumberAndSaysWhatItMeans(t *testing.T) {
	drive(t, at(opfake.SceneMissing), func(d *driver) {
		d.press("R")
		d.sees("missing    7 guilds for longer than reshard.load_timeout", "81384788765712384", "x abort  h pause  F force")
		d.press("F")
		d.sees("Force the switch to 64 shards?", "what it lacks is lost", "7 guilds", "To lose nothing, wait, or abort (x).")
		d.press("y", "enter")
		d.did()
		d.press("F")
		d.write("64")
		d.press("enter")
		d.did(ops.Command{Kind: ops.CommandReshardForce, By: "ann"})
		d.pass(1500 * time.Millisecond)
		d.sees("✓ forced switch to 64 shards: done", "→ retire", "x abort, h pause, F force: too late,")
	})
	drive(t, at(opfake.SceneSpawn), func(d *driver) {
		d.press("R", "F")
		d.sees("F force: only 32 of 64 shards of the next fleet are ready")
		d.press("6", "4", "enter")
		d.did()
	})
}

func TestAnAbortThatComesTooLateIsToldSo(t *testing.T) {
	drive(t, at(opfake.SceneOverlap), func(d *driver) {
		d.press("R", "x")
		d.pass(5 * time.Second)
		d.press("y")
		d.sees("✖ abort of the reshard refused: the next fleet is taking over")
	})
}

// Whoever looks at anything else sees it too, at every size.
func TestAReshardOfSomebodyElseShowsEverywhere(t *testing.T) {
	for _, s := range []size{{200, 60}, {120, 40}, {80, 24}, {60, 16}, {40, 10}} {
		drive(t, s.at(opfake.SceneSpawn), func(d *driver) { d.sees("↻", "spawn 32/64 shards") })
		drive(t, s.at(opfake.ScenePaused), func(d *driver) { d.sees("⏸", "spawn, PAUSED") })
	}
	drive(t, at(opfake.SceneSpawn), func(d *driver) {
		d.seesNot("begun by ben") // it was under way before this console was
		for _, want := range []string{"reshard 32 → 64: load", "reshard 32 → 64: overlap", "the next fleet leads, the old one is closed",
			"✓ reshard 32 → 64: done in 52s, gap 38ms"} {
			for range 200 {
				if strings.Contains(d.messageLine(), want) {
					break
				}
				d.pass(100 * time.Millisecond)
			}
			if line := d.messageLine(); !strings.Contains(line, want) {
				t.Fatalf("the message line says %q, want %q", line, want)
			}
		}
		d.press("H")
		d.sees("reshard 32 → 64: done in 52s")
	})
}

func TestThePageIsLeftWhileTheReshardGoesOn(t *testing.T) {
	drive(t, at(opfake.SceneSpawn), func(d *driver) {
		d.press("R")
		d.sees("╭─ reshard 32 → 64")
		d.press("esc")
		d.sees("╭─ shard 0 ─", "R reshard: spawn")
		d.press("R", "R")
		d.sees("╭─ shard 0 ─")
		d.press("a")
		d.seesNot("about the number of shards")
	})
	drive(t, at(opfake.SceneDiffers), func(d *driver) {
		d.press("a")
		d.sees("about the number of shards: R shows the reshard")
	})
}

// The bot gets its events all the while: the curve has no hole at the switch.
func TestTheCurveToTheBotHasNoHoleAtTheSwitch(t *testing.T) {
	drive(t, at(opfake.SceneOverlap), func(d *driver) {
		d.press("R")
		d.pass(12 * time.Second)
		if d.m.watched.switched.IsZero() || len(d.m.flow.values) < 10 {
			t.Fatalf("switched %v, %d seconds seen", d.m.watched.switched, len(d.m.flow.values))
		}
		for i, v := range d.m.flow.values {
			if v < 760 || v > 840 { // 800 a second; the counters go by whole events
				t.Errorf("%v events in second %d of %v", v, i, d.m.flow.values)
			}
		}
		d.sees("◉", "✓ 32 → 64 done")
	})
}

func TestThePastOfTheReshardsIsKept(t *testing.T) {
	drive(t, at(opfake.SceneResharded), func(d *driver) {
		d.press("R")
		d.sees("last one       16 → 32, 42s ago: done in 52s", "Earlier ones")
		d.press("tab", "tab", "enter")
		d.sees("✓ 16 → 32 done in 52s", "3 only new", "earlier", "ended in load, aborted by ann", "shard 3 failed", "R plans one")
		d.press("R", "esc", "esc")
		d.sees("╭─ shard 0 ─")
	})
}

func TestStoppingSaysThatTheReshardEnds(t *testing.T) {
	drive(t, at(opfake.SceneSpawn), func(d *driver) {
		d.press("q")
		d.sees("32 → 64 ends:  the next fleet and its 32 identifies are gone")
		d.press("esc", "D")
		d.sees("32 → 64 ends:")
	})
}

func TestABrokenTextOfAReshardReachesNoTerminal(t *testing.T) {
	for _, scene := range []opfake.Scene{opfake.SceneDiffers, opfake.SceneResharded} {
		s := altered(scene, func(s *ops.Snapshot) {
			s.Reshard.Auto.Due, s.Reshard.Auto.Held, s.Reshard.Refusal, s.Presence = evil, evil, evil, evil
			if run := s.Reshard.Now; run != nil {
				run.Waits, run.By, run.Plan.Why = evil, evil, evil
			}
			for i := range s.Reshard.History {
				s.Reshard.History[i].Err, s.Reshard.History[i].By = evil, evil
			}
		})
		drive(t, s, func(d *driver) {
			for _, keys := range [][]string{{}, {"u"}, {"esc", "R"}, {"x"}, {"esc", "F"}, {"esc", "tab", "tab", "enter"}} {
				d.press(keys...)
				d.send(tea.PasteMsg{Content: evil})
				d.harmless(keys)
			}
		})
	}
}
