package discordtest

import "bytes"

// delivery is what the bot reads of one event as Gatehouse sends it.
type delivery struct {
	id            string
	shard, shards int
	number        uint64
	numbered      bool
	seq           int64  // that its frame names
	digest        uint32 // of its frame
	kind          string // dispatch type; only if it has no number
	gap           uint64 // events that a gap marker says were dropped
}

// Delivered is one event, or a notice of Gatehouse, as a bot has taken it.
type Delivered struct {
	ID            string // event id
	Shard, Shards int    // that it names
	Number        uint64 // of the event; 0 for a notice
	Type          string // of the dispatch
	Kind          string // of a GUILD_CREATE, such as "joined"; empty for none
	Line          []byte // all of it; valid during the call
}

// told is the delivery that stands in a line.
func (d delivery) told(line []byte) Delivered {
	head, data, _ := bytes.Cut(line, []byte(`,"data":{`))
	out := Delivered{ID: d.id, Shard: d.shard, Shards: d.shards, Number: d.number, Line: line}
	out.Kind, _ = stringAfter(head, `"kind":"`)
	out.Type, _ = stringAfter(data[:min(len(data), 200)], `"t":"`)
	return out
}

// Types of what Gatehouse itself has to say, which no Discord has issued.
const (
	noticePrefix = "GATEHOUSE_"
	gapType      = "GATEHOUSE_GAP" // stands in the place of events that were dropped
)

// scanDelivery finds what the audit needs in one delivered event, by looking at
// its beginning and its end only:
//
//	{"id":"…-42","shardId":3,"shards":8,…,"data":{"t":…,"d":{…,"gatehouse_n":7}}}
//
// ok is false if it is not such an object.
func scanDelivery(line []byte) (d delivery, ok bool) {
	head, data, found := bytes.Cut(line, []byte(`,"data":{`))
	if !found || line[0] != '{' || line[len(line)-1] != '}' {
		return d, false
	}
	id, ok := stringAfter(head, `"id":"`)
	if !ok {
		return d, false
	}
	d.id = id
	d.shard, ok = numberAfter(head, `"shardId":`)
	d.shards, _ = numberAfter(head, `"shards":`)
	start := data[:min(len(data), 200)]
	if bytes.HasPrefix(data, []byte(`"t":"`+noticePrefix)) {
		d.kind, _ = stringAfter(start, `"t":"`)
		n, _ := numberAfter(data, `"count":`)
		d.gap = uint64(n)
		return d, true // it may be about several shards
	}
	if d.number, d.numbered = EventNumber(data); !d.numbered {
		d.kind, _ = stringAfter(start, `"t":"`)
		return d, ok
	}
	seq, _ := numberAfter(start, `"s":`)
	d.seq = int64(seq)
	d.digest = FrameDigest(line[len(line)-len(data)-1 : len(line)-1])
	return d, ok
}

// stringAfter is the text between a mark and the next quote.
func stringAfter(b []byte, mark string) (string, bool) {
	_, after, found := bytes.Cut(b, []byte(mark))
	text, _, closed := bytes.Cut(after, []byte{'"'})
	return string(text), found && closed
}

// numberAfter is the number that follows a mark.
func numberAfter(b []byte, mark string) (n int, ok bool) {
	_, after, found := bytes.Cut(b, []byte(mark))
	for i, c := range after {
		if c < '0' || c > '9' {
			return n, found && i > 0
		}
		n = n*10 + int(c-'0')
	}
	return n, found && len(after) > 0
}
