package spool

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// A chunk's file is
//
//	magic, length and checksum of the summary, the summary as JSON,
//	records, each with its length and checksum,
//	the summary, its length and checksum, magic
//
// so that what a file has lost can be told even if one end of it is damaged.
// Numbers are little-endian, checksums CRC-32C. Records say where they stand and
// who waits for them.

// magic begins every file and names the format.
const magic = "gatehouse queue 1\n"

// headSize is the bytes from which a summary can usually be read: the magic, its
// length and checksum, and the summary of a worker with a hundred shards.
const headSize = 16 << 10

// The parts of a record before its type and data.
const (
	recordHead  = 4 + 4                 // length of the rest, checksum of the rest
	recordFixed = 6*8 + 2*4 + 2*1 + 1*2 // from the position to the length of the type
)

// Flags of a record.
const (
	flagGap     = 1 << iota // the data is a gap marker's frame
	flagAgain               // entry.origin is again
	flagForeign             // entry.origin is foreign
)

// summary is what can be known of a file without reading its records. Bit n of
// who waits is that of the n-th sink.
type summary struct {
	First    uint64           `json:"first"` // positions [first, next)
	Next     uint64           `json:"next"`
	Length   int64            `json:"length"` // of the records, in bytes
	Oldest   int64            `json:"oldest"` // received, in Unix milliseconds
	Newest   int64            `json:"newest"` // of what has an age; 0 if nothing has
	Level    uint8            `json:"level"`
	Sinks    []string         `json:"sinks"`
	Groups   []groupSummary   `json:"groups"`
	Sessions []sessionSummary `json:"sessions"`
}

// groupSummary is a [group].
type groupSummary struct {
	Shard  int32  `json:"shard"`
	Shards int32  `json:"shards"`
	Waits  uint64 `json:"waits"`
	Events int32  `json:"events"`
	Gaps   int32  `json:"gaps,omitempty"`
	Noise  int32  `json:"noise,omitempty"`
	Bytes  int64  `json:"bytes"`
}

// sessionSummary is the last event of a shard in a file.
type sessionSummary struct {
	Shard   int    `json:"shard"`
	Session string `json:"session"` // hex of event.ID.Session
	Seq     int64  `json:"seq"`

	session uint64
}

func crcOf(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// groups are the file's groups, with the bits of sinks replaced by those given.
func (s *summary) groups(bits []uint64) (out groups) {
	all := make(groups, len(s.Groups))
	for i, g := range s.Groups {
		all[i] = group{g.Shard, g.Shards, translate(g.Waits, bits), g.Events, g.Gaps, g.Noise, g.Bytes}
	}
	out.add(all)
	return out
}

// bytes are those of all events in the file.
func (s *summary) bytes() (n int64) {
	for i := range s.Groups {
		n += s.Groups[i].Bytes
	}
	return n
}

// size is that of a file with this summary, whose text is so long.
func (s *summary) size(text int) int64 { return s.Length + 2*int64(len(magic)+8+text) }

// check reports whether a summary makes sense as that of positions [first, next).
func (s *summary) check(first, next uint64) bool {
	if s.First != first || s.Next != next || first >= next || s.Length < 0 || len(s.Sinks) > MaxCursors {
		return false
	}
	records := uint64(0)
	for _, g := range s.Groups {
		if g.Events < 0 || g.Gaps < 0 || g.Noise < 0 || g.Noise > g.Events || g.Bytes < int64(g.Events) || g.Bytes > s.Length*2 || g.Events == 0 && g.Bytes > 0 {
			return false
		}
		records += uint64(g.Events) + uint64(g.Gaps)
	}
	for i := range s.Sessions {
		session, err := strconv.ParseUint(s.Sessions[i].Session, 16, 64)
		if err != nil {
			return false
		}
		s.Sessions[i].session = session
	}
	return records <= next-first
}

// parseSummary reads a summary of positions [first, next).
func parseSummary(text []byte, sum uint32, first, next uint64) (s summary, err error) {
	if crcOf(text) != sum {
		return s, fmt.Errorf("%w: a summary has a wrong checksum", errDamaged)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("%w: a summary: %w", errDamaged, err)
	}
	if !s.check(first, next) {
		return s, fmt.Errorf("%w: a summary makes no sense for that file", errDamaged)
	}
	return s, nil
}

// readHead reads the summary at a file's beginning, of which it needs no more;
// text is its length.
func readHead(file []byte, first, next uint64) (s summary, text int, err error) {
	if !bytes.HasPrefix(file, []byte(magic)) {
		return s, 0, fmt.Errorf("%w: it does not begin like a file of the queue", errDamaged)
	}
	b := file[len(magic):]
	if len(b) < 8 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-8) {
		return s, 0, fmt.Errorf("%w: it ends in its head", errDamaged)
	}
	text = int(binary.LittleEndian.Uint32(b))
	s, err = parseSummary(b[8:8+text], binary.LittleEndian.Uint32(b[4:]), first, next)
	return s, text, err
}

// readTail reads the summary at a file's end.
func readTail(file []byte, first, next uint64) (s summary, text int, err error) {
	b, ok := bytes.CutSuffix(file, []byte(magic))
	if !ok || len(b) < 8 {
		return s, 0, fmt.Errorf("%w: it does not end like a file of the queue", errDamaged)
	}
	sums := b[len(b)-8:]
	b = b[:len(b)-8]
	if uint64(binary.LittleEndian.Uint32(sums)) > uint64(len(b)) {
		return s, 0, fmt.Errorf("%w: it begins in its tail", errDamaged)
	}
	text = int(binary.LittleEndian.Uint32(sums))
	s, err = parseSummary(b[len(b)-text:], binary.LittleEndian.Uint32(sums[4:]), first, next)
	return s, text, err
}

// readFile takes a file of positions [first, next) apart, and appends its entries
// to list. Their data is a part of the file. With an error it returns what is
// whole; a summary that cannot be read at all has no sinks.
func readFile(file []byte, first, next uint64, list []entry) (s summary, entries []entry, err error) {
	records := file
	s, text, err := readHead(file, first, next)
	if err == nil {
		records = file[len(magic)+8+text:]
		if size := s.size(text); int64(len(file)) != size {
			err = fmt.Errorf("%w: it has %d bytes instead of %d", errDamaged, len(file), size)
		} else {
			records = records[:s.Length]
		}
	} else if t, text, bad := readTail(file, first, next); bad == nil {
		s = t
		records = file[:len(file)-len(magic)-8-text]
	} else {
		s = summary{First: first, Next: next}
	}
	entries = list
	bad := readRecords(records, first, next, func(e *entry) { entries = append(entries, *e) })
	if err == nil {
		err = bad
	}
	if err == nil && len(entries)-len(list) != s.records() {
		err = fmt.Errorf("%w: a record is missing", errDamaged)
	}
	return s, entries, err
}

// records is how many there are.
func (s *summary) records() (n int) {
	for i := range s.Groups {
		n += int(s.Groups[i].Events + s.Groups[i].Gaps)
	}
	return n
}

// readRecords calls take for every record of positions [first, next) that is whole
// and in order, and reports whether there is nothing else. Behind a damaged one it
// goes on with the next that is whole. The data is a part of records.
func readRecords(records []byte, first, next uint64, take func(e *entry)) error {
	var bad error
	var e entry
	for len(records) > 0 {
		n := readRecord(records, first, next, &e)
		if n == 0 {
			if bad == nil {
				bad = fmt.Errorf("%w: a record has a wrong checksum, or is not where it should be", errDamaged)
			}
			records = records[1:]
			continue
		}
		take(&e)
		first, records = e.pos+1, records[n:]
	}
	return bad
}

// readRecord reads the record at the beginning of b and returns its length; 0 if
// there is none that is whole.
func readRecord(b []byte, first, next uint64, e *entry) int {
	le := binary.LittleEndian
	if len(b) < recordHead+recordFixed {
		return 0
	}
	n := uint64(le.Uint32(b))
	pos := le.Uint64(b[recordHead:])
	if n < recordFixed || n > uint64(len(b)-recordHead) || pos < first || pos >= next {
		return 0
	}
	body := b[recordHead : recordHead+int(n)]
	if crcOf(body) != le.Uint32(b[4:]) || !e.parse(body) {
		return 0
	}
	return recordHead + int(n)
}

// parse reads the body of a record.
func (e *entry) parse(b []byte) bool {
	le := binary.LittleEndian
	*e = entry{pos: le.Uint64(b), waits: le.Uint64(b[8:])}
	switch {
	case b[56]&flagAgain != 0:
		e.origin = again
	case b[56]&flagForeign != 0:
		e.origin = foreign
	}
	e.ev = event.Event{
		ID:       event.ID{Session: le.Uint64(b[16:]), Seq: int64(le.Uint64(b[24:]))},
		Guild:    le.Uint64(b[32:]),
		Received: time.Unix(0, int64(le.Uint64(b[40:]))),
		ShardID:  int(int32(le.Uint32(b[48:]))),
		Shards:   int(int32(le.Uint32(b[52:]))),
		Kind:     event.Kind(b[57]),
	}
	isGap, n := b[56]&flagGap != 0, int(le.Uint16(b[58:]))
	if b = b[recordFixed:]; n > len(b) {
		return false
	}
	e.ev.Type, e.ev.Data = discord.InternType(b[:n]), b[n:len(b):len(b)]
	if !isGap {
		return true
	}
	g, err := parseGap(e.ev.Data)
	e.gap, e.ev.Data = g, nil
	return err == nil
}
