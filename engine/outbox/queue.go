package outbox

import (
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// DefaultSize is how many items wait at most, unless [New] is told otherwise.
const DefaultSize = 256

// voiceRun is how many voice state updates go in a row while others wait.
const voiceRun = 4

// Queue is what one shard has to send. It is made by [New], and not safe for
// concurrent use.
type Queue struct {
	size     int
	live     bool
	window   window
	pace     pace
	voice    []Item
	presence []Item // none or one
	rest     []Item
	run      int // voice state updates that went while others waited
}

// New returns an empty queue of a shard without a connection. size is how many
// items wait at most; 0 stands for [DefaultSize]. An eighth of them is kept for
// voice state updates and presence. It holds no memory before the first frame.
func New(size int) *Queue {
	if size <= 0 {
		size = DefaultSize
	}
	return &Queue{size: size, window: window{room: roomBeside(0)}}
}

// Connected begins a new connection, on which nothing has been sent. interval is
// that of its heartbeats, for which room is reserved; 0 if it is not known yet: it
// is called again then, before the first frame is counted. What waits stays.
//
// Heartbeats every second, which Discord does not ask for, leave room for 56
// commands; those every half second leave none.
func (q *Queue) Connected(now time.Time, interval time.Duration) {
	q.window.begin(now, interval)
}

// Count takes note of a frame that did not come from the queue: a heartbeat, an
// Identify, a RESUME.
func (q *Queue) Count(now time.Time) { q.window.count(now) }

// Live says whether the session takes commands: from READY or RESUMED on, until
// the connection ends. Nothing is written while it does not.
func (q *Queue) Live(live bool) { q.live = live }

// Push adds an item. A presence update takes the place of the one that waits,
// which is returned: a newer one has made it needless, so it counts as done, and
// the new one inherits nothing of it. It fails with [ErrFull] or [ErrLate]; the
// queue is then as it was.
func (q *Queue) Push(now time.Time, it Item) (replaced []Item, err error) {
	if !now.Before(it.Deadline) {
		return nil, ErrLate
	}
	if it.Op == discord.OpPresenceUpdate && len(q.presence) > 0 {
		replaced, q.presence = q.presence, []Item{it}
		return replaced, nil
	}
	if q.Len() >= q.size {
		return nil, ErrFull
	}
	switch it.Op {
	case discord.OpPresenceUpdate:
		q.presence = append(q.presence, it)
	case discord.OpVoiceStateUpdate:
		q.voice = append(q.voice, it)
	default:
		if len(q.rest) >= q.size-q.size/8 {
			return nil, ErrFull
		}
		q.rest = append(q.rest, it)
	}
	return nil, nil
}

// Next takes out the item that is to be written now, and counts it. ok is false
// if nothing may be written now. What is past its deadline, or not wanted any more,
// is left for [Queue.Expire].
func (q *Queue) Next(now time.Time) (it Item, ok bool) {
	if !q.live || q.window.opens(now).After(now) {
		return Item{}, false
	}
	from, i := q.turn(now)
	if from == nil {
		return Item{}, false
	}
	it = q.take(from, i)
	q.window.count(now)
	return it, true
}

// turn is whose turn it is, if the window has room: the voice state updates', the
// presence's or the others', and which of them; nil if none has an item that may
// go. Each item is looked at once, since it may become unwanted at any moment.
func (q *Queue) turn(now time.Time) (*[]Item, int) {
	voice, rest := firstDue(q.voice, now), firstDue(q.rest, now)
	if voice >= 0 && (q.run < voiceRun || rest < 0) {
		q.run++
		if rest < 0 {
			q.run = 0
		}
		return &q.voice, voice
	}
	if presence := firstDue(q.presence, now); presence >= 0 && !q.pace.opens(now).After(now) {
		q.pace.count(now)
		return &q.presence, presence
	}
	if rest >= 0 {
		q.run = 0
		return &q.rest, rest
	}
	return nil, 0
}

// firstDue is the first item that may still be written; -1 if there is none.
func firstDue(items []Item, now time.Time) int {
	return slices.IndexFunc(items, func(it Item) bool { return it.due(now) })
}

// take removes an item. An empty list gives up its memory.
func (q *Queue) take(from *[]Item, i int) Item {
	it := (*from)[i]
	*from = slices.Delete(*from, i, i+1)
	if len(*from) == 0 {
		*from = nil
	}
	return it
}

// Wake is when to look again: with [Queue.Expire], then [Queue.Next] until it has
// nothing. That is now if something may be written now. ok is false if nothing
// waits. It changes with every other call.
func (q *Queue) Wake(now time.Time) (at time.Time, ok bool) {
	if q.Len() == 0 {
		return time.Time{}, false
	}
	earliest := func(t time.Time) {
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	q.each(func(it Item) { earliest(it.Deadline) })
	if q.live {
		room := q.window.opens(now)
		if len(q.voice)+len(q.rest) > 0 {
			earliest(room)
		}
		if len(q.presence) > 0 {
			if paced := q.pace.opens(now); paced.After(room) {
				room = paced
			}
			earliest(room)
		}
	}
	if at.Before(now) {
		at = now
	}
	return at, ok
}

func (q *Queue) each(visit func(Item)) {
	for _, list := range [...][]Item{q.voice, q.presence, q.rest} {
		for _, it := range list {
			visit(it)
		}
	}
}

// Expire takes out what has not been written by its deadline, or is not wanted any
// more, with the reason.
func (q *Queue) Expire(now time.Time) []Dropped {
	if q.Len() == 0 {
		return nil
	}
	presence := q.why()
	if q.live && q.pace.opens(now).After(now) {
		presence = ErrPresenceLimited
	}
	late := func(it *Item) bool { return !now.Before(it.Deadline) }
	var out []Dropped
	for _, list := range [...]*[]Item{&q.voice, &q.presence, &q.rest} {
		why := q.why()
		if list == &q.presence {
			why = presence
		}
		out = drop(out, list, (*Item).gone, ErrGone)
		out = drop(out, list, late, why)
	}
	return out
}

// why is what an item that has to wait now waits for.
func (q *Queue) why() error {
	if !q.live {
		return ErrDown
	}
	return ErrLimited
}

// Clear takes out everything, for a reason: the shard has been stopped for good.
func (q *Queue) Clear(reason error) []Dropped {
	all := func(*Item) bool { return true }
	out := drop(nil, &q.voice, all, reason)
	out = drop(out, &q.presence, all, reason)
	return drop(out, &q.rest, all, reason)
}

// drop moves the items that match from a list to out.
func drop(out []Dropped, list *[]Item, match func(*Item) bool, reason error) []Dropped {
	*list = slices.DeleteFunc(*list, func(it Item) bool {
		if !match(&it) {
			return false
		}
		out = append(out, Dropped{it, reason})
		return true
	})
	if len(*list) == 0 {
		*list = nil
	}
	return out
}

// Identified is to be called when an Identify is written. It takes out a presence
// update that waits, which counts as done: the Identify carries that presence.
func (q *Queue) Identified() []Item {
	carried := q.presence
	q.presence = nil
	return carried
}

// Len is how many items wait.
func (q *Queue) Len() int { return len(q.voice) + len(q.presence) + len(q.rest) }

// Sends is how many frames were sent on this connection in the last 60 s, of the
// 120 that Discord allows.
func (q *Queue) Sends(now time.Time) int {
	return len(q.window.sent) - q.window.past(now, period)
}
