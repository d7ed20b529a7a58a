package spool

// blockSize is the size of a block in bytes; an event that is larger gets a
// block of its own.
const blockSize = 64 << 10

// block holds the data of consecutive events. It is used again once none of
// them is needed any more.
type block struct {
	buf  []byte
	live int // events that still need it, and whoever has pinned it
}

// arena copies event data into blocks, so that a stream of small events costs
// no allocation each. The Log's lock guards it.
type arena struct {
	spare *spares
	open  *block
}

// put copies data and returns the copy with the block that holds it.
func (a *arena) put(data []byte) ([]byte, *block) {
	if len(data) > blockSize {
		b := &block{buf: append([]byte(nil), data...), live: 1}
		return b.buf, b
	}
	if a.open == nil || len(a.open.buf)+len(data) > cap(a.open.buf) {
		a.open = a.spare.takeBlock()
	}
	b := a.open
	start := len(b.buf)
	b.buf = append(b.buf, data...)
	b.live++
	return b.buf[start:len(b.buf):len(b.buf)], b
}

// release gives up one event's data.
func (a *arena) release(b *block) {
	b.live--
	if b.live > 0 {
		return
	}
	b.buf = b.buf[:0]
	if b != a.open && cap(b.buf) == blockSize {
		a.spare.giveBlock(b)
	}
}
