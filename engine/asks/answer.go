package asks

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// Answer is what is to be done with a dispatch.
type Answer struct {
	// To is the sink that gets it: empty for all, [Nobody] for none.
	To string
	// Msg is the message as the asker is to see it, with the nonce that it chose:
	// a copy, or the message itself if there is nothing to change. It must not be
	// written to: a waiter may have the same copy.
	Msg []byte
	// Complete says that the request has ended with it.
	Complete bool
}

// Answer finds out for whom a dispatch is. kind is its type, d its data, msg all
// of it, which must be well-formed as [discord.Scan] leaves it. Dispatches that
// answer nothing, see [discord.IsAnswer], are for all; so is what answers a
// question that is not in the book. msg is not kept.
func (b *Book) Answer(kind string, d, msg []byte) Answer {
	if !discord.IsAnswer(kind) {
		return Answer{Msg: msg}
	}
	return b.answer(kind, d, msg)
}

func (b *Book) answer(kind string, d, msg []byte) Answer {
	var found discord.Answer
	discord.ScanAnswer(kind, d, &found)
	if found.Nonce == nil {
		return b.byGuild(&found, msg)
	}
	a := b.asked(&found)
	if a == nil {
		return Answer{Msg: msg}
	}
	found.Guild = a.guild
	restored, ok := discord.ReplaceNonce(msg, a.nonce, a.original)
	if !ok {
		restored = bytes.Clone(msg)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	complete := b.note(a, &found, restored)
	if complete && found.Limited {
		b.limited(b.cfg.Clock.Now(), &found)
	}
	return Answer{To: a.to, Msg: restored, Complete: complete}
}

// asked is the request that a nonce belongs to; nil if there is none.
func (b *Book) asked(found *discord.Answer) *Ask {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.nonces[string(found.Nonce)]
}

// byGuild takes an answer without a nonce. Those to op 31 and 43 are for all, and
// for who has asked.
func (b *Book) byGuild(found *discord.Answer, msg []byte) Answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	answer := Answer{Msg: msg}
	for _, a := range b.askers(found) {
		if a.op == discord.OpRequestGuildMembers {
			answer.To = a.to
		}
		if b.note(a, found, bytes.Clone(msg)) {
			answer.Complete = true
		}
	}
	if found.Limited && found.Op == discord.OpRequestGuildMembers {
		b.limited(b.cfg.Clock.Now(), found)
	}
	return answer
}

// askers are those whom an answer without a nonce is for. Discord answers in the
// order in which it is asked: it is for the first that has asked this of this guild,
// and for all who have asked the same in the same words. Of op 8, whose answers
// have nonces, only a refusal comes this way: it is for the one list of all members
// that there can be.
func (b *Book) askers(found *discord.Answer) []*Ask {
	var first *Ask
	var candidates []*Ask
	for e := b.open.Front(); e != nil; e = e.Next() {
		a := e.Value.(*Ask)
		members := a.op == discord.OpRequestGuildMembers
		asked, waits := a.awaited[found.Guild]
		if a.op != found.Op || !waits || members && !(a.full && found.Limited) {
			continue
		}
		if first == nil || asked && !first.awaited[found.Guild] {
			first = a
		}
		candidates = append(candidates, a)
	}
	return slices.DeleteFunc(candidates, func(a *Ask) bool { return a.question != first.question })
}

// note takes an answer to a, and reports whether a has ended with it. A waiter may
// keep msg.
func (b *Book) note(a *Ask, found *discord.Answer, msg []byte) bool {
	if a.isDone() {
		return false // repeated by a RESUME
	}
	now := b.cfg.Clock.Now()
	a.written, a.heard = true, now
	if _, waits := a.awaited[found.Guild]; waits {
		a.awaited[found.Guild] = true
	}
	b.open.MoveToBack(a.place)
	if found.Limited {
		b.end(now, a, a.tooOften(now, found))
		return true
	}
	if a.op == discord.OpRequestGuildMembers && !a.chunks.add(found.Index, found.Count) {
		return false // repeated as well
	}
	if err := b.store(a, msg); err != nil {
		b.end(now, a, err)
		return true
	}
	if a.op == discord.OpRequestGuildMembers && !a.chunks.complete() {
		return false
	}
	if delete(a.awaited, found.Guild); len(a.awaited) > 0 && a.op != discord.OpRequestGuildMembers {
		return false
	}
	b.end(now, a, nil)
	return true
}

// limited holds lists of all members back for as long as Discord says.
func (b *Book) limited(now time.Time, found *discord.Answer) {
	if found.Guild != 0 {
		b.holds[found.Guild] = hold{until: now.Add(after(found))}
	}
}

// after is when Discord wants to be asked again.
func after(found *discord.Answer) time.Duration {
	if found.RetryAfter > 0 {
		return found.RetryAfter
	}
	return fullEvery
}

// tooOften is what a waiter is told of RATE_LIMITED.
func (a *Ask) tooOften(now time.Time, found *discord.Answer) error {
	return a.refusal(now.Add(after(found)), fmt.Sprintf("Discord has been asked for this too often (RATE_LIMITED), guild %d; try again in %s",
		found.Guild, inSeconds(after(found))))
}

// store keeps an answer for the waiter.
func (b *Book) store(a *Ask, msg []byte) error {
	switch {
	case !a.keep:
		return nil
	case a.size+len(msg) > b.cfg.Bytes:
		return a.refusal(time.Time{}, fmt.Sprintf("the answer is larger than the %d bytes that are kept; ask for fewer members", b.cfg.Bytes))
	case b.kept+len(msg) > b.cfg.Total:
		return a.refusal(time.Time{}, fmt.Sprintf("the answers to several large requests are larger than the %d bytes that are kept together; ask again later", b.cfg.Total))
	}
	a.answers = append(a.answers, msg)
	a.size += len(msg)
	b.kept += len(msg)
	return nil
}
