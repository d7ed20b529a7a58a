package inflate

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// errShort is input that ends in the middle of a block, or before a flush.
var errShort = errors.New("more input wanted")

// corrupt is an error that says what is wrong.
func corrupt(what string) error { return fmt.Errorf("%w: %s", ErrCorrupt, what) }

// reader hands out the bits of a message. acc holds the next have bits, lowest
// first; bits of it above have are either zero or already those of in[pos:].
// have is below zero after more has been taken than there is.
type reader struct {
	in   []byte
	pos  int
	acc  uint64
	have int
}

// refill makes at least 56 bits available, or all that are left.
func (r *reader) refill() {
	if r.pos+8 <= len(r.in) {
		r.acc |= binary.LittleEndian.Uint64(r.in[r.pos:]) << uint(r.have&63)
		r.pos += (63 - r.have) >> 3
		r.have |= 56
		return
	}
	for r.have <= 56 && r.pos < len(r.in) {
		r.acc |= uint64(r.in[r.pos]) << uint(r.have)
		r.pos++
		r.have += 8
	}
}

// take returns the next n bits, up to 32, of what refill has made available.
func (r *reader) take(n uint) uint32 {
	v := uint32(r.acc & (1<<n - 1))
	r.acc >>= n
	r.have -= int(n)
	return v
}

// align drops the rest of the present byte and gives whole bytes back.
func (r *reader) align() {
	r.pos -= r.have >> 3
	r.acc, r.have = 0, 0
}

// decode inflates all of the input up to its last flush into the window, and
// returns how many bytes of it that were. On an error the stream is as it was
// before, so that the same input can come again with more behind it.
func (s *Stream) decode(in []byte) (used int, err error) {
	r := reader{in: in}
	if !s.begun {
		if err := header(in); err != nil {
			return 0, err
		}
		r.pos = 2
	}
	dynamic := s.pool.getTables()
	defer s.pool.putTables(dynamic)
	size := 0 // of the output at the last flush
	for o := s.start; used < len(in); {
		begin := o - s.start
		kind, final, err := s.block(&r, dynamic, &o)
		switch {
		case err == errShort && used > 0: // the rest is part of the next message
			s.begun, s.end = true, s.start+size
			return used, nil
		case err != nil:
			return 0, err
		case final:
			return 0, corrupt("the stream has an end")
		case kind == kindStored && o-s.start == begin:
			used, size = r.pos, begin
		}
	}
	if size > s.limit {
		return 0, ErrTooLarge
	}
	s.begun, s.end = true, s.start+size
	return used, nil
}

// header checks the two bytes that begin a zlib stream.
func header(in []byte) error {
	if len(in) < 2 {
		return errShort
	}
	switch {
	case in[0]&0x0f != 8 || in[0]>>4 > 7 || binary.BigEndian.Uint16(in)%31 != 0:
		return corrupt("it does not begin like one")
	case in[1]&0x20 != 0:
		return corrupt("it wants a dictionary")
	}
	return nil
}

// The kinds of blocks (RFC 1951, 3.2.3).
const (
	kindStored = iota
	kindFixed
	kindDynamic
)

// block decodes the next block to *o, and moves that to the new end. It says
// which kind it was and whether no other follows.
func (s *Stream) block(r *reader, dynamic *tables, o *int) (kind uint32, final bool, err error) {
	r.refill()
	final, kind = r.take(1) != 0, r.take(2)
	if r.have < 0 {
		return kind, final, errShort
	}
	switch kind {
	case kindStored:
		*o, err = s.stored(r, *o)
	case kindFixed:
		*o, err = s.compressed(r, fixed(), *o)
	case kindDynamic:
		if err = dynamic.read(r); err == nil {
			*o, err = s.compressed(r, dynamic, *o)
		}
	default:
		err = corrupt("unknown kind of block")
	}
	return kind, final, err
}

// stored copies an uncompressed block.
func (s *Stream) stored(r *reader, o int) (int, error) {
	r.align()
	if len(r.in)-r.pos < 4 {
		return o, errShort
	}
	size := binary.LittleEndian.Uint16(r.in[r.pos:])
	if size != ^binary.LittleEndian.Uint16(r.in[r.pos+2:]) {
		return o, corrupt("length of a stored block")
	}
	r.pos += 4
	if len(r.in)-r.pos < int(size) {
		return o, errShort
	}
	data := r.in[r.pos : r.pos+int(size)]
	r.pos += int(size)
	for len(data) > 0 {
		var err error
		if o, err = s.room(o); err != nil {
			return o, err
		}
		n := copy(s.window[o:], data)
		o += n
		data = data[n:]
	}
	return o, nil
}

// read fills the tables from the head of a dynamic block (RFC 1951, 3.2.7).
func (t *tables) read(r *reader) error {
	r.refill()
	literals := int(r.take(5)) + 257
	distances := int(r.take(5)) + 1
	n := int(r.take(4)) + 4
	if r.have < 0 {
		return errShort
	}
	if literals > maxLiterals || distances > maxDistance {
		return corrupt("too many codes")
	}
	var lengths [19]uint8
	for _, symbol := range lengthOrder[:n] {
		if r.have < 3 {
			r.refill()
		}
		lengths[symbol] = uint8(r.take(3))
	}
	if r.have < 0 {
		return errShort
	}
	if !fill(t.lengths[:], lengthBits, lengths[:], lengthSymbols[:]) {
		return corrupt("code of the code lengths")
	}
	if err := t.readLengths(r, literals+distances); err != nil {
		return err
	}
	if t.code[endOfBlock] == 0 {
		return corrupt("a block without an end")
	}
	if !fill(t.literal[:], literalBits, t.code[:literals], literalSymbols[:]) ||
		!fill(t.distance[:], distanceBits, t.code[literals:literals+distances], distanceSymbols[:]) {
		return corrupt("code of a block")
	}
	return nil
}

// readLengths reads the code lengths of the first n symbols.
func (t *tables) readLengths(r *reader, n int) error {
	for i := 0; i < n; {
		r.refill()
		e := t.lengths[r.acc&(1<<lengthBits-1)]
		r.take(e.bits())
		var length uint8
		repeat := 1
		switch symbol := e.value(); {
		case e == 0:
			if r.have < lengthBits {
				return errShort
			}
			return corrupt("unknown code length")
		case symbol < 16:
			length = uint8(symbol)
		case symbol == 16:
			if i == 0 {
				return corrupt("repeat of nothing")
			}
			length, repeat = t.code[i-1], 3+int(r.take(2))
		case symbol == 17:
			repeat = 3 + int(r.take(3))
		default:
			repeat = 11 + int(r.take(7))
		}
		if r.have < 0 {
			return errShort
		}
		if i+repeat > n {
			return corrupt("too many code lengths")
		}
		for range repeat {
			t.code[i] = length
			i++
		}
	}
	return nil
}
