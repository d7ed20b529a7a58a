package inflate

import "encoding/binary"

// compressed decodes the symbols of one block to o and returns the new end. It
// is the hot loop of the program and longer than a function should be, because
// Go keeps its state in registers only while it is one function.
func (s *Stream) compressed(r *reader, t *tables, o int) (int, error) {
	in, pos, acc, have := r.in, r.pos, r.acc, r.have
	window := s.window
	for {
		if have < 48 { // enough for the longest length and distance with their extra bits
			if pos+8 <= len(in) {
				acc |= binary.LittleEndian.Uint64(in[pos:]) << uint(have&63)
				pos += (63 - have) >> 3
				have |= 56
			} else {
				for have <= 56 && pos < len(in) {
					acc |= uint64(in[pos]) << uint(have)
					pos++
					have += 8
				}
			}
		}
		e := t.literal[acc&(1<<literalBits-1)]
		if e&kindMask == kindLink {
			e = t.literal[uint(e.value())+uint(acc>>literalBits)&(1<<e.extra()-1)]
		}
		if o+slack > len(window) {
			var err error
			if o, err = s.room(o); err != nil {
				return o, err
			}
			window = s.window
		}
		acc >>= e.bits() & 63
		have -= int(e.bits())
		switch e & kindMask {
		case kindLiteral:
			if have < 0 {
				return o, errShort
			}
			window[o] = byte(e.value())
			o++
			continue
		case kindEnd:
			if have < 0 {
				return o, errShort
			}
			r.pos, r.acc, r.have = pos, acc, have
			return o, nil
		case 0:
			return o, badCode(have)
		}
		length := e.value() + int(acc&(1<<e.extra()-1))
		acc >>= e.extra() & 63
		have -= int(e.extra())
		d := t.distance[acc&(1<<distanceBits-1)]
		if d&kindMask == kindLink {
			d = t.distance[uint(d.value())+uint(acc>>distanceBits)&(1<<d.extra()-1)]
		}
		acc >>= d.bits() & 63
		have -= int(d.bits())
		distance := d.value() + int(acc&(1<<d.extra()-1))
		acc >>= d.extra() & 63
		have -= int(d.extra())
		if have < 0 {
			return o, errShort
		}
		if d&kindMask == 0 {
			return o, badCode(have)
		}
		if distance > o {
			return o, corrupt("a match before the beginning")
		}
		repeat(window, o, distance, length)
		o += length
	}
}

// badCode is the error for bits that mean nothing, unless they lie beyond the
// end of the input, where there are none yet.
func badCode(have int) error {
	if have < maxCodeBits {
		return errShort
	}
	return corrupt("bits that mean nothing")
}

// repeat copies length bytes from distance before o to o, with at least slack
// bytes of room: source and destination may overlap, and then what has just
// been written is copied again.
func repeat(window []byte, o, distance, length int) {
	from := o - distance
	switch {
	case distance >= length && length > 32:
		copy(window[o:o+length], window[from:])
	case distance >= 8:
		dst, src := window[o:o+length+8], window[from:]
		for i := 0; i < length; i += 8 {
			binary.LittleEndian.PutUint64(dst[i:], binary.LittleEndian.Uint64(src[i:]))
		}
	default:
		dst, src := window[o:o+length], window[from:]
		for i := range dst {
			dst[i] = src[i]
		}
	}
}
