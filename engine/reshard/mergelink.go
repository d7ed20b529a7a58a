package reshard

import (
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// OldState tells when a shard of the old fleet becomes ready, and when it no longer
// is. It never blocks.
func (m *Merge) OldState(shard int, up bool) { m.old[shard].set(up, m.cfg.Clock.Now()) }

// NewState does so of the next fleet.
func (m *Merge) NewState(shard int, up bool) { m.next[shard].set(up, m.cfg.Clock.Now()) }

func (l *link) set(up bool, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.up != up {
		l.up, l.since = up, now
	}
}

// restart notes that a session begins.
func (l *link) restart(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.began, l.restarted, l.withheld = true, now, nil
}

func (l *link) hasBegun() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.began
}

// restartedWithin reports whether the present session began so short a time ago,
// after the merge did.
func (l *link) restartedWithin(now time.Time, d time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.restarted.IsZero() && now.Sub(l.restarted) < d
}

// advance notes how far the shard's stream has come.
func (l *link) advance(to time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if to.After(l.progress) {
		l.progress = to
	}
}

// past reports whether the shard's stream has come past an instant. One that has
// lost its connection, or does not know yet that it has, brings the rest later.
func (l *link) past(at time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.progress.After(at)
}

// steady reports whether the shard has been ready for so long.
func (l *link) steady(now time.Time, d time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up && now.Sub(l.since) >= d
}

// withhold notes that an event of the old fleet has come and is in no queue.
func (l *link) withhold(id event.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.withheld); n > 0 && l.ended {
		return // the first of them is all that counts
	}
	l.withheld = append(l.withheld, id)
}

// queued notes that it is in one now, or need not be.
func (l *link) queued(id event.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.withheld, id); i >= 0 {
		l.withheld = slices.Delete(l.withheld, i, i+1)
	}
}

// end says that the other fleet leads.
func (l *link) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
}

// Floor is the first event of a shard of the old fleet that has come and is in no
// queue: after a crash its session must be resumed before it. It is false if there is
// none. It never blocks.
func (m *Merge) Floor(shard int) (event.ID, bool) {
	l := &m.old[shard]
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.withheld) == 0 {
		return event.ID{}, false
	}
	first := l.withheld[0]
	for _, id := range l.withheld[1:] {
		if id.Session == first.Session && id.Seq < first.Seq {
			first = id
		}
	}
	return first, true
}
