package tui

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// flowKeep is how many seconds of it are kept.
const flowKeep = 300

// flow is how many events the sinks have acknowledged in each of the last
// seconds, by their counters. The engine keeps no such curve, so that it begins
// with the console.
type flow struct {
	values []float64 // of whole seconds, oldest first
	end    int64     // number of the second of the last value
	open   float64   // of the second under way
	whole  bool      // that has been seen from its beginning
	total  uint64
	at     time.Time
}

// take adds what has been acknowledged since the snapshot before.
func (f *flow) take(s *ops.Snapshot) {
	total := uint64(0)
	for i := range s.Sinks {
		total += s.Sinks[i].Delivered
	}
	span := s.At.Sub(f.at)
	if span <= 0 && !f.at.IsZero() {
		return
	}
	if f.at.IsZero() || total < f.total || span > flowKeep*time.Second {
		*f = flow{total: total, at: s.At} // the engine is another one, or was not seen for long
		return
	}
	rate := float64(total-f.total) / span.Seconds()
	for at := f.at; ; {
		next := time.Unix(at.Unix()+1, 0)
		if next.After(s.At) {
			f.open += rate * s.At.Sub(at).Seconds()
			break
		}
		f.open += rate * next.Sub(at).Seconds()
		f.close(at.Unix())
		at = next
	}
	f.total, f.at = total, s.At
}

// close puts the second under way to the whole ones.
func (f *flow) close(second int64) {
	if f.whole {
		f.values, f.end = append(f.values, f.open), second
	}
	if n := len(f.values) - flowKeep; n > 0 {
		f.values = append([]float64(nil), f.values[n:]...)
	}
	f.open, f.whole = 0, true
}

// until is what had been seen at an instant, for a display that is frozen; all of
// it for the zero one.
func (f *flow) until(at time.Time) (values []float64, end int64) {
	after := 0
	if !at.IsZero() {
		after = int(max(0, f.end-at.Unix()+1))
	}
	return f.values[:max(0, len(f.values)-after)], f.end - int64(after)
}
