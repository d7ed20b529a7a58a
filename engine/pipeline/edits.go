package pipeline

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// Edits tells updates of messages that no person made. When somebody writes a link,
// Discord sends the message, and then sends it again as a MESSAGE_UPDATE for each
// preview that it has found (an unfurl): nothing has been edited (Discord docs,
// Gateway events: MESSAGE_UPDATE; observed).
//
// Noise is a MESSAGE_UPDATE of a message that a user has written, if everything in it
// is as it was when the message, or the last update that passed, was seen, but for
// embeds, which users cannot write. Everything else passes:
//
//   - another content, or another edited_timestamp (to the millisecond: unfurls repeat
//     it cut);
//   - anything else that differs: flags (crossposted, embeds suppressed, has a thread),
//     pinned, attachments, components, a poll and its results, mentions, reactions;
//   - all updates of messages of bots, applications, webhooks and Discord itself, whose
//     embeds are their own, and of all types but plain ones and replies: what
//     auto moderation has blocked and how a poll has ended are told in embeds, under a
//     user's name;
//   - an update that has been overtaken by an edit: it may bring the old text;
//   - updates of messages that are not remembered, such as those from before the
//     start, and updates that do not hold the whole message.
//
// Not counted as a change are what Discord adds to one of the two alone (nonce, tts,
// member), and the message that is replied to, which has updates of its own.
//
// An update that has passed passes again when a RESUME brings it again: it may not
// have reached the queue. What is remembered does not outlive the process: after a
// crash, an update that was kept away may come after all when Discord replays it,
// behind later ones that had been delivered before the crash.
//
// A message is remembered as a 64-bit digest with a secret seed: that an edit has the
// digest of what was there before, and is lost, has a chance of 1 in 1.8·10¹⁹. All
// methods are safe for concurrent use.
type Edits struct {
	content bool // the bot sees what is written in messages
	seed    maphash.Seed
	table   atomic.Pointer[messages] // nil while it is off

	seen, dropped, bytes atomic.Uint64
}

// NewEdits remembers so many messages at most, rounded up to a multiple of 8, at 32
// bytes each. content says that the bot has the intent MessageContent; without it
// nothing is noise, since nobody can tell.
func NewEdits(capacity int, content bool) *Edits {
	e := &Edits{content: content, seed: maphash.MakeSeed()}
	e.Configure(true, capacity)
	return e
}

// Configure switches it on or off, or has it remember another number of messages,
// which forgets those that are remembered. A capacity of 0 or less is off.
func (e *Edits) Configure(on bool, capacity int) {
	if !on || !e.content || capacity <= 0 {
		e.table.Store(nil)
		return
	}
	sets := (capacity + waysPerSet - 1) / waysPerSet
	if t := e.table.Load(); t == nil || len(t.sets) != sets {
		e.table.Store(newMessages(sets))
	}
}

// Stats are how many MESSAGE_UPDATEs were seen and found to be noise since the start,
// the bytes of the latter's frames, and how many messages are remembered. What comes
// while it is off is not seen.
func (e *Edits) Stats() (seen, dropped, bytes uint64, known int) {
	if t := e.table.Load(); t != nil {
		known = int(t.known.Load())
	}
	return e.seen.Load(), e.dropped.Load(), e.bytes.Load(), known
}

// Noise reports whether an event is a MESSAGE_UPDATE that no person made. It takes
// note of messages, forgets those that are deleted, and costs nothing for other types.
// Events of one message are to come in their order.
func (e *Edits) Noise(ev *event.Event) bool {
	switch ev.Type {
	case "MESSAGE_UPDATE":
		return e.update(ev)
	case "MESSAGE_CREATE":
		e.create(ev)
	case "MESSAGE_DELETE", "MESSAGE_DELETE_BULK":
		e.remove(ev)
	}
	return false
}

// update judges a MESSAGE_UPDATE.
func (e *Edits) update(ev *event.Event) bool {
	t := e.table.Load()
	if t == nil {
		return false
	}
	e.seen.Add(1)
	m, ok := e.read(ev)
	if !ok || !t.same(e.seed, m) {
		return false
	}
	e.dropped.Add(1)
	e.bytes.Add(uint64(len(ev.Data)))
	return true
}

// create takes note of a message.
func (e *Edits) create(ev *event.Event) {
	t := e.table.Load()
	if t == nil {
		return
	}
	if m, ok := e.read(ev); ok {
		t.put(e.seed, m)
	}
}

// remove forgets messages that are deleted: there will be no updates of them.
func (e *Edits) remove(ev *event.Event) {
	if t := e.table.Load(); t != nil {
		deleted(ev.Data, func(id uint64) { t.remove(e.seed, id) })
	}
}
