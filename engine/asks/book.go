package asks

import (
	"container/list"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Nobody is to whom answers go that only a waiter or the watchdog has asked for.
// No sink may have this name.
const Nobody = "(nobody)"

// Defaults of [Config].
const (
	DefaultRequests = 4096
	DefaultBytes    = 8 << 20
	DefaultTotal    = 64 << 20
	DefaultPatience = 3 * time.Minute
	DefaultMemory   = 5 * time.Minute
)

const (
	// fullEvery is how often Discord lists all members of a guild, and fullSlack
	// what we add because it counts arrivals.
	fullEvery = 30 * time.Second
	fullSlack = time.Second
	// prefix begins the nonces that go to Discord.
	prefix = "gh-"
)

// Config is what a book is made of.
type Config struct {
	Clock clock.Clock // required
	// Start makes the nonces of this run of the program differ from those of all
	// others: a random number.
	Start uint64

	Requests int           // in the book, those that are answered included; default 4096
	Bytes    int           // of answers that are kept for one waiter; default 8 MiB
	Total    int           // of answers that are kept for all of them; default 64 MiB
	Patience time.Duration // with a request of which nothing comes any more; default 3 min
	Memory   time.Duration // of answered ones, for answers that a RESUME repeats; default 5 min
}

func (c Config) withDefaults() Config {
	if c.Requests <= 0 {
		c.Requests = DefaultRequests
	}
	if c.Bytes <= 0 {
		c.Bytes = DefaultBytes
	}
	if c.Total <= 0 {
		c.Total = DefaultTotal
	}
	if c.Patience <= 0 {
		c.Patience = DefaultPatience
	}
	if c.Memory <= 0 {
		c.Memory = DefaultMemory
	}
	return c
}

// Book is where requests are written down. It is made by [New].
type Book struct {
	cfg Config
	run string // prefix of this run's nonces

	mu     sync.Mutex
	last   uint64          // request
	nonces map[string]*Ask // op 8, by the nonce on the wire
	open   *list.List      // of *Ask, the one that has been silent longest first
	done   *list.List      // of *Ask, in the order in which they ended
	holds  map[uint64]hold // by guild
	kept   int             // bytes of answers
}

// hold keeps lists of all members of one guild back.
type hold struct {
	until time.Time
	by    *Ask // whose request it is; nil for Discord's own word
}

// New returns an empty book.
func New(cfg Config) *Book {
	return &Book{
		cfg: cfg.withDefaults(), run: fmt.Sprintf("%s%016x-", prefix, cfg.Start),
		nonces: make(map[string]*Ask), holds: make(map[uint64]hold),
		open: list.New(), done: list.New(),
	}
}

// Request is what is asked, and for whom.
type Request struct {
	Command discord.Command
	// Sink gets the answers of op 8, and nobody else does; empty for all, unless
	// Keep or Probe is set.
	Sink string
	// Keep collects the answers for [Ask.Wait]. Those of op 8 then go nowhere else
	// but to Sink.
	Keep bool
	// Probe is the watchdog's: the answer goes to nobody.
	Probe bool
}

// Open writes a request down, before it is queued. It fails with an
// [*ops.SendError]: for a list of all members of a guild whose last one is not 30 s
// old, and if the book is full.
//
// The caller says later what has become of it: [Ask.Sent] or [Ask.Unsent]. Op 3
// and 4 are not answered; what Open returns for them has ended already.
func (b *Book) Open(r Request) (*Ask, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.cfg.Clock.Now()
	b.sweep(now)
	a := newAsk(b, r, now)
	if len(a.awaited) == 0 {
		close(a.ended)
		return a, nil
	}
	if err := b.held(now, a); err != nil {
		return nil, err
	}
	if err := b.makeRoom(a); err != nil {
		return nil, err
	}
	if a.op == discord.OpRequestGuildMembers {
		b.last++
		a.nonce = b.run + strconv.FormatUint(b.last, 36)
		b.nonces[a.nonce] = a
	}
	if a.full {
		b.holds[a.guild] = hold{until: now.Add(fullEvery + fullSlack), by: a}
	}
	a.place = b.open.PushBack(a)
	return a, nil
}

// held refuses a list of all members that comes too soon.
func (b *Book) held(now time.Time, a *Ask) error {
	h, ok := b.holds[a.guild]
	if !a.full || !ok {
		return nil
	}
	until := h.until
	if h.by != nil && !h.by.written && !h.by.isDone() {
		// It has not left yet, so Discord's time has not begun.
		until = now.Add(fullEvery + fullSlack)
	}
	if !until.After(now) {
		return nil
	}
	return &ops.SendError{Op: int(a.op), RetryAt: until, Reason: fmt.Sprintf(
		"Discord lists all members of a guild once in 30 s, and those of guild %d have just been asked for; try again in %s",
		a.guild, inSeconds(until.Sub(now)))}
}

// inSeconds is a duration in whole seconds, rounded up.
func inSeconds(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}

// makeRoom forgets the oldest answered request if the book is full.
func (b *Book) makeRoom(a *Ask) error {
	if b.open.Len()+b.done.Len() < b.cfg.Requests {
		return nil
	}
	if oldest := b.done.Front(); oldest != nil {
		b.forget(oldest.Value.(*Ask))
		return nil
	}
	return &ops.SendError{Op: int(a.op), Reason: fmt.Sprintf(
		"%d requests wait for Discord's answers already; try again in a minute", b.open.Len())}
}

// forget takes an ended request out of the book. Answers that have not been fetched
// stay with the request, for a waiter that comes late.
func (b *Book) forget(a *Ask) {
	b.done.Remove(a.place)
	delete(b.nonces, a.nonce)
	b.kept -= a.size
	a.size = 0
}

// Sweep ends the requests of which nothing has come for too long, and forgets
// those that ended long ago. [Book.Open] does the same; a call now and then keeps
// the figures of [Book.Waiting] true.
func (b *Book) Sweep() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweep(b.cfg.Clock.Now())
}

func (b *Book) sweep(now time.Time) {
	for e := b.open.Front(); e != nil && now.Sub(e.Value.(*Ask).heard) >= b.cfg.Patience; e = b.open.Front() {
		a := e.Value.(*Ask)
		b.end(now, a, a.silent(b.cfg.Patience))
	}
	for e := b.done.Front(); e != nil && now.Sub(e.Value.(*Ask).heard) >= b.cfg.Memory; e = b.done.Front() {
		b.forget(e.Value.(*Ask))
	}
	for guild, h := range b.holds {
		if !h.until.After(now) && (h.by == nil || h.by.written || h.by.isDone()) {
			delete(b.holds, guild)
		}
	}
}

// Lost says that one of total shards, of the fleet that sends commands, has lost
// its session: what was asked in it is not answered any more. It is to be called
// when the shard identifies anew, before it takes commands again.
func (b *Book) Lost(shard, total int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.cfg.Clock.Now()
	var next *list.Element
	for e := b.open.Front(); e != nil; e = next {
		next = e.Next()
		a := e.Value.(*Ask)
		for guild, asked := range a.awaited {
			// What still waits in the queue of the shard will be asked.
			if asked && discord.ShardOf(guild, total) == shard {
				a.lost = true
				delete(a.awaited, guild)
			}
		}
		if len(a.awaited) == 0 {
			b.end(now, a, nil)
		}
	}
}

// Waiting is how many requests have not been answered in full.
func (b *Book) Waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open.Len()
}
