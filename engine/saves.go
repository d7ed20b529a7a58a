package engine

import (
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// saves are those of one file, and how they go.
type saves struct {
	what  string // is saved
	costs string // what it means if it is not
	level ops.AlertLevel

	since atomic.Int64           // when the save under way began, in Unix nanoseconds; 0 if none is
	fault atomic.Pointer[string] // why the last one failed; nil if it did not
}

// save saves a file and reports whether that went well. It logs the first of a row
// of failures, and its end.
func (k *keeper) save(s *saves, do func() error) bool {
	s.since.Store(k.clock.Now().UnixNano())
	err := do()
	s.since.Store(0)
	if err == nil {
		if s.fault.Swap(nil) != nil {
			k.logger.Info(s.what + " can be saved again")
		}
		return true
	}
	why := err.Error()
	if s.fault.Swap(&why) == nil {
		k.logger.Error(s.what+" cannot be saved: "+s.costs, "error", err)
	}
	return false
}

// trouble says why it cannot be saved at present; empty if it can.
func (s *saves) trouble(now time.Time) string {
	if since := s.since.Load(); since != 0 && now.UnixNano()-since > int64(diskSlowAfter) {
		return "the disk has not answered for " + now.Sub(time.Unix(0, since)).Round(time.Second).String()
	}
	if why := s.fault.Load(); why != nil {
		return *why
	}
	return ""
}

// unsaved is what cannot be saved, with the reason and the costs of the worst.
type unsaved struct {
	what       []string
	why, costs string
	level      ops.AlertLevel
}

// trouble is what cannot be saved at present.
func (k *keeper) trouble(now time.Time) (u unsaved) {
	for _, s := range [...]*saves{&k.sessions, &k.identifies, &k.guilds, &k.address} { // the worst first
		why := s.trouble(now)
		if why == "" {
			continue
		}
		if u.what = append(u.what, s.what); len(u.what) == 1 {
			u.why, u.costs, u.level = why, s.costs, s.level
		}
	}
	return u
}
