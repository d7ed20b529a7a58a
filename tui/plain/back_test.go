package plain

import (
	"strings"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// A shard that was gone for less than a look has not become ready: it is ready again.
func TestAReconnectBetweenTwoLooksIsToldAsOne(t *testing.T) {
	before := &ops.Snapshot{Shards: []ops.Shard{{ID: 0, State: ops.ShardReady}, {ID: 1, State: ops.ShardReady}}}
	after := &ops.Snapshot{Shards: []ops.Shard{{ID: 0, State: ops.ShardReady, Reconnects: 1}, {ID: 1, State: ops.ShardReady}}}
	if got := strings.Join(shardChanges(before, after), " "); got != "Shard 0 reconnected and is ready again." {
		t.Error(got)
	}
}

// An engine that has never answered can still be left.
func TestQuitNeedsNoAnswerOfTheEngine(t *testing.T) {
	var said strings.Builder
	c := &console{Options: Options{Output: &said}}
	c.obey(t.Context(), "quit")
	c.obey(t.Context(), "stop")
	if !c.over || !strings.Contains(said.String(), "The engine stops") {
		t.Error(said.String())
	}
}
