package event

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// ErrNotEvent is wrapped by the errors of [Parse].
var ErrNotEvent = errors.New("not an event as AppendJSON writes it")

// Parse reads what [Event.AppendJSON] has written, and nothing else: another
// order of members or a space between them is an error, so that what passes
// gives the same line again. Type and Guild are read from the frame.
//
// Data is a part of line, not a copy. Errors wrap [ErrNotEvent] and never quote
// the line.
func Parse(line []byte) (Event, error) {
	p := parser{rest: line}
	e := Event{ID: p.id()}
	e.ShardID = int(p.number(`,"shardId":`))
	e.Shards = int(p.number(`,"shards":`))
	e.Received = time.UnixMilli(p.number(`,"receivedAt":`))
	e.Kind = p.kind()
	p.expect(`,"data":`)
	if p.failed != "" || len(p.rest) == 0 || p.rest[len(p.rest)-1] != '}' {
		return Event{}, fmt.Errorf("%w: %s at byte %d", ErrNotEvent, p.what(), len(line)-len(p.rest))
	}
	e.Data = p.rest[: len(p.rest)-1 : len(p.rest)-1]
	var f discord.Frame
	if err := discord.Scan(e.Data, &f); err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrNotEvent, err)
	}
	if bytes.ContainsAny(e.Data, "\r\n") {
		return Event{}, fmt.Errorf("%w: it has a line break", ErrNotEvent)
	}
	e.Type, e.Guild = discord.InternType(f.Type), f.Guild
	return e, nil
}

// parser walks along a line. After the first failure it stands still.
type parser struct {
	rest   []byte
	failed string // what was expected and is not there
}

func (p *parser) what() string {
	if p.failed == "" {
		return "no end"
	}
	return "no " + p.failed
}

func (p *parser) fail(what string) {
	if p.failed == "" {
		p.failed = what
	}
}

// expect takes a text.
func (p *parser) expect(text string) {
	rest, found := bytes.CutPrefix(p.rest, []byte(text))
	if p.failed != "" || !found {
		p.fail(text)
		return
	}
	p.rest = rest
}

// number takes a key and the number behind it.
func (p *parser) number(key string) int64 {
	p.expect(key)
	end := 0
	for end < len(p.rest) && (p.rest[end] == '-' || p.rest[end]-'0' <= 9) {
		end++
	}
	return p.integer(p.rest[:end], key)
}

// integer takes a number in the one form in which it is written.
func (p *parser) integer(digits []byte, what string) int64 {
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != string(digits) {
		p.fail("number behind " + what)
	}
	if p.failed != "" {
		return 0
	}
	p.rest = p.rest[len(digits):]
	return n
}

func (p *parser) id() ID {
	p.expect(`{"id":"`)
	end := bytes.IndexByte(p.rest, '"')
	if p.failed != "" || end < 0 {
		p.fail("id")
		return ID{}
	}
	id, ok := ParseID(p.rest[:end])
	if !ok {
		p.fail("id")
		return ID{}
	}
	p.rest = p.rest[end+1:]
	return id
}

// kind takes the kind, if there is one.
func (p *parser) kind() Kind {
	const key = `,"kind":"`
	if p.failed != "" || !bytes.HasPrefix(p.rest, []byte(key)) {
		return KindNone
	}
	p.expect(key)
	for k := KindNone + 1; int(k) < len(kindNames); k++ {
		if rest, found := bytes.CutPrefix(p.rest, []byte(kindNames[k]+`"`)); found {
			p.rest = rest
			return k
		}
	}
	p.fail("known kind")
	return KindNone
}

// ParseID reads an id as [ID.AppendTo] writes it: sixteen hex digits in lower
// case, a hyphen and the sequence number.
func ParseID(text []byte) (id ID, ok bool) {
	const hex = 16
	if len(text) < hex+2 || text[hex] != '-' {
		return ID{}, false
	}
	for _, c := range text[:hex] {
		d := bytes.IndexByte([]byte("0123456789abcdef"), c)
		if d < 0 {
			return ID{}, false
		}
		id.Session = id.Session<<4 | uint64(d)
	}
	p := parser{rest: text[hex+1:]}
	id.Seq = p.integer(p.rest, "id")
	return id, p.failed == ""
}
