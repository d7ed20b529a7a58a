package inflate

import (
	"bytes"
	"compress/zlib"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// Every fuzz test gives bytes of its own making to the decoder, to be judged as
// the library judges them, and has the same bytes compressed, which must come
// back whatever becomes of the frames, and must not once one is damaged, unless
// the library says so too.

func FuzzInflate(f *testing.F) {
	rng := rand.New(rand.NewPCG(4, 4))
	for level := range 10 {
		f.Add(bytes.Clone(newServer(f, level, false).message(f, text(rng, 400))), []byte{byte(level), 3, 200}, uint16(0))
	}
	f.Add([]byte("\x78\x9c"+string(stored(nil))), []byte{}, uint16(9))
	f.Add([]byte("\x78\x5e\x22\xf2\x31\x00\x00\xff\xff"), []byte{1}, uint16(700))
	f.Add([]byte("\x78\x01Zx\x0c\xf20\x00\x00\xff\xff"), []byte{9, 0}, uint16(70))
	var servers [24]*server
	f.Fuzz(func(t *testing.T, wire, cut []byte, flip uint16) {
		if len(wire) < 2 {
			return
		}
		if header(wire) == nil {
			compare(t, wire)
		}
		// At any level, twice, in frames cut anywhere.
		level := int(wire[0])%12 + 12*int(wire[1]&1)
		if servers[level] == nil {
			servers[level] = newServer(t, level%12-2, level < 12)
		}
		server := servers[level].again()
		var all, want []byte
		for range 2 {
			all, want = append(all, server.message(t, wire)...), append(want, wire...)
		}
		wantStream(t, New(new(Pool), testLimit), joined(all, cut), want)
		damaged := bytes.Clone(all)
		damaged[2+int(flip/8)%(len(all)-2)] ^= 1 << (flip % 8)
		compare(t, damaged)
		compare(t, all[:2+int(flip)%(len(all)-2)])
	})
}

func FuzzZstd(f *testing.F) {
	rng := rand.New(rand.NewPCG(4, 5))
	for level := range 4 {
		server := newZstdServer(f, zstd.WithEncoderLevel(zstd.EncoderLevel(1+level)))
		first := bytes.Clone(server.message(f, text(rng, 400)))
		f.Add(first, bytes.Clone(server.message(f, text(rng, 300))), uint16(0))
	}
	f.Add(head(17, 0), block(0, 3, "one"), uint16(9))
	f.Add(append(head(10, 0), block(1, 800, "x")...), block(2, 2, "\x00\x00"), uint16(70))
	servers, judge := zstdServers(f), newZstdJudge(f)
	f.Fuzz(func(t *testing.T, one, two []byte, flip uint16) {
		judge.compare(t, one, two)
		server := servers[flip%2].again() // the other two have too much memory to clear
		var frames [][]byte
		for _, plain := range [][]byte{one, two, one} {
			if len(plain) == 0 {
				plain = []byte("x")
			}
			frames = append(frames, bytes.Clone(server.message(t, plain)))
			if judge.compare(t, frames...) != len(frames) {
				t.Fatalf("message %d of %d bytes is refused", len(frames), len(plain))
			}
		}
		hit := frames[int(flip)%3]
		short := [][]byte{frames[0], frames[1][:int(flip)%len(frames[1])], frames[2]}
		judge.compare(t, short...)
		hit[int(flip/8)%len(hit)] ^= 1 << (flip % 8)
		judge.compare(t, frames...)
	})
}

func FuzzDocuments(f *testing.F) {
	rng := rand.New(rand.NewPCG(4, 6))
	for level := range 10 {
		f.Add(document(f, level, text(rng, 400)), uint16(level))
	}
	f.Add(append(document(f, 6, []byte("one")), document(f, 0, []byte("two"))...), uint16(99))
	var writers [12]*zlib.Writer
	f.Fuzz(func(t *testing.T, frame []byte, flip uint16) {
		compareDocument(t, frame)
		if writers[flip%12] == nil {
			writers[flip%12], _ = zlib.NewWriterLevel(nil, int(flip)%12-2)
		}
		var out bytes.Buffer
		writers[flip%12].Reset(&out)
		_, _ = writers[flip%12].Write(frame)
		_ = writers[flip%12].Close()
		whole := out.Bytes()
		if got, ok := compareDocument(t, whole); !ok || !bytes.Equal(got, frame) {
			t.Fatal("a whole document is refused")
		}
		if _, ok := compareDocument(t, append(bytes.Clone(whole), whole...)); !ok {
			t.Fatal("two documents are refused")
		}
		if _, ok := compareDocument(t, whole[:int(flip)%len(whole)]); ok {
			t.Fatal("a document that was cut short is accepted")
		}
		whole[int(flip/8)%len(whole)] ^= 1 << (flip % 8)
		if got, ok := compareDocument(t, whole); ok && !bytes.Equal(got, frame) {
			t.Fatal("a document with a flipped bit is accepted")
		}
	})
}
