package inflate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// newZstdServer compresses as Discord does: one zstd frame, flushed after each
// message.
func newZstdServer(t testing.TB, options ...zstd.EOption) *server {
	t.Helper()
	s := &server{}
	w, err := zstd.NewWriter(&s.out, append([]zstd.EOption{zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(128 << 10)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	s.w = w
	return s
}

// wantMessages inflates frames, each one message.
func wantMessages(t *testing.T, z inflater, frames, want [][]byte) {
	t.Helper()
	for i, frame := range frames {
		given := bytes.Clone(frame) // the stream must not keep it
		got, complete, err := z.Inflate(given)
		clear(given)
		if err != nil || !complete || !bytes.Equal(got, want[i]) {
			t.Fatalf("message %d of %d bytes: complete=%t, %d bytes, %v", i, len(want[i]), complete, len(got), err)
		}
	}
}

// inflater is what the three decoders have in common.
type inflater interface {
	Inflate(frame []byte) ([]byte, bool, error)
	Recycle()
	Release()
}

func TestEveryZstdMessageOfALongStreamIsExact(t *testing.T) {
	messages := 20_000
	if testing.Short() || raceEnabled {
		messages = 500
	}
	for _, level := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression, zstd.SpeedBestCompression} {
		for _, window := range []int{1 << 10, 128 << 10, MaxZstdWindow} {
			t.Run(fmt.Sprintf("%v,window=%d", level, window), func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(uint64(level), uint64(window)))
				server := newZstdServer(t, zstd.WithEncoderLevel(level), zstd.WithWindowSize(window))
				stream := NewZstd(new(Pool), testLimit)
				for range messages / 12 {
					want := anyMessage(rng)
					wantMessages(t, stream, [][]byte{server.message(t, want)}, [][]byte{want})
				}
			})
		}
	}
}

// Messages over many blocks: several megabytes, of text and of what cannot be
// compressed, and of one byte only.
func TestLargeZstdMessagesAreExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	server := newZstdServer(t)
	stream := NewZstd(new(Pool), testLimit)
	for _, want := range [][]byte{
		text(rng, 40), bytes.Repeat(text(rng, 600_000), 9), noise(rng, 640_000), make([]byte, 5<<20),
		text(rng, 128<<10), text(rng, 128<<10+1), text(rng, 128<<10-1), noise(rng, 256<<10), text(rng, 256<<10), {}, text(rng, 1),
	} {
		wantMessages(t, stream, [][]byte{server.message(t, want)}, [][]byte{want})
	}
}

// The streams in testdata/libzstd.bin were made by libzstd 1.5.4, which Discord
// is sure to use: levels -5 to 19, windows of 32 KiB to 8 MiB, small messages, an
// empty one and one of 330 kB.
func TestStreamsOfLibzstdAreExact(t *testing.T) {
	data, err := os.ReadFile("testdata/libzstd.bin")
	if err != nil {
		t.Fatal(err)
	}
	streams := 0
	for ; len(data) > 0; streams++ {
		level, count := int8(data[0]), int(binary.LittleEndian.Uint16(data[2:]))
		data = data[8:]
		stream := NewZstd(new(Pool), testLimit)
		for i := range count {
			size, plain, sum := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:]), binary.LittleEndian.Uint32(data[8:])
			frame := data[12 : 12+size]
			data = data[12+size:]
			got, complete, err := stream.Inflate(frame)
			if err != nil || !complete || len(got) != int(plain) || crc32.ChecksumIEEE(got) != sum {
				t.Fatalf("level %d, message %d: %d bytes of %d, %v", level, i, len(got), plain, err)
			}
		}
	}
	if streams != 7 {
		t.Fatalf("%d streams", streams)
	}
}

// head begins a zstd frame with a window given as exponent and eighths.
func head(exponent, eighths byte) []byte {
	return []byte{0x28, 0xb5, 0x2f, 0xfd, 0, (exponent-10)<<3 | eighths}
}

// block is a block of a kind with a content; size is what its head says.
func block(kind, size int, content string) []byte {
	bits := kind<<1 | size<<3
	return append([]byte{byte(bits), byte(bits >> 8), byte(bits >> 16)}, content...)
}

func TestWhatIsNotAZstdStreamIsRefused(t *testing.T) {
	hello := block(0, 5, "hello")
	cases := map[string]struct {
		wire []byte
		want string
	}{
		"no zstd at all":        {[]byte("hello, I am no zstd"), "does not begin like"},
		"zlib":                  {[]byte("\x78\x9c\x00\x00\x00\xff\xff"), "does not begin like"},
		"a skippable frame":     {append([]byte{0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 'x'}, hello...), "does not begin like"},
		"less than a head":      {[]byte{0x28, 0xb5, 0x2f}, "does not begin like"},
		"a dictionary":          {append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x01, 0x38, 7}, hello...), "wants a dictionary"},
		"a reserved bit":        {append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x08, 0x38}, hello...), "does not begin like"},
		"the end of the stream": {append(head(17, 0), append([]byte{hello[0] | 1}, hello[1:]...)...), "has an end"},
		"unknown kind of block": {append(head(17, 0), block(3, 5, "hello")...), "unknown kind of block"},
		"a block cut short":     {append(head(17, 0), block(0, 6, "hello")...), "does not end where its frame does"},
		"half a block's head":   {append(append(head(17, 0), hello...), 1, 2), "does not end where its frame does"},
		"a block of 200 kB":     {append(head(20, 0), block(0, 200_000, string(make([]byte, 200_000)))...), "window size exceeded"},
		"nothing compressed":    {append(head(17, 0), block(2, 0, "")...), "block too small"},
		"a block of no output":  {append(head(17, 0), block(2, 2, "\x00\x00")...), "longer than it is"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			stream := NewZstd(new(Pool), testLimit)
			message, complete, err := stream.Inflate(c.wire)
			if !errors.Is(err, ErrCorrupt) || complete || !bytes.Contains([]byte(err.Error()), []byte(c.want)) {
				t.Fatalf("got %q, complete=%t, %v", message, complete, err)
			}
			if _, _, again := stream.Inflate(hello); again != err {
				t.Fatalf("then %v", again)
			}
			stream.Release()
		})
	}
}

func TestZstdWindowsAreBounded(t *testing.T) {
	hello := block(0, 5, "hello")
	for _, c := range []struct {
		name string
		head []byte
		ok   bool
	}{
		{"1 KiB", head(10, 0), true},
		{"8 MiB", head(23, 0), true},
		{"9 MiB", head(23, 1), false},
		{"128 MiB", head(27, 0), false},
		{"3.75 TiB", head(41, 7), false},
		{"16 MiB in one segment", []byte{0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 1}, false},
	} {
		message, _, err := NewZstd(new(Pool), testLimit).Inflate(append(c.head, hello...))
		if c.ok && (err != nil || string(message) != "hello") {
			t.Errorf("%s: %q, %v", c.name, message, err)
		}
		if !c.ok && (!errors.Is(err, ErrWindow) || !bytes.Contains([]byte(err.Error()), []byte("use zlib-stream instead"))) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Blocks without content may stand anywhere, at the end too, where the decoder
// would take what is missing behind them for damage; so may the head alone.
func TestEmptyZstdBlocksAreSkipped(t *testing.T) {
	stream := NewZstd(new(Pool), testLimit)
	empty := block(0, 0, "")
	wantMessages(t, stream,
		[][]byte{
			head(17, 0), empty, bytes.Join([][]byte{empty, block(0, 3, "one"), empty, block(1, 4, "!"), empty, block(1, 0, "?")}, nil),
			block(0, 3, "two"),
		},
		[][]byte{nil, nil, []byte("one!!!!"), []byte("two")})
}

func TestZstdBombsAreBounded(t *testing.T) {
	const limit = 1 << 20
	bomb := head(17, 0)
	for range 10_000 { // 40 kB of input, 1.3 GB of output
		bomb = append(bomb, block(1, 128<<10, "x")...)
	}
	pool := new(Pool)
	stream := NewZstd(pool, limit)
	if _, _, err := stream.Inflate(bomb); !errors.Is(err, ErrTooLarge) {
		t.Fatal(err)
	}
	if stream.message != nil {
		t.Fatalf("keeps %d bytes", len(*stream.message))
	}
}

func TestZstdMessageOfExactlyTheLimitPasses(t *testing.T) {
	for _, extra := range []int{0, 1} {
		want := text(rand.New(rand.NewPCG(3, 3)), 200_000+extra)
		got, _, err := NewZstd(new(Pool), 200_000).Inflate(newZstdServer(t).message(t, want))
		if extra == 0 && (err != nil || !bytes.Equal(got, want)) || extra == 1 && !errors.Is(err, ErrTooLarge) {
			t.Fatalf("%d more: %v", extra, err)
		}
	}
}

// Wherever a frame is cut, and whatever comes instead of it, no bytes are waited
// for that belong to the next frame: the stream is dead.
func TestZstdFramesThatAreCutEndTheStream(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	server := newZstdServer(t)
	first, second := bytes.Clone(server.message(t, text(rng, 900))), bytes.Clone(server.message(t, text(rng, 1200)))
	other := bytes.Clone(newZstdServer(t).message(t, text(rng, 1200)))
	refused := map[string][]byte{"a frame of another stream": other, "noise": noise(rng, 500), "text": text(rng, 500)}
	for n := 1; n < len(second); n++ {
		refused[fmt.Sprintf("%d of %d bytes", n, len(second))] = second[:n]
	}
	for name, frame := range refused {
		stream := NewZstd(new(Pool), testLimit)
		if _, _, err := stream.Inflate(first); err != nil {
			t.Fatal(err)
		}
		if message, complete, err := stream.Inflate(frame); !errors.Is(err, ErrCorrupt) || complete {
			t.Errorf("%s: %d bytes, complete=%t, %v", name, len(message), complete, err)
		}
		if _, _, err := stream.Inflate(second); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: goes on with %v", name, err)
		}
		stream.Release()
	}
}

// zstdJudge has what it takes to inflate streams with the library.
type zstdJudge struct {
	pool    Pool
	library *zstd.Decoder
}

func newZstdJudge(t testing.TB) *zstdJudge {
	t.Helper()
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return &zstdJudge{library: d}
}

// compare inflates a stream of frames with both decoders: whatever ours accepts,
// the library, which pulls over all of it, says the same of.
func (j *zstdJudge) compare(t *testing.T, frames ...[]byte) (accepted int) {
	t.Helper()
	const limit = 4 << 20
	stream := NewZstd(&j.pool, limit)
	defer stream.Release()
	var got []byte
	for _, frame := range frames {
		message, complete, err := stream.Inflate(frame)
		if err != nil {
			break
		}
		if !complete {
			t.Fatal("neither complete nor an error")
		}
		got = append(got, message...)
		accepted++
	}
	if accepted == 0 {
		return 0
	}
	if err := j.library.Reset(io.MultiReader(bytes.NewReader(bytes.Join(frames[:accepted], nil)))); err != nil {
		t.Fatal(err)
	}
	want, err := io.ReadAll(j.library)
	if !bytes.Equal(got, want) || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("%d of %d frames give %d bytes; the library has %d and %v", accepted, len(frames), len(got), len(want), err)
	}
	return accepted
}

func TestDamagedZstdFramesDoAsTheLibraryDoes(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 7))
	tries := 600
	if raceEnabled {
		tries = 60
	}
	servers, judge := zstdServers(t), newZstdJudge(t)
	refused := 0
	for i := range tries {
		server := servers[i%4].again()
		var frames [][]byte
		for range 3 {
			frames = append(frames, bytes.Clone(server.message(t, text(rng, 1+rng.IntN(2000)))))
		}
		hit := frames[i%3]
		for range 1 + rng.IntN(3) {
			hit[rng.IntN(len(hit))] ^= 1 << rng.IntN(8)
		}
		if judge.compare(t, frames...) < 3 {
			refused++
		}
	}
	if refused < tries/4 {
		t.Fatalf("only %d of %d damaged streams were refused", refused, tries)
	}
}

// zstdServers are one for each level.
func zstdServers(t testing.TB) (servers [4]*server) {
	for i := range servers {
		servers[i] = newZstdServer(t, zstd.WithEncoderLevel(zstd.EncoderLevel(1+i)))
	}
	return servers
}

func TestAQuietZstdStreamKeepsNoMessage(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	server := newZstdServer(t)
	stream := NewZstd(new(Pool), testLimit)
	for _, size := range []int{100, 70_000, 690_000} {
		got, _, err := stream.Inflate(server.message(t, text(rng, size)))
		if err != nil || len(got) != size {
			t.Fatal(len(got), err)
		}
		if size == 100 && len(*stream.message) > 4096 {
			t.Errorf("a message of 100 bytes lies in a buffer of %d", len(*stream.message))
		}
	}
	stream.Recycle()
	if stream.message != nil {
		t.Fatal("keeps the message")
	}
	stream.Release()
	if _, _, err := stream.Inflate([]byte("x")); err == nil {
		t.Fatal("a released stream still works")
	}
}

func TestSteadyZstdStreamDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	rng := rand.New(rand.NewPCG(9, 9))
	server := newZstdServer(t)
	var frames [][]byte
	for range 2000 {
		frames = append(frames, bytes.Clone(server.message(t, text(rng, 1200))))
	}
	stream := NewZstd(new(Pool), testLimit)
	next := 0
	got := testing.AllocsPerRun(1500, func() {
		if _, complete, err := stream.Inflate(frames[next]); !complete || err != nil {
			t.Fatal(complete, err)
		}
		next++
	})
	if got > 0.2 {
		t.Fatalf("%.2f allocations a message", got)
	}
}
