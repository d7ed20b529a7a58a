package discordtest

// chunkSize is the number of events that are folded together.
const chunkSize = 1 << 16

// record is what is known of one event: 32 bytes.
type record struct {
	id      uint64 // hash of the event id it first came under; 0 if it has not come
	at      uint32 // issued, ms since the server's start
	guild   uint32
	session uint32 // the first it was put in
	seq     uint32 // there
	digest  uint32 // of its bytes, see frameDigest; 0 if nobody has seen them
	kind    kind
	viable  uint8 // sessions that may still bring it
	flags   uint8
}

const (
	flagOwed      = 1 << iota // the bot has to get it
	flagOptional              // the bot may get it
	flagForfeited             // no session can bring it any more
	flagReceived
)

// outstanding reports whether the bot still has to get the event.
func (r *record) outstanding() bool {
	return r.flags&(flagOwed|flagForfeited|flagReceived) == flagOwed
}

// chunk is chunkSize events, in detail or folded to bits.
type chunk struct {
	records  []record
	open     int      // outstanding events
	received []uint64 // once folded
	owed     []uint64 // once folded: outstanding at that time or since
}

// ledgerOfEvents finds events by number. Numbers start at 1 and are added in order.
type ledgerOfEvents struct {
	chunks []*chunk
	detail int // index of the first chunk that may have records
	window int // chunks kept in detail
	next   uint64
}

func (l *ledgerOfEvents) add(number uint64, r record) {
	at := int(number / chunkSize)
	for len(l.chunks) <= at {
		l.chunks = append(l.chunks, &chunk{records: make([]record, chunkSize)})
		l.fold()
	}
	c := l.chunks[at]
	c.records[number%chunkSize] = r
	if r.outstanding() {
		c.open++
	}
	l.next = number + 1
}

// find is the chunk of a number, or nil if it was never issued.
func (l *ledgerOfEvents) find(number uint64) *chunk {
	if number == 0 || number >= l.next {
		return nil
	}
	return l.chunks[number/chunkSize]
}

// record is what is known of an event in detail, or nil.
func (l *ledgerOfEvents) record(number uint64) *record {
	c := l.find(number)
	if c == nil || c.records == nil {
		return nil
	}
	return &c.records[number%chunkSize]
}

// fold compacts chunks whose events are all settled, except the newest two, and
// those beyond the window.
func (l *ledgerOfEvents) fold() {
	newest := len(l.chunks) - 1
	for i := l.detail; i < newest-1; i++ {
		c := l.chunks[i]
		if c.records != nil && (c.open == 0 || newest-i >= l.window) {
			c.fold()
		}
	}
	for l.detail < newest && l.chunks[l.detail].records == nil {
		l.detail++
	}
}

func (c *chunk) fold() {
	c.received = make([]uint64, chunkSize/64)
	if c.open > 0 {
		c.owed = make([]uint64, chunkSize/64)
	}
	for i := range c.records {
		bit := uint64(1) << (i % 64)
		switch r := &c.records[i]; {
		case r.flags&flagReceived != 0:
			c.received[i/64] |= bit
		case r.outstanding():
			c.owed[i/64] |= bit
		}
	}
	c.records = nil
}

// seen is what a receipt turned out to be.
type seen uint8

const (
	seenUnknown seen = iota
	seenFirst
	seenFirstOptional
	seenForfeited // first, though every session had ended
	seenFolded    // first, of an old event
	seenAgain     // under the same id
	seenOtherID
	seenLongAgo // again, of an old event
)

// receive marks an event as received.
func (l *ledgerOfEvents) receive(number, id uint64) (record, seen) {
	c := l.find(number)
	if c == nil {
		return record{}, seenUnknown
	}
	if c.records == nil {
		return c.receiveFolded(number)
	}
	r := &c.records[number%chunkSize]
	was := *r
	switch {
	case r.flags&flagReceived != 0 && r.id == id:
		return was, seenAgain
	case r.flags&flagReceived != 0:
		return was, seenOtherID
	}
	r.flags |= flagReceived
	r.id = id
	switch {
	case was.flags&flagForfeited != 0:
		return was, seenForfeited
	case was.flags&flagOwed != 0:
		c.open--
		return was, seenFirst
	case was.flags&flagOptional != 0:
		return was, seenFirstOptional
	default:
		return was, seenUnknown // it was put in no session: nobody can have it
	}
}

func (c *chunk) receiveFolded(number uint64) (record, seen) {
	i, bit := number%chunkSize/64, uint64(1)<<(number%64)
	if c.received[i]&bit != 0 {
		return record{}, seenLongAgo
	}
	c.received[i] |= bit
	if c.owed != nil && c.owed[i]&bit != 0 {
		c.owed[i] &^= bit
		c.open--
		return record{flags: flagOwed}, seenFolded
	}
	return record{}, seenFolded
}

// forfeit takes one session away from an event and reports whether that was the
// last one of an event that had not been received.
func (l *ledgerOfEvents) forfeit(number uint64) bool {
	c := l.find(number)
	if c == nil {
		return false
	}
	if c.records == nil {
		return c.forfeitFolded(number)
	}
	r := &c.records[number%chunkSize]
	if r.viable > 0 {
		r.viable--
	}
	if r.viable > 0 || !r.outstanding() {
		return false
	}
	r.flags |= flagForfeited
	c.open--
	return true
}

// forfeitFolded takes the session for the last that held the event: how many
// there were is not known any more.
func (c *chunk) forfeitFolded(number uint64) bool {
	i, bit := number%chunkSize/64, uint64(1)<<(number%64)
	if c.owed == nil || c.owed[i]&bit == 0 {
		return false
	}
	c.owed[i] &^= bit
	c.open--
	return true
}

// missing calls yield for outstanding events in order until it returns false.
// Of a folded event only the number is known.
func (l *ledgerOfEvents) missing(yield func(number uint64, r *record) bool) {
	for at, c := range l.chunks {
		if c.open == 0 {
			continue
		}
		for i := range chunkSize {
			number := uint64(at)*chunkSize + uint64(i)
			switch {
			case c.records != nil && c.records[i].outstanding():
				if !yield(number, &c.records[i]) {
					return
				}
			case c.records == nil && c.owed[i/64]&(1<<(i%64)) != 0:
				if !yield(number, nil) {
					return
				}
			}
		}
	}
}
