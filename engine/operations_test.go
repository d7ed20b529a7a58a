package engine

import (
	"errors"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func TestAnOperationThatComesTooLateEnds(t *testing.T) {
	var o operations
	early := newOperation(ops.Command{Kind: ops.CommandRestart, Shards: []int{1}}, clock.System())
	o.add(early)
	o.abandon()
	late := newOperation(ops.Command{Kind: ops.CommandRestart, Shards: []int{1}}, clock.System())
	o.add(late)
	for name, op := range map[string]*operation{"early": early, "late": late} {
		select {
		case <-op.Done():
			if !errors.Is(op.Err(), errStopped) {
				t.Errorf("%s: err = %v", name, op.Err())
			}
		default:
			t.Errorf("%s: never ends", name)
		}
	}
}
