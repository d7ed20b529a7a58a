package delivery

import (
	"context"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// load is one delivery: the first events of a lane, copied.
type load struct {
	lane      *lane
	overtakes bool // something else of the shard waits longer
	attempt   int  // counts from 1, for the first of the events
	most      int  // so many may be sent together
	events    []event.Event
	positions []spool.Position
}

// cut leaves the first n events.
func (d *load) cut(n int) { d.events, d.positions = d.events[:n], d.positions[:n] }

// skip leaves all but the first n events.
func (d *load) skip(n int) { d.events, d.positions = d.events[n:], d.positions[n:] }

// Run delivers until ctx ends and returns when nothing is under way any more.
func (r *Runner) Run(ctx context.Context) {
	r.announceLetters()
	r.begin()
	var wg sync.WaitGroup
	for range r.cfg.Parallel {
		wg.Go(func() { r.work(ctx) })
	}
	r.keepTime(ctx)
	wg.Wait()
	r.alarm.Stop()
}

// begin has every queue read that an earlier run has left something in.
func (r *Runner) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running = true
	r.openFirst()
	for _, s := range r.sources {
		r.enlist(s)
	}
	r.setAlarm(r.cfg.Clock.Now())
}

// work delivers one lane's events after another's.
func (r *Runner) work(ctx context.Context) {
	events := make([]event.Event, 0, r.cfg.Batch)
	positions := make([]spool.Position, 0, r.cfg.Batch)
	for ctx.Err() == nil {
		d := load{events: events[:0], positions: positions[:0]}
		if !r.take(&d) {
			select {
			case <-r.wake:
			case <-ctx.Done():
			}
			continue
		}
		events, positions = d.events, d.positions // they may have grown
		start := r.cfg.Clock.Now()
		if r.judge(start, &d) {
			r.putAside(start, &d)
			continue
		}
		err := r.cfg.Sink.Deliver(ctx, d.events, d.attempt)
		now := r.cfg.Clock.Now()
		if err == nil {
			r.took.Observe(now.Sub(start))
		}
		r.settle(ctx, now, &d, err)
	}
}

// take fills the next delivery and reports whether there is one.
func (r *Runner) take(d *load) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.paused || r.refused {
		return false
	}
	r.readSources()
	now := r.cfg.Clock.Now()
	l := r.ready.next(func(l *lane) bool { return r.hand(l, now) })
	if l == nil || !r.trouble.admit(now, l) {
		return false
	}
	r.ready.take(l)
	l.busy, l.src.tookAt = true, now
	l.src.busy++
	d.lane, d.attempt, d.most, d.overtakes = l, l.attempt+1, r.cfg.Batch, l.overtakes()
	if l.single > 0 {
		d.most = 1
	}
	for _, item := range l.first(r.reach(l, d.most)) {
		d.events = append(d.events, item.Event)
		d.positions = append(d.positions, item.Pos)
	}
	r.inFlight++
	if !r.ready.empty() {
		r.nudge()
	}
	return true
}

// sharedFor is for how long after its last delivery a worker that has nothing to
// deliver keeps a share of the hands.
const sharedFor = 10 * time.Second

// hand reports whether a lane may have one of the hands that are free. Those that
// other workers need, or have needed of late, are kept for them: one whose deliveries take
// long holds up no other. r.mu is held.
func (r *Runner) hand(l *lane, now time.Time) bool {
	free, sources := r.cfg.Parallel-r.inFlight, len(r.sources)
	if l.early || free > sources || l.src.busy < max(r.cfg.Parallel/sources, 1) {
		return true
	}
	kept := 0
	for _, s := range r.sources {
		if s != l.src && s.busy == 0 && (s.ready > 0 || now.Sub(s.tookAt) < sharedFor) {
			kept++
		}
	}
	return free > min(kept, r.cfg.Parallel/2)
}

// settle books the outcome of a delivery.
func (r *Runner) settle(ctx context.Context, now time.Time, d *load, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inFlight--
	d.lane.src.busy--
	switch {
	case err == nil:
		r.succeeded(now)
		r.acknowledged(d, len(d.events))
	case ctx.Err() != nil:
		r.trouble.abandon(d.lane)
		d.lane.busy = false
		return
	default:
		if last := r.failed(now, d, err); last != nil {
			// A disk may take its time: nobody else waits for it meanwhile.
			r.mu.Unlock()
			r.bury(d.events, last.Error(), "event refused by the bot")
			r.mu.Lock()
			r.finish(d.lane, d.positions)
		}
	}
	r.release(d.lane)
}

// acknowledged books the first n events, which the bot has taken, and leaves the
// others in the delivery. r.mu is held.
func (r *Runner) acknowledged(d *load, n int) {
	r.delivered.Add(uint64(n))
	if d.overtakes {
		r.early.Add(uint64(n))
	}
	for i := range d.events[:n] {
		switch e := &d.events[i]; {
		case e.Kind == event.KindLate:
			r.late.Add(1)
		case e.Kind == event.KindExpired:
			r.expired.Add(1)
		case e.Type == spool.GapType:
			r.gaps.Add(1)
		}
	}
	r.finish(d.lane, d.positions[:n])
	d.skip(n)
}

// release lets a lane go on after a delivery. r.mu is held.
func (r *Runner) release(l *lane) {
	l.busy = false
	r.enqueue(l)
	if !r.ready.empty() {
		r.nudge()
	}
}

// enqueue puts a lane that may go on at the end of the ready list.
func (r *Runner) enqueue(l *lane) {
	if l.ready() {
		r.ready.push(l)
	}
}

// finish takes events off the lane and out of the queue.
func (r *Runner) finish(l *lane, positions []spool.Position) {
	l.pop(len(positions))
	l.attempt = 0
	s := l.src
	s.cursor.Ack(positions...)
	if s.ordinary.reopens() || s.early.reopens() {
		r.enlist(s)
		r.nudge()
	}
	r.checkEmpty()
}
