package spool

import "github.com/gatehouse-gateway/gatehouse/engine/event"

// judges say which sinks take an event. They are asked before the log is locked, since
// an expression may take its time, and never written again.
type judges []judge

// judge is one cursor's part.
type judge struct {
	bit   uint64
	wants func(*event.Event) bool // nil takes all
}

// wanted has the bit of each cursor whose sink takes the event.
func (all judges) wanted(ev *event.Event) (waits uint64) {
	for i := range all {
		if j := &all[i]; j.wants == nil || j.wants(ev) {
			waits |= j.bit
		}
	}
	return waits
}

// judged is what the sinks say of an event, and by which judges.
func (l *Log) judged(ev *event.Event) (waits uint64, by *judges) {
	by = l.judges.Load()
	if by == nil {
		return 0, nil
	}
	return by.wanted(ev), by
}

// still is what judged has said, or anew if the sinks have changed since. l.mu is held.
func (l *Log) still(ev *event.Event, waits uint64, by *judges) uint64 {
	if l.judges.Load() != by {
		return l.wanted(ev)
	}
	return waits
}

// wanted is judged with the log locked.
func (l *Log) wanted(ev *event.Event) uint64 {
	waits, _ := l.judged(ev)
	return waits
}

// seat makes the judges those of the cursors. l.mu is held.
func (l *Log) seat() {
	var all judges
	for _, c := range l.cursors {
		if !c.orphan {
			all = append(all, judge{c.bit, c.cfg.Wants})
		}
	}
	l.judges.Store(&all)
}
