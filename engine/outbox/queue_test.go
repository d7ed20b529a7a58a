package outbox

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

const (
	presenceOp = discord.OpPresenceUpdate
	voiceOp    = discord.OpVoiceStateUpdate
	membersOp  = discord.OpRequestGuildMembers

	beat = 41250 * time.Millisecond
)

// shard is a queue with a clock that the test turns.
type shard struct {
	t   *testing.T
	q   *Queue
	now time.Time
}

// liveShard has a session that takes commands, on a connection that sent nothing.
func liveShard(t *testing.T) *shard {
	s := &shard{t: t, q: New(0), now: time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)}
	s.q.Connected(s.now, beat)
	s.q.Live(true)
	return s
}

// push adds commands, op by op, named as in "members 1", for a minute.
func (s *shard) push(op discord.Opcode, names ...string) []Item {
	s.t.Helper()
	var replaced []Item
	for _, name := range names {
		out, err := s.q.Push(s.now, Item{Op: op, Frame: []byte(name), Deadline: s.now.Add(time.Minute)})
		if err != nil {
			s.t.Fatalf("%s: %v", name, err)
		}
		replaced = append(replaced, out...)
	}
	return replaced
}

// fill pushes n commands of no interest and writes them.
func (s *shard) fill(n int) {
	s.t.Helper()
	for range n {
		s.push(membersOp, "fill")
		if got := s.next(); got != "fill" {
			s.t.Fatalf("wrote %q", got)
		}
	}
}

func (s *shard) next() string {
	it, ok := s.q.Next(s.now)
	if !ok {
		return "nothing"
	}
	return string(it.Frame)
}

func (s *shard) drain() string {
	var names []string
	for it, ok := s.q.Next(s.now); ok; it, ok = s.q.Next(s.now) {
		names = append(names, string(it.Frame))
	}
	return strings.Join(names, " ")
}

func (s *shard) want(got, want string) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("got %q, want %q", got, want)
	}
}

// wake checks when the queue wants to be looked at again.
func (s *shard) wake(after time.Duration) {
	s.t.Helper()
	at, ok := s.q.Wake(s.now)
	if !ok || !at.Equal(s.now.Add(after)) {
		s.t.Errorf("looks again after %v (%v), want %v", at.Sub(s.now), ok, after)
	}
}

func frames(items []Item) string {
	names := make([]string, 0, len(items))
	for _, it := range items {
		names = append(names, string(it.Frame))
	}
	return strings.Join(names, " ")
}

func reasons(dropped []Dropped) string {
	var lines []string
	for _, d := range dropped {
		lines = append(lines, fmt.Sprintf("%s: %v", d.Frame, d.Err))
	}
	return strings.Join(lines, "\n")
}

func TestPeopleWhoWaitForVoiceGoFirst(t *testing.T) {
	s := liveShard(t)
	s.push(membersOp, "m1", "m2")
	s.push(presenceOp, "p1")
	s.push(voiceOp, "v1", "v2")
	s.want(s.drain(), "v1 v2 p1 m1 m2")
}

func TestVoiceDoesNotStarveTheOthers(t *testing.T) {
	s := liveShard(t)
	s.push(voiceOp, "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9")
	s.push(membersOp, "m1", "m2", "m3")
	s.push(presenceOp, "p1")
	s.want(s.drain(), "v1 v2 v3 v4 p1 m1 v5 v6 v7 v8 m2 v9 m3")
}

func TestARunOfVoiceCountsOnlyWhileOthersWait(t *testing.T) {
	s := liveShard(t)
	s.push(voiceOp, "v1", "v2", "v3", "v4", "v5", "v6")
	s.want(s.drain(), "v1 v2 v3 v4 v5 v6")
	s.push(membersOp, "m1")
	s.push(voiceOp, "v7")
	s.want(s.drain(), "v7 m1")
}

func TestOnlyTheLatestPresenceWaits(t *testing.T) {
	s := liveShard(t)
	s.q.Live(false)
	s.want(frames(s.push(presenceOp, "p1")), "")
	s.want(frames(s.push(presenceOp, "p2", "p3")), "p1 p2")
	s.q.Live(true)
	s.want(s.drain(), "p3")
}

func TestFivePresencesInTwentySeconds(t *testing.T) {
	s := liveShard(t)
	for i := range 5 {
		s.push(presenceOp, fmt.Sprint("p", i))
		s.want(s.next(), fmt.Sprint("p", i))
		s.now = s.now.Add(time.Second)
	}
	s.push(presenceOp, "p5")
	s.push(membersOp, "m1")
	s.want(s.drain(), "m1") // which the presence does not hold up
	s.wake(presenceSpan - 5*time.Second)
	// A new connection does not change that.
	s.q.Connected(s.now, beat)
	s.wake(presenceSpan - 5*time.Second)
	s.now = s.now.Add(presenceSpan - 5*time.Second)
	s.want(s.drain(), "p5")
}

func TestCommandsLeaveRoomForHeartbeats(t *testing.T) {
	for interval, room := range map[time.Duration]int{
		beat: 115, 20 * time.Second: 113, 5 * time.Second: 104, time.Second: 56, 0: 115, time.Hour: 115, 10 * time.Millisecond: 20,
	} {
		s := liveShard(t)
		s.q.Connected(s.now, interval)
		for range 200 {
			s.push(membersOp, "m")
		}
		if got := len(strings.Fields(s.drain())); got != room {
			t.Errorf("%v: %d commands went at once, want %d", interval, got, room)
		}
	}
}

func TestTheWindowSlides(t *testing.T) {
	s := liveShard(t)
	s.q.Count(s.now) // the Identify
	s.fill(14)
	s.now = s.now.Add(30 * time.Second)
	s.fill(100)
	s.push(membersOp, "m1", "m2")
	s.want(s.drain(), "")
	if got := s.q.Sends(s.now); got != 115 {
		t.Errorf("%d sends", got)
	}
	s.wake(31 * time.Second)
	s.now = s.now.Add(31*time.Second - 1)
	s.want(s.drain(), "")
	s.now = s.now.Add(1)
	s.want(s.drain(), "m1 m2")
	// Of those 61 s ago, Discord's 60 s hold none any more.
	if got := s.q.Sends(s.now); got != 102 {
		t.Errorf("%d sends", got)
	}
}

func TestHeartbeatsAndRequestsForThemCount(t *testing.T) {
	s := liveShard(t)
	s.fill(114)
	s.q.Count(s.now)
	s.now = s.now.Add(5 * time.Second)
	s.push(membersOp, "m1")
	s.want(s.drain(), "")
	s.wake(span - 5*time.Second)
}

func TestANewConnectionBeginsEmpty(t *testing.T) {
	s := liveShard(t)
	s.fill(115)
	s.push(membersOp, "m1")
	s.want(s.drain(), "")
	s.q.Live(false)
	s.q.Connected(s.now, beat)
	s.q.Count(s.now) // RESUME
	s.want(s.drain(), "")
	s.q.Live(true)
	s.want(s.drain(), "m1")
	if got := s.q.Sends(s.now); got != 2 {
		t.Errorf("%d sends", got)
	}
}

func TestAQueueThatWasNeverToldOfAConnection(t *testing.T) {
	s := &shard{t: t, q: New(0), now: time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)}
	s.push(membersOp, "m1")
	s.wake(time.Minute)
	s.q.Live(true)
	s.wake(0)
	s.want(s.drain(), "m1")
	s.fill(114)
	s.push(membersOp, "m2")
	s.want(s.drain(), "")
}

func TestNothingGoesBeforeTheSessionIsLive(t *testing.T) {
	s := liveShard(t)
	s.q.Live(false)
	s.push(voiceOp, "v1")
	s.push(presenceOp, "p1")
	s.want(s.drain(), "")
	s.wake(time.Minute) // its deadline
	s.want(frames(s.q.Identified()), "p1")
	s.want(frames(s.q.Identified()), "")
	s.q.Live(true)
	s.wake(0)
	s.want(s.drain(), "v1")
	if _, ok := s.q.Wake(s.now); ok {
		t.Error("an empty queue wants to be looked at")
	}
}

func TestWhatComesTooLateIsDroppedWithItsReason(t *testing.T) {
	s := liveShard(t)
	s.q.Live(false)
	s.push(voiceOp, "v1")
	s.push(membersOp, "m1")
	s.now = s.now.Add(time.Minute - 1)
	s.want(reasons(s.q.Expire(s.now)), "")
	s.now = s.now.Add(1)
	s.q.Live(true)
	s.want(s.drain(), "") // late, though there is room now
	s.wake(0)
	s.q.Live(false)
	s.want(reasons(s.q.Expire(s.now)), fmt.Sprintf("v1: %v\nm1: %v", ErrDown, ErrDown))

	s.q.Live(true)
	for range 5 {
		s.push(presenceOp, "p")
		s.want(s.next(), "p")
	}
	s.fill(110)
	deadline := s.now.Add(10 * time.Second)
	for _, op := range []discord.Opcode{voiceOp, presenceOp, membersOp} {
		if _, err := s.q.Push(s.now, Item{Op: op, Frame: []byte("late"), Deadline: deadline}); err != nil {
			t.Fatal(err)
		}
	}
	s.wake(10 * time.Second)
	s.now = deadline
	s.want(reasons(s.q.Expire(s.now)), fmt.Sprintf("late: %v\nlate: %v\nlate: %v", ErrLimited, ErrPresenceLimited, ErrLimited))
	if s.q.Len() != 0 {
		t.Errorf("%d are left", s.q.Len())
	}
}

func TestALateOneDoesNotHoldUpTheNext(t *testing.T) {
	s := liveShard(t)
	if _, err := s.q.Push(s.now, Item{Op: membersOp, Frame: []byte("m1"), Deadline: s.now.Add(time.Second)}); err != nil {
		t.Fatal(err)
	}
	s.push(membersOp, "m2")
	s.now = s.now.Add(2 * time.Second)
	s.want(s.drain(), "m2")
	if got := s.q.Expire(s.now); len(got) != 1 {
		t.Errorf("dropped %v", got)
	}
}

func TestAFullQueueSaysSo(t *testing.T) {
	s := liveShard(t)
	s.q.Live(false)
	it := Item{Deadline: s.now.Add(time.Minute)}
	push := func(op discord.Opcode) error {
		it.Op = op
		_, err := s.q.Push(s.now, it)
		return err
	}
	for i := range DefaultSize - DefaultSize/8 {
		if err := push(membersOp); err != nil {
			t.Fatalf("after %d: %v", i, err)
		}
	}
	if err := push(membersOp); !errors.Is(err, ErrFull) {
		t.Errorf("got %v", err)
	}
	// The rest is for those who wait for a voice channel, and for presence.
	if err := push(presenceOp); err != nil {
		t.Error(err)
	}
	for range DefaultSize/8 - 1 {
		if err := push(voiceOp); err != nil {
			t.Fatal(err)
		}
	}
	if err := push(voiceOp); !errors.Is(err, ErrFull) {
		t.Errorf("got %v", err)
	}
	if err := push(presenceOp); err != nil {
		t.Errorf("a presence that takes the place of another: %v", err)
	}
	it.Deadline = s.now
	if err := push(voiceOp); !errors.Is(err, ErrLate) {
		t.Errorf("got %v", err)
	}
	if s.q.Len() != DefaultSize {
		t.Errorf("%d wait", s.q.Len())
	}
}

func TestClear(t *testing.T) {
	s := liveShard(t)
	s.push(membersOp, "m1")
	s.push(presenceOp, "p1")
	s.push(voiceOp, "v1")
	stopped := errors.New("stopped")
	s.want(reasons(s.q.Clear(stopped)), "v1: stopped\np1: stopped\nm1: stopped")
	if s.q.Len() != 0 || s.drain() != "" {
		t.Error("something is left")
	}
}

func TestAShardThatSendsNothingCostsNothing(t *testing.T) {
	s := liveShard(t)
	round := func() {
		s.now = s.now.Add(beat)
		s.q.Count(s.now)
		s.q.Expire(s.now)
		s.q.Next(s.now)
		s.q.Wake(s.now)
		s.q.Sends(s.now)
	}
	for range 10 {
		round()
	}
	if n := testing.AllocsPerRun(1000, round); n != 0 {
		t.Errorf("%v allocations for each heartbeat", n)
	}
	if cap(s.q.window.sent) > 4 {
		t.Errorf("keeps %d instants", cap(s.q.window.sent))
	}
}

func TestMoreHeartbeatsThanDiscordAllowsAreStillCounted(t *testing.T) {
	s := liveShard(t)
	for range 1000 {
		s.now = s.now.Add(100 * time.Millisecond)
		s.q.Count(s.now)
	}
	s.push(membersOp, "m1")
	s.want(s.drain(), "")
	if got := s.q.Sends(s.now); got != 120 {
		t.Errorf("%d sends", got)
	}
	if len(s.q.window.sent) > 120 {
		t.Errorf("keeps %d instants", len(s.q.window.sent))
	}
	// 114 of the last 120, at 100 ms each, have to be 61 s old.
	s.wake(span - 11400*time.Millisecond)
}
