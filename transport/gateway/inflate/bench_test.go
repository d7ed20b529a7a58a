package inflate

import (
	"bytes"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"testing"

	kflate "github.com/klauspost/compress/flate"
)

// benchMessages are compressed in one stream of a thousand.
func benchMessages(b *testing.B, size int) (frames [][]byte, plain int) {
	rng := rand.New(rand.NewPCG(8, 8))
	server := newServer(b, zlib.DefaultCompression, false)
	for range 1000 {
		frames = append(frames, bytes.Clone(server.message(b, text(rng, size))))
	}
	return frames, size
}

func BenchmarkInflate1200(b *testing.B) {
	frames, size := benchMessages(b, 1200)
	pool := new(Pool)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var stream *Stream
	for i := 0; b.Loop(); i++ {
		if i%len(frames) == 0 {
			if stream != nil {
				stream.Release()
			}
			stream = New(pool, testLimit)
		}
		if _, complete, err := stream.Inflate(frames[i%len(frames)]); !complete || err != nil {
			b.Fatal(complete, err)
		}
	}
}

// BenchmarkKlauspost1200 is the same work with the library that this package
// stands in for.
func BenchmarkKlauspost1200(b *testing.B) {
	frames, size := benchMessages(b, 1200)
	all := bytes.Join(frames, nil)[2:]
	b.SetBytes(int64(size))
	b.ReportAllocs()
	in := bytes.NewReader(nil)
	r := kflate.NewReader(in)
	message := make([]byte, size)
	for i := 0; b.Loop(); i++ {
		if i%len(frames) == 0 {
			in.Reset(all)
			if err := r.(kflate.Resetter).Reset(in, nil); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := io.ReadFull(r, message); err != nil {
			b.Fatal(err)
		}
	}
}
