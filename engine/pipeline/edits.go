package pipeline

import (
	"bytes"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
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
//   - anything else that differs: flags (pinned, crossposted, embeds suppressed, has a
//     thread), attachments, components, a poll and its results, mentions, reactions;
//   - all updates of messages of bots, applications and webhooks, whose embeds are
//     their own;
//   - updates of messages that are not remembered, such as those from before the
//     start, and updates that do not hold the whole message.
//
// Not counted as a change are what Discord adds to one of the two alone (nonce, tts,
// member), and the message that is replied to, which has updates of its own.
//
// What is remembered does not outlive the process: after a crash, an update that was
// kept away may come after all when Discord replays it, behind later ones that had been
// delivered before the crash.
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

// messages remembers messages by id, in sets of a few of which the oldest gives way.
type messages struct {
	sets  [][waysPerSet]message
	locks [64]sync.Mutex
	known atomic.Int64
}

// waysPerSet is how many messages share a set.
const waysPerSet = 8

// message is what is remembered of one: 32 bytes.
type message struct {
	id     uint64 // 0 for none
	digest uint64
	edited int64 // Unix time in ms; 0 for never
	person bool  // a user wrote it
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
// which forgets those that are remembered.
func (e *Edits) Configure(on bool, capacity int) {
	if !on || !e.content || capacity <= 0 {
		e.table.Store(nil)
		return
	}
	sets := (capacity + waysPerSet - 1) / waysPerSet
	if t := e.table.Load(); t == nil || len(t.sets) != sets {
		e.table.Store(&messages{sets: make([][waysPerSet]message, sets)})
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
// note of messages, and costs nothing for other types.
func (e *Edits) Noise(ev *event.Event) bool {
	update := ev.Type == "MESSAGE_UPDATE"
	if !update && ev.Type != "MESSAGE_CREATE" {
		return false
	}
	t := e.table.Load()
	if t == nil {
		return false
	}
	if update {
		e.seen.Add(1)
	}
	m, whole := e.read(ev.Data)
	if !whole || !t.same(e.seed, m, update) {
		return false
	}
	e.dropped.Add(1)
	e.bytes.Add(uint64(len(ev.Data)))
	return true
}

// same remembers a message, and reports whether it is an update of one that a user
// has written which changes nothing.
func (t *messages) same(seed maphash.Seed, m message, update bool) bool {
	at := maphash.Comparable(seed, m.id) % uint64(len(t.sets))
	lock := &t.locks[at%uint64(len(t.locks))]
	lock.Lock()
	defer lock.Unlock()
	set := &t.sets[at]
	slot := 0
	for i := range set {
		if set[i].id == m.id {
			was := set[i]
			if update && was.edited > m.edited {
				return false // an unfurl that has been overtaken by an edit: the bot is to judge
			}
			set[i] = m
			return update && was == m && m.person
		}
		if set[i].id < set[slot].id {
			slot = i // ids grow with time, and 0 is a place that is free
		}
	}
	if set[slot].id == 0 {
		t.known.Add(1)
	}
	set[slot] = m
	return false
}

// read takes what counts from a frame. It reports false if that is not a whole
// message.
func (e *Edits) read(frame []byte) (m message, whole bool) {
	var d []byte
	if !discord.Members(frame, func(key, value []byte) {
		if string(key) == "d" {
			d = value
		}
	}) {
		return m, false
	}
	m.person = true
	author, content, edited, readable := false, false, false, true
	well := discord.Members(d, func(key, value []byte) {
		switch string(key) {
		case "id":
			m.id = snowflake(value)
		case "embeds", "nonce", "tts", "member", "referenced_message",
			"gatehouse_n": // by which the simulated Discord numbers its events
			return
		case "edited_timestamp":
			edited = true
			m.edited, readable = milliseconds(value)
			return
		case "author":
			author = true
			if bytes.Contains(value, []byte(`"bot"`)) && !bytes.Contains(value, []byte(`"bot":false`)) {
				m.person = false
			}
		case "webhook_id", "application_id", "interaction", "interaction_metadata":
			m.person = m.person && string(value) == "null"
		case "content":
			content = true
		}
		// The order of members does not matter.
		m.digest += maphash.Bytes(e.seed, key) ^ rotate(maphash.Bytes(e.seed, value))
	})
	return m, well && readable && author && content && edited && m.id != 0
}

// rotate keeps a member whose key and value are equal from adding nothing.
func rotate(h uint64) uint64 { return h<<29 | h>>35 }

// snowflake reads an id; 0 if it is none.
func snowflake(value []byte) (id uint64) {
	if len(value) < 3 || value[0] != '"' {
		return 0
	}
	for _, c := range value[1 : len(value)-1] {
		if c < '0' || c > '9' {
			return 0
		}
		id = id*10 + uint64(c-'0')
	}
	return id
}

// milliseconds reads an ISO 8601 time, or null as 0.
func milliseconds(value []byte) (ms int64, ok bool) {
	if string(value) == "null" {
		return 0, true
	}
	if len(value) < 2 || value[0] != '"' {
		return 0, false
	}
	at, err := time.Parse(time.RFC3339Nano, string(value[1:len(value)-1]))
	return at.UnixMilli(), err == nil
}
