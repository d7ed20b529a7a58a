package discordtest

import (
	"context"
	"hash/maphash"
	"strconv"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
)

// Audit joins every event the server issued with what the bot received. It is
// made by [New]; see the package comment for what counts as lost.
//
// Memory: 32 bytes for each of the last events, at most Config.AuditWindow of
// them and much less while the bot keeps up; one or two bits for each event
// before those. Of an event that old, whether it came is still exact, but the id
// it came under is not known any more ([Report].RepeatedUnjudged).
type Audit struct {
	mu        sync.Mutex
	ledger    ledgerOfEvents
	sessions  []sessionBirth
	lastSeq   map[uint64]int64 // by digest of the session in the event id
	lastGuild []uint64         // by guild + 1, what is of none first: highest number received
	counts    auditCounts
	latency   histogram
	watches   []*Watch
	odd       []OddEvent    // the first that were repeated or out of order
	settled   chan struct{} // closed when nothing is outstanding; nil while nobody waits
	seed      maphash.Seed

	exempt   [kindCount]bool
	perGuild bool
	guildID  func(uint32) uint64
	now      func() uint32 // ms since the server's start
	clock    clock.Clock
	complete func(*Report) situation // adds what the server counts
}

// sessionBirth is how a session is named in reports.
type sessionBirth struct {
	id           string
	shard, total int
}

// auditCounts are running totals.
type auditCounts struct {
	issued, unrouted, owed, received, outstanding uint64
	withheld, optional                            uint64
	repeated, repeatedOther, repeatedUnjudged     uint64
	outOfOrderShard, outOfOrderGuild              uint64
	misrouted, unknown, revived, retried          uint64
	altered                                       uint64
	forfeited                                     map[string]uint64
	withheldOf                                    [kindCount]uint64
}

// put says that an event became dispatch seq of a session.
type put struct {
	session uint32
	seq     int64
}

func newAudit(cfg Config, guildID func(uint32) uint64, now func() uint32) *Audit {
	a := &Audit{
		lastSeq:  make(map[uint64]int64),
		seed:     maphash.MakeSeed(),
		perGuild: cfg.GuildOrder,
		guildID:  guildID,
		now:      now,
		clock:    cfg.Clock,
	}
	a.counts.forfeited = make(map[string]uint64)
	a.ledger.window = max(2, cfg.AuditWindow/chunkSize)
	for _, name := range cfg.OrderExempt {
		for k := range kindCount {
			if k.dispatch() == name {
				a.exempt[k] = true
			}
		}
	}
	return a
}

// open makes a session known and returns its index.
func (a *Audit) open(id string, shard, total int) uint32 {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sessions = append(a.sessions, sessionBirth{id, shard, total})
	return uint32(len(a.sessions) - 1)
}

// issue records an event and the sessions it was put in.
func (a *Audit) issue(e entry, puts []put, optional bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := record{at: e.at, guild: e.guild, kind: e.kind, viable: uint8(min(len(puts), 255))}
	a.counts.issued++
	switch {
	case len(puts) == 0:
		a.counts.unrouted++
	case optional:
		r.flags = flagOptional
		a.counts.optional++
		a.counts.withheld++
		a.counts.withheldOf[e.kind]++
	default:
		r.flags = flagOwed
		a.counts.owed++
		a.counts.outstanding++
	}
	if len(puts) > 0 {
		r.session, r.seq = puts[0].session, uint32(puts[0].seq)
	}
	a.ledger.add(e.number, r)
}

// forfeit says that one session an event was put in ended before its client
// proved to have it.
func (a *Audit) forfeit(numbers []uint64, reason string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, n := range numbers {
		if n != 0 && a.ledger.forfeit(n) {
			a.counts.forfeited[reason]++
			a.counts.outstanding--
		}
	}
	a.signal()
}

// lose says that nobody knows of a session any more: what was put in it first and
// has not been received is not owed, unless another session may still bring it.
func (a *Audit) lose(session uint32, reason string) {
	a.mu.Lock()
	var numbers []uint64
	a.ledger.missing(func(number uint64, r *record) bool {
		if r != nil && r.session == session {
			numbers = append(numbers, number)
		}
		return true
	})
	a.mu.Unlock()
	a.forfeit(numbers, reason)
}

// Observation is one delivery of an event to the bot.
type Observation struct {
	Number  uint64 // of the event, from its frame
	ID      string // event id that Gatehouse gave it
	Shard   int    // shard id and total it was delivered for
	Shards  int
	Attempt int    // of the delivery, from 1
	Seq     int64  // that its frame names; 0 if that is not known
	Digest  uint32 // of its frame, see FrameDigest; 0 if that is not known
}

// Observe records that the bot has accepted an event.
func (a *Audit) Observe(o Observation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.beat()
	hash := maphash.String(a.seed, o.ID) | 1
	a.compare(o)
	switch r, verdict := a.ledger.receive(o.Number, hash); verdict {
	case seenUnknown:
		a.counts.unknown++
	case seenAgain:
		a.counts.repeated++
	case seenOtherID:
		a.counts.repeatedOther++
		a.sample("came under another id before", o, r, 0)
	case seenLongAgo:
		a.counts.repeatedUnjudged++
	case seenFirst, seenFirstOptional, seenForfeited, seenFolded:
		a.counts.received++
		a.first(o, r, verdict)
	}
	a.signal()
}

// first judges the first receipt of an event.
func (a *Audit) first(o Observation, r record, verdict seen) {
	switch verdict {
	case seenFirst:
		a.counts.outstanding--
	case seenFirstOptional:
		a.counts.withheld--
		a.counts.withheldOf[r.kind]--
	case seenForfeited:
		a.counts.revived++
	case seenFolded:
		if r.flags&flagOwed != 0 {
			a.counts.outstanding--
		}
		return
	}
	a.latency.add(a.now() - r.at)
	if o.Attempt > 1 {
		a.counts.retried++
	}
	if o.Shards > 0 && int(a.guildID(r.guild)>>22%uint64(o.Shards)) != o.Shard {
		a.counts.misrouted++
	}
	// What was kept away before a crash may come in the replay, behind what came then.
	if !a.exempt[r.kind] && verdict != seenFirstOptional {
		a.order(o, r)
	}
}

// order checks that a first receipt is later than those before it, in its
// session and in its guild.
func (a *Audit) order(o Observation, r record) {
	if digest, seq, ok := parseID(o.ID); ok {
		if seq < a.lastSeq[digest] {
			a.counts.outOfOrderShard++
		}
		a.lastSeq[digest] = max(a.lastSeq[digest], seq)
	}
	if r.kind == kindAnswer || r.kind == kindReply {
		return // who else asked, and where, has no order with it
	}
	at := int(r.guild + 1) // noGuild comes first
	for at >= len(a.lastGuild) {
		a.lastGuild = append(a.lastGuild, 0)
	}
	if o.Number < a.lastGuild[at] {
		a.counts.outOfOrderGuild++
		a.sample("came after a later one of its guild", o, r, a.lastGuild[at])
	}
	a.lastGuild[at] = max(a.lastGuild[at], o.Number)
}

// parseID reads an event id: sixteen hex digits, a hyphen, a sequence number.
func parseID(id string) (digest uint64, seq int64, ok bool) {
	if len(id) < 18 || id[16] != '-' {
		return 0, 0, false
	}
	digest, err := strconv.ParseUint(id[:16], 16, 64)
	if err != nil {
		return 0, 0, false
	}
	seq, err = strconv.ParseInt(id[17:], 10, 64)
	return digest, seq, err == nil
}

// Outstanding is the number of events that are owed to the bot and have not
// reached it, pending ones included.
func (a *Audit) Outstanding() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.counts.outstanding
}

// Received is the number of different events that reached the bot.
func (a *Audit) Received() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.counts.received
}

// AwaitSettled waits until nothing is outstanding. It returns ctx's error if ctx
// ends first. Stop the traffic before, or it may wait for a lull.
func (a *Audit) AwaitSettled(ctx context.Context) error {
	for {
		a.mu.Lock()
		if a.counts.outstanding == 0 {
			a.mu.Unlock()
			return nil
		}
		if a.settled == nil {
			a.settled = make(chan struct{})
		}
		wait := a.settled
		a.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// signal wakes those who wait for the end of what is outstanding.
func (a *Audit) signal() {
	if a.counts.outstanding == 0 && a.settled != nil {
		close(a.settled)
		a.settled = nil
	}
}

// histogram counts latencies in powers of two of a millisecond.
type histogram struct {
	buckets [33]uint64
	n, sum  uint64
	max     uint32
}

func (h *histogram) add(ms uint32) {
	b := 0
	for v := ms; v > 0; v >>= 1 {
		b++
	}
	h.buckets[b]++
	h.n++
	h.sum += uint64(ms)
	h.max = max(h.max, ms)
}

// quantile is the upper bound of the bucket in which a share of all lies.
func (h *histogram) quantile(q float64) time.Duration {
	want := uint64(q * float64(h.n))
	var have uint64
	for b, n := range h.buckets {
		if have += n; n > 0 && have > want {
			return min(time.Duration(1)<<b, time.Duration(h.max)) * time.Millisecond
		}
	}
	return time.Duration(h.max) * time.Millisecond
}
