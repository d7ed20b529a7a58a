package tui

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// full is a screen with everything on it.
func full(n int) setup { return setup{shards: n, w: 120, h: 40} }

func (d *driver) did(want ...ops.Command) {
	d.t.Helper()
	got := d.op.Commands()
	if len(got) == 0 && len(want) == 0 {
		return
	}
	if !reflect.DeepEqual(got, want) {
		d.t.Fatalf("the engine was asked %+v, want %+v", got, want)
	}
}

func TestRestartingAShardTakesOneYes(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("right", "r")
		d.sees("restart shard 1?", "resumes its session")
		d.did()
		d.press("y")
		d.did(ops.Command{Kind: ops.CommandRestart, Shards: []int{1}, By: "ann"})
		d.pass(time.Second)
		d.op.Finish(nil)
		d.settle()
		d.sees("✓ restart shard 1: done in 1s")
	})
}

func TestAKeyHeldDownNeverConfirmsItself(t *testing.T) {
	for _, key := range []string{"r", "i", "s", "p", "q"} {
		drive(t, full(32), func(d *driver) {
			d.hold(key)
			d.did()
			if d.quit {
				t.Errorf("%s held down has quit", key)
			}
		})
	}
}

func TestEveryOtherKeyLeavesAQuestionAlone(t *testing.T) {
	for _, key := range []string{"n", "esc", "enter", "space", "Y", "r"} {
		drive(t, full(32), func(d *driver) {
			d.press("r", key)
			d.did()
			d.seesNot("restart shard 0?")
		})
	}
}

func TestReidentifyingStatesItsCostAndBeginsOnCancel(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("i")
		d.sees("Re-identify shard 0", "1 session start", "988 → 987 of 1000", "resets in 21h", "are lost")
		d.press("enter")
		d.did()
		d.seesNot("Re-identify shard 0")
		d.press("i", "right", "enter")
		d.did(ops.Command{Kind: ops.CommandReidentify, Shards: []int{0}, By: "ann"})
	})
}

func TestReidentifyingIntoTheReserveSaysSo(t *testing.T) {
	s := full(32)
	s.fleet = func(op *opfake.Operator) {
		op.Change = func(s *ops.Snapshot) { s.Identify.Remaining = 100 }
	}
	drive(t, s, func(d *driver) {
		d.press("i")
		d.sees("reserve of 100")
	})
}

func TestWithoutSessionStartsReidentifyingIsImpossible(t *testing.T) {
	s := full(32)
	s.fleet = func(op *opfake.Operator) {
		op.Change = func(s *ops.Snapshot) { s.Identify.Remaining = 0 }
	}
	drive(t, s, func(d *driver) {
		d.sees("i re-identify: 0 session starts are")
		d.press("i")
		d.sees("✖ re-identify: 0 session starts are left")
		d.did()
	})
}

func TestSeveralShardsAreRestartedBehindADialog(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("m", "m", "right", "m")
		d.sees("3 marked")
		d.press("r")
		d.sees("Restart 3 shards", "0-1, 3")
		d.press("y")
		d.did(ops.Command{Kind: ops.CommandRestart, Shards: []int{0, 1, 3}, By: "ann"})
		d.press("esc")
		d.seesNot("3 marked")
	})
}

func TestAFailedShardCanOnlyBeStarted(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("n")
		d.sees("shard 7", "✖ failed", "enable", "s start", "r restart, i re-identify: the shard has")
		d.press("r", "y")
		d.did()
		d.press("s", "y")
		d.did(ops.Command{Kind: ops.CommandStart, Shards: []int{7}, By: "ann"})
	})
}

func TestStoppingAShardSaysWhoFallsSilent(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("s")
		d.sees("Stop shard 0", "1.3k guilds", "misses the events of these guilds")
		d.press("y")
		d.did(ops.Command{Kind: ops.CommandStop, Shards: []int{0}, By: "ann"})
	})
}

func TestAPausedSinkIsChosenThenConfirmed(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("p")
		d.sees("Which sink?", "audit")
		d.press("down", "enter")
		d.sees("hold deliveries to audit?")
		d.press("y")
		d.did(ops.Command{Kind: ops.CommandPauseSink, Sink: "audit", By: "ann"})
	})
}

func TestTheOnlySinkNeedsNoChoice(t *testing.T) {
	s := full(32)
	s.calm = true
	drive(t, s, func(d *driver) {
		d.press("p")
		d.sees("hold deliveries to bot?")
		d.press("n")
		d.op.Change = func(s *ops.Snapshot) { s.Sinks[0].State = ops.SinkPaused }
		d.pass(time.Second)
		d.sees("held for")
		d.press("p", "y")
		d.did(ops.Command{Kind: ops.CommandResumeSink, Sink: "bot", By: "ann"})
	})
}

func TestARefusalAndAFailureAreSaidInWords(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.op.Refuse("shard 0 is being moved; try again in a minute")
		d.press("r", "y")
		d.sees("✖ restart of shard 0 refused: shard 0 is being moved")
		d.op.Refuse("")
		d.press("r", "y")
		d.op.Finish(errors.New("no READY within 30s"))
		d.settle()
		d.sees("✖ restart of shard 0 failed: no READY within 30s")
	})
}

func TestAnEngineThatDoesNotAnswerACommandIsNotWaitedForForEver(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.op.Silence()
		d.press("r", "y")
		d.pass(acceptTimeout + time.Second)
		d.sees("not answered within 5.0s")
	})
}

func TestAReadOnlyConsoleLooksButDoesNotTouch(t *testing.T) {
	s := full(32)
	s.options = func(o *Options) { o.ReadOnly = true }
	drive(t, s, func(d *driver) {
		d.sees("READ-ONLY", "console is read-only")
		d.press("r", "y", "i", "y", "s", "y", "p", "y", "P", "y")
		d.did()
		d.press("c")
		d.sees("colour latency")
	})
}

func TestProgressOfALongActionShows(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("m", "m", "r", "y")
		d.pass(7 * time.Second)
		if line := d.messageLine(); !strings.Contains(line, "restart of 2 shards 0/2 for 7s: waits for READY") {
			t.Fatalf("the message line says %q", line)
		}
	})
}
