package inflate

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// document is a whole zlib document.
func document(t testing.TB, level int, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestEveryDocumentIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 4))
	d := NewDocuments(new(Pool), testLimit)
	messages := 600
	if raceEnabled {
		messages = 50
	}
	for i := range messages {
		want := anyMessage(rng)
		switch i {
		case 20:
			want = bytes.Repeat(text(rng, 600_000), 8)
		case 40:
			want = nil
		}
		wantMessages(t, d, [][]byte{document(t, i%12-2, want)}, [][]byte{want})
	}
}

func TestDocumentsJoinedInAFrameAllCome(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	d := NewDocuments(new(Pool), testLimit)
	for n := range 5 {
		var frame, want []byte
		for range n + 1 {
			one := text(rng, 1+rng.IntN(100_000))
			frame, want = append(frame, document(t, 6, one)...), append(want, one...)
		}
		wantMessages(t, d, [][]byte{frame, document(t, 6, []byte("next"))}, [][]byte{want, []byte("next")})
	}
}

// The second document of a frame shares nothing with the first: a match that
// reaches back into it is damage.
func TestDocumentsInOneFrameShareNothing(t *testing.T) {
	reach := "\x78\x9c\x03\x02\x00\x00\x00\x00\x01" // one fixed block: a match of three bytes, one back
	frame := append(document(t, 6, []byte("what could be matched")), reach...)
	if _, _, err := NewDocuments(new(Pool), testLimit).Inflate(frame); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "match before the beginning") {
		t.Fatal(err)
	}
}

// With a checksum no damage can pass: no bit that is flipped, no byte that is
// missing or too many. (Some bits mean nothing, and a match may be found in two
// places: then the content is what it was.)
func TestEveryDamageToADocumentIsFound(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 2))
	for _, level := range []int{0, 1, 6, -2} {
		want := text(rng, 700)
		whole := document(t, level, want)
		refuse := func(what string, i int, frame []byte) {
			d := NewDocuments(new(Pool), testLimit)
			message, complete, err := d.Inflate(frame)
			if (!errors.Is(err, ErrCorrupt) || complete) && !(what == "bit" && bytes.Equal(message, want)) {
				t.Errorf("level %d, %s %d of %d: %d bytes, %v", level, what, i, len(whole), len(message), err)
			}
			d.Release()
		}
		for i := range 8 * len(whole) {
			bad := bytes.Clone(whole)
			bad[i/8] ^= 1 << (i % 8)
			refuse("bit", i, bad)
		}
		for n := range whole {
			refuse("cut at", n, whole[:n])
		}
		refuse("more than", 0, append(bytes.Clone(whole), 0))
		refuse("a stream instead", 0, newServer(t, 6, false).message(t, text(rng, 700)))
	}
}

func TestADeadDocumentDecoderStaysDead(t *testing.T) {
	d := NewDocuments(new(Pool), testLimit)
	_, _, err := d.Inflate([]byte("garbage"))
	if _, _, again := d.Inflate(document(t, 6, []byte("whole"))); err == nil || again != err {
		t.Fatalf("%v, then %v", err, again)
	}
	if d = NewDocuments(new(Pool), testLimit); d.s.lent != nil {
		t.Fatal("takes memory before there is a message")
	}
	if _, _, err := d.Inflate(document(t, 6, []byte("whole"))); err != nil {
		t.Fatal(err)
	}
	if d.Recycle(); d.s.lent != nil {
		t.Fatal("keeps memory when quiet")
	}
	if d.Release(); errOf(d.Inflate(document(t, 6, nil))) == nil {
		t.Fatal("a released decoder still works")
	}
}

func errOf(_ []byte, _ bool, err error) error { return err }

func TestDocumentBombsAreBounded(t *testing.T) {
	const limit = 1 << 18
	for name, frame := range map[string][]byte{
		"one":                          document(t, 9, make([]byte, 4<<20)),
		"many":                         bytes.Repeat(document(t, 9, make([]byte, limit/2)), 9),
		"one more byte than the limit": document(t, 9, make([]byte, limit+1)),
	} {
		d := NewDocuments(new(Pool), limit)
		if _, _, err := d.Inflate(frame); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
		if len(d.s.window) > 4*limit {
			t.Errorf("%s: the window grew to %d", name, len(d.s.window))
		}
	}
	d := NewDocuments(new(Pool), limit)
	if message, _, err := d.Inflate(document(t, 9, make([]byte, limit))); err != nil || len(message) != limit {
		t.Errorf("exactly the limit: %v", err)
	}
}

func TestSteadyDocumentsDoNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	frame := document(t, 6, text(rand.New(rand.NewPCG(9, 9)), 1200))
	d := NewDocuments(new(Pool), testLimit)
	got := testing.AllocsPerRun(1500, func() {
		if _, complete, err := d.Inflate(frame); !complete || err != nil {
			t.Fatal(complete, err)
		}
		d.Recycle()
	})
	if got > 0.1 {
		t.Fatalf("%.2f allocations a message", got)
	}
}

// compareDocument inflates a frame with both decoders, and returns the content if
// it was accepted.
func compareDocument(t *testing.T, frame []byte) (content []byte, ok bool) {
	t.Helper()
	const limit = 4 << 20
	d := NewDocuments(new(Pool), limit)
	defer d.Release()
	got, complete, err := d.Inflate(frame)
	var want []byte
	in := bytes.NewReader(frame)
	var wantErr error
	for first := true; wantErr == nil && (first || in.Len() > 0); first = false {
		var r io.ReadCloser
		if r, wantErr = zlib.NewReader(in); wantErr == nil {
			var one []byte
			one, wantErr = io.ReadAll(io.LimitReader(r, limit+1))
			want = append(want, one...)
		}
	}
	if complete != (err == nil) || err == nil && (wantErr != nil || !bytes.Equal(got, want)) {
		t.Fatalf("accepted %d bytes, %v; the library has %d and %v", len(got), err, len(want), wantErr)
	}
	if wantErr == nil && err != nil && len(want) <= limit {
		t.Fatalf("refused with %v what the library accepts", err)
	}
	return bytes.Clone(got), err == nil
}
