package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// tick lets a second pass over shards and returns the alerts that are new.
func (w *watch) tick(change func(s *ops.Snapshot)) []ops.Alert {
	w.now = w.now.Add(time.Second)
	snap := &ops.Snapshot{At: w.now, Shards: append([]ops.Shard{w.shard}, w.others...)}
	if change != nil {
		change(snap)
	}
	fresh, _ := w.alerts.update(snap, conditions{})
	return fresh
}

func TestAnAcknowledgedAlertIsQuietUntilItGetsWorse(t *testing.T) {
	w := newWatch(t)
	lag := func(s *ops.Snapshot) {
		s.Sinks = []ops.Sink{{Name: "bot", State: ops.SinkOK, Lag: time.Minute}}
	}
	down := func(s *ops.Snapshot) {
		s.Sinks = []ops.Sink{{Name: "bot", State: ops.SinkRetrying, Since: s.At.Add(-time.Minute), LastError: "connection refused"}}
	}
	if fresh := w.tick(lag); len(fresh) != 1 || fresh[0].ID != "sink/bot" || fresh[0].Page != "sinks" {
		t.Fatalf("fresh: %+v", fresh)
	}
	if w.alerts.acknowledge("sink/else", "ann", w.now) {
		t.Error("an alert that is none was acknowledged")
	}
	if !w.alerts.acknowledge("sink/bot", "ann", w.now) || !w.alerts.acknowledge("sink/bot", "bob", w.now) {
		t.Error("it was not acknowledged")
	}
	at := w.now
	if a := w.alerts.list()[0]; a.AckedBy != "ann" || !a.AckedAt.Equal(at) {
		t.Errorf("at once: %+v", a)
	}
	if fresh := w.tick(lag); len(fresh) != 0 || w.alerts.list()[0].AckedBy != "ann" {
		t.Errorf("a second later: %+v, new %+v", w.alerts.list(), fresh)
	}
	if fresh := w.tick(down); len(fresh) != 1 || fresh[0].AckedBy != "" || !w.alerts.list()[0].AckedAt.IsZero() {
		t.Errorf("worse: %+v, new %+v", w.alerts.list(), fresh)
	}
	w.alerts.acknowledge("sink/bot", "ann", w.now)
	w.tick(nil)
	if w.tick(lag); w.alerts.list()[0].AckedBy != "" {
		t.Error("what was acknowledged before it was over is acknowledged when it comes again")
	}
}

func TestAcknowledgedAlertsComeLast(t *testing.T) {
	w := newWatch(t)
	w.shard.State, w.shard.Fault = ops.ShardFailed, "token refused"
	w.tick(func(s *ops.Snapshot) { s.Sinks = []ops.Sink{{Name: "bot", State: ops.SinkOK, Lag: time.Minute}} })
	if list := w.alerts.list(); len(list) != 2 || list[0].ID != "shard/7/failed" {
		t.Fatalf("%+v", list)
	}
	before := w.alerts.list()
	w.alerts.acknowledge("shard/7/failed", "ann", w.now)
	if list := w.alerts.list(); list[0].ID != "sink/bot" || list[1].ID != "shard/7/failed" {
		t.Errorf("%+v", list)
	}
	if before[0].AckedBy != "" {
		t.Error("a list that was handed out has changed")
	}
}

// One alert of many shards is worse when it is about twice as many.
func TestAStormThatGrowsComesBack(t *testing.T) {
	w := newWatch(t)
	fail := func(n int) func(s *ops.Snapshot) {
		return func(s *ops.Snapshot) {
			s.Shards = nil
			for id := range 100 {
				state := ops.ShardReady
				if id < n {
					state = ops.ShardFailed
				}
				s.Shards = append(s.Shards, ops.Shard{ID: id, State: state})
			}
		}
	}
	w.tick(fail(10))
	w.alerts.acknowledge("shards/failed", "ann", w.now)
	if fresh := w.tick(fail(19)); len(fresh) != 0 {
		t.Errorf("of 19: %+v", fresh)
	}
	if fresh := w.tick(fail(20)); len(fresh) != 1 || fresh[0].Count != 20 {
		t.Errorf("of 20: %+v", fresh)
	}
}

func TestAShardThatFlapsIsAnAlertUntilItHolds(t *testing.T) {
	w := newWatch(t)
	w.in(ops.ShardReady, time.Minute)
	for n := range 3 {
		w.shard.Reconnects++
		w.lose("zombied")
		want := ""
		if n == 2 {
			want = "shard 7 loses its connection again and again, 3 times in 10 min, last: zombied; look at its log and at the way to Discord"
		}
		w.expect(fmt.Sprintf("after %d losses", n+1), w.in(ops.ShardReady, 3*time.Minute), want)
	}
	// Two of the losses are longer ago than it counts, and the last one is not.
	if got := w.in(ops.ShardReady, 90*time.Second); got == "" {
		t.Error("it was over before the connection had held for a while")
	}
	w.expect("once it has held", w.in(ops.ShardReady, 2*time.Minute), "")
}

func TestShardsThatFlapTogetherAreOneLine(t *testing.T) {
	w := newWatch(t)
	list := func(reconnects uint64) []ops.Alert {
		w.tick(func(s *ops.Snapshot) {
			s.Shards = nil
			for id := range 50 {
				s.Shards = append(s.Shards, ops.Shard{ID: id, State: ops.ShardReady, Reconnects: reconnects})
			}
		})
		return w.alerts.list()
	}
	list(5)
	if got := list(7); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if got := list(8); len(got) != 1 || got[0].ID != "shards/flapping" || got[0].Count != 50 {
		t.Errorf("%+v", got)
	}
}

// What wavers around a bound is one alert, not many.
func TestAlertsDoNotFlicker(t *testing.T) {
	w := newWatch(t)
	news := 0
	for i := range 100 {
		lag := sinkLagAfter + time.Duration(i%2*2-1)*time.Second
		news += len(w.tick(func(s *ops.Snapshot) {
			s.Sinks = []ops.Sink{{Name: "bot", State: ops.SinkOK, Lag: lag}}
			s.Store = ops.Store{MaxBytes: 1000, Bytes: int64(800 + i%2*2 - 1)}
			s.Identify = ops.Identify{Known: true, Reserve: 100, Remaining: 200 + i%2*2 - 1}
		}))
	}
	if news != 3 || len(w.alerts.list()) != 3 {
		t.Errorf("%d alerts were told, %+v are open", news, w.alerts.list())
	}
}

func TestAShardThatFailsAtItsIdentifyIsOneAlert(t *testing.T) {
	w := newWatch(t)
	w.in(ops.ShardReady, time.Minute)
	w.lose("reset")
	w.in(ops.ShardBackoff, 2*time.Minute)
	for range 5 {
		w.expect("on its way", w.in(ops.ShardIdentifying, 5*time.Second), "shard 7 is not up: reset"+advice)
		w.expect("back again", w.in(ops.ShardBackoff, 20*time.Second), "shard 7 is not up: reset"+advice)
	}
	since := w.alerts.list()[0].Since
	if w.now.Sub(since) < 2*time.Minute {
		t.Errorf("it has begun anew at %s", since)
	}
}

func TestTheBudgetsPaceIsAnAlertBeforeItIsSpent(t *testing.T) {
	w := newWatch(t)
	fresh := w.tick(func(s *ops.Snapshot) {
		s.Identify = ops.Identify{Known: true, Total: 1000, Reserve: 100, Remaining: 700, LastHour: 300, RunsOutAt: s.At.Add(2 * time.Hour)}
	})
	if len(fresh) != 1 || fresh[0].ID != "identify/pace" || !strings.Contains(fresh[0].Text, "the reserve is reached in 2h0m0s") {
		t.Errorf("%+v", fresh)
	}
}

// Every alert leads somewhere.
func TestEveryKindOfAlertHasAPage(t *testing.T) {
	for _, id := range []string{"shard/3/failed", "shard/3/down", "shard/3/flapping", "shards/down", "sink/bot", "sink/bot/orphan", "queue/dropped",
		"queue/blocked", "queue/disk", "queue/damaged", "queue/full", "identify/breaker", "identify/untold", "identify/held", "identify/budget",
		"identify/pace", "sessions/unsaved", "discord/api", "guilds/missing", "hook/dispatch", "reshard/held", "reshard/capacity", "reshard/spawn"} {
		if pageOf(id) == "" {
			t.Errorf("%s leads nowhere", id)
		}
	}
}
