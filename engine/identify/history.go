package identify

import (
	"slices"
	"time"
)

// What of the past is judged. The first identifies of a shard's hour, or hours,
// are what Discord causes when it drops all sessions at once, as it does with its
// own trouble: only a shard that goes on identifying is evidence of a storm.
const (
	hourWidth      = time.Hour
	hourAllowance  = 2 // repeats of a shard
	watchWidth     = 6 * time.Hour
	watchAllowance = 4 // catches what is too slow for the hour
	// mostRemembered is enough for all shards of a large bot, several times.
	mostRemembered = 16384
	// shortestSpan is the least time that a pace is taken over, since a few
	// Identifies within seconds say nothing about an hour.
	shortestSpan = 10 * time.Minute
)

// who is a shard. Shards of different totals are different shards.
type who struct{ shard, total int }

// fate is what became of an Identify.
type fate uint8

const (
	pending fate = iota // there was no answer, and Discord's account is not known yet
	charged             // Discord has counted it
	void                // it has not: it counts for the hour's number alone
)

// record is one Identify that was sent.
type record struct {
	n     uint64
	at    time.Time
	who   who
	again bool // nobody asked for it, and its shard had identified before
	fate  fate
}

// counts reports whether it is a repeat that has cost something.
func (r *record) counts() bool { return r.again && r.fate == charged }

// history are the Identifies of the last hours, oldest first.
type history struct {
	records     []*record
	next        uint64      // number of the next record
	known       map[who]int // records of each shard that are not void
	open        []*record   // those pending, oldest first
	hour, watch tally
}

// tally counts the repeats within a window that ends now.
type tally struct {
	width     time.Duration
	allowance int         // repeats of one shard that are no evidence
	head      uint64      // number of the first record in the window
	again     map[who]int // repeats of each shard
	excess    int         // repeats beyond the allowance, of all shards
}

func newHistory() *history {
	return &history{
		known: make(map[who]int),
		hour:  tally{width: hourWidth, allowance: hourAllowance, again: make(map[who]int)},
		watch: tally{width: watchWidth, allowance: watchAllowance, again: make(map[who]int)},
	}
}

// add notes an Identify.
func (h *history) add(now time.Time, w who, forced bool) *record {
	h.prune(now)
	return h.push(&record{at: now, who: w, again: !forced && h.known[w] > 0})
}

func (h *history) push(r *record) *record {
	if len(h.records) == mostRemembered {
		h.dropOldest()
	}
	r.n = h.next
	h.next++
	h.records = append(h.records, r)
	if r.fate != void {
		h.known[r.who]++
	}
	if r.fate == pending {
		h.open = append(h.open, r)
	}
	if r.counts() {
		h.hour.count(r.who)
		h.watch.count(r.who)
	}
	return r
}

// charge notes that Discord has counted an Identify.
func (h *history) charge(r *record) {
	if r.fate != pending || r.n < h.first() {
		return
	}
	h.close(r, charged)
	if !r.again {
		return
	}
	if r.n >= h.hour.head {
		h.hour.count(r.who)
	}
	h.watch.count(r.who)
}

// close ends the wait for what becomes of an Identify.
func (h *history) close(r *record, f fate) {
	r.fate = f
	if i := slices.Index(h.open, r); i >= 0 {
		h.open = slices.Delete(h.open, i, i+1)
	}
}

// account settles the Identifies that were sent before an instant and never
// answered, by Discord's account: so many of them it has not counted.
func (h *history) account(before time.Time, uncounted int) {
	for _, r := range slices.Clone(h.open) {
		switch {
		case !r.at.Before(before):
			return
		case uncounted > 0:
			uncounted--
			h.void(r)
		default:
			h.charge(r)
		}
	}
}

// first is the number of the oldest record.
func (h *history) first() uint64 { return h.next - uint64(len(h.records)) }

// prune forgets what has left the windows.
func (h *history) prune(now time.Time) {
	for h.hour.head < h.next && h.left(&h.hour, now) {
		h.hour.pass(h.records[h.hour.head-h.first()])
	}
	for len(h.records) > 0 && h.left(&h.watch, now) {
		h.dropOldest()
	}
}

// left reports whether a window's first record is not in it any more.
func (h *history) left(t *tally, now time.Time) bool {
	return !h.records[t.head-h.first()].at.After(now.Add(-t.width))
}

func (h *history) dropOldest() {
	r := h.records[0]
	if h.hour.head == r.n {
		h.hour.pass(r)
	}
	h.watch.pass(r)
	if r.fate != void {
		take(h.known, r.who)
	}
	if len(h.open) > 0 && h.open[0] == r {
		h.open = h.open[1:]
	}
	h.records[0] = nil
	h.records = h.records[1:]
}

// void takes back an Identify that Discord has not counted.
func (h *history) void(r *record) {
	if r.fate == void || r.n < h.first() {
		return
	}
	if r.counts() && r.n >= h.hour.head {
		h.hour.discount(r.who)
	}
	if r.counts() {
		h.watch.discount(r.who)
	}
	take(h.known, r.who)
	h.close(r, void)
}

// forgive makes what happened so far no evidence any more.
func (h *history) forgive() {
	for _, r := range h.records {
		r.again = false
	}
	for _, t := range []*tally{&h.hour, &h.watch} {
		clear(t.again)
		t.excess = 0
	}
}

// lastHour is the number of Identifies in the hour before the last prune.
func (h *history) lastHour() int { return int(h.next - h.hour.head) }

func (t *tally) count(w who) {
	t.again[w]++
	if t.again[w] > t.allowance {
		t.excess++
	}
}

func (t *tally) discount(w who) {
	if t.again[w] > t.allowance {
		t.excess--
	}
	take(t.again, w)
}

// pass lets the first record leave the window.
func (t *tally) pass(r *record) {
	t.head = r.n + 1
	if r.counts() {
		t.discount(r.who)
	}
}

// take lowers a count.
func take(counts map[who]int, w who) {
	if counts[w]--; counts[w] == 0 {
		delete(counts, w)
	}
}

// pace is how fast shards identify that do so again and again.
type pace struct {
	again   int           // their repeats
	shards  int           // their number
	span    time.Duration // in which they did
	perHour float64
}

// pace takes the pace of the shards with more repeats than an allowance. Each
// has its own, since the Identify before the first repeat.
func (h *history) pace(now time.Time, t *tally, allowance int) (p pace) {
	if len(h.records) == 0 {
		return p
	}
	edge := now.Add(-t.width)
	if oldest := h.records[0].at; oldest.After(edge) {
		edge = oldest
	}
	since := make(map[who]time.Time)
	repeated := make(map[who]bool)
	for _, r := range h.records[t.head-h.first():] {
		switch {
		case r.fate != charged || t.again[r.who] <= allowance:
		case r.again:
			repeated[r.who] = true
		case !repeated[r.who]:
			since[r.who] = r.at
		}
	}
	for w := range repeated {
		from, ok := since[w]
		if !ok {
			from = edge
		}
		span := now.Sub(from)
		p.again += t.again[w]
		p.shards++
		p.span = max(p.span, span)
		p.perHour += float64(t.again[w]) / max(span, shortestSpan).Hours()
	}
	return p
}
