package inflate

import (
	"math/bits"
	"math/rand/v2"
	"testing"
)

// randomCode is a complete code for n symbols: lengths of the leaves of a tree
// that has been split at random, mostly at its deepest leaves.
func randomCode(rng *rand.Rand, n int) []uint8 {
	leaves := []uint8{0}
	for len(leaves) < n {
		i := rng.IntN(len(leaves))
		if deepest := len(leaves) - 1; rng.IntN(3) > 0 && leaves[deepest] < maxCodeBits {
			i = deepest
		}
		if leaves[i] < maxCodeBits {
			leaves[i]++
			leaves = append(leaves, leaves[i])
		}
	}
	rng.Shuffle(n, func(i, j int) { leaves[i], leaves[j] = leaves[j], leaves[i] })
	return leaves
}

// lookup decodes one symbol as the hot loop does.
func lookup(table []entry, first uint, acc uint64) entry {
	e := table[acc&(1<<first-1)]
	if e&kindMask == kindLink {
		e = table[uint(e.value())+uint(acc>>first)&(1<<e.extra()-1)]
	}
	return e
}

// Every code fits into the space there is, and every symbol of it is found,
// whatever bits come after it.
func TestTablesHoldEveryCode(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	tables := new(tables)
	for _, c := range []struct {
		table   []entry
		first   uint
		symbols []entry
		most    int
	}{
		{tables.literal[:], literalBits, literalSymbols[:], maxLiterals},
		{tables.distance[:], distanceBits, distanceSymbols[:], maxDistance},
		{tables.lengths[:], lengthBits, lengthSymbols[:], 0},
	} {
		for range 300 {
			n := 2 + rng.IntN(max(1, c.most-1))
			lengths := randomCode(rng, n)
			if !fill(c.table, c.first, lengths, c.symbols) {
				t.Fatalf("a complete code of %d symbols is refused", n)
			}
			checkCode(t, rng, c.table, c.first, lengths, c.symbols)
		}
	}
}

// checkCode looks every symbol up by the code that RFC 1951, 3.2.2 gives it.
func checkCode(t *testing.T, rng *rand.Rand, table []entry, first uint, lengths []uint8, symbols []entry) {
	t.Helper()
	code := uint16(0)
	for length := uint8(1); length <= maxCodeBits; length++ {
		for symbol, n := range lengths {
			if n != length {
				continue
			}
			reversed := uint64(bits.Reverse16(code) >> (16 - length))
			got := lookup(table, first, reversed|rng.Uint64()<<length)
			if want := symbols[symbol] | entry(length); got != want {
				t.Fatalf("code %0*b gives %#x, want %#x", length, code, got, want)
			}
			code++
		}
		code <<= 1
	}
}

func TestCodesThatAreNone(t *testing.T) {
	table := make([]entry, literalSpace)
	for name, c := range map[string]struct {
		lengths []uint8
		ok      bool
	}{
		"over-subscribed":       {[]uint8{1, 1, 1}, false},
		"incomplete":            {[]uint8{1, 2}, false},
		"one code of two bits":  {[]uint8{2}, false},
		"one code of one bit":   {[]uint8{0, 1}, true},
		"no code":               {[]uint8{0, 0}, true},
		"two codes of one bit":  {[]uint8{1, 0, 1}, true},
		"over-subscribed later": {[]uint8{1, 2, 2, 15}, false},
	} {
		if got := fill(table, literalBits, c.lengths, literalSymbols[:]); got != c.ok {
			t.Errorf("%s: %t", name, got)
		}
	}
	fill(table, literalBits, []uint8{0, 1}, literalSymbols[:])
	if lookup(table, literalBits, 0) == 0 || lookup(table, literalBits, 1) != 0 {
		t.Error("of a single code, the other bit means nothing")
	}
}
