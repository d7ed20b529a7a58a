package inflate

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// A connection lives for weeks: every byte of its hundred-thousandth message
// must be right, however it was compressed and cut.
func TestEveryMessageOfALongStreamIsExact(t *testing.T) {
	t.Parallel()
	messages := 100_000
	if testing.Short() || raceEnabled {
		messages = 3_000
	}
	rng := rand.New(rand.NewPCG(1, 2))
	server := newServer(t, 1, true)
	stream := New(new(Pool), testLimit)
	for i := range messages {
		want := anyMessage(rng)
		got, err := feed(stream, rng, server.message(t, want))
		if err != nil {
			t.Fatalf("message %d of %d bytes: %v", i, len(want), err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("message %d of %d bytes differs", i, len(want))
		}
	}
	if len(stream.window) > 2*testLimit {
		t.Fatalf("window grew to %d", len(stream.window))
	}
}

func TestEveryLevelOfBothWritersIsExact(t *testing.T) {
	messages := 300
	if raceEnabled {
		messages = 40
	}
	for _, klauspost := range []bool{false, true} {
		for level := -2; level <= 9; level++ {
			t.Run(fmt.Sprintf("klauspost=%t,level=%d", klauspost, level), func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(uint64(level+2), 7))
				server := newServer(t, level, klauspost)
				stream := New(new(Pool), testLimit)
				for i := range messages {
					want := anyMessage(rng)
					if i%100 == 30 {
						want = text(rng, 1+rng.IntN(300_000))
					}
					got, err := feed(stream, rng, server.message(t, want))
					if err != nil {
						t.Fatalf("message %d: %v", i, err)
					}
					if !bytes.Equal(got, want) {
						t.Fatalf("message %d of %d bytes differs", i, len(want))
					}
				}
			})
		}
	}
}

// stored builds a stored block that is not the last.
func stored(data []byte) []byte {
	n := len(data)
	return append([]byte{0, byte(n), byte(n >> 8), ^byte(n), ^byte(n >> 8)}, data...)
}

// The bytes of a flush may stand inside of a message, and a frame may end
// right after them: the message is not complete all the same.
func TestBytesOfAFlushInsideAMessageDoNotEndIt(t *testing.T) {
	head := []byte{0x78, 0x9c}
	want := append([]byte("before"), 0, 0, 0xff, 0xff)
	want = append(want, "after"...)
	wire := append(head, stored(want)...)
	wire = append(wire, stored(nil)...)
	cut := bytes.Index(wire, []byte("after"))

	stream := New(new(Pool), testLimit)
	if _, complete, err := stream.Inflate(wire[:cut]); complete || err != nil {
		t.Fatalf("first frame: complete=%t, %v", complete, err)
	}
	got, complete, err := stream.Inflate(wire[cut:])
	if err != nil || !complete || !bytes.Equal(got, want) {
		t.Fatalf("got %q, complete=%t, %v", got, complete, err)
	}
}

func TestBlocksThatSeemToEndAreNotAFlush(t *testing.T) {
	// A stored block whose data end in the bytes of a flush, at the very end of a
	// frame: a block is complete, the message is not.
	data := []byte("x\x00\x00\xff\xff")
	stream := New(new(Pool), testLimit)
	if _, complete, err := stream.Inflate(append([]byte{0x78, 0x01}, stored(data)...)); complete || err != nil {
		t.Fatalf("complete=%t, %v", complete, err)
	}
	got, complete, err := stream.Inflate(stored(nil))
	if err != nil || !complete || !bytes.Equal(got, data) {
		t.Fatalf("got %q, complete=%t, %v", got, complete, err)
	}
}

func TestBombIsBounded(t *testing.T) {
	const limit = 1 << 18
	server := newServer(t, 9, false)
	bomb := server.message(t, make([]byte, 4<<20))
	stream := New(new(Pool), limit)
	_, _, err := stream.Inflate(bomb)
	if !errors.Is(err, ErrTooLarge) {
		t.Fatalf("got %v", err)
	}
	if len(stream.window) > 4*limit {
		t.Fatalf("the window grew to %d bytes for a limit of %d", len(stream.window), limit)
	}
	if _, _, again := stream.Inflate(server.message(t, []byte("x"))); again != err {
		t.Fatalf("then %v", again)
	}
}

func TestFramesWithoutEndAreBounded(t *testing.T) {
	stream := New(new(Pool), 1<<20)
	frame := bytes.Repeat([]byte{1}, 64<<10)
	for range 17 {
		if _, _, err := stream.Inflate(frame); err != nil {
			if !errors.Is(err, ErrTooLarge) {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatal("kept more than the limit")
}

func TestMessageOfExactlyTheLimitPasses(t *testing.T) {
	for _, extra := range []int{0, 1} {
		const limit = 200_000
		want := text(rand.New(rand.NewPCG(3, 3)), limit+extra)
		got, err := feed(New(new(Pool), limit), nil, newServer(t, 6, false).message(t, want))
		if extra == 0 && (err != nil || !bytes.Equal(got, want)) {
			t.Fatalf("limit: %v", err)
		}
		if extra == 1 && !errors.Is(err, ErrTooLarge) {
			t.Fatalf("one more: %v", err)
		}
	}
}

func TestWhatIsNotAStreamIsRefused(t *testing.T) {
	flush := string(stored(nil))
	cases := map[string]string{
		"no zlib at all":        "hello" + flush,
		"a dictionary":          "\x78\xbb" + flush,
		"gzip":                  "\x1f\x8b" + flush,
		"stored length":         "\x78\x9c\x00\x05\x00\x05\x00abcde" + flush,
		"unknown kind of block": "\x78\x9c\x06" + flush,
		"the end of the stream": "\x78\x9c\x01\x00\x00\xff\xff",
		"an unknown distance":   "\x78\x5e\x22\xf2\x31\x00\x00\xff\xff",
		"match before all":      "\x78\x9c\x02\x02\x00\x00\x00\xff\xff",
	}
	for name, wire := range cases {
		t.Run(name, func(t *testing.T) {
			stream := New(new(Pool), testLimit)
			message, complete, err := stream.Inflate([]byte(wire))
			if !errors.Is(err, ErrCorrupt) || complete {
				t.Fatalf("got %q, complete=%t, %v", message, complete, err)
			}
		})
	}
}

// Without a checksum in mid-stream a changed literal cannot be told from a
// right one; but whatever comes out, the reference decoder says the same, and
// what it refuses is refused.
func TestDamagedFramesDoAsTheReferenceDoes(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	var whole [][]byte
	for level := range 10 {
		for range 3 {
			whole = append(whole, bytes.Clone(newServer(t, level, false).message(t, text(rng, 1+rng.IntN(2000)))))
		}
	}
	const tries = 600
	refused := 0
	for i := range tries {
		wire := bytes.Clone(whole[i%len(whole)])
		for range 1 + rng.IntN(3) {
			wire[2+rng.IntN(len(wire)-6)] ^= 1 << rng.IntN(8)
		}
		if compare(t, wire) {
			refused++
		}
	}
	if refused < tries/5 {
		t.Fatalf("only %d of %d damaged messages were refused", refused, tries)
	}
}

// compare inflates one frame with both decoders and reports whether it was
// refused or left incomplete. Ours may refuse what the reference goes on with
// (the end of the stream, a block that cannot end), never the other way round.
func compare(t *testing.T, wire []byte) bool {
	t.Helper()
	stream := New(new(Pool), testLimit)
	message, complete, err := stream.Inflate(wire)
	want, wantErr := io.ReadAll(flate.NewReader(bytes.NewReader(wire[2:])))
	if complete && stream.held > 0 { // what lies behind a flush is not judged yet
		if err != nil || !bytes.HasPrefix(want, message) {
			t.Fatalf("accepted %d bytes; the reference has %d and %v", len(message), len(want), wantErr)
		}
		return false
	}
	if complete {
		if err != nil || wantErr != io.ErrUnexpectedEOF || !bytes.Equal(message, want) {
			t.Fatalf("accepted %d bytes; the reference has %d and %v", len(message), len(want), wantErr)
		}
		return false
	}
	var bad flate.CorruptInputError
	// Within the last two bytes of the input both have a point.
	if errors.As(wantErr, &bad) && err == nil && bytes.HasSuffix(wire, flushed) && int64(bad) < int64(len(wire)-4) {
		t.Fatalf("incomplete; the reference says %v", wantErr)
	}
	return true
}

func TestAQuietStreamKeepsOneWindow(t *testing.T) {
	server := newServer(t, 6, false)
	stream := New(new(Pool), testLimit)
	if _, err := feed(stream, nil, server.message(t, make([]byte, 1<<20))); err != nil {
		t.Fatal(err)
	}
	stream.Recycle()
	if len(stream.window) != baseWindow || stream.pending != nil {
		t.Fatalf("keeps a window of %d bytes", len(stream.window))
	}
	want := []byte("and goes on where it was")
	if got, err := feed(stream, nil, server.message(t, want)); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("then %q, %v", got, err)
	}
	stream.Release()
	if _, _, err := stream.Inflate([]byte("x")); err == nil {
		t.Fatal("a released stream still works")
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	rng := rand.New(rand.NewPCG(9, 9))
	server := newServer(t, 6, false)
	var frames [][]byte
	for range 2000 {
		frames = append(frames, bytes.Clone(server.message(t, text(rng, 1200))))
	}
	stream := New(new(Pool), testLimit)
	next := 0
	got := testing.AllocsPerRun(1500, func() {
		if _, complete, err := stream.Inflate(frames[next]); !complete || err != nil {
			t.Fatal(complete, err)
		}
		next++
	})
	if got > 0.1 {
		t.Fatalf("%.2f allocations a message", got)
	}
}
