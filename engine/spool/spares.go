package spool

import (
	"slices"
	"sync"
)

// How much a process keeps for use again. A queue in balance, however long it
// is, then allocates nothing; the rest is the garbage collector's.
const (
	spareBlocks   = 128
	spareLists    = 16
	spareBuffers  = 16
	largestBuffer = 2 << 20
	bufferStep    = 128 << 10 // buffers are multiples of it, so that one fits many files
)

// spares are blocks, lists of entries and buffers for files that can be used
// again. They are shared by the logs of a [Budget].
type spares struct {
	mu      sync.Mutex
	blocks  []*block
	lists   [][]entry
	buffers [][]byte
}

func (s *spares) takeBlock() *block {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.blocks); n > 0 {
		b := s.blocks[n-1]
		s.blocks = s.blocks[:n-1]
		return b
	}
	return &block{buf: make([]byte, 0, blockSize)}
}

func (s *spares) giveBlock(b *block) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.blocks) < spareBlocks {
		s.blocks = append(s.blocks, b)
	}
}

// takeList returns an empty list.
func (s *spares) takeList() []entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.lists); n > 0 {
		l := s.lists[n-1]
		s.lists = s.lists[:n-1]
		return l
	}
	return make([]entry, 0, 16)
}

// giveList takes back a list whose entries are not needed any more.
func (s *spares) giveList(l []entry) {
	l = l[:cap(l)]
	clear(l)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lists) < spareLists {
		s.lists = append(s.lists, l[:0])
	}
}

// takeBuffer returns an empty buffer for about n bytes.
func (s *spares) takeBuffer(n int64) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.buffers) - 1; i >= 0; i-- {
		if b := s.buffers[i]; int64(cap(b)) >= n {
			s.buffers = slices.Delete(s.buffers, i, i+1)
			return b
		}
	}
	return make([]byte, 0, (n+bufferStep)/bufferStep*bufferStep)
}

// giveBuffer takes back a buffer that is not needed any more.
func (s *spares) giveBuffer(b []byte) {
	if cap(b) < bufferStep || cap(b) > largestBuffer {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.buffers) < spareBuffers {
		s.buffers = append(s.buffers, b[:0])
	}
}
