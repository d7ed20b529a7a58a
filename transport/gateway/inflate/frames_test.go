package inflate

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// wantStream feeds frames that need not end where messages do, and wants all
// that was sent, in order, once the last has come.
func wantStream(t *testing.T, s *Stream, frames [][]byte, want []byte) {
	t.Helper()
	var got []byte
	for i, frame := range frames {
		messages, _, err := s.Inflate(frame)
		if err != nil {
			t.Fatalf("frame %d of %d: %v", i, len(frames), err)
		}
		got = append(got, messages...)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%d bytes of %d", len(got), len(want))
	}
}

// cutAnywhere divides wire into frames without regard to its messages.
func cutAnywhere(rng *rand.Rand, wire []byte, most int) (frames [][]byte) {
	for len(wire) > 0 {
		n := min(len(wire), 1+rng.IntN(most))
		frames = append(frames, bytes.Clone(wire[:n]))
		wire = wire[n:]
	}
	return frames
}

func TestTwoMessagesInOneFrameBothCome(t *testing.T) {
	server := newServer(t, 6, false)
	frame := append(bytes.Clone(server.message(t, []byte(`{"s":1}`))), server.message(t, []byte(`{"s":2}`))...)
	got, complete, err := New(new(Pool), testLimit).Inflate(frame)
	if string(got) != `{"s":1}{"s":2}` || !complete || err != nil {
		t.Fatalf("%q, complete=%t, %v", got, complete, err)
	}
}

// A message that is whole must not wait for the rest of the next one, which is in
// its frame by chance.
func TestTheBeginningOfTheNextMessageIsKept(t *testing.T) {
	server := newServer(t, 6, false)
	one := bytes.Clone(server.message(t, []byte(`{"s":1}`)))
	two := bytes.Clone(server.message(t, []byte(`{"s":2,"d":"something longer, so that there is a middle"}`)))
	for cut := 1; cut < len(two); cut++ {
		s := New(new(Pool), testLimit)
		got, complete, err := s.Inflate(append(bytes.Clone(one), two[:cut]...))
		if string(got) != `{"s":1}` || !complete || err != nil {
			t.Fatalf("cut at %d: %q, complete=%t, %v", cut, got, complete, err)
		}
		if got, complete, err = s.Inflate(two[cut:]); !bytes.HasPrefix(got, []byte(`{"s":2,`)) || !complete || err != nil {
			t.Fatalf("cut at %d: then %q, complete=%t, %v", cut, got, complete, err)
		}
		if s.Recycle(); s.pending != nil {
			t.Fatalf("cut at %d: keeps %d bytes", cut, s.held)
		}
	}
}

func TestFramesCutAnywhereLoseNothing(t *testing.T) {
	rounds := 60
	if raceEnabled {
		rounds = 8
	}
	rng := rand.New(rand.NewPCG(12, 1))
	for round := range rounds {
		server := newServer(t, round%12-2, round%2 == 0)
		var wire, want []byte
		for range 200 {
			message := anyMessage(rng)
			wire, want = append(wire, server.message(t, message)...), append(want, message...)
		}
		most := []int{3, 100, 1000, 5000, 1 << 20}[round%5]
		wantStream(t, New(new(Pool), testLimit), cutAnywhere(rng, wire, most), want)
	}
}

// A message of megabytes in frames of a hundred bytes must not be searched, or
// decoded, from its beginning with each of them.
func TestAMessageInManySmallFramesIsReadOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 2))
	want := noise(rng, 690_000)
	server := newServer(t, 1, false)
	var frames [][]byte
	for wire := server.message(t, want); len(wire) > 0; {
		n := min(len(wire), 100)
		frames, wire = append(frames, bytes.Clone(wire[:n])), wire[n:]
	}
	s := New(new(Pool), testLimit)
	wantStream(t, s, frames, want)
	if s.falseEnds != 0 {
		t.Fatalf("%d vain attempts", s.falseEnds)
	}
}

// joined is a stream whose messages come in frames as cut says: every byte of it
// decides how far the next frame goes.
func joined(wire, cut []byte) (frames [][]byte) {
	for i := 0; len(wire) > 0; i++ {
		n := len(wire)
		if len(cut) > 0 {
			n = min(n, 1+int(cut[i%len(cut)])*7)
		}
		frames = append(frames, wire[:n])
		wire = wire[n:]
	}
	return frames
}

// The four bytes of a flush may come in two frames, with the next message behind
// them: the message before must not wait for that one.
func TestAFlushCutInTwoEndsItsMessage(t *testing.T) {
	server := newServer(t, 6, false)
	one := bytes.Clone(server.message(t, []byte(`{"s":1}`)))
	two := bytes.Clone(server.message(t, []byte(`{"s":2}`)))
	for cut := 1; cut < len(flushed); cut++ {
		s := New(new(Pool), testLimit)
		at := len(one) - cut
		if _, complete, err := s.Inflate(one[:at]); complete || err != nil {
			t.Fatalf("%d bytes before the end: complete=%t, %v", cut, complete, err)
		}
		got, complete, err := s.Inflate(append(bytes.Clone(one[at:]), two[:2]...))
		if string(got) != `{"s":1}` || !complete || err != nil {
			t.Fatalf("%d bytes before the end: %q, complete=%t, %v", cut, got, complete, err)
		}
		wantStream(t, s, [][]byte{two[2:]}, []byte(`{"s":2}`))
	}
}

// What was found to be no flush is not tried again with every frame that follows.
func TestBytesOfAFlushAreTriedOnce(t *testing.T) {
	want := append([]byte("before\x00\x00\xff\xff"), bytes.Repeat([]byte("after"), 100)...)
	wire := append([]byte{0x78, 0x9c}, stored(want)...)
	wire = append(wire, stored(nil)...)
	s := New(new(Pool), testLimit)
	var frames [][]byte
	for ; len(wire) > 25; wire = wire[25:] {
		frames = append(frames, wire[:25])
	}
	wantStream(t, s, append(frames, wire), want)
}
