package inflate

import (
	"bytes"
	"errors"
	"fmt"
)

// Errors of every Inflate. All are final: to go on behind a message that is
// missing would be to make up what comes next.
var (
	ErrCorrupt  = errors.New("corrupt compressed data")
	ErrTooLarge = errors.New("message is larger than the limit")
)

// Sizes of the window.
const (
	maxDist    = 32 << 10 // how far back a match may reach (RFC 1951)
	baseWindow = 64 << 10 // what a quiet stream keeps
	// slideAt is the fill of the window from which the next message starts with
	// the history moved to the front.
	slideAt = baseWindow - 16<<10
	// slack is the room that the fast loop wants before it decodes a symbol: the
	// longest match and what its eight-byte copies write beyond it.
	slack = 258 + 8
	// maxFalseEnds bounds how often a message is decoded again because a frame
	// ended in the bytes of a flush without there being one. By chance that
	// happens once in four thousand million frames.
	maxFalseEnds = 4
)

// Stream inflates the frames of one connection.
type Stream struct {
	pool  *Pool
	limit int

	lent   *[]byte // the window as the pool gave it
	window []byte  // history, then the message
	start  int     // of the message in window
	end    int     // of the message in window

	pending   *[]byte // frames, or the rest of one, that complete no message yet
	held      int     // bytes of pending in use
	falseEnds int
	begun     bool // the zlib header has been read
	err       error
}

// New returns a stream that refuses messages of more than limit bytes,
// compressed or inflated.
func New(pool *Pool, limit int) *Stream {
	s := &Stream{pool: pool, limit: limit, lent: pool.Get(baseWindow)}
	s.window = *s.lent
	return s
}

// flushed ends every message: the empty stored block of a sync flush.
var flushed = []byte{0x00, 0x00, 0xff, 0xff}

// Inflate takes the next frame. What it completes is returned, which may be
// empty and is valid until the next call on the stream. That is one message, as
// Discord cuts its frames; but messages end where the stream is flushed and not
// where frames do, so that a frame that was joined from several gives all of
// them, one after the other, and what lies behind the last flush is kept.
// A frame is kept as long as it is needed; the caller may reuse it. Errors wrap
// [ErrCorrupt] or [ErrTooLarge]; every later call gives the same.
func (s *Stream) Inflate(frame []byte) (messages []byte, complete bool, err error) {
	if s.err != nil {
		return nil, false, s.err
	}
	s.Recycle()
	in, seen := frame, 0
	if s.held > 0 {
		seen = max(0, s.held-len(flushed)+1)
		if s.err = s.hold(frame); s.err != nil {
			return nil, false, s.err
		}
		in = (*s.pending)[:s.held]
	}
	if bytes.HasSuffix(in, flushed) || bytes.Contains(in[seen:], flushed) {
		switch used, err := s.decode(in); {
		case err == nil:
			s.err = s.keep(in[used:])
			return s.window[s.start:s.end], true, s.err
		case err != errShort || s.falseEnds == maxFalseEnds:
			s.err = s.describe(err)
			return nil, false, s.err
		}
		s.falseEnds++
	}
	if s.held == 0 {
		s.err = s.hold(frame)
	}
	return nil, false, s.err
}

// Recycle gives memory that only the last message needed back to the pool. It
// is worth a call before a wait for the next frame; the message is not valid
// any more.
func (s *Stream) Recycle() {
	if len(s.window) > baseWindow {
		small := s.pool.Get(baseWindow)
		s.end = copy(*small, s.window[max(0, s.end-maxDist):s.end])
		s.pool.Put(s.lent)
		s.lent, s.window = small, *small
	} else if s.end > slideAt {
		s.end = copy(s.window, s.window[s.end-maxDist:s.end])
	}
	s.start = s.end
}

// Release gives all memory back to the pool. The stream is of no use any more.
func (s *Stream) Release() {
	if s.err == nil {
		s.err = fmt.Errorf("%w: the stream has been released", ErrCorrupt)
	}
	s.forget()
	if s.lent != nil {
		s.pool.Put(s.lent)
		s.lent, s.window, s.start, s.end = nil, nil, 0, 0
	}
}

// hold keeps a copy of a frame until the message is complete.
func (s *Stream) hold(frame []byte) error {
	size := s.held + len(frame)
	if size > s.limit {
		return s.describe(ErrTooLarge)
	}
	if s.pending == nil {
		s.pending = s.pool.Get(size)
	} else if size > len(*s.pending) {
		larger := s.pool.Get(size)
		copy(*larger, (*s.pending)[:s.held])
		s.pool.Put(s.pending)
		s.pending = larger
	}
	copy((*s.pending)[s.held:], frame)
	s.held = size
	return nil
}

// keep drops what is held but for the rest, which may be a part of it.
func (s *Stream) keep(rest []byte) error {
	if len(rest) == 0 {
		s.forget()
		return nil
	}
	if s.pending == nil {
		return s.hold(rest)
	}
	s.held, s.falseEnds = copy(*s.pending, rest), 0
	return nil
}

// forget drops the frames held.
func (s *Stream) forget() {
	if s.pending != nil {
		s.pool.Put(s.pending)
	}
	s.pending, s.held, s.falseEnds = nil, 0, 0
}

// room makes space for at least slack bytes after o, the present end of the
// output, and returns where the end is now.
func (s *Stream) room(o int) (int, error) {
	if o-s.start > s.limit {
		return o, ErrTooLarge
	}
	if len(s.window)-o >= slack {
		return o, nil
	}
	cut := max(0, s.start-maxDist)
	larger := s.pool.Get(2 * len(s.window))
	o = copy(*larger, s.window[cut:o])
	s.start -= cut
	s.end = s.start
	s.pool.Put(s.lent)
	s.lent, s.window = larger, *larger
	return o, nil
}

func (s *Stream) describe(err error) error {
	switch {
	case err == errShort:
		return fmt.Errorf("%w: a message does not end where its frame does", ErrCorrupt)
	case errors.Is(err, ErrTooLarge):
		return fmt.Errorf("%w of %d bytes", ErrTooLarge, s.limit)
	}
	return err
}
