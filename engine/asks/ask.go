package asks

import (
	"container/list"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Ask is one request in the book. Every method may be called at any time, more
// than once, and from any goroutine.
type Ask struct {
	book *Book

	op       discord.Opcode
	guild    uint64 // of op 8 and 43
	full     bool
	to       string
	original string // nonce of the asker
	nonce    string // on the wire; empty but for op 8
	question string // what op 31 and 43 ask, to tell equal questions

	// The rest is under the book's lock.
	place   *list.Element   // in open or done; nil if in neither
	heard   time.Time       // when it was opened, something came last, or it ended
	written bool            // a part of it was
	awaited map[uint64]bool // guilds whose answer is not complete; true once they were asked for
	chunks  chunkSet        // of op 8
	lost    bool            // a shard has lost the session in which it had asked

	keep    bool
	answers []json.RawMessage
	size    int
	err     error
	ended   chan struct{}
}

func newAsk(b *Book, r Request, now time.Time) *Ask {
	c := r.Command
	a := &Ask{
		book: b, op: c.Op, full: c.Full, original: c.Nonce, to: r.Sink,
		heard: now, keep: r.Keep, ended: make(chan struct{}),
	}
	if a.to == "" && (r.Keep || r.Probe) {
		a.to = Nobody
	}
	switch c.Op {
	case discord.OpRequestGuildMembers, discord.OpRequestChannelInfo, discord.OpRequestSoundboard:
		a.awaited = make(map[uint64]bool, len(c.Guilds))
		for _, guild := range c.Guilds {
			a.awaited[guild] = false
			a.guild = guild
		}
	}
	if c.Op == discord.OpRequestChannelInfo {
		frame, _ := c.AppendFrame(nil, "") // one that is too long is never sent
		a.question = string(frame)
	}
	return a
}

// Nonce is what [discord.Command.AppendFrame] is to put on the wire; empty for all
// but op 8.
func (a *Ask) Nonce() string { return a.nonce }

// Sent says that the command was written: for the guilds named, or for all if none
// is.
func (a *Ask) Sent(at time.Time, guilds ...uint64) {
	b := a.book
	b.mu.Lock()
	defer b.mu.Unlock()
	a.written = true
	for guild := range a.awaited {
		if len(guilds) == 0 || slices.Contains(guilds, guild) {
			a.awaited[guild] = true
		}
	}
	if h, ok := b.holds[a.guild]; ok && h.by == a {
		b.holds[a.guild] = hold{until: at.Add(fullEvery + fullSlack), by: a}
	}
	if a.isDone() {
		return
	}
	a.heard = b.cfg.Clock.Now()
	b.open.MoveToBack(a.place)
}

// Unsent says that the command will not be written: for the guilds named, or for
// all if none is. What a list of all members has held back may then be asked
// again. A request with no guild left has ended.
func (a *Ask) Unsent(guilds ...uint64) {
	b := a.book
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(guilds) == 0 {
		clear(a.awaited)
	}
	for _, guild := range guilds {
		delete(a.awaited, guild)
	}
	if len(a.awaited) > 0 || a.isDone() {
		return
	}
	if !a.written {
		b.release(a)
	}
	b.end(b.cfg.Clock.Now(), a, nil)
}

// release gives back what a has held.
func (b *Book) release(a *Ask) {
	if h, ok := b.holds[a.guild]; ok && h.by == a {
		delete(b.holds, a.guild)
	}
}

// Done is closed when the request has ended: answered in full, refused by Discord,
// given up, or silent for too long.
func (a *Ask) Done() <-chan struct{} { return a.ended }

func (a *Ask) isDone() bool {
	select {
	case <-a.ended:
		return true
	default:
		return false
	}
}

// Wait waits for the answers of a request with Keep and returns them, in their
// order and with the asker's nonce. It fails with ctx's error, and with an
// [*ops.SendError] if Discord refuses, if nothing comes for too long, or if it is
// too much to be kept; what had come by then is returned beside the error. Answers
// that come later are not kept, and a second call has none.
func (a *Ask) Wait(ctx context.Context) ([]json.RawMessage, error) {
	for {
		wait := a.patience()
		timer := a.book.cfg.Clock.NewTimer(wait)
		select {
		case <-a.ended:
			timer.Stop()
			return a.collect(nil)
		case <-ctx.Done():
			timer.Stop()
			return a.collect(ctx.Err())
		case <-timer.C():
			a.book.Sweep()
		}
	}
}

// patience is how long the request may stay silent from now on.
func (a *Ask) patience() time.Duration {
	a.book.mu.Lock()
	defer a.book.mu.Unlock()
	return a.heard.Add(a.book.cfg.Patience).Sub(a.book.cfg.Clock.Now())
}

// collect hands the answers over.
func (a *Ask) collect(err error) ([]json.RawMessage, error) {
	b := a.book
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		err = a.err
	}
	return a.take(), err
}

// take empties what is kept, for good.
func (a *Ask) take() []json.RawMessage {
	answers := a.answers
	a.book.kept -= a.size
	a.answers, a.size, a.keep = nil, 0, false
	return answers
}

// Drop says that nobody will wait for the answers: none are kept from now on. They
// go where they went before. What has ended and is not waited for is kept until the
// book forgets it.
func (a *Ask) Drop() {
	a.book.mu.Lock()
	defer a.book.mu.Unlock()
	a.take()
}

// end closes a request. It stays known for a while, since a RESUME may repeat
// answers.
func (b *Book) end(now time.Time, a *Ask, err error) {
	if err == nil && a.lost {
		err = a.refusal(time.Time{}, "the shard lost its session before Discord had answered in full; ask again")
	}
	a.err, a.heard = err, now
	b.open.Remove(a.place)
	a.place = b.done.PushBack(a)
	close(a.ended)
}

// silent is what a waiter is told of a request that stays without an answer.
func (a *Ask) silent(patience time.Duration) error {
	if a.full || a.chunks.total > 1 {
		return a.refusal(time.Time{}, fmt.Sprintf("nothing more has come for %s: %d of %d chunks; the shard may have lost its session, ask again",
			patience, a.chunks.have, a.chunks.total))
	}
	return a.refusal(time.Time{}, fmt.Sprintf("Discord has not answered within %s; check that the bot is in the guild, or ask again", patience))
}

func (a *Ask) refusal(retryAt time.Time, reason string) error {
	return &ops.SendError{Op: int(a.op), Reason: reason, RetryAt: retryAt}
}
