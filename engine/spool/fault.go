package spool

import "time"

// failed notes that the store did not take something. l.mu is held.
func (l *Log) failed(err error) {
	t := &l.tender
	now := l.cfg.Clock.Now()
	if t.fault == nil {
		t.faultSince = now
		l.cfg.Logger.Error("the queue cannot be written to disk: events are held in memory alone", "error", err)
	}
	t.fault = err
	t.faults++
	t.retryAt = now.Add(min(firstFault<<min(t.faults-1, 8), longestWait))
	if t.faults == 1 {
		l.wakeAll() // whatever the disk was to have first goes on without it
	}
}

// healed notes that the store has taken something. l.mu is held.
func (l *Log) healed() {
	t := &l.tender
	if t.fault != nil {
		l.cfg.Logger.Info("the queue can be written to disk again", "after", l.cfg.Clock.Now().Sub(t.faultSince).Round(time.Second))
	}
	t.fault, t.faults, t.retryAt = nil, 0, time.Time{}
}

// waits reports whether the store is to be left alone for now. l.mu is held.
func (t *tender) waits(now time.Time) bool { return t.fault != nil && now.Before(t.retryAt) }

// probeName is what is written, below a log's prefix, to see whether the store
// works again.
const probeName = "probe"

// probe looks whether the store works again if there is nothing left to write by
// which that would be seen.
func (l *Log) probe() {
	l.mu.Lock()
	idle := l.tender.faulty() && !l.tender.waits(l.cfg.Clock.Now())
	l.mu.Unlock()
	if !idle {
		return
	}
	name := l.cfg.Prefix + probeName
	err := l.put(name, []byte(probeName+"\n"))
	if err == nil {
		err = l.cfg.Store.Delete(name)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failed(err)
		return
	}
	l.healed()
}

// wakeAll lets every cursor look again. l.mu is held.
func (l *Log) wakeAll() {
	for _, c := range l.cursors {
		if !c.orphan {
			c.cfg.Wake()
		}
	}
}

// wakeStarved lets the cursors look again that found something they could not
// read. l.mu is held.
func (l *Log) wakeStarved() {
	for _, c := range l.cursors {
		if (c.starved || len(c.earlyQueue) > 0) && !c.orphan {
			c.cfg.Wake()
		}
	}
}

// wakeFor lets the cursors look again that wait for a chunk. l.mu is held.
func (l *Log) wakeFor(c *chunk) {
	for i, cur := range l.cursors {
		if c.pending[i] > 0 && !cur.orphan {
			cur.cfg.Wake()
		}
	}
}
