package outbox

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// underway is how long a frame may take to Discord.
const underway = time.Second

// storm drives a queue as a shard's runner would, with everything at random, and
// keeps a book of its own of what must have become of every command.
type storm struct {
	t   *testing.T
	rng *rand.Rand
	q   *Queue
	now time.Time

	beatAt  time.Time
	live    bool
	asked   []time.Time // heartbeats that Discord has asked for with op 1
	sent    []time.Time // frames on this connection
	updates []time.Time // presence updates, on any

	number  int
	waiting map[string]Item
	last    map[discord.Opcode]int // number of the last one written
	written int
	dropped map[error]int
}

func TestADayOfEverythingAtOnce(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			start := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
			s := &storm{
				t: t, rng: rand.New(rand.NewPCG(seed, 7)), q: New(64), now: start,
				waiting: map[string]Item{}, last: map[discord.Opcode]int{}, dropped: map[error]int{},
			}
			s.connect()
			for s.now.Sub(start) < 2*time.Hour && !t.Failed() {
				s.step()
			}
			s.hangUp()
			if s.written < 5000 || s.dropped[ErrDown] == 0 || s.dropped[ErrLimited] == 0 || s.dropped[ErrPresenceLimited] == 0 {
				t.Errorf("a calm day: %d written, dropped %v", s.written, s.dropped)
			}
			if len(s.waiting) != s.q.Len() {
				t.Errorf("%d commands have got lost", len(s.waiting)-s.q.Len())
			}
		})
	}
}

// step lets some time go by, up to the next thing that is due, and does something.
func (s *storm) step() {
	next := s.now.Add(time.Duration(s.rng.ExpFloat64() * float64(400*time.Millisecond)))
	if at, ok := s.q.Wake(s.now); ok && at.Before(next) {
		s.idleUntil(at)
		next = at
	}
	if s.beatAt.Before(next) {
		next = s.beatAt
	}
	s.now = next
	if s.now.Equal(s.beatAt) {
		s.count()
		s.beatAt = s.beatAt.Add(beat)
	}
	switch n := s.rng.IntN(1000); {
	case n < 2:
		s.hangUp()
		s.connect()
	case n < 6:
		s.live = !s.live
		s.q.Live(s.live)
	case n < 40:
		s.request()
	case n < 100:
		s.push(discord.OpPresenceUpdate)
	case n < 350:
		s.push(discord.OpVoiceStateUpdate)
	case n < 900:
		s.push(discord.OpRequestGuildMembers)
	}
	s.write()
}

// connect begins a connection with a RESUME or an Identify.
func (s *storm) connect() {
	s.now = s.now.Add(time.Duration(s.rng.Int64N(int64(20 * time.Second))))
	s.q.Connected(s.now, beat)
	s.beatAt = s.now.Add(time.Duration(s.rng.Int64N(int64(beat))))
	s.count()
	if s.rng.IntN(2) == 0 {
		for _, it := range s.q.Identified() {
			s.gone(it)
		}
	}
	s.live = true
	s.q.Live(true)
}

// request is op 1 from Discord, three times in a window at most.
func (s *storm) request() {
	s.asked = slices.DeleteFunc(s.asked, func(at time.Time) bool { return s.now.Sub(at) > span })
	if len(s.asked) < askedBeats {
		s.asked = append(s.asked, s.now)
		s.count()
	}
}

func (s *storm) count() {
	s.q.Count(s.now)
	s.sent = append(s.sent, s.now)
}

func (s *storm) push(op discord.Opcode) {
	s.number++
	name := fmt.Sprint(s.number)
	it := Item{Op: op, Frame: []byte(name), Deadline: s.now.Add(time.Duration(s.rng.Int64N(int64(40 * time.Second))))}
	replaced, err := s.q.Push(s.now, it)
	if err == nil {
		s.waiting[name] = it
	}
	for _, it := range replaced {
		s.gone(it)
	}
	if s.q.Len() > 64 {
		s.t.Fatalf("%d wait, of 64", s.q.Len())
	}
}

// gone takes an item out of the book.
func (s *storm) gone(it Item) {
	if _, ok := s.waiting[string(it.Frame)]; !ok {
		s.t.Fatalf("%s came out twice", it.Frame)
	}
	delete(s.waiting, string(it.Frame))
}

// write does what a runner does when it is woken.
func (s *storm) write() {
	for _, d := range s.q.Expire(s.now) {
		if s.now.Before(d.Deadline) {
			s.t.Fatalf("%s was dropped %v too early", d.Frame, d.Deadline.Sub(s.now))
		}
		s.dropped[d.Err]++
		s.gone(d.Item)
	}
	for it, ok := s.q.Next(s.now); ok; it, ok = s.q.Next(s.now) {
		s.wrote(it)
	}
	if at, ok := s.q.Wake(s.now); ok && !at.After(s.now) {
		s.t.Fatal("it wants to be looked at again and again")
	}
	for name, it := range s.waiting {
		if !s.now.Before(it.Deadline) {
			s.t.Fatalf("%s waits %v beyond its deadline", name, s.now.Sub(it.Deadline))
		}
	}
}

func (s *storm) wrote(it Item) {
	s.gone(it)
	s.written++
	s.sent = append(s.sent, s.now)
	var number int
	fmt.Sscan(string(it.Frame), &number)
	switch {
	case !s.live:
		s.t.Fatalf("%s went without a live session", it.Frame)
	case !s.now.Before(it.Deadline):
		s.t.Fatalf("%s went late", it.Frame)
	case number < s.last[it.Op]:
		s.t.Fatalf("%v %d went after %d", it.Op, number, s.last[it.Op])
	}
	s.last[it.Op] = number
	if it.Op == discord.OpPresenceUpdate {
		s.updates = append(s.updates, s.now)
	}
}

// idleUntil holds Wake to its word: before it, nothing can go.
func (s *storm) idleUntil(at time.Time) {
	if !at.After(s.now) || s.rng.IntN(4) > 0 {
		return
	}
	q := *s.q
	q.voice, q.presence, q.rest = slices.Clone(q.voice), slices.Clone(q.presence), slices.Clone(q.rest)
	q.window.sent = slices.Clone(q.window.sent)
	if it, ok := q.Next(at.Add(-1)); ok {
		s.t.Fatalf("%s could have gone before Wake says so", it.Frame)
	}
}

// hangUp judges the connection as Discord would, once with delays at random and
// once with the worst ones: of the frames in question the first is late, the
// others are not.
func (s *storm) hangUp() {
	var arrived time.Time
	arrivals := make([]time.Time, len(s.sent))
	for i, at := range s.sent {
		at = at.Add(time.Duration(s.rng.Int64N(int64(underway))))
		if at.Before(arrived) {
			at = arrived
		}
		arrived, arrivals[i] = at, at
	}
	s.atMost(arrivals, discord.MaxSendsPerMinute, period, 0)
	s.atMost(s.sent, discord.MaxSendsPerMinute, period, underway-1)
	s.atMost(s.updates, 5, 20*time.Second, underway-1)
	s.sent = s.sent[:0]
}

// atMost fails if more than most frames come within a period, late is how much
// the first of them may be delayed.
func (s *storm) atMost(at []time.Time, most int, period, late time.Duration) {
	for i := most; i < len(at); i++ {
		if within := at[i].Sub(at[i-most]) - late; within <= period {
			s.t.Fatalf("%d frames arrived within %v", most+1, within)
		}
	}
}

// A bot that sends as fast as it can gets nearly all that Discord allows.
func TestTheWindowIsUsedUp(t *testing.T) {
	s := liveShard(t)
	written, beats := 0, s.now
	for start := s.now; s.now.Sub(start) < time.Hour; s.now = s.now.Add(100 * time.Millisecond) {
		if !s.now.Before(beats) {
			s.q.Count(s.now)
			beats = beats.Add(beat)
		}
		s.push(membersOp, "m")
		s.q.Expire(s.now)
		for _, ok := s.q.Next(s.now); ok; _, ok = s.q.Next(s.now) {
			written++
		}
		if s.q.Len() >= 200 {
			s.q.Clear(nil)
		}
	}
	if perMinute := written / 60; perMinute < 110 {
		t.Errorf("%d commands a minute", perMinute)
	}
}
