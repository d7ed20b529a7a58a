package discordtest

import "time"

// Watch follows the deliveries to one bot from [Audit.Watch] on. Its methods may
// be called concurrently.
type Watch struct {
	audit *Audit

	// guarded by the audit's mutex
	since, last time.Time
	rhythm      Rhythm
	over        bool
}

// Rhythm is how deliveries came, repeats included.
type Rhythm struct {
	Deliveries uint64        `json:"deliveries"`
	Length     time.Duration `json:"length_ns"`  // of the watch
	Longest    time.Duration `json:"longest_ns"` // time without a delivery, that at its begin and end included
	At         time.Duration `json:"at_ns"`      // when that began, since the watch did
}

// Watch begins to follow the deliveries. Every one that is begun must be ended
// with [Watch.End].
func (a *Audit) Watch() *Watch {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.clock.Now()
	w := &Watch{audit: a, since: now, last: now}
	a.watches = append(a.watches, w)
	return w
}

// beat takes note of a delivery. The audit's mutex is held.
func (a *Audit) beat() {
	if len(a.watches) == 0 {
		return
	}
	now := a.clock.Now()
	for _, w := range a.watches {
		w.rhythm.Deliveries++
		w.gap(now)
		w.last = now
	}
}

// gap compares the time since the last delivery with the longest so far.
func (w *Watch) gap(now time.Time) {
	if gap := now.Sub(w.last); gap > w.rhythm.Longest {
		w.rhythm.Longest, w.rhythm.At = gap, w.last.Sub(w.since)
	}
}

// End ends the watch and tells what came; what comes later does not change that.
func (w *Watch) End() Rhythm {
	a := w.audit
	a.mu.Lock()
	defer a.mu.Unlock()
	if w.over {
		return w.rhythm
	}
	now := a.clock.Now()
	w.gap(now)
	w.over, w.rhythm.Length = true, now.Sub(w.since)
	for i, x := range a.watches {
		if x == w {
			a.watches = append(a.watches[:i], a.watches[i+1:]...)
			break
		}
	}
	return w.rhythm
}
