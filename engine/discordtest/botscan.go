package discordtest

import "bytes"

// delivery is what the bot reads of one event as Gatehouse sends it.
type delivery struct {
	id            string
	shard, shards int
	number        uint64
	numbered      bool
	kind          string // dispatch type; only if it has no number
}

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
	if d.shard, ok = numberAfter(head, `"shardId":`); !ok {
		return d, false
	}
	d.shards, _ = numberAfter(head, `"shards":`)
	d.number, d.numbered = EventNumber(data)
	if !d.numbered {
		d.kind, _ = stringAfter(data[:min(len(data), 200)], `"t":"`)
	}
	return d, true
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
