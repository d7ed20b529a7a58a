// Package clock is the source of time for everything below cmd.
//
// Nothing in the engine reads the wall clock directly: a [Clock] is passed in,
// so that tests drive windows of seconds and hours by hand. Every
// implementation is safe for concurrent use and starts no goroutine.
package clock

import "time"

// Clock tells the time and makes timers.
type Clock interface {
	// Now is the present instant. The system clock's carries a monotonic reading.
	Now() time.Time
	// NewTimer returns a timer that fires once after d; d ≤ 0 fires at once.
	NewTimer(d time.Duration) Timer
}

// Timer is a one-shot timer, with the semantics of [time.Timer] since Go 1.23:
// after Stop or Reset returns, no stale value is received from C.
type Timer interface {
	// C carries the instant at which the timer fired.
	C() <-chan time.Time
	// Stop prevents the timer from firing and reports whether it was pending.
	Stop() bool
	// Reset arms the timer again for d from now and reports whether it was pending.
	Reset(d time.Duration) bool
}

// System returns the machine's clock.
func System() Clock { return system{} }

type system struct{}

var _ Clock = system{}

func (system) Now() time.Time { return time.Now() }

func (system) NewTimer(d time.Duration) Timer { return systemTimer{time.NewTimer(d)} }

type systemTimer struct{ t *time.Timer }

func (t systemTimer) C() <-chan time.Time        { return t.t.C }
func (t systemTimer) Stop() bool                 { return t.t.Stop() }
func (t systemTimer) Reset(d time.Duration) bool { return t.t.Reset(d) }
