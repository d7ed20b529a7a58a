package inflate

import "math/bits"

// Bits of the first-level tables. Messages are short, so the time to fill a
// table counts as much as the time to use it.
const (
	literalBits  = 9 // space below is for these very bits
	distanceBits = 6
	lengthBits   = 7 // of the code lengths' own code: its longest is 7
)

// Space for a first-level table and all its second-level tables: what no code of
// up to 15 bits exceeds, for 286 literals at 9 bits and 30 distances at 6
// (worked out by zlib's program "enough").
const (
	literalSpace  = 852
	distanceSpace = 592
	lengthSpace   = 1 << lengthBits
	maxCodeBits   = 15
)

// entry is what a table says about the next bits of the input:
//
//	bits  0–4  length of the code
//	bits  5–9  extra bits that follow the code; of a link, its table's bits
//	bits 10–12 kind
//	bits 16–31 value: literal, base of a length or distance, offset of a link
//
// The zero entry is a code that does not exist.
type entry uint32

const (
	kindLiteral entry = 1 << 10
	kindBase    entry = 1 << 11
	kindEnd     entry = 1 << 12
	kindLink    entry = kindLiteral | kindBase
	kindMask    entry = kindLiteral | kindBase | kindEnd
)

func (e entry) bits() uint  { return uint(e & 31) }
func (e entry) extra() uint { return uint(e >> 5 & 31) }
func (e entry) value() int  { return int(e >> 16) }

// tables is the scratch of one dynamic block.
type tables struct {
	lengths  [lengthSpace]entry
	literal  [literalSpace]entry
	distance [distanceSpace]entry
	code     [286 + 30]uint8 // length of each symbol's code
}

// fill builds the table of a canonical code. lengths holds the code length of
// every symbol, symbols what an entry says about each. It reports false for a
// code that is over-subscribed or incomplete; allowed are a code without
// symbols, which fails when it is used, and a single code of one bit.
func fill(table []entry, first uint, lengths []uint8, symbols []entry) bool {
	var count [maxCodeBits + 1]int
	for _, n := range lengths {
		count[n]++
	}
	count[0] = 0
	left, longest := 1, uint(0)
	for n := 1; n <= maxCodeBits; n++ {
		left = left<<1 - count[n]
		if left < 0 {
			return false
		}
		if count[n] > 0 {
			longest = uint(n)
		}
	}
	var sorted [288]uint16
	used := sorted[:sortByLength(&sorted, &count, lengths)]
	if left > 0 {
		return fillIncomplete(table[:1<<first], used, longest, symbols)
	}
	code, rest := fillShort(table, first, used, lengths, symbols)
	fillLong(table, first, longest, code, &count, rest, lengths, symbols)
	return true
}

// fillIncomplete fills the table of a code with room for more symbols.
func fillIncomplete(table []entry, used []uint16, longest uint, symbols []entry) bool {
	clear(table)
	if longest == 1 {
		for i := 0; i < len(table); i += 2 {
			table[i] = symbols[used[0]] | 1
		}
	}
	return longest <= 1
}

// next is the code after one, both with their bits reversed: of size-1, the
// last, there is none, and it is returned again.
func next(code, size uint) uint {
	zeros := code ^ (size - 1)
	if zeros == 0 {
		return code
	}
	highest := uint(1) << (bits.Len(zeros) - 1)
	return code&(highest-1) | highest
}

// fillShort fills the first-level table with the symbols whose codes fit into
// it. For codes of n bits the first 1<<n entries count, and to go on to n+1
// they are doubled. It returns the next code and the symbols left.
func fillShort(table []entry, first uint, used []uint16, lengths []uint8, symbols []entry) (uint, []uint16) {
	code, length := uint(0), uint(0)
	for length < first {
		copy(table[1<<length:2<<length], table[:1<<length])
		length++
		for len(used) > 0 && uint(lengths[used[0]]) == length {
			table[code] = symbols[used[0]] | entry(length)
			code = next(code, 1<<length)
			used = used[1:]
		}
	}
	return code, used
}

// fillLong makes second-level tables for the other symbols.
func fillLong(table []entry, first, longest, code uint, count *[maxCodeBits + 1]int, used []uint16, lengths []uint8, symbols []entry) {
	free := uint(1) << first // first entry not yet in use
	link, linkBits, prefix := uint(0), uint(0), ^uint(0)
	for _, symbol := range used {
		length := uint(lengths[symbol])
		if low := code & (1<<first - 1); low != prefix {
			prefix, link = low, free
			linkBits = linkSize(count, first, length, longest)
			free += 1 << linkBits
			table[low] = kindLink | entry(first) | entry(linkBits)<<5 | entry(link)<<16
		}
		e := symbols[symbol] | entry(length)
		for i := code >> first; i < 1<<linkBits; i += 1 << (length - first) {
			table[link+i] = e
		}
		count[length]--
		code = next(code, 1<<length)
	}
}

// sortByLength lists the symbols in use by the length of their code, then by
// number, and returns how many there are.
func sortByLength(sorted *[288]uint16, count *[maxCodeBits + 1]int, lengths []uint8) int {
	var next [maxCodeBits + 1]int
	for n := 1; n < maxCodeBits; n++ {
		next[n+1] = next[n] + count[n]
	}
	for symbol, n := range lengths {
		if n > 0 {
			sorted[next[n]] = uint16(symbol)
			next[n]++
		}
	}
	return next[maxCodeBits]
}

// linkSize is the size in bits of the second-level table that holds the coming
// codes with one common prefix. count is of the codes not yet placed.
func linkSize(count *[maxCodeBits + 1]int, first, length, longest uint) uint {
	size := length - first
	left := 1 << size
	for size+first < longest {
		left -= count[size+first]
		if left <= 0 {
			break
		}
		size++
		left <<= 1
	}
	return size
}
