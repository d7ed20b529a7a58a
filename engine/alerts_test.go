package engine

import (
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// advice is what an alert tells to do about a shard that is not up.
const advice = "; it goes on trying: look at Discord's status and at the way there"

// watch is a shard's alerts, second by second.
type watch struct {
	t      *testing.T
	alerts alerts
	now    time.Time
	shard  ops.Shard
	others []ops.Shard
}

func newWatch(t *testing.T) *watch {
	return &watch{t: t, now: time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC), shard: ops.Shard{ID: 7},
		others: []ops.Shard{{ID: 8, State: ops.ShardReady}, {ID: 9, State: ops.ShardReady}}}
}

// in lets the shard be in a state for a while and returns the alert's text at its
// end; empty for none.
func (w *watch) in(state ops.ShardState, d time.Duration) string {
	if w.shard.State != state {
		w.shard.State, w.shard.Since = state, w.now
	}
	for end := w.now.Add(d); w.now.Before(end); {
		w.now = w.now.Add(time.Second)
		w.alerts.update(&ops.Snapshot{At: w.now, Shards: append([]ops.Shard{w.shard}, w.others...)}, conditions{})
	}
	switch list := w.alerts.list(); len(list) {
	case 0:
		return ""
	case 1:
		return list[0].Text
	default:
		w.t.Fatalf("alerts %+v", list)
		return ""
	}
}

func (w *watch) lose(why string) { w.shard.LastClose = ops.Close{At: w.now, Meaning: why} }

func (w *watch) expect(what, got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s: alert %q, want %q", what, got, want)
	}
}

func TestAShardThatFailsToDialAgainAndAgainIsAnAlert(t *testing.T) {
	w := newWatch(t)
	w.expect("live", w.in(ops.ShardReady, time.Hour), "")
	w.lose("reset")
	w.expect("just lost", w.in(ops.ShardBackoff, 30*time.Second), "")
	for range 5 { // each attempt fails at once, and the waits are under a minute
		w.in(ops.ShardConnecting, time.Second)
		w.lose("connection refused")
		w.in(ops.ShardBackoff, 45*time.Second)
	}
	w.expect("after four minutes", w.in(ops.ShardBackoff, time.Second), "shard 7 is not up: connection refused"+advice)
	w.expect("back", w.in(ops.ShardReady, time.Second), "")
	w.lose("reset")
	w.expect("lost again", w.in(ops.ShardBackoff, 30*time.Second), "")
}

func TestALaggingSinkSaysWhatItsBotAnswers(t *testing.T) {
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	sink := ops.Sink{Name: "bot", State: ops.SinkOK, Lag: time.Minute}
	for want, at := range map[string]time.Time{
		"sink bot lags behind: the bot is slower than its events come: give it more room, or take fewer events": now.Add(-time.Hour),
		"sink bot lags behind: the bot answered 500":                                                            now.Add(-time.Second),
	} {
		sink.LastError, sink.LastErrorAt = "the bot answered 500", at
		list := new(alerts).sinkAlerts(&ops.Snapshot{At: now, Sinks: []ops.Sink{sink}})
		if len(list) != 1 || list[0].Text != want {
			t.Errorf("alerts %+v, want %q", list, want)
		}
	}
}

func TestAShardThatWaitsForItsTurnIsNoAlert(t *testing.T) {
	w := newWatch(t)
	w.lose("session gone")
	w.in(ops.ShardBackoff, time.Second)
	w.expect("in a long queue", w.in(ops.ShardQueued, 20*time.Minute), "")
	w.expect("identifying", w.in(ops.ShardIdentifying, 30*time.Second), "")
	w.expect("without an answer", w.in(ops.ShardIdentifying, time.Minute), "shard 7 is not up: Discord has not answered its identify"+advice)
	w.expect("stopped", w.in(ops.ShardStopped, time.Hour), "")
	w.expect("started", w.in(ops.ShardConnecting, 30*time.Second), "")
}

func TestAFleetThatIsDownIsCriticalSoon(t *testing.T) {
	w := newWatch(t)
	w.in(ops.ShardReady, time.Minute)
	w.lose("connection refused")
	for i := range w.others {
		w.others[i].State = ops.ShardBackoff
	}
	w.shard.State = ops.ShardBackoff
	for range 12 {
		w.now = w.now.Add(time.Second)
		w.alerts.update(&ops.Snapshot{At: w.now, Shards: append([]ops.Shard{w.shard}, w.others...)}, conditions{})
	}
	list := w.alerts.list()
	if len(list) != 3 || list[0].Level != ops.AlertCritical {
		t.Fatalf("alerts %+v", list)
	}
	for i := range w.others {
		w.others[i].State = ops.ShardReady
	}
	w.shard.State = ops.ShardReady
	_, over := w.alerts.update(&ops.Snapshot{At: w.now, Shards: append([]ops.Shard{w.shard}, w.others...)}, conditions{})
	if len(over) != 3 || len(w.alerts.list()) != 0 {
		t.Errorf("%d alerts over, %d left", len(over), len(w.alerts.list()))
	}
}
