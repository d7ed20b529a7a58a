package fleet

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/shard"
)

// loading is how far a shard has come with the guilds that its session was told of
// at first.
type loading struct {
	awaits atomic.Bool // some of them, and it is not too late

	mu       sync.Mutex
	began    time.Time // when the session was told of them; zero before
	over     time.Time // when nothing was awaited any more; zero before
	loadedAt time.Time // when the last of them came, in this run; zero before
	timedOut int       // that did not come in time, since start
}

// begin awaits the guilds of a new session.
func (l *loading) begin(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.began, l.over, l.loadedAt = now, time.Time{}, time.Time{}
	l.awaits.Store(true)
}

// resumed takes up a session of an earlier run, of whose guilds so many had not come.
func (l *loading) resumed(now time.Time, loading int) {
	if loading > 0 {
		l.begin(now)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = now
}

// end awaits nothing any more of what was begun at a time; zero for whatever it was.
// It reports whether anything was awaited until now.
func (l *loading) end(now, began time.Time, missing int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !began.IsZero() && !began.Equal(l.began) || !l.awaits.CompareAndSwap(true, false) {
		return false
	}
	l.over = now
	l.timedOut += missing
	if missing == 0 {
		l.loadedAt = now
	}
	return true
}

// lookLoaded tells that the guilds have come, if the last one has just been queued.
func (s *Shard) lookLoaded(session uint64, now time.Time) {
	available, unavailable, loading := s.guilds.Counts()
	if loading > 0 || !s.load.end(now, time.Time{}, 0) || s.tap.Load() != nil {
		return
	}
	s.loaded(s.ctx, s.id, session, available+unavailable, nil)
}

// due is when it is too late for the guilds that are awaited, and when that began;
// zero if none are. Nothing can come while a shard is not connected: the time begins
// anew when it is again.
func (s *Shard) due(timeout time.Duration) (due, began time.Time) {
	st := s.runner.Status()
	s.load.mu.Lock()
	defer s.load.mu.Unlock()
	if st.State != ops.ShardReady || !s.load.awaits.Load() {
		return time.Time{}, time.Time{}
	}
	from := s.load.began
	if st.Since.After(from) {
		from = st.Since
	}
	return from.Add(timeout), s.load.began
}

// lookMissing tells of guilds that have not come in time. It waits for nothing.
func (s *Shard) lookMissing(now time.Time, timeout time.Duration) {
	due, began := s.due(timeout)
	held := s.runner.Session()
	if due.IsZero() || !now.After(due) || held.ID == "" {
		return
	}
	missing := s.guilds.Known().Loading
	available, unavailable, _ := s.guilds.Counts()
	if len(missing) == 0 || !s.load.end(now, began, len(missing)) || s.tap.Load() != nil {
		return
	}
	slices.Sort(missing)
	over, cancel := context.WithCancel(context.Background())
	cancel()
	s.loaded(over, s.id, shard.Digest(held.ID), available+unavailable, missing)
}

// fill adds the shard's part.
func (l *loading) fill(to *ops.Load) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.began.IsZero() && (to.Began.IsZero() || l.began.Before(to.Began)) {
		to.Began = l.began
	}
	if l.over.After(to.LoadedAt) {
		to.LoadedAt = l.over
	}
	to.TimedOut += l.timedOut
}

// mostMissing is how many missing guilds are named.
const mostMissing = 20

// Load is how far the shards have come with their guilds.
func (f *Fleet) Load() ops.Load {
	load := ops.Load{Shards: len(f.shards)}
	over := 0
	for _, s := range f.shards {
		available, unavailable, loading := s.guilds.Counts()
		load.Guilds += available + unavailable
		load.GuildsAll += available + unavailable + loading
		s.load.fill(&load)
		if due, _ := s.due(f.cfg.LoadTimeout); !due.IsZero() && (load.Timeout.IsZero() || due.Before(load.Timeout)) {
			load.Timeout = due
		}
		if !s.load.isOver() {
			continue
		}
		over++
		if loading == 0 {
			load.Loaded++
		} else {
			load.Missing = append(load.Missing, s.guilds.Known().Loading...)
		}
	}
	if over < len(f.shards) {
		load.LoadedAt = time.Time{}
	}
	slices.Sort(load.Missing)
	load.Missing = load.Missing[:min(len(load.Missing), mostMissing)]
	return load
}

func (l *loading) isOver() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.over.IsZero()
}

// at is when the last guild came, in this run.
func (l *loading) at() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.loadedAt
}
