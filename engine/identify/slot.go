package identify

import "time"

// Slot is the right to send one Identify. It is safe for concurrent use, and
// every method may be called more than once.
type Slot struct {
	queue *Queue
	grant *grant
}

// Sent tells that the Identify has been written, or that it may have been: it
// spends one session start and starts the bucket's window at this instant. Call
// it as soon as the write has returned, whatever it returned. After the first
// call, or after Release, it does nothing.
func (s *Slot) Sent() {
	s.change(func(now time.Time) { s.queue.ledger.send(now, s.grant) })
}

// Confirmed tells that Discord has answered the Identify with READY, so that it
// cannot have arrived later than now. Until then its window is a second longer.
// It also ends the back-off of the bucket.
func (s *Slot) Confirmed() {
	s.change(func(now time.Time) { s.queue.ledger.confirm(now, s.grant) })
}

// Release gives the slot back if it has not been used. It is meant for a defer:
// after Sent it does nothing.
func (s *Slot) Release() {
	s.change(func(time.Time) { s.queue.ledger.settle(s.grant) })
}

// Rejected tells that Discord answered the Identify with op 9. The bucket, and
// no other, stays closed from now: for a window after the first refusal, for
// twice as long after each one that follows without a READY between, up to 80 s,
// and each time for up to half as long again by chance. The shard must acquire
// a new slot.
//
// A refusal need not be this process's fault: others of the same bot share
// Discord's windows, and none of them knows of the rest.
func (s *Slot) Rejected() {
	s.change(func(now time.Time) {
		s.queue.ledger.send(now, s.grant)
		s.queue.ledger.reject(now, s.grant)
	})
}

func (s *Slot) change(do func(now time.Time)) { s.queue.settle(s.grant, do) }
