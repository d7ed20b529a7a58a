package engine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func TestTheActionLogSaysWhoDidWhatAndHowItCameOut(t *testing.T) {
	c := clock.NewManual(time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC))
	l := actionLog{clock: c, redact: func(s string) string { return strings.ReplaceAll(s, "secret", "[redacted]") }}
	op := newOperation(ops.Command{Kind: ops.CommandRestart, Shards: []int{3}}, c)
	l.begin(ops.Command{Kind: ops.CommandRestart, Shards: []int{3}, By: "ann (ctl)"}, op)
	c.Advance(2 * time.Second)
	if a := l.shown()[0]; a.State != ops.ActionRunning || a.Took != 2*time.Second || a.By != "ann (ctl)" || a.What != "restart shard 3" || a.Total != 1 {
		t.Errorf("under way: %+v", a)
	}
	op.follow(3, ops.ShardReady, "", c.Now())
	c.Advance(time.Hour)
	if a := l.shown()[0]; a.State != ops.ActionDone || a.Took != 2*time.Second || a.Result != "done in 2s" || a.Done != 1 {
		t.Errorf("ended: %+v", a)
	}
	l.refuse(ops.Command{Kind: ops.CommandStop, Shards: []int{4}}, "shard 4 is stopped already")
	l.note(ops.ByItself, "send", errors.New("no secret is told"), "", c.Now().Add(-time.Minute))
	list := l.shown()
	if a := list[1]; a.State != ops.ActionRefused || a.By != "somebody" || a.Result != "shard 4 is stopped already" {
		t.Errorf("refused: %+v", a)
	}
	if a := list[0]; a.State != ops.ActionFailed || a.Result != "no [redacted] is told" || a.Took != time.Minute || a.ID != 3 {
		t.Errorf("failed: %+v", a)
	}
}

func TestTheActionLogKeepsTheNewest(t *testing.T) {
	c := clock.NewManual(time.Unix(0, 0))
	l := actionLog{clock: c, redact: func(s string) string { return s }}
	for range 3 * keptActions {
		l.note("ann", "look", nil, "", time.Time{})
	}
	list := l.shown()
	if len(l.list) != keptActions || len(list) != shownActions || list[0].ID != 3*keptActions || list[1].ID != 3*keptActions-1 {
		t.Errorf("%d kept, %d shown, from %d", len(l.list), len(list), list[0].ID)
	}
}
