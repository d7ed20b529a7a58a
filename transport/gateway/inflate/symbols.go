package inflate

import "sync"

// What each symbol of the two codes means (RFC 1951, 3.2.5). Never written
// after the program has started.
var (
	lengthBase = [...]uint16{
		3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31,
		35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
	}
	lengthExtra = [...]uint8{
		0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2,
		3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
	}
	literalSymbols  = makeLiteralSymbols()
	distanceSymbols = makeDistanceSymbols()
	lengthSymbols   = makeLengthSymbols()

	// lengthOrder is the order in which code lengths of the code lengths' own
	// code are sent (RFC 1951, 3.2.7).
	lengthOrder = [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

const (
	endOfBlock  = 256
	maxLiterals = 286 // symbols 286 and 287 exist in the fixed code alone, and mean nothing
	maxDistance = 30  // so do distances 30 and 31
)

func makeLiteralSymbols() (symbols [288]entry) {
	for i := range endOfBlock {
		symbols[i] = kindLiteral | entry(i)<<16
	}
	symbols[endOfBlock] = kindEnd
	for i, base := range lengthBase {
		symbols[endOfBlock+1+i] = kindBase | entry(lengthExtra[i])<<5 | entry(base)<<16
	}
	return symbols
}

func makeDistanceSymbols() (symbols [32]entry) {
	base := 1
	for i := range maxDistance {
		extra := max(0, i/2-1)
		symbols[i] = kindBase | entry(extra)<<5 | entry(base)<<16
		base += 1 << extra
	}
	return symbols
}

func makeLengthSymbols() (symbols [19]entry) {
	for i := range symbols {
		symbols[i] = kindLiteral | entry(i)<<16
	}
	return symbols
}

// fixed is the code of blocks that bring none of their own (RFC 1951, 3.2.6).
var fixed = sync.OnceValue(func() *tables {
	t := new(tables)
	var lengths [288]uint8
	for i := range lengths {
		switch {
		case i < 144 || i >= 280:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		default:
			lengths[i] = 7
		}
	}
	var distances [32]uint8
	for i := range distances {
		distances[i] = 5
	}
	fill(t.literal[:], literalBits, lengths[:], literalSymbols[:])
	fill(t.distance[:], distanceBits, distances[:], distanceSymbols[:])
	return t
})
