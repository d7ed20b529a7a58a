package delivery

import (
	"context"
	"errors"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// errNotAttached is returned by Put for a queue that the runner does not read.
var errNotAttached = errors.New("the sink does not read this queue")

// Put appends events to a queue for this sink alone, whatever it wants, such as
// dead letters that are to be tried again. It returns nil once they are safe
// there (see [spool.Cursor.Put]).
func (r *Runner) Put(ctx context.Context, log *spool.Log, events ...event.Event) error {
	r.mu.Lock()
	var cursor *spool.Cursor
	for _, s := range r.sources {
		if s.cursor.Reads(log) {
			cursor = s.cursor
		}
	}
	r.mu.Unlock()
	if cursor == nil {
		return errNotAttached
	}
	return cursor.Put(ctx, events...)
}
