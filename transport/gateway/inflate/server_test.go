package inflate

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	kzlib "github.com/klauspost/compress/zlib"
)

const testLimit = 16 << 20

// flusher is what both zlib writers can do.
type flusher interface {
	io.Writer
	Flush() error
}

// server compresses messages as Discord does: one stream, flushed after each.
type server struct {
	out bytes.Buffer
	w   flusher
}

func newServer(t testing.TB, level int, klauspost bool) *server {
	t.Helper()
	s := &server{}
	var err error
	if klauspost {
		s.w, err = kzlib.NewWriterLevel(&s.out, level)
	} else {
		s.w, err = zlib.NewWriterLevel(&s.out, level)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// again begins a new stream with the compressor of an old one, whose memory is
// what costs the time of tests that need many.
func (s *server) again() *server {
	s.out.Reset()
	s.w.(interface{ Reset(w io.Writer) }).Reset(&s.out)
	return s
}

// message returns the compressed bytes of one message.
func (s *server) message(t testing.TB, plain []byte) []byte {
	t.Helper()
	s.out.Reset()
	if _, err := s.w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := s.w.Flush(); err != nil {
		t.Fatal(err)
	}
	return s.out.Bytes()
}

// feed cuts a message into frames at random, or not at all, and inflates them.
func feed(s *Stream, rng *rand.Rand, compressed []byte) ([]byte, error) {
	for len(compressed) > 0 {
		n := len(compressed)
		if rng != nil && rng.IntN(3) == 0 {
			n = 1 + rng.IntN(n)
		}
		frame := bytes.Clone(compressed[:n]) // the stream must not keep it
		message, complete, err := s.Inflate(frame)
		clear(frame)
		if err != nil {
			return nil, err
		}
		if complete {
			if n != len(compressed) {
				return nil, fmt.Errorf("complete with %d bytes to come", len(compressed)-n)
			}
			return message, nil
		}
		compressed = compressed[n:]
	}
	return nil, errors.New("the whole message gave nothing")
}

// words is JSON-like text to take messages from: what comes again in it comes
// again at any distance.
var words = sync.OnceValue(func() []byte {
	rng := rand.New(rand.NewPCG(11, 11))
	words := []string{`"user"`, `"id":"`, `{"op":0`, `"presence_update"`, `,"d":`, "null", "guild", "1234567890", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\\u00e4"}
	out := make([]byte, 0, 700_000)
	for len(out) < cap(out)-40 {
		if rng.IntN(4) == 0 {
			out = strconv.AppendUint(out, rng.Uint64(), 10)
		} else {
			out = append(out, words[rng.IntN(len(words))]...)
		}
	}
	return out
})

// text is a piece of words, up to 300 000 bytes.
func text(rng *rand.Rand, size int) []byte {
	all := words()
	at := rng.IntN(len(all) - size)
	return all[at : at+size]
}

// random is bytes that no code makes shorter.
var random = sync.OnceValue(func() []byte {
	out := make([]byte, 700_000)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(out)
	return out
})

func noise(rng *rand.Rand, size int) []byte {
	all := random()
	at := rng.IntN(len(all) - size)
	return all[at : at+size]
}

// anyMessage is mostly small and of either kind, and now and then up to 300 kB.
func anyMessage(rng *rand.Rand) []byte {
	size := 1 + rng.IntN(900)
	if rng.IntN(1000) == 0 {
		size = 1 + rng.IntN(300_000)
	}
	if rng.IntN(4) == 0 {
		return noise(rng, size)
	}
	return text(rng, size)
}
