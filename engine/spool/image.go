package spool

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
)

// image is what a chunk holds at one moment, so that it can be written while the
// log goes on.
type image struct {
	first, next uint64
	level       uint8
	sinks       []string
	entries     []entry
	records     int64    // bytes of their records
	pinned      []*block // that hold their data
	files       [][]byte // likewise
}

func (im *image) begin(first, next uint64, level uint8, sinks []string) {
	im.first, im.next, im.level, im.sinks = first, next, level, sinks
}

// take adds an entry. A gap marker, which may change, is put into words at once.
func (im *image) take(e *entry) {
	im.entries = append(im.entries, *e)
	c := &im.entries[len(im.entries)-1]
	if c.gap != nil {
		c.ev.Data = c.gap.frame(&c.ev)
	}
	im.records += int64(recordHead + recordFixed + len(c.ev.Type) + len(c.ev.Data))
}

// bound is about the size of the file, and seldom less.
func (im *image) bound() int64 { return im.records + 16<<10 }

// summary is what can be said of the image without its records.
func (im *image) summary() *summary {
	s := &summary{First: im.first, Next: im.next, Level: im.level, Length: im.records, Sinks: im.sinks}
	var all groups
	sessions := make(map[int]int)
	for i := range im.entries {
		e := &im.entries[i]
		all.count(e)
		received := e.ev.Received.UnixMilli()
		if i == 0 || received < s.Oldest {
			s.Oldest = received
		}
		if e.origin != again && e.gap == nil {
			s.Newest = max(s.Newest, received)
			s.note(e, sessions)
		}
	}
	s.Groups = make([]groupSummary, len(all))
	for i, g := range all {
		s.Groups[i] = groupSummary{g.shard, g.shards, g.waits, g.events, g.gaps, g.noise, g.bytes}
	}
	return s
}

// note keeps the last event of each shard; places are those of shards in it.
func (s *summary) note(e *entry, places map[int]int) {
	if e.ev.ID.Seq <= 0 || e.origin != ours {
		return
	}
	i, ok := places[e.ev.ShardID]
	if !ok {
		i = len(s.Sessions)
		places[e.ev.ShardID] = i
		s.Sessions = append(s.Sessions, sessionSummary{Shard: e.ev.ShardID})
	}
	s.Sessions[i].session, s.Sessions[i].Seq = e.ev.ID.Session, e.ev.ID.Seq
}

// encode appends the image in the form of a file.
func (im *image) encode(dst []byte) ([]byte, error) {
	s := im.summary()
	for i := range s.Sessions {
		s.Sessions[i].Session = strconv.FormatUint(s.Sessions[i].session, 16)
	}
	text, err := json.Marshal(s)
	if err != nil {
		return dst, fmt.Errorf("encode: %w", err)
	}
	var sums [8]byte
	binary.LittleEndian.PutUint32(sums[:], uint32(len(text)))
	binary.LittleEndian.PutUint32(sums[4:], crcOf(text))
	dst = append(dst, magic...)
	dst = append(dst, sums[:]...)
	dst = append(dst, text...)
	for i := range im.entries {
		dst = appendRecord(dst, &im.entries[i])
	}
	dst = append(dst, text...)
	dst = append(dst, sums[:]...)
	return append(dst, magic...), nil
}

// appendRecord appends an entry, whose data is a gap marker's frame if it is one.
func appendRecord(dst []byte, e *entry) []byte {
	flags := byte(0)
	if e.gap != nil {
		flags |= flagGap
	}
	switch e.origin {
	case again:
		flags |= flagAgain
	case foreign:
		flags |= flagForeign
	}
	start := len(dst)
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, uint32(recordFixed+len(e.ev.Type)+len(e.ev.Data)))
	dst = le.AppendUint32(dst, 0)
	dst = le.AppendUint64(dst, e.pos)
	dst = le.AppendUint64(dst, e.waits)
	dst = le.AppendUint64(dst, e.ev.ID.Session)
	dst = le.AppendUint64(dst, uint64(e.ev.ID.Seq))
	dst = le.AppendUint64(dst, e.ev.Guild)
	dst = le.AppendUint64(dst, uint64(e.ev.Received.UnixNano()))
	dst = le.AppendUint32(dst, uint32(e.ev.ShardID))
	dst = le.AppendUint32(dst, uint32(e.ev.Shards))
	dst = append(dst, flags, byte(e.ev.Kind))
	dst = le.AppendUint16(dst, uint16(len(e.ev.Type)))
	dst = append(dst, e.ev.Type...)
	dst = append(dst, e.ev.Data...)
	le.PutUint32(dst[start+4:], crcOf(dst[start+recordHead:]))
	return dst
}
