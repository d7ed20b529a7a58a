package discordtest

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
)

// Bot is a sample bot: the receiving end of Gatehouse's HTTP sink. It checks the
// secret, finds each event's number without decoding it, and tells the audit.
// It can be told to fail. It is safe for concurrent use and starts no goroutine.
//
// A body is one event, or several, one a line (application/x-ndjson).
type Bot struct {
	secret string
	audit  *Audit // nil for none
	clock  clock.Clock

	mu      sync.Mutex
	mode    BotMode
	changed chan struct{} // closed when the mode changes
	delay   time.Duration
	status  func(n uint64) int
	tap     func(Delivered)
	stats   BotStats
	bodies  sync.Pool
}

var _ http.Handler = (*Bot)(nil)

// BotMode is how a bot behaves.
type BotMode uint8

// The modes.
const (
	BotUp      BotMode = iota // takes events
	BotBusy                   // answers 503 without taking anything
	BotHung                   // does not answer until the mode changes or the request ends
	BotCrashed                // drops the connection without an answer
	BotForgets                // takes events, then drops the connection: they are sent again
)

// BotStats is what a bot has seen.
type BotStats struct {
	Requests     uint64            `json:"requests"`
	Refused      uint64            `json:"refused"`      // not answered with 2xx
	Unauthorized uint64            `json:"unauthorized"` // of them, without the secret
	Malformed    uint64            `json:"malformed"`    // lines that are no events
	Events       uint64            `json:"events"`       // taken, repeats included
	Notices      map[string]uint64 `json:"notices"`      // taken, without an event number, by type
	Gaps         uint64            `json:"gaps"`         // gap markers taken; they are notices too
	Gapped       uint64            `json:"gapped"`       // events that those say were dropped
	LargestBatch int               `json:"largest_batch"`
	Attempts     map[int]uint64    `json:"attempts"` // requests taken, by Gatehouse-Attempt
}

// maxBotBody bounds a request, in bytes.
const maxBotBody = 64 << 20

// NewBot makes a bot that wants the secret in Authorization; empty for anything.
func NewBot(audit *Audit, secret string, c clock.Clock) *Bot {
	if c == nil {
		c = clock.System()
	}
	b := &Bot{secret: secret, audit: audit, clock: c, changed: make(chan struct{})}
	b.stats.Notices = make(map[string]uint64)
	b.stats.Attempts = make(map[int]uint64)
	b.bodies.New = func() any { return new(bytes.Buffer) }
	return b
}

// SetMode changes how the bot behaves; requests that hang are let go.
func (b *Bot) SetMode(m BotMode) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mode = m
	close(b.changed)
	b.changed = make(chan struct{})
}

// SetDelay makes the bot take so long over every request.
func (b *Bot) SetDelay(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.delay = d
}

// SetStatus makes status choose the answer to the n-th request, from 1 on; what
// is not 2xx takes nothing. It is called with a lock held and must be quick. Nil
// answers 204.
func (b *Bot) SetStatus(status func(n uint64) int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status = status
}

// SetTap has tap see every event and notice that the bot takes, repeats included,
// as they come. It must be quick, must not keep Data, and may be called
// concurrently. Nil ends that.
func (b *Bot) SetTap(tap func(Delivered)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tap = tap
}

// Stats tells what the bot has seen.
func (b *Bot) Stats() BotStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	st := b.stats
	st.Notices = make(map[string]uint64, len(b.stats.Notices))
	for k, v := range b.stats.Notices {
		st.Notices[k] = v
	}
	st.Attempts = make(map[int]uint64, len(b.stats.Attempts))
	for k, v := range b.stats.Attempts {
		st.Attempts[k] = v
	}
	return st
}

// ServeHTTP takes one delivery.
func (b *Bot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := b.bodies.Get().(*bytes.Buffer)
	if !ok {
		body = new(bytes.Buffer)
	}
	defer b.bodies.Put(body)
	body.Reset()
	if _, err := body.ReadFrom(io.LimitReader(r.Body, maxBotBody)); err != nil {
		return
	}
	mode := b.wait(r)
	status := b.answer(r, mode)
	if status/100 == 2 {
		b.take(body.Bytes(), r.Header)
	}
	if mode == BotForgets || mode == BotCrashed {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
}

// wait lets the delay pass, and hangs while the bot is told to.
func (b *Bot) wait(r *http.Request) BotMode {
	b.mu.Lock()
	mode, delay, changed := b.mode, b.delay, b.changed
	b.mu.Unlock()
	if delay > 0 {
		timer := b.clock.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C():
		case <-r.Context().Done():
		}
	}
	for mode == BotHung {
		select {
		case <-changed:
		case <-r.Context().Done():
			return BotCrashed
		}
		b.mu.Lock()
		mode, changed = b.mode, b.changed
		b.mu.Unlock()
	}
	return mode
}

// answer chooses the status.
func (b *Bot) answer(r *http.Request, mode BotMode) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stats.Requests++
	status := http.StatusNoContent
	switch {
	case b.secret != "" && r.Header.Get("Authorization") != b.secret:
		b.stats.Unauthorized++
		status = http.StatusUnauthorized
	case mode == BotBusy || mode == BotCrashed:
		status = http.StatusServiceUnavailable
	case b.status != nil:
		status = b.status(b.stats.Requests)
	}
	if status/100 != 2 {
		b.stats.Refused++
	}
	return status
}

// take accepts every event of a body.
func (b *Bot) take(body []byte, h http.Header) {
	attempt, _ := strconv.Atoi(h.Get("Gatehouse-Attempt"))
	b.mu.Lock()
	tap := b.tap
	b.mu.Unlock()
	events, malformed := 0, 0
	var notices []delivery
	for line := range bytes.Lines(body) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		d, ok := scanDelivery(line)
		switch {
		case !ok:
			malformed++
			continue
		case !d.numbered:
			notices = append(notices, d)
		case b.audit != nil:
			b.audit.Observe(Observation{
				Number: d.number, ID: d.id, Shard: d.shard, Shards: d.shards, Attempt: attempt,
				Seq: d.seq, Digest: d.digest,
			})
		}
		if tap != nil {
			tap(d.told(line))
		}
		events++
	}
	b.count(attempt, events, malformed, notices)
}

// count books what was taken of a request.
func (b *Bot) count(attempt, events, malformed int, notices []delivery) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stats.Events += uint64(events)
	b.stats.Malformed += uint64(malformed)
	b.stats.LargestBatch = max(b.stats.LargestBatch, events)
	b.stats.Attempts[attempt]++
	for _, d := range notices {
		b.stats.Notices[d.kind]++
		if d.kind == gapType {
			b.stats.Gaps++
			b.stats.Gapped += d.gap
		}
	}
}
