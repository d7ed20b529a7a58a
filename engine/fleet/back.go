package fleet

import (
	"context"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// backEvery is the least time between two rounds to shards that wait.
const backEvery = 2 * time.Second

// back finds out when Discord can be reached again after an outage, so that no
// shard waits longer than needed: the first that gets through speaks for all.
type back struct {
	heard chan struct{} // holds one
}

func newBack() *back { return &back{heard: make(chan struct{}, 1)} }

// follow watches one shard's changes of state. Its lock is held.
func (b *back) follow(s *Shard, from, to ops.ShardState) {
	switch {
	case from == ops.ShardConnecting && to == ops.ShardBackoff:
		s.inVain = true
	case s.inVain && (to == ops.ShardResuming || to == ops.ShardQueued):
		s.inVain = false
		select {
		case b.heard <- struct{}{}:
		default:
		}
	}
}

// tellAll passes the word on until ctx ends.
func (f *Fleet) tellAll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.back.heard:
		}
		for _, s := range f.shards {
			s.runner.Return()
		}
		if !f.await(ctx, f.cfg.Clock.Now().Add(backEvery)) {
			return
		}
	}
}
