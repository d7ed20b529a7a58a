package stats

import (
	"cmp"
	"slices"
)

// hotSlots is how many ids a [Hot] counts at once. Whatever makes up more than one
// part in hotSlots of all is among them.
const hotSlots = 32

// Hot finds the ids that occur most often, in 1.3 kB whatever their number, by the
// space-saving algorithm (Metwally, Agrawal, El Abbadi: Efficient computation of
// frequent and top-k elements in data streams, 2005). The zero Hot is empty. It is
// not safe for concurrent use.
type Hot struct {
	slots []hotSlot
	last  int // slot of the id that came last: events come in rows
}

type hotSlot struct {
	id    uint64
	count uint64
	over  uint64 // how much of count may have been others'
	bytes uint64
}

// HotCount is how often an id has occurred.
type HotCount struct {
	ID    uint64
	Count uint64 // at least
	Bytes uint64 // of those that were seen while the id was counted
}

// Add counts an id.
func (h *Hot) Add(id, bytes uint64) {
	if h.last < len(h.slots) && h.slots[h.last].id == id {
		h.slots[h.last].count++
		h.slots[h.last].bytes += bytes
		return
	}
	least := 0
	for i := range h.slots {
		s := &h.slots[i]
		if s.id == id {
			s.count++
			s.bytes += bytes
			h.last = i
			return
		}
		if s.count < h.slots[least].count {
			least = i
		}
	}
	if len(h.slots) < hotSlots {
		h.last = len(h.slots)
		h.slots = append(h.slots, hotSlot{id: id, count: 1, bytes: bytes})
		return
	}
	// The rarest gives way, and what was its own may have been this one's.
	h.last = least
	h.slots[least] = hotSlot{id: id, count: h.slots[least].count + 1, over: h.slots[least].count, bytes: bytes}
}

// Top are the ids that have occurred most often for certain, the most frequent
// first, at most n of them.
func (h *Hot) Top(n int) []HotCount {
	var out []HotCount
	for _, s := range h.slots {
		out = append(out, HotCount{ID: s.id, Count: s.count - s.over, Bytes: s.bytes})
	}
	slices.SortFunc(out, func(a, b HotCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(n, len(out))]
}

// Reset forgets everything.
func (h *Hot) Reset() { h.slots, h.last = h.slots[:0], 0 }
