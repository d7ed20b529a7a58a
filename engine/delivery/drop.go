package delivery

import (
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// dropStep is how many events are given up at a time, so that deliveries go on in
// between.
const dropStep = 1024

// Drop gives up the oldest events that wait for the sink, at most limit of them, and
// returns how many. What is being delivered goes on, and gap markers stay. more says
// that some can be given up a moment later, once they have been read back.
func (r *Runner) Drop(limit int) (n int, more bool) {
	exhausted := make(map[*source]bool)
	for n < limit {
		k, later, ok := r.dropSome(min(limit-n, dropStep), exhausted)
		if !ok {
			break
		}
		n, more = n+k, more || later
	}
	return n, more
}

// dropSome gives up events of the source that has the oldest; ok is false if none has
// any to give up.
func (r *Runner) dropSome(limit int, exhausted map[*source]bool) (n int, more, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var from *source
	var oldest time.Time
	for _, s := range r.counted() {
		if st := s.cursor.Stats(); !exhausted[s] && st.Depth > 0 && (from == nil || st.Oldest.Before(oldest)) {
			from, oldest = s, st.Oldest
		}
	}
	if from == nil {
		return 0, false, false
	}
	n, more = from.cursor.Drop(r.takeBack(from, limit), limit)
	if n < limit {
		exhausted[from] = true
	}
	if from.ordinary.reopens() || from.early.reopens() || from.more.Load() {
		r.enlist(from)
	}
	r.nudge()
	r.checkEmpty()
	return n, more, true
}

// takeBack takes a source's oldest events out of its lanes that are not being
// delivered, at most limit of them, and returns their positions. r.mu is held.
func (r *Runner) takeBack(s *source, limit int) (out []spool.Position) {
	lanes := make([]*lane, 0, len(s.lanes)+len(s.earlyLanes))
	for _, list := range []map[int]*lane{s.lanes, s.earlyLanes} {
		for _, l := range list {
			lanes = append(lanes, l)
			for _, w := range l.spare(r.cfg.Batch) {
				if w.Event.Type != spool.GapType {
					out = append(out, w.Pos)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b spool.Position) int {
		if a.Before(b) {
			return -1
		}
		return 1
	})
	out = out[:min(len(out), limit)]
	gone := make(map[spool.Position]bool, len(out))
	for _, p := range out {
		gone[p] = true
	}
	for _, l := range lanes {
		r.thin(l, gone)
	}
	return out
}

// spare are the lane's events that are not under way: a delivery has at most batch.
func (l *lane) spare(batch int) []waiting {
	first := l.head
	if l.busy {
		first = min(l.head+batch, len(l.items))
	}
	return l.items[first:]
}

// thin takes events out of a lane that is not theirs any more. r.mu is held.
func (r *Runner) thin(l *lane, gone map[spool.Position]bool) {
	if l.head == len(l.items) {
		return
	}
	first, before := l.items[l.head].Pos, len(l.items)
	kept := slices.DeleteFunc(l.items[l.head:], func(w waiting) bool {
		if gone[w.Pos] {
			w.in.held--
		}
		return gone[w.Pos]
	})
	l.items = l.items[:l.head+len(kept)]
	if len(l.items) == before || l.busy {
		return
	}
	if len(kept) == 0 || kept[0].Pos != first { // what had failed is not there any more
		l.attempt, l.single, l.retryAt = 0, 0, time.Time{}
		r.waiting = slices.DeleteFunc(r.waiting, func(w *lane) bool { return w == l })
	}
	switch {
	case len(kept) > 0:
		r.enqueue(l)
	case l.queued:
		r.ready.take(l)
	}
	if len(kept) == 0 {
		l.items, l.head = l.items[:0], 0
	}
}
