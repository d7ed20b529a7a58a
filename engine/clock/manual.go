package clock

import (
	"sync"
	"time"
)

// Manual is a clock that stands still until it is told to advance.
//
// Timers fire inside [Manual.Advance], in the order of their deadlines.
type Manual struct {
	mu     sync.Mutex
	now    time.Time
	timers []*manualTimer
}

var _ Clock = (*Manual)(nil)

// NewManual returns a clock that stands at start.
func NewManual(start time.Time) *Manual {
	return &Manual{now: start}
}

// Now is the instant the clock stands at.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// NewTimer returns a timer that fires when the clock is advanced past d.
func (m *Manual) NewTimer(d time.Duration) Timer {
	t := &manualTimer{clock: m, c: make(chan time.Time, 1)}
	t.Reset(d)
	return t
}

// Advance moves the clock by d and fires every timer that falls due on the way.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	end := m.now.Add(d)
	for {
		next := m.earliest(end)
		if next == nil {
			break
		}
		if next.at.After(m.now) {
			m.now = next.at
		}
		m.remove(next)
		next.c <- m.now
	}
	m.now = end
}

// earliest is the pending timer with the first deadline up to end, or nil.
func (m *Manual) earliest(end time.Time) *manualTimer {
	var first *manualTimer
	for _, t := range m.timers {
		if t.at.After(end) {
			continue
		}
		if first == nil || t.at.Before(first.at) {
			first = t
		}
	}
	return first
}

func (m *Manual) remove(t *manualTimer) bool {
	for i, other := range m.timers {
		if other == t {
			m.timers = append(m.timers[:i], m.timers[i+1:]...)
			return true
		}
	}
	return false
}

type manualTimer struct {
	clock *Manual
	at    time.Time
	c     chan time.Time
}

var _ Timer = (*manualTimer)(nil)

func (t *manualTimer) C() <-chan time.Time { return t.c }

func (t *manualTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	return t.disarm()
}

func (t *manualTimer) Reset(d time.Duration) bool {
	m := t.clock
	m.mu.Lock()
	defer m.mu.Unlock()
	pending := t.disarm()
	t.at = m.now.Add(d)
	if d <= 0 {
		t.c <- m.now
		return pending
	}
	m.timers = append(m.timers, t)
	return pending
}

// disarm takes the timer off the clock and empties its channel.
func (t *manualTimer) disarm() bool {
	select {
	case <-t.c:
	default:
	}
	return t.clock.remove(t)
}
