package tui

import (
	"errors"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// at is a console with everything on it over one state of the queue.
func at(s opfake.Scene) setup { return scene(s, 120, 40) }

// altered is such a console over a state that a test changes.
func altered(s opfake.Scene, change func(s *ops.Snapshot)) setup {
	out := at(s)
	out.fleet = func(op *opfake.Operator) { op.Scene, op.Change = s, change }
	return out
}

func TestTheFirstLookSaysWhereTheQueueGoes(t *testing.T) {
	for s, want := range map[opfake.Scene][]string{
		opfake.SceneHealthy: {"● bot ok", "✓ disk ok", "✓ nothing lost since start"},
		opfake.SceneDown:    {"queue 1.8M growing 741/s", "▼ bot retrying", "connection refused", "again in 8s", "166 retries", "queue full in 39m31s at this pace"},
		opfake.SceneBack:    {"queue 1.1M empty in 2m10s", "● bot ok", "draining 8.1k/s, empty in 2m10s", "42 overtook"},
		opfake.SceneFault:   {"✖ DISK FAULT", "disk fault 3m12s: write chunk: no space left on device", "queue full in 2m15s"},
		opfake.SceneFull:    {"queue full", "disk slow: under way for 4.2s", "48k dropped, 17 expired since start"},
		opfake.SceneOrphan:  {"◇ old-bot not configured", "12k wait on disk"},
		opfake.SceneLetters: {"▼ bot rejecting", "12 dead letters", "9 late, 1 expired"},
		opfake.SceneMemory:  {"in memory only", "queue full in 3m13s"},
		opfake.SceneDrain:   {"DRAINING", "queue 96k empty in 12s", "96k events left, empty in 12s, then Gatehouse exits"},
	} {
		t.Run(string(s), func(t *testing.T) {
			drive(t, at(s), func(d *driver) { d.sees(want...) })
		})
	}
}

// Colours and fine glyphs are a help, never the message.
func TestWhereTheQueueGoesIsReadWithoutColour(t *testing.T) {
	s := at(opfake.SceneFault)
	s.options = func(o *Options) { o.Glyphs, o.NoColor = "ascii", true }
	drive(t, s, func(d *driver) {
		golden(t, "queue_fault_ascii_120x40", d.m.View().Content, 120, 40)
		d.sees("X DISK FAULT", "growing 741/s", "X disk fault 3m12s", "b bot retrying")
	})
}

func TestTheSinksPageIsAboutTheSelectedSink(t *testing.T) {
	drive(t, at(opfake.SceneOrphan), func(d *driver) {
		d.press("S")
		d.sees("╭─ sink bot ─", "queues by worker", "queue and disk", "/var/lib/gatehouse/queue", "the deepest sink", "3ms (p50)")
		d.press("down", "down")
		d.sees("╭─ sink old-bot ─", "not configured any more", "12 420 events", "26h old", "X discard")
		d.press("p")
		d.sees("old-bot is not configured any more")
		d.press("up", "p")
		d.sees("hold deliveries to bot?")
		d.press("y")
		d.did(ops.Command{Kind: ops.CommandPauseSink, Sink: "bot", By: "ann"})
		d.press("esc")
		d.sees("╭─ shard 0 ─")
	})
}

func TestTheSinksPageBeginsWithTheSinkInTrouble(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("S")
		d.sees("╭─ sink audit ─", "connect: connection refused", "3 events dropped by the queue's bounds")
	})
}

func TestTheMouseLeadsToTheSinksAndAmongThem(t *testing.T) {
	drive(t, at(opfake.SceneOrphan), func(d *driver) {
		click := func(x, y int) {
			d.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
			d.settle()
		}
		click(d.m.layout.sinks.X+5, d.m.layout.sinks.Y+2)
		d.sees("╭─ sink bot ─")
		click(10, d.m.layout.whole.Y+2)
		d.sees("╭─ sink old-bot ─")
		click(10, d.m.layout.whole.Y+9) // no sink stands there
		d.sees("╭─ sink old-bot ─")
	})
}

func TestDeadLettersAreListedReadAndSentAgain(t *testing.T) {
	drive(t, at(opfake.SceneLetters), func(d *driver) {
		d.press("S", "d")
		d.sees("dead letters of bot · 12", "INTERACTION_CREATE", "cannot read properties of undefined")
		d.press("down", "enter")
		d.sees("5f1c-50-4010", `"guild_id": "81384788765712384"`, "all 31 lines")
		d.press("esc")
		d.sees("put aside 14m00s ago")
		d.press("e")
		d.sees("Send 12 dead letters again?", "with the ids that they had")
		d.press("e", "e")
		d.did()
		d.press("o")
		d.did(ops.Command{Kind: ops.CommandReplay, Sink: "bot", Letters: []string{"5f1c-50-4010"}, By: "ann"})
		d.press("esc")
		d.sees("╭─ sink bot ─")
	})
}

func TestAllDeadLettersAreSentAgainAndTheListIsReadAnew(t *testing.T) {
	drive(t, at(opfake.SceneLetters), func(d *driver) {
		d.press("d", "e", "y")
		d.did(ops.Command{Kind: ops.CommandReplay, Sink: "bot", By: "ann"})
		d.op.Scene = opfake.SceneHealthy
		d.op.Finish(nil)
		d.settle()
		d.sees("none: the bot has refused nothing")
		d.press("enter")
		d.sees("there is no dead letter")
		d.press("esc")
		d.sees("╭─ shard 0 ─")
	})
}

func TestALongEventIsScrolled(t *testing.T) {
	drive(t, scene(opfake.SceneLetters, 80, 24), func(d *driver) {
		d.press("d", "enter")
		d.sees("lines 1-17 of 33", `"id": "5f1c-55-4011"`)
		d.press("pgdown")
		d.sees("lines 17-33 of 33", `"type": 0`)
		d.press("up")
		d.sees("lines 16-32 of 33")
		d.send(tea.MouseWheelMsg{X: 5, Y: 5, Button: tea.MouseWheelUp})
		d.sees("lines 13-29 of 33")
		d.press("home")
		d.sees("lines 1-17 of 33")
		d.send(sizeMsg(200, 60))
		d.sees("all 30 lines")
		if d.m.View().MouseMode != tea.MouseModeNone {
			t.Error("the console holds the mouse, so that the event cannot be copied")
		}
	})
}

func TestDeadLettersThatDoNotComeAreNotWaitedForForEver(t *testing.T) {
	drive(t, at(opfake.SceneLetters), func(d *driver) {
		d.op.Silence()
		d.press("d")
		d.sees("asking the engine")
		d.press("down", "enter", "e", "esc") // nothing there to act on
		d.pass(lettersTimeout + time.Second)
		d.sees("not to be had: not answered within 5.0s")
	})
}

func TestDeadLettersThatCannotBeReadSayWhy(t *testing.T) {
	drive(t, at(opfake.SceneLetters), func(d *driver) {
		d.op.Fail(errors.New("read dead letters: permission denied"))
		d.press("d")
		d.sees("not to be had: read dead letters: permission denied")
	})
}

func TestWithoutDeadLettersTheirKeysSaySo(t *testing.T) {
	drive(t, at(opfake.SceneHealthy), func(d *driver) {
		d.press("d")
		d.sees("there are none")
		d.press("e", "y")
		d.did()
	})
}

func TestDiscardingTakesTheNameOfTheSink(t *testing.T) {
	drive(t, at(opfake.SceneOrphan), func(d *driver) {
		d.press("X")
		d.sees("Discard 12k events of old-bot?", "Nothing brings it back", "type old-bot")
		d.press("y", "enter")
		d.did()
		d.press("X")
		d.write("old-bo")
		d.press("tab", "enter") // the dangerous button without the whole name
		d.did()
		d.write("t")
		d.press("enter")
		d.did(ops.Command{Kind: ops.CommandDiscard, Sink: "old-bot", By: "ann"})
	})
}

func TestWhatIsConfiguredCannotBeDiscarded(t *testing.T) {
	drive(t, at(opfake.SceneDown), func(d *driver) {
		d.press("X")
		d.sees("every sink is configured")
		d.press("S", "X")
		d.sees("bot is configured")
		d.write("bot")
		d.press("enter", "esc")
		d.did()
	})
}

func TestAReadOnlyConsoleReadsDeadLettersAndSendsNone(t *testing.T) {
	s := at(opfake.SceneLetters)
	s.options = func(o *Options) { o.ReadOnly = true }
	drive(t, s, func(d *driver) {
		d.press("d")
		d.sees("dead letters of bot · 12")
		d.press("e", "y")
		d.sees("console is read-only")
		d.press("esc", "D", "y")
		d.did()
	})
}

func TestABrokenNameReachesNeitherTheTerminalNorTheQuestion(t *testing.T) {
	s := altered(opfake.SceneOrphan, func(s *ops.Snapshot) {
		s.Sinks[0].Name, s.Sinks[0].Target, s.Sinks[0].Kind, s.Sinks[1].Name = evil, evil, evil, evil+"2"
		s.Store.Fault, s.Store.Dir, s.Sinks[0].LastError, s.Sinks[0].State = evil, evil, evil, ops.SinkRetrying
	})
	drive(t, s, func(d *driver) {
		for _, keys := range [][]string{{}, {"S"}, {"down"}, {"X"}, {"esc", "D"}, {"esc", "q"}} {
			d.press(keys...)
			d.harmless(keys)
		}
	})
}
