package engine

import (
	"context"
	"sync"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// hub pushes rare events to subscribers and never waits for one.
type hub struct {
	mu   sync.Mutex
	subs map[*subscriber]struct{}
}

// subscriber is one channel and what did not fit into it.
type subscriber struct {
	ch     chan ops.Event
	missed int
}

// subscribe returns a channel that is closed when ctx has ended.
func (h *hub) subscribe(ctx context.Context, buffer int) <-chan ops.Event {
	s := &subscriber{ch: make(chan ops.Event, max(buffer, 1))}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.subs == nil {
		h.subs = make(map[*subscriber]struct{})
	}
	h.subs[s] = struct{}{}
	context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subs, s)
		close(s.ch)
	})
	return s.ch
}

// publish hands an event to every subscriber that has room, and counts it for
// the others; they learn of the number before their next event.
func (h *hub) publish(e ops.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		if s.missed > 0 && s.send(ops.Event{Kind: ops.EventMissed, At: e.At, Shard: -1, Missed: s.missed}) {
			s.missed = 0
		}
		if s.missed > 0 || !s.send(e) {
			s.missed++
		}
	}
}

func (s *subscriber) send(e ops.Event) bool {
	select {
	case s.ch <- e:
		return true
	default:
		return false
	}
}
