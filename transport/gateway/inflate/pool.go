package inflate

import (
	"math/bits"
	"sync"
)

// Sizes of pooled buffers, as powers of two.
const (
	minClass = 12 // 4 KiB
	maxClass = 27 // 128 MiB
)

// Pool lends buffers to many connections, so that one that has just read a
// large message does not keep the memory for the quiet hours that follow. The
// zero value is ready; it must not be copied after first use. It is safe for
// concurrent use.
type Pool struct {
	buffers [maxClass + 1]sync.Pool // of *[]byte, by the power of two
	tables  sync.Pool               // of *tables
}

// Get returns a buffer of at least size bytes, filled with anything. Its length
// is a power of two from 4 KiB on.
func (p *Pool) Get(size int) *[]byte {
	class := classOf(size)
	if class > maxClass {
		b := make([]byte, size)
		return &b
	}
	if b, ok := p.buffers[class].Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, 1<<class)
	return &b
}

// Put takes a buffer back that Get has given. It must not be used any more.
func (p *Pool) Put(b *[]byte) {
	if class := classOf(len(*b)); class <= maxClass && len(*b) == 1<<class {
		p.buffers[class].Put(b)
	}
}

func classOf(size int) int {
	if size <= 1<<minClass {
		return minClass
	}
	return bits.Len(uint(size - 1))
}

func (p *Pool) getTables() *tables {
	if t, ok := p.tables.Get().(*tables); ok {
		return t
	}
	return new(tables)
}

func (p *Pool) putTables(t *tables) { p.tables.Put(t) }
