package identify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// Memory is what a queue knows of the past, for the next run of the program: a
// program that crashes again and again must not forget what it has spent. It is
// of one token, and nothing for a run with another. The budget is not in it,
// since Discord alone knows that.
type Memory struct {
	LastSent   time.Time     `json:"last_sent,omitzero"`
	Identifies []Identified  `json:"identifies,omitempty"` // of six hours, oldest first, at most 16384
	Left       int           `json:"left,omitempty"`       // of the budget, less what was spent since Discord told; 0 if it did not
	Breaker    BreakerMemory `json:"breaker,omitzero"`
	Refusals   []Refusal     `json:"refusals,omitempty"` // by shard
}

// BreakerMemory is the state of the breaker.
type BreakerMemory struct {
	Open    bool      `json:"open,omitempty"`
	Since   time.Time `json:"since,omitzero"` // of the last trip
	Why     string    `json:"why,omitempty"`  // in words
	Left    int       `json:"left,omitempty"` // of the budget, as Discord last told while it was open
	ResetAt time.Time `json:"reset_at,omitzero"`
}

// Refusal is a bucket that Discord has told to slow down.
type Refusal struct {
	Shard int       `json:"shard"` // one of the bucket
	Count int       `json:"count"` // in a row
	At    time.Time `json:"at"`
	Until time.Time `json:"until"`
}

// Identified is one Identify that was sent. Its JSON is an array of numbers,
// [milliseconds of the Unix time, shard, total, kind], since there may be
// thousands.
type Identified struct {
	At    time.Time
	Shard int
	Total int  // num_shards of its fleet, as told by [Options.Total]
	Again bool // counts as evidence of a storm
	Open  bool // Discord has not answered it, and its account of it is not known
	Void  bool // Discord has refused it, or not counted it
}

// The kinds of an Identified in JSON, which may be added up.
const (
	kindAgain = 1
	kindVoid  = 2
	kindOpen  = 4
)

// MarshalJSON writes the array.
func (i Identified) MarshalJSON() ([]byte, error) {
	kind := 0
	if i.Again {
		kind |= kindAgain
	}
	if i.Void {
		kind |= kindVoid
	}
	if i.Open {
		kind |= kindOpen
	}
	return fmt.Appendf(nil, "[%d,%d,%d,%d]", i.At.UnixMilli(), i.Shard, i.Total, kind), nil
}

// UnmarshalJSON reads the array.
func (i *Identified) UnmarshalJSON(data []byte) error {
	var n [4]int64
	if err := json.Unmarshal(data, &n); err != nil {
		return err
	}
	*i = Identified{At: time.UnixMilli(n[0]).UTC(), Shard: int(n[1]), Total: int(n[2]),
		Again: n[3]&kindAgain != 0, Void: n[3]&kindVoid != 0, Open: n[3]&kindOpen != 0}
	return nil
}

// Memory is what the next run must know. It shares nothing with the queue.
func (q *Queue) Memory() Memory {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ledger.memory(q.clock.Now())
}

func (l *ledger) memory(now time.Time) Memory {
	l.prune(now)
	l.history.prune(now)
	b := l.breaker
	m := Memory{LastSent: l.last, Breaker: BreakerMemory{Open: b.open, Since: b.since, Why: b.why, Left: b.left, ResetAt: b.resetAt}}
	switch {
	case !l.known:
		m.Left = l.left
	case !l.unlimited:
		m.Left = l.remaining + l.refused
	}
	for _, r := range l.history.records {
		m.Identifies = append(m.Identifies, Identified{At: r.at, Shard: r.who.shard, Total: r.who.total, Again: r.again && r.fate != void, Void: r.fate == void, Open: r.fate == pending})
	}
	for _, r := range l.refusals {
		if r.count == 0 {
			continue
		}
		m.Refusals = append(m.Refusals, Refusal{Shard: r.shard, Count: r.count, At: r.at, Until: r.until})
	}
	slices.SortFunc(m.Refusals, func(a, b Refusal) int { return cmp.Compare(a.Shard, b.Shard) })
	return m
}

// Recall takes what an earlier run knew, [Queue.After] included. It is meant to
// be called once, before the first Identify. Times that have not come yet, from a
// clock that was wrong, are taken for now; what no run of this program can have
// written is left out.
func (q *Queue) Recall(m Memory) {
	q.change(func(now time.Time) { q.ledger.recall(now, m) })
}

func (l *ledger) recall(now time.Time, m Memory) {
	l.history.recall(now, m.Identifies)
	l.left = max(0, m.Left)
	if l.known && !l.unlimited && l.left > 0 {
		// Discord has told this run already what it has counted.
		l.history.account(now.Add(-l.rules.width-longestTransit), max(0, l.remaining-l.left))
	}
	if !m.LastSent.IsZero() {
		l.after(notAfter(m.LastSent, now))
	}
	if m.Breaker.Open && !l.breaker.open {
		l.breaker.open = true
		l.breaker.left = max(0, m.Breaker.Left)
		l.breaker.resetAt = notAfter(m.Breaker.ResetAt, now.Add(day))
		if l.known && !l.unlimited {
			l.renew(now, discord.SessionStartLimit{Total: l.total, Remaining: l.remaining,
				ResetAfterMS: max(0, l.resetAt.Sub(now)).Milliseconds()})
		}
	}
	if l.breaker.since.IsZero() && !m.Breaker.Since.IsZero() {
		l.breaker.since, l.breaker.why = notAfter(m.Breaker.Since, now), m.Breaker.Why
	}
	for _, r := range m.Refusals {
		if r.Shard >= 0 && r.Count > 0 {
			l.refusals = append(l.refusals, &refusal{shard: r.Shard, count: min(r.Count, mostRemembered),
				at: notAfter(r.At, now), until: notAfter(r.Until, now.Add(longestRefusal))})
		}
	}
	l.fade(now)
}

// recall puts earlier Identifies before those that are known.
func (h *history) recall(now time.Time, earlier []Identified) {
	mine := h.records
	records := make([]*record, 0, len(earlier)+len(mine))
	for _, e := range earlier {
		if e.Shard >= 0 {
			r := &record{at: notAfter(e.At, now), who: who{e.Shard, e.Total}, again: e.Again, fate: charged}
			switch {
			case e.Void:
				r.again, r.fate = false, void
			case e.Open:
				r.fate = pending
			}
			records = append(records, r)
		}
	}
	records = append(records, mine...)
	slices.SortStableFunc(records, func(a, b *record) int { return a.at.Compare(b.at) })
	*h = *newHistory()
	for _, r := range records {
		h.push(r)
	}
	h.prune(now)
}

// notAfter is the earlier of two instants.
func notAfter(at, limit time.Time) time.Time {
	if at.After(limit) {
		return limit
	}
	return at
}
