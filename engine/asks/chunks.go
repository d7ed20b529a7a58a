package asks

// maxChunks bounds the memory of one request. At 1000 members a chunk no guild
// comes near it.
const maxChunks = 1 << 17

// chunkSet is which chunks of an answer have come.
type chunkSet struct {
	seen  []uint64
	have  int
	total int // as Discord says; 0 before the first chunk
}

// add takes a chunk and reports whether it is new.
func (c *chunkSet) add(index, count int) bool {
	c.total = max(c.total, min(count, maxChunks))
	if index >= c.total {
		index = c.total - 1
	}
	word := index / 64
	for len(c.seen) <= word {
		c.seen = append(c.seen, 0)
	}
	if c.seen[word]>>(index%64)&1 == 1 {
		return false
	}
	c.seen[word] |= 1 << (index % 64)
	c.have++
	return true
}

// complete reports whether all have come.
func (c *chunkSet) complete() bool { return c.total > 0 && c.have >= c.total }
