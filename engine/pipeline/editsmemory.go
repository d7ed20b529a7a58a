package pipeline

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// messages remembers messages by id, in sets of a few. In a full set, the oldest
// message gives way: ids grow with time, links are unfurled within seconds, and
// people edit what they have just written. A set costs one lock and one or two reads
// of memory; shards meet at a lock only if their messages share a stripe at the same
// moment.
type messages struct {
	sets  [][waysPerSet]message
	locks [stripes]sync.Mutex
	known atomic.Int64
}

const (
	// waysPerSet is how many messages share a set.
	waysPerSet = 8
	// stripes is how many locks the sets share.
	stripes = 256
)

// message is what is remembered of one: 32 bytes.
type message struct {
	id     uint64 // 0 for none
	digest uint64 // of what a person can have written, see [Edits]
	edited int64  // Unix time in ms; 0 for never
	by     uint64 // names the event that told so
}

func newMessages(sets int) *messages {
	return &messages{sets: make([][waysPerSet]message, sets)}
}

// lock gives the set of an id to the caller, who has to unlock it.
func (t *messages) lock(seed maphash.Seed, id uint64) (*[waysPerSet]message, *sync.Mutex) {
	at := maphash.Comparable(seed, id) % uint64(len(t.sets))
	lock := &t.locks[at%stripes]
	lock.Lock()
	return &t.sets[at], lock
}

// same reports whether an update changes nothing in a message that is remembered.
// If it does, it is remembered in its place.
func (t *messages) same(seed maphash.Seed, m message) bool {
	set, lock := t.lock(seed, m.id)
	defer lock.Unlock()
	for i := range set {
		was := &set[i]
		switch {
		case was.id != m.id:
			continue
		case was.edited > m.edited:
			return false // overtaken by an edit: the bot is to judge
		case was.edited == m.edited && was.digest == m.digest:
			return was.by != m.by // or else it is the event that told so, again
		}
		*was = m
		return false
	}
	t.replace(set, m)
	return false
}

// put remembers a message.
func (t *messages) put(seed maphash.Seed, m message) {
	set, lock := t.lock(seed, m.id)
	defer lock.Unlock()
	for i := range set {
		if set[i].id == m.id {
			set[i] = m
			return
		}
	}
	t.replace(set, m)
}

// replace puts a message in the place of the oldest of its set, or in one that is
// free, whose id is 0.
func (t *messages) replace(set *[waysPerSet]message, m message) {
	slot := 0
	for i := range set {
		if set[i].id < set[slot].id {
			slot = i
		}
	}
	if set[slot].id == 0 {
		t.known.Add(1)
	}
	set[slot] = m
}

// remove forgets a message.
func (t *messages) remove(seed maphash.Seed, id uint64) {
	if id == 0 {
		return
	}
	set, lock := t.lock(seed, id)
	defer lock.Unlock()
	for i := range set {
		if set[i].id == id {
			set[i] = message{}
			t.known.Add(-1)
			return
		}
	}
}
