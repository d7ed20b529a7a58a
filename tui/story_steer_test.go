package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

func TestAllShardsAreRestartedAtAPace(t *testing.T) {
	s := full(32)
	s.calm = true
	drive(t, s, func(d *driver) {
		d.press("Z")
		d.sees("Restart all shards", "one after the other", "no session start", "1 shard", "pauses of 1m02s in all")
		d.press("tab", "right", "tab", "tab")
		d.sees("pauses of 2m35s in all")
		d.did()
		d.press("enter") // Cancel has the focus
		d.did()
		d.press("Z", "tab", "left", "tab", "right", "tab", "right", "enter")
		d.did(ops.Command{Kind: ops.CommandRestart, All: true, Rolling: ops.Rolling{On: true, Every: time.Second, Within: 2 * time.Minute}, By: "ann"})
		d.pass(time.Second)
		d.sees("rolling restart of all shards")
		d.press("b")
		d.sees("cancel the rolling restart of all shards, 0 of 32 done?")
		d.press("y")
		d.pass(time.Second)
		if got := d.op.Commands(); got[len(got)-1].Kind != ops.CommandCancel || got[len(got)-1].Action == 0 {
			t.Errorf("asked %+v", got)
		}
	})
}

func TestMarkedShardsAreRestartedOneAfterTheOther(t *testing.T) {
	s := full(32)
	s.calm = true
	drive(t, s, func(d *driver) {
		d.press("m", "m", "m", "r")
		d.sees("Restart 3 shards", "One after the other")
		d.press("o")
		d.sees("Restart 3 shards", "pause", "limit")
		d.press("up", "y")
		d.press("left", "enter")
		d.did(ops.Command{Kind: ops.CommandRestart, Shards: []int{0, 1, 2}, Rolling: ops.Rolling{On: true, Every: 2 * time.Second, Within: time.Minute}, By: "ann"})
	})
}

func TestWithNothingUnderWayThereIsNothingToCancel(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.press("b", "y")
		d.did()
		d.sees("nothing that can be cancelled is under way")
	})
}

func TestABacklogIsDroppedOnceItsNumberHasBeenTyped(t *testing.T) {
	s := full(32)
	s.fleet = func(op *opfake.Operator) {
		op.Change = func(s *ops.Snapshot) { s.Sinks[0].Depth, s.Sinks[1].Depth = 4321, 0 }
	}
	drive(t, s, func(d *driver) {
		d.m.runAction(d.m.byID("drop"))
		d.sees("Drop 4 321 events of bot?", "type 4321 to go on", "Nothing brings them back", "gap marker")
		d.press("enter")
		d.did()
		d.m.runAction(d.m.byID("drop"))
		d.press("y", "enter", "esc")
		d.m.runAction(d.m.byID("drop"))
		d.write("432")
		d.press("enter", "esc")
		d.did()
		d.m.runAction(d.m.byID("drop"))
		d.write("4321")
		d.press("enter")
		d.did(ops.Command{Kind: ops.CommandDrop, Sink: "bot", Events: 4321, By: "ann"})
	})
}

func TestTheLogLevelIsChosenFromAList(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.m.runAction(d.m.byID("loglevel"))
		d.sees("Log level of the engine", "info  now")
		d.press("up", "enter")
		d.did(ops.Command{Kind: ops.CommandLogLevel, Level: ops.LevelDebug, By: "ann"})
	})
	drive(t, full(32), func(d *driver) {
		if _, err := d.m.runWith(d.m.byID("loglevel"), "loud"); err == nil || !strings.Contains(err.Error(), `loglevel: "loud" is not one; allowed: debug`) {
			t.Errorf("%v", err)
		}
	})
}

func TestADumpSaysWhereItIs(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.start(d.m.runAction(d.m.byID("dump")))
		d.settle()
		d.did(ops.Command{Kind: ops.CommandDump, By: "ann"})
		d.op.FinishSaying("dump: written to /var/lib/gatehouse/dumps/gatehouse-dump-1.txt")
		d.settle()
		d.sees("dump: written to /var/lib/gatehouse/dumps/gatehouse-dump-1.txt")
	})
}

func TestAnAcknowledgedAlertLeavesTheLineAndStaysInTheList(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.sees("✖ shard 7 failed", "1 of 2")
		d.press("K")
		d.pass(time.Second)
		d.did(ops.Command{Kind: ops.CommandAck, Alert: "shard/7/failed", By: "ann"})
		d.sees("▲ sink audit refuses connections")
		d.seesNot("1 of 2")
		d.press("!")
		d.sees("Alerts", "✖ 1m", "seen by ann", "shard 7 failed")
		d.press("down", "K")
		d.did(ops.Command{Kind: ops.CommandAck, Alert: "shard/7/failed", By: "ann"}) // it is already
		d.press("up", "K")
		d.pass(time.Second)
		d.sees("2 alerts seen, ! lists")
		d.press("down", "enter")
		d.sees("╭─ shard 7 ─")
	})
}

func TestAnAlertLeadsToItsPage(t *testing.T) {
	s := full(32)
	s.fleet = func(op *opfake.Operator) {
		op.Change = func(s *ops.Snapshot) {
			s.Alerts = []ops.Alert{{ID: "identify/held", Level: ops.AlertCritical, Since: s.At, Shard: -1, Page: "identify", Text: "3 shards may not identify"},
				{ID: "queue/full", Level: ops.AlertWarn, Since: s.At, Shard: -1, Page: "sinks", Text: "the queue is nearly full"}}
		}
	}
	drive(t, s, func(d *driver) {
		d.press("a")
		if d.m.page != pageBudget {
			t.Errorf("page %d", d.m.page)
		}
		d.press("a")
		d.sees("the queue is nearly full", "2 of 2")
		if d.m.page != pageSinks {
			t.Errorf("page %d", d.m.page)
		}
	})
}
