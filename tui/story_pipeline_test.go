package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/themes"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

func TestTheWorkerThatLagsIsOnTop(t *testing.T) {
	drive(t, at(opfake.SceneWorkers), func(d *driver) {
		d.press("W")
		d.sees("workers 2 · worst first · placed contiguous", "→    1 25-31", "18k", "44s", "28%")
		d.press("O", "O")
		d.sees("by id", "→    1 25-31") // the cursor stays on its worker
		d.press("up")
		d.sees("→    0 0-24")
	})
}

func TestTheWorstWorkerComesFirstAndRowsDoNotJump(t *testing.T) {
	drive(t, setup{shards: 1600, w: 120, h: 40, calm: true}, func(d *driver) {
		d.op.Change = func(s *ops.Snapshot) {
			for i := range s.Workers {
				s.Workers[i].Lag, s.Workers[i].Queue.Depth = time.Duration(s.At.UnixMilli()%700)*time.Millisecond, i%50
			}
			s.Workers[40].Lag = 90 * time.Second
		}
		d.pass(2 * time.Second)
		d.press("W")
		rows := func() string {
			var ids []string
			for _, w := range d.m.workersPage().Workers {
				ids = append(ids, ops.Ranges(w.Shards))
			}
			return strings.Join(ids, " ")
		}
		first := rows()
		if !strings.HasPrefix(first, "1000-1024 0-24 25-49 ") {
			t.Fatalf("the order is %.60s", first)
		}
		for range 8 {
			d.pass(time.Second)
			if now := rows(); now != first {
				t.Fatalf("rows have jumped:\n%s\n%s", first, now)
			}
		}
		d.press("end")
		d.sees("rows 33-64 of 64")
	})
}

func TestAWorkerIsOpenedAndItsShardsToo(t *testing.T) {
	drive(t, at(opfake.SceneWorkers), func(d *driver) {
		d.press("W", "enter")
		d.sees("worker 1, 2 in all", "44s old, not yet taken by every sink", "18 204 events", "25-31", "✖ failed")
		d.press("down")
		d.sees("→     26")
		d.press("enter")
		d.sees("╭─ shard 26 ─")
		d.press("esc")
		d.sees("worker 1, 2 in all", "→     26")
		d.press("esc")
		d.sees("workers 2")
		d.press("esc")
		d.seesNot("workers 2 ·", "worker 1, 2 in all")
	})
}

func TestAWorkerIsRestartedWholeAfterAYes(t *testing.T) {
	drive(t, at(opfake.SceneWorkers), func(d *driver) {
		d.press("W", "B")
		d.sees("Restart worker 1", "25-31", "6 shards", "left out", "18k events waiting")
		d.press("enter") // Cancel has the focus
		d.hold("B")
		d.did()
		d.press("esc", "r") // no shard is in sight: the worker is meant
		d.sees("Restart worker 1")
		d.press("y")
		d.did(ops.Command{Kind: ops.CommandRestart, Workers: []int{1}, By: "ann"})
	})
}

func TestElsewhereTheWorkerOfTheSelectedShardIsMeant(t *testing.T) {
	drive(t, at(opfake.SceneHealthy), func(d *driver) {
		d.press("end", "B")
		d.sees("Restart worker 1")
		d.press("esc", "home", "B", "y")
		d.did(ops.Command{Kind: ops.CommandRestart, Workers: []int{0}, By: "ann"})
	})
}

func TestAWorkerThatHasGoneIsNotActedUpon(t *testing.T) {
	drive(t, at(opfake.SceneWorkers), func(d *driver) {
		d.press("W", "enter")
		d.op.Change = func(s *ops.Snapshot) { s.Workers = s.Workers[:1] }
		d.pass(2 * time.Second)
		d.sees("the worker has gone")
		d.press("B", "y")
		d.sees("no worker is selected")
		d.did()
		d.press("esc", "B")
		d.sees("workers 1")
	})
}

func TestBeforeAWorkerExistsThePageSaysSo(t *testing.T) {
	drive(t, changed(func(s *ops.Snapshot) { s.Workers, s.Shards = nil, nil }), func(d *driver) {
		d.press("W", "down", "enter", "B", "O", "end")
		d.sees("no workers yet")
		d.did()
	})
}

func TestASinkShowsWhatItsRulesKeptAway(t *testing.T) {
	drive(t, at(opfake.SceneRules), func(d *driver) {
		d.press("S")
		d.sees("1.5M events kept away by 4 rules, v shows", "events.drop", "1.3M kept away", "402MiB",
			"12 not judged, which pass: cannot fetch bot")
		d.press("v")
		d.sees("Rules of bot", "TYPING_START, PRESENCE_*", "1 310 044 kept away", "sample.VOICE_STATE_UPDATE", "10%", "12 not judged")
		d.press("esc", "down", "v")
		d.sees("audit has no rules: it takes every event")
	})
}

func TestTheFilterSaysWhatItSavedOrWhyItIsOff(t *testing.T) {
	drive(t, changed(func(s *ops.Snapshot) {
		s.Filter = ops.Filter{On: true, Seen: 1000, Dropped: 620, Bytes: 3 << 20, Known: 4000, Capacity: 100_000}
		s.Traffic.Events, s.Traffic.Bytes = 6200, 30<<20
	}), func(d *driver) {
		d.press("E")
		d.sees("620, 62% of 1 000 MESSAGE_UPDATEs", "3.0MiB, 10% of events, 10% of bytes", "4 000 of at most 100 000 messages")
	})
	drive(t, at(opfake.SceneHooks), func(d *driver) {
		d.press("E")
		d.sees("off: every MESSAGE_UPDATE is passed on", "the intents leave MESSAGE_CONTENT out")
	})
}

func TestAHookThatPanickedIsNamedWithItsCause(t *testing.T) {
	drive(t, at(opfake.SceneHooks), func(d *driver) {
		d.press("E")
		d.sees("dispatch", "▲ 3 panics, 48s ago", "assignment to entry in nil map (MESSAGE_CREATE", "place", "no panic")
	})
}

func TestTheStartShowsHowFarTheGuildsAre(t *testing.T) {
	drive(t, at(opfake.SceneLoading), func(d *driver) {
		d.sees("20/32 shards", "28 740 of 38 321 guilds", "for 21s", "missing ones are told in 39s")
	})
	drive(t, at(opfake.SceneMissed), func(d *driver) {
		d.sees("30/32 shards", "3 guilds missing", "81384788765712384")
	})
	drive(t, at(opfake.SceneLoaded), func(d *driver) {
		d.sees("✓ all 32 shards loaded, 38 321 guilds in 33s")
		d.seesNot("loading")
	})
}

// Half a minute after the last guild nothing speaks of loading any more.
func TestOnceTheGuildsAreThereTheConsoleIsCalm(t *testing.T) {
	at := time.Time{}
	drive(t, altered(opfake.SceneLoaded, func(s *ops.Snapshot) {
		if at.IsZero() {
			at = s.Load.LoadedAt
		}
		s.Load.LoadedAt = at
	}), func(d *driver) {
		d.sees("shards loaded")
		d.pass(31 * time.Second)
		d.seesNot("loaded")
		d.sees("no alerts")
	})
}

func TestAReloadIsAskedForAndItsResultIsShown(t *testing.T) {
	drive(t, at(opfake.SceneHealthy), func(d *driver) {
		d.press("ctrl+r", "n")
		d.did()
		d.press("ctrl+r")
		d.sees("reload the configuration, as far as it can change?")
		d.press("y")
		d.did(ops.Command{Kind: ops.CommandReload, By: "ann"})
		d.op.FinishSaying("reloaded: sinks[0].events.drop; queue.dir needs a restart")
		d.settle()
		d.sees("reloaded: sinks[0].events.drop; queue.dir needs a restart")
		d.press("ctrl+r", "y")
		d.op.Finish(errors.New("gatehouse.yaml:12: sinks[0].when: unexpected token"))
		d.settle()
		d.sees("reload of the configuration failed: gatehouse.yaml:12: sinks[0].when: unexpected token")
		d.press("H", "end", "enter")
		d.sees("the file", "the old configuration stays in effect")
	})
}

// themed is a console that takes themes from outside.
func themed(from chan themes.Theme) setup {
	s := at(opfake.SceneHealthy)
	s.options = func(o *Options) { o.Themes = from }
	return s
}

func load(t *testing.T, name string) themes.Theme {
	t.Helper()
	theme, err := themes.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return theme
}

func TestAThemeFromOutsideTakesThePlaceOfTheOneOnShow(t *testing.T) {
	light, contrast := load(t, "light"), load(t, "contrast")
	from := make(chan themes.Theme, 1)
	s := themed(nil)
	s.options = func(o *Options) {
		from = make(chan themes.Theme, 1) // of the bubble
		o.Themes = from
	}
	drive(t, s, func(d *driver) {
		before := d.m.View().Content
		from <- light
		d.settle()
		if d.m.theme.Name != light.Name || d.m.View().Content == before {
			t.Errorf("theme %q is shown", d.m.theme.Name)
		}
		d.sees("theme " + light.Name + ", from the configuration")
		from <- themes.Theme{} // none: left alone
		d.settle()
		from <- contrast
		d.settle()
		if d.m.theme.Name != contrast.Name {
			t.Errorf("theme %q is shown", d.m.theme.Name)
		}
		close(from)
		d.settle()
		d.press("?")
		d.sees("╭─ Help ─")
	})
}

func TestAThemeFromOutsideWaitsUntilTheListOfThemesIsLeft(t *testing.T) {
	light := load(t, "light")
	var from chan themes.Theme
	s := themed(nil)
	s.options = func(o *Options) {
		from = make(chan themes.Theme, 1)
		o.Themes = from
	}
	drive(t, s, func(d *driver) {
		d.press("t", "down")
		shown := d.m.theme.Name
		from <- light
		d.settle()
		if d.m.theme.Name != shown {
			t.Errorf("the preview has changed from %q to %q", shown, d.m.theme.Name)
		}
		d.press("esc")
		if d.m.theme.Name != light.Name {
			t.Errorf("theme %q is shown", d.m.theme.Name)
		}
	})
}

func TestABrokenTextOfThePipelineReachesNoTerminal(t *testing.T) {
	s := altered(opfake.SceneRules, func(s *ops.Snapshot) {
		r := &s.Sinks[0].Rules[0]
		r.Key, r.Text, r.Err, r.Errors = evil, evil, evil, 1
		s.Filter = ops.Filter{Why: evil}
		s.Hooks = []ops.Hook{{Name: evil, Last: evil, LastWhen: evil, Panics: 1}}
		s.Fleet.Placement = evil
		s.Traffic.Types[0].Type = evil
		s.Shards[0].Fault = evil
	})
	drive(t, s, func(d *driver) {
		for _, keys := range [][]string{{"S"}, {"v"}, {"esc", "E"}, {"W"}, {"enter"}} {
			d.press(keys...)
			d.harmless(keys)
		}
	})
}

func TestTheMouseFindsTheRowsOfTheWorkers(t *testing.T) {
	drive(t, at(opfake.SceneWorkers), func(d *driver) {
		d.press("W")
		d.send(tea.MouseClickMsg{X: 10, Y: 6, Button: tea.MouseLeft})
		d.sees("→    0 0-24")
		d.press("enter")
		d.send(tea.MouseClickMsg{X: 10, Y: 9, Button: tea.MouseLeft})
		d.sees("→      4")
	})
}

func TestAReadOnlyConsoleNeitherRestartsAWorkerNorReloads(t *testing.T) {
	s := at(opfake.SceneWorkers)
	s.options = func(o *Options) { o.ReadOnly = true }
	drive(t, s, func(d *driver) {
		d.press("W", "B", "y", "ctrl+r", "y", "r", "y")
		d.did()
		d.sees("this console is read-only")
	})
}

// Shards that are dealt out in turn make a long list, which hides no figure.
func TestAWorkerWithScatteredShardsKeepsItsFigures(t *testing.T) {
	scatter := func(s *ops.Snapshot) {
		s.Fleet.Placement = "round_robin"
		for i := range s.Workers {
			s.Workers[i].Shards = nil
		}
		for id := range s.Shards {
			w := &s.Workers[id%len(s.Workers)]
			w.Shards = append(w.Shards, id)
			s.Shards[id].Worker = id % len(s.Workers)
		}
		s.Workers[0].Queue.Depth = 4321
	}
	drive(t, changed(scatter), func(d *driver) {
		d.sees("queue 4.3k")
		d.press("W")
		d.sees("placed round-robin", "0, 2, 4, 6,")
		d.press("enter")
		d.sees("0, 2, 4, 6,", "28, 30", "4 321 events")
	})
}
