package outbox

import (
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

func TestWhatNobodyWantsAnyMoreIsNotWritten(t *testing.T) {
	s := liveShard(t)
	gone := make(chan struct{})
	for _, op := range []discord.Opcode{voiceOp, presenceOp, membersOp} {
		it := Item{Op: op, Frame: []byte("unwanted"), Deadline: s.now.Add(time.Minute), Gone: gone}
		if _, err := s.q.Push(s.now, it); err != nil {
			t.Fatal(err)
		}
	}
	s.push(voiceOp, "voice")
	s.push(membersOp, "members")
	close(gone)
	s.want(s.drain(), "voice members")
	if at, ok := s.q.Wake(s.now); !ok || !at.Equal(s.now) {
		t.Errorf("looked at again at %v, %v", at, ok)
	}
	left := s.q.Expire(s.now)
	for _, d := range left {
		if string(d.Frame) != "unwanted" || !errors.Is(d.Err, ErrGone) {
			t.Errorf("dropped %s: %v", d.Frame, d.Err)
		}
	}
	if len(left) != 3 || s.q.Len() != 0 {
		t.Errorf("%d dropped, %d left", len(left), s.q.Len())
	}
}

func TestWhatNobodyWantsAnyMoreIsTakenOutWhileTheShardIsDown(t *testing.T) {
	s := liveShard(t)
	s.q.Live(false)
	gone := make(chan struct{})
	if _, err := s.q.Push(s.now, Item{Op: voiceOp, Deadline: s.now.Add(time.Minute), Gone: gone}); err != nil {
		t.Fatal(err)
	}
	if left := s.q.Expire(s.now); len(left) != 0 {
		t.Errorf("dropped too early: %v", left)
	}
	close(gone)
	s.q.Live(true)
	if left := s.q.Expire(s.now); len(left) != 1 || !errors.Is(left[0].Err, ErrGone) {
		t.Errorf("dropped %v", left)
	}
	s.want(s.next(), "nothing")
}
