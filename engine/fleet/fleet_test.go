package fleet

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

func newFleet(c Config) *Fleet {
	if c.Place == nil {
		c.Place = Place(c.Last-c.First+1, 25, 0, false)
	}
	c.Clock, c.Logger = clock.System(), slog.New(slog.DiscardHandler)
	c.Log = func(int) *spool.Log { return spool.New(spool.Config{}) }
	c.Began = func(int) {}
	c.Changed = func(int, ops.ShardState, ops.ShardState, string) {}
	return New(c)
}

func TestACommandIsDoneToAllOrToNone(t *testing.T) {
	f := newFleet(Config{Total: 8, First: 2, Last: 4})
	for want, ids := range map[string][]int{
		"no shard was named":       nil,
		"shard 5 is not held here": {5},
		"shard 1 is not held here": {1},
		"shard 2 has not been started yet: its turn to identify comes later": {2, 5},
	} {
		for _, kind := range []ops.CommandKind{ops.CommandRestart, ops.CommandReidentify, ops.CommandStop, ops.CommandStart} {
			err := f.Do(ops.Command{Kind: kind, Shards: ids})
			var refused *ops.RefusedError
			if !errors.As(err, &refused) || !strings.HasPrefix(refused.Reason, want) {
				t.Errorf("%s %v: %v, want %q", kind, ids, err, want)
			}
		}
	}
}

func TestFailingAgainAndAgainDoesNotPushTheCauseOut(t *testing.T) {
	s := newShard(0, 1, nil)
	at := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	change := func(from, to ops.ShardState, why string) {
		at = at.Add(time.Second)
		s.remember(ops.Transition{At: at, From: from, To: to, Reason: why})
	}
	change(ops.ShardReady, ops.ShardBackoff, "reset by peer")
	for range 100 {
		change(ops.ShardBackoff, ops.ShardConnecting, "dialling again")
		change(ops.ShardConnecting, ops.ShardBackoff, "refused")
	}
	if n := len(s.history); n != 5 || s.history[0].Reason != "reset by peer" || !s.history[n-1].At.Equal(at) {
		t.Errorf("history of %d: %+v", n, s.history)
	}
	for i := range 100 { // what differs is kept
		change(ops.ShardReady, ops.ShardBackoff, fmt.Sprint(i))
	}
	if len(s.history) != keptTransitions {
		t.Errorf("%d transitions kept", len(s.history))
	}
}
