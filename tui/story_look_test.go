package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

func TestTheCursorMovesOverTheGrid(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("right", "down")
		d.sees("╭─ shard 5 ─")
		d.press("end")
		d.sees("╭─ shard 31 ─")
		d.press("right", "down")
		d.sees("╭─ shard 31 ─")
		d.press("g", ".", ".", ",")
		d.sees("╭─ shard 1 ─")
	})
}

func TestNextTroubleGoesRound(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		for _, id := range []string{"7", "12", "13", "20", "29", "30", "31", "7"} {
			d.press("n")
			d.sees("╭─ shard " + id + " ─")
		}
		d.press("N")
		d.sees("╭─ shard 31 ─")
	})
}

func TestWithoutTroubleNextSaysSo(t *testing.T) {
	s := full(32)
	s.calm = true
	drive(t, s, func(d *driver) {
		d.sees("no alerts")
		d.press("n")
		d.sees("every shard is ready")
	})
}

func TestTheAlertLeadsToItsShardThenToTheNextAlert(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.sees("✖ shard 7 failed", "1 of 2")
		d.press("a")
		d.sees("╭─ shard 7 ─", "1 of 2")
		d.press("a")
		d.sees("▲ sink audit refuses connections", "2 of 2")
	})
}

func TestAFilterIsTypedAppliedAndCleared(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("/")
		d.write("state:queued,failed")
		d.sees("/state:queued,failed▏", "3 of 32 shards")
		d.press("enter")
		d.sees("/state:queued,failed 3 of 32", "╭─ shard 7 ─")
		d.press("n")
		d.sees("╭─ shard 30 ─")
		d.press("esc")
		d.seesNot("3 of 32")
	})
}

func TestAFilterThatMakesNoSenseSaysWhatWould(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("/")
		d.write("speed>3")
		d.sees(`"speed": figures are lat`)
		d.press("enter")
		d.sees("/speed>3▏") // still being typed
		d.press("esc")
		d.seesNot("speed")
	})
}

func TestLettersTypedIntoAFilterAreNotActions(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("/")
		d.write("ready lat>1 q r y")
		d.did()
		if d.quit {
			t.Error("q in a filter has quit")
		}
	})
}

func TestAFrozenDisplayStandsStillWhileTheEngineGoesOn(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("f")
		before := body(d)
		pulls := d.op.Pulls()
		d.pass(5 * time.Second)
		d.sees("⏸ frozen 5s")
		if body(d) != before {
			t.Fatalf("the frozen display has changed:\n%s\n%s", before, body(d))
		}
		if d.op.Pulls() == pulls {
			t.Error("nothing was asked for meanwhile")
		}
		d.press("f")
		d.seesNot("frozen")
		if body(d) == before {
			t.Error("the display still stands")
		}
	})
}

// body is the screen without its first line, which carries the badge.
func body(d *driver) string {
	_, rest, _ := strings.Cut(d.screen(), "\n")
	return rest
}

func TestAFrozenDisplaySaysThatThereIsNewTrouble(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("f")
		d.op.Change = func(s *ops.Snapshot) {
			s.Alerts = append(s.Alerts, ops.Alert{ID: "new", Level: ops.AlertCritical, Since: s.At, Shard: 3, Text: "shard 3 is gone"})
		}
		d.pass(time.Second)
		d.sees("1 new alert")
		d.seesNot("shard 3 is gone")
		d.press("f")
		d.sees("✖ shard 3 is gone", "1 of 3")
	})
}

func TestStaleFiguresAreCalledStale(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.op.Fail(errors.New("socket closed"))
		d.pass(10 * time.Second)
		d.sees("STALE for")
		d.op.Fail(nil)
		d.pass(time.Second)
		d.seesNot("STALE")
	})
}

func TestASilentEngineIsNotAskedTwiceAtOnce(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.op.Silence()
		before := d.op.Pulls()
		d.pass(20 * time.Second)
		d.sees("STALE for")
		// Each question hangs for its two seconds; then comes the next.
		if n := d.op.Pulls() - before; n < 5 || n > 11 {
			t.Errorf("asked %d times in 20s", n)
		}
	})
}

func TestBeforeTheFirstAnswerTheScreenSaysWhatItWaitsFor(t *testing.T) {
	s := full(32)
	s.fleet = func(op *opfake.Operator) { op.Fail(errors.New("connection refused")) }
	drive(t, s, func(d *driver) {
		d.sees("the engine does not answer: connection refused")
		d.press("r", "n", "enter", "a", "esc", "p")
		d.op.Fail(nil)
		d.pass(time.Second)
		d.sees("╭─ shard 0 ─")
	})
}

func TestAThemeShowsWhileItIsChosenAndGoesIfItIsNot(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		before := d.m.View().Content
		d.press("t", "down")
		if d.m.theme.Name != "light" {
			t.Fatalf("the preview is %q", d.m.theme.Name)
		}
		d.press("esc")
		if d.m.View().Content != before {
			t.Error("the theme is not what it was")
		}
		d.press("t", "end", "enter")
		if d.m.theme.Name != "everforest" {
			t.Errorf("chosen is %q", d.m.theme.Name)
		}
	})
}

func TestALatencyIsNeverShownFromADeadShard(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.op.Change = func(s *ops.Snapshot) { s.Shards[12].Latency = 77 * time.Millisecond }
		d.pass(time.Second)
		d.press("n", "n")
		d.sees("▼ backoff", "latency    –  last ACK 1m35s ago", "retry in")
		d.seesNot("77ms")
	})
}

func TestWhatIsNotMeasuredIsADash(t *testing.T) {
	s := full(4)
	s.fleet = func(op *opfake.Operator) {
		op.Change = func(s *ops.Snapshot) {
			s.Latency, s.Identify = ops.Latency{}, ops.Identify{}
			for i := range s.Shards {
				s.Shards[i].Latency = 0
			}
		}
	}
	s.w = 200
	drive(t, s, func(d *driver) { d.sees("hb –/–", "identify –", "heartbeat p50 –", "latency    –") })
}

func TestTheConsoleRestsWhileNothingMoves(t *testing.T) {
	s := full(32)
	s.fleet = func(op *opfake.Operator) {
		op.Calm = true
		op.Change = func(s *ops.Snapshot) { s.Traffic.Events, s.LastLog, s.Traffic.Depth = 1, 1, 0 }
	}
	drive(t, s, func(d *driver) {
		d.pass(5 * time.Second)
		before := d.op.Pulls()
		d.pass(10 * time.Second)
		if n := d.op.Pulls() - before; n > 11 {
			t.Errorf("asked %d times in 10s of rest", n)
		}
	})
}

func TestTheConsoleRestsWhileNobodyLooks(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.send(tea.BlurMsg{})
		d.pass(time.Second)
		before := d.op.Pulls()
		d.pass(10 * time.Second)
		if n := d.op.Pulls() - before; n > 11 {
			t.Errorf("asked %d times in 10s", n)
		}
	})
}

func TestAViewWithoutChangeIsNotDrawnAgain(t *testing.T) {
	drive(t, full(4096), func(d *driver) {
		before := d.m.draws
		for range 2000 {
			d.send(tea.KeyReleaseMsg{Code: 'x'})
			d.send(tea.MouseMotionMsg{X: 3, Y: 3})
			d.m.View()
		}
		if n := d.m.draws - before; n != 0 {
			t.Errorf("drawn %d times for nothing", n)
		}
	})
}

func TestTextFromOutsideCannotSteerTheTerminal(t *testing.T) {
	s := full(32)
	s.fleet = func(op *opfake.Operator) {
		op.Change = func(s *ops.Snapshot) {
			s.Name, s.Version = evil, evil
			s.Alerts[0].Text, s.Sinks[1].LastError, s.Sinks[0].Name = evil, evil, evil
			s.Shards[0].Fault, s.Shards[0].LastClose = evil, ops.Close{At: s.At, Meaning: evil}
		}
	}
	drive(t, s, func(d *driver) {
		for _, keys := range [][]string{{}, {"enter"}, {"esc", "p"}} {
			d.press(keys...)
			d.harmless(keys)
		}
	})
}
