package inflate

import (
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// MaxZstdWindow is the largest window that a zstd stream may ask for, in bytes.
// A connection keeps as much memory as its window, and [ZstdOverhead], for as
// long as it lives. It is what RFC 8878, 3.1.1.1.2 advises every decoder to
// accept and every encoder not to exceed; what Discord asks for is its choice
// and not documented.
const MaxZstdWindow = 8 << 20

// ZstdOverhead is about what a zstd stream keeps besides its window, in bytes,
// from windows of 128 KiB on: room for two blocks in the ring of the window, for
// one beside it, and for the parts of the largest block that it has met.
const ZstdOverhead = 480 << 10

// ErrWindow is a zstd stream that wants more memory than [MaxZstdWindow].
var ErrWindow = errors.New("the zstd window is too large")

// maxZstdBlock is the most that one block inflates to (RFC 8878, 3.1.1.2.4).
const maxZstdBlock = 128 << 10

// Zstd inflates the frames of one connection that is compressed as zstd-stream:
// one zstd frame without an end (RFC 8878), flushed after every message. A
// WebSocket frame is a whole number of zstd's blocks.
//
// The blocks are told apart here and given to the library's decoder one at a
// time. That one pulls, like those of package compress: asked for one byte more
// than there is, it takes the end of the input for damage, and for good. Told
// apart beforehand, a frame that was cut short is found before any of it is
// decoded, and the window before any of it is allocated.
type Zstd struct {
	pool    *Pool
	limit   int
	decoder *zstd.Decoder // nil before the first frame
	source  blockSource
	message *[]byte // the last one, nil if none
	err     error
}

// NewZstd returns a stream that refuses messages of more than limit bytes.
func NewZstd(pool *Pool, limit int) *Zstd { return &Zstd{pool: pool, limit: limit} }

// Inflate takes the next frame and returns the message in it, which may be empty
// and is valid until the next call on the stream. (Of a frame that was joined
// from several the messages come one after the other.) Errors wrap [ErrCorrupt],
// [ErrTooLarge] or [ErrWindow]; every later call gives the same.
func (z *Zstd) Inflate(frame []byte) (message []byte, complete bool, err error) {
	if z.err != nil {
		return nil, false, z.err
	}
	z.Recycle()
	if z.decoder == nil {
		frame, z.err = z.begin(frame)
	}
	if z.err == nil {
		z.err = checkBlocks(frame)
	}
	if z.err != nil {
		return nil, false, z.err
	}
	n := z.decode(frame)
	if z.err != nil {
		return nil, false, z.err
	}
	return (*z.message)[:n], true, nil
}

// decode inflates blocks into z.message, and returns how many bytes that were.
func (z *Zstd) decode(blocks []byte) (n int) {
	// Only with room for a whole block is it certain that one call has it all.
	scratch := z.pool.Get(2 * maxZstdBlock)
	for len(blocks) > 0 && z.err == nil {
		block := blocks[:blockSize(blocks)]
		blocks = blocks[len(block):]
		if isEmpty(block) {
			continue // the decoder would go on to the next
		}
		scratch = z.room(scratch, n)
		z.source.block = block
		m, err := z.decoder.Read((*scratch)[n:])
		n += m
		switch {
		case err != nil:
			z.err = fmt.Errorf("%w: %w", ErrCorrupt, err)
		case n > z.limit:
			z.err = fmt.Errorf("%w of %d bytes", ErrTooLarge, z.limit)
		}
	}
	if z.err != nil {
		z.pool.Put(scratch)
		return 0
	}
	z.fit(scratch, n)
	return n
}

// begin takes the head of the zstd frame off and makes a decoder for it.
func (z *Zstd) begin(in []byte) (blocks []byte, err error) {
	var head zstd.Header
	if blocks, err = head.DecodeAndStrip(in); err != nil {
		return nil, fmt.Errorf("%w: it does not begin like a zstd stream", ErrCorrupt)
	}
	window := head.WindowSize
	if head.SingleSegment {
		window = head.FrameContentSize
	}
	switch {
	case head.Skippable:
		return nil, fmt.Errorf("%w: it does not begin like a zstd stream", ErrCorrupt)
	case head.DictionaryID != 0:
		return nil, fmt.Errorf("%w: it wants a dictionary", ErrCorrupt)
	case window > MaxZstdWindow:
		return nil, fmt.Errorf("%w: %d bytes per connection where %d are allowed; use zlib-stream instead", ErrWindow, window, MaxZstdWindow)
	}
	z.source.head = append(z.source.head, in[:head.HeaderSize]...)
	z.decoder, err = zstd.NewReader(&z.source, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(MaxZstdWindow))
	if err != nil {
		return nil, fmt.Errorf("make a zstd decoder: %w", err)
	}
	return blocks, nil
}

// checkBlocks makes sure that a frame is a whole number of blocks and that none
// is the last of the stream.
func checkBlocks(frame []byte) error {
	for len(frame) > 0 {
		if len(frame) < blockHead {
			return errCut
		}
		switch size := blockSize(frame); {
		case frame[0]&1 != 0:
			return corrupt("the stream has an end")
		case frame[0]>>1&3 == zstdReserved:
			return corrupt("unknown kind of block")
		case size > len(frame):
			return errCut
		default:
			frame = frame[size:]
		}
	}
	return nil
}

// errCut is a frame that was cut short, or of which the head of a block was hit.
var errCut = fmt.Errorf("%w: a block does not end where its frame does", ErrCorrupt)

// Of the three bytes before every block (RFC 8878, 3.1.1.2): bit 0 says that it
// is the last, bits 1 and 2 of which kind it is, the others how long.
const (
	blockHead    = 3
	zstdRun      = 1 // one byte, repeated
	zstdReserved = 3
)

// blockSize is the length of the block at the front of a frame, with its head.
func blockSize(frame []byte) int {
	if frame[0]>>1&3 == zstdRun {
		return blockHead + 1
	}
	return blockHead + int(frame[0])>>3 + int(frame[1])<<5 + int(frame[2])<<13
}

// isEmpty reports whether a block inflates to nothing: so may end what an encoder
// was told to flush when it had nothing left.
func isEmpty(block []byte) bool {
	return block[0]>>1&3 <= zstdRun && block[0]>>3 == 0 && block[1] == 0 && block[2] == 0
}

// blockSource is where the decoder reads: one block, never more.
type blockSource struct {
	head  []byte // of the stream, before the first block
	block []byte
}

// errBeyond is that the decoder asks for more than its block.
var errBeyond = errors.New("a block that says it is longer than it is")

// Read gives the decoder its block.
func (s *blockSource) Read(p []byte) (int, error) {
	n := copy(p, s.head)
	s.head = s.head[n:]
	m := copy(p[n:], s.block)
	s.block = s.block[m:]
	if n+m == 0 && len(p) > 0 {
		return 0, errBeyond
	}
	return n + m, nil
}

// room is a buffer with the first n bytes of scratch and room for a block more.
func (z *Zstd) room(scratch *[]byte, n int) *[]byte {
	if len(*scratch)-n > maxZstdBlock {
		return scratch
	}
	larger := z.pool.Get(2 * len(*scratch))
	copy(*larger, (*scratch)[:n])
	z.pool.Put(scratch)
	return larger
}

// fit keeps a message in a buffer of about its size: a shard may hold it for
// long, waiting for room in a queue.
func (z *Zstd) fit(scratch *[]byte, n int) {
	if n > len(*scratch)/4 {
		z.message = scratch
		return
	}
	z.message = z.pool.Get(n)
	copy(*z.message, (*scratch)[:n])
	z.pool.Put(scratch)
}

// Recycle gives the memory of the last message back to the pool. It is worth a
// call before a wait for the next frame; the message is not valid any more.
func (z *Zstd) Recycle() {
	if z.message != nil {
		z.pool.Put(z.message)
		z.message = nil
	}
}

// Release frees everything. The stream is of no use any more.
func (z *Zstd) Release() {
	if z.err == nil {
		z.err = fmt.Errorf("%w: the stream has been released", ErrCorrupt)
	}
	z.Recycle()
	if z.decoder != nil {
		z.decoder.Close()
		z.decoder = nil
	}
}
