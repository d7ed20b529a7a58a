package inflate

import (
	"encoding/binary"
	"fmt"
	"hash/adler32"
)

// Documents inflates the binary frames of payload compression: each is a whole
// zlib document (RFC 1950) with a checksum and shares nothing with the others.
// Between messages it keeps no memory.
type Documents struct {
	s     Stream
	extra []byte // of a frame of several documents: those before the last
}

// NewDocuments returns a decoder that refuses messages of more than limit bytes,
// compressed or inflated.
func NewDocuments(pool *Pool, limit int) *Documents {
	return &Documents{s: Stream{pool: pool, limit: limit}}
}

// Inflate takes a frame and returns what is in it, valid until the next call.
// Of a frame that holds several documents, their contents come one after the
// other. A frame that ends before its document does, or whose checksum is not
// that of its content, is an error. Errors wrap [ErrCorrupt] or [ErrTooLarge];
// every later call gives the same.
func (d *Documents) Inflate(frame []byte) (messages []byte, complete bool, err error) {
	s := &d.s
	if s.err != nil {
		return nil, false, s.err
	}
	d.extra = nil
	for rest := frame; ; {
		d.giveBack()
		s.lent = s.pool.Get(baseWindow)
		s.window = *s.lent
		used, err := d.document(rest)
		if err == nil && len(d.extra)+s.end > s.limit {
			err = ErrTooLarge
		}
		if err != nil {
			s.err = s.describe(err)
			return nil, false, s.err
		}
		if rest = rest[used:]; len(rest) > 0 || d.extra != nil {
			d.extra = append(d.extra, s.window[:s.end]...)
		}
		switch {
		case len(rest) > 0:
		case d.extra != nil:
			return d.extra, true, nil
		default:
			return s.window[:s.end], true, nil
		}
	}
}

// document inflates the document at the front of the input into the window, and
// returns how many bytes of input it has.
func (d *Documents) document(in []byte) (used int, err error) {
	if err := header(in); err != nil {
		return 0, err
	}
	s, r := &d.s, reader{in: in, pos: 2}
	dynamic := s.pool.getTables()
	defer s.pool.putTables(dynamic)
	o := 0
	for final := false; !final; {
		if _, final, err = s.block(&r, dynamic, &o); err != nil {
			return 0, err
		}
	}
	r.align()
	if len(in)-r.pos < adler32.Size {
		return 0, errShort
	}
	if want, got := binary.BigEndian.Uint32(in[r.pos:]), adler32.Checksum(s.window[:o]); got != want {
		return 0, corrupt(fmt.Sprintf("the checksum is %08x, not %08x", got, want))
	}
	s.end = o
	return r.pos + adler32.Size, nil
}

// Recycle gives the memory of the last message back to the pool; the message is
// not valid any more.
func (d *Documents) Recycle() {
	d.extra = nil
	d.giveBack()
}

// giveBack does so with the memory of the last document.
func (d *Documents) giveBack() {
	if s := &d.s; s.lent != nil {
		s.pool.Put(s.lent)
		s.lent, s.window, s.start, s.end = nil, nil, 0, 0
	}
}

// Release gives all memory back to the pool. The decoder is of no use any more.
func (d *Documents) Release() {
	d.extra = nil
	d.s.Release()
}
