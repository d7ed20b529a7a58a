package delivery

import (
	"slices"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// Attach lets the runner deliver what is appended to a queue from now on, and what
// an earlier run has left in it. A queue is read once those of all lower
// generations are empty, but for events that overtake. It may be called at any
// time. A queue that is attached after Run has begun
// is neither read nor overtaken from before [Runner.Admit], and counts in no figure
// before that.
func (r *Runner) Attach(log *spool.Log, generation int) error {
	s, cfg := r.newSource(generation)
	r.mu.Lock()
	defer r.mu.Unlock()
	cursor, err := log.Open(cfg)
	if err != nil {
		return err
	}
	r.add(s, cursor)
	return nil
}

// TakeOver gives the runner, which has not run yet, the queues of one that runs no
// more, with what that had in hand: it is delivered again, under the same ids and in
// its place in the order. The figures since the start go on, and so does a pause.
func (r *Runner) TakeOver(from *Runner) {
	from.mu.Lock()
	sources, admitted, paused := from.sources, from.admitted, from.paused
	from.sources = nil
	from.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.admitted, r.paused, r.dropped = admitted, paused, from.dropped
	if paused {
		r.enter(r.cfg.Clock.Now(), ops.SinkPaused, "as before the configuration was read again")
	}
	for _, old := range sources {
		s, cfg := r.newSource(old.generation)
		old.cursor.Renew(cfg)
		r.add(s, old.cursor)
	}
	r.delivered.Store(from.delivered.Load())
	r.retries.Store(from.retries.Load())
	r.buried.Store(from.buried.Load())
	r.late.Store(from.late.Load())
	r.expired.Store(from.expired.Load())
	r.gaps.Store(from.gaps.Load())
	r.early.Store(from.early.Load())
	r.lost.Store(from.lost.Load())
}

// Release leaves what a runner that runs no more has not delivered in the queue, for
// a sink of its name that may come.
func (r *Runner) Release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sources {
		s.cursor.Release()
	}
	r.sources = nil
}

// newSource is a queue to be read, and how its cursor is made.
func (r *Runner) newSource(generation int) (*source, spool.CursorConfig) {
	s := &source{generation: generation, lanes: make(map[int]*lane), earlyLanes: make(map[int]*lane)}
	s.ordinary.window = windowOf(r.cfg.Batch)
	cfg := spool.CursorConfig{Name: r.cfg.Name, Wants: r.cfg.Wants, Wake: func() { r.wakeFor(s) }}
	if r.cfg.Priority {
		s.early.window = s.ordinary.window
		cfg.Early = func(ev *event.Event) bool {
			if ev.Type != event.TypeInteraction {
				return false
			}
			s.urgent.Store(true)
			return true
		}
	}
	return s, cfg
}

// add reads a queue from now on. r.mu is held.
func (r *Runner) add(s *source, cursor *spool.Cursor) {
	s.cursor = cursor
	s.apart = r.running && s.generation > r.admitted
	r.sources = append(r.sources, s)
	if !s.apart {
		r.letIn(s)
	}
}

// letIn has a source read when the turn of its generation comes. r.mu is held.
func (r *Runner) letIn(s *source) {
	s.apart = false
	r.newest = max(r.newest, s.generation)
	if r.running {
		r.enlist(s)
		r.nudge()
	}
}

// Admit lets generations up to this one be read, each once those before it are
// empty. What comes into a queue of an earlier one after that is read at once.
func (r *Runner) Admit(generation int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.admitted = max(r.admitted, generation)
	for _, s := range r.sources {
		if s.apart && s.generation <= generation {
			r.letIn(s)
		}
	}
	r.setAlarm(r.cfg.Clock.Now())
}

// Detach forgets the queues of a generation. What of it is under way runs its
// course and is not tried again; what else is in hand is let go.
func (r *Runner) Detach(generation int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := make([]*source, 0, len(r.sources)) // others may be reading the old list
	newest := oldest
	for _, s := range r.sources {
		if s.generation != generation {
			kept = append(kept, s)
			if !s.apart {
				newest = max(newest, s.generation)
			}
			continue
		}
		s.gone = true
		if !s.apart {
			r.dropped += s.cursor.Stats().Dropped
		}
	}
	r.sources, r.newest = kept, newest
	gone := func(l *lane) bool { return l.src.gone }
	r.ready.remove(gone)
	r.waiting = slices.DeleteFunc(r.waiting, gone)
	r.setAlarm(r.cfg.Clock.Now())
	r.checkEmpty()
	r.nudge() // it may be the next one's turn
}

// Stuck is the shard whose first event the bot has failed to take most often in a
// row, though it takes those of others, with how often that was; ok is false if
// there is none. A generation that is admitted meanwhile waits behind that event,
// with all its shards.
func (r *Runner) Stuck() (shard, attempts int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.trouble.failures > 0 {
		return 0, 0, false // it takes nothing at all
	}
	for _, s := range r.counted() {
		for _, l := range s.lanes {
			if l.attempt > attempts || l.attempt > 0 && l.attempt == attempts && l.shard < shard {
				shard, attempts, ok = l.shard, l.attempt, true
			}
		}
	}
	return shard, attempts, ok
}

// counted are the sources whose events are the bot's. r.mu is held.
func (r *Runner) counted() []*source {
	if !slices.ContainsFunc(r.sources, func(s *source) bool { return s.apart }) {
		return r.sources
	}
	return slices.DeleteFunc(slices.Clone(r.sources), func(s *source) bool { return s.apart })
}

// openFirst has the first generation read. r.mu is held.
func (r *Runner) openFirst() {
	r.open = r.newest
	for _, s := range r.sources {
		r.open = min(r.open, s.generation)
	}
}

// openNext goes on to the next generation that is not empty, when those before
// it are. r.mu is held.
func (r *Runner) openNext() {
	for r.open < r.newest {
		next := r.newest
		for _, s := range r.sources {
			switch {
			case s.generation > r.open:
				next = min(next, s.generation)
			case s.cursor.Depth() > 0:
				return
			}
		}
		r.open = next
		for _, s := range r.sources {
			if s.gated && s.generation <= r.open {
				s.gated = false
				r.enlist(s)
			}
		}
	}
}
