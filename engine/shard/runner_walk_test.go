package shard

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Connections come and go, two at a time for moments, and take long to close, while
// the queue holds their readers back now and then. Discord keeps the rules: it sends
// again what a RESUME asks for, and acknowledges every heartbeat at once. So every
// event must be delivered once and in order, by one reader at a time; no live
// connection may be taken for a zombie; one identify is enough for it all; and the
// shard is live in the end, and ends when it is told to.
func TestARunnerOnARandomWalk(t *testing.T) {
	met := make(map[string]int)
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newLawful(t, seed, met).walk(1000) })
		})
	}
	t.Run("all was met", func(t *testing.T) {
		for _, what := range []string{
			"the replacement is open", "its replacement is on its way", "refused", "no Hello within 20s",
			"closed with 4000: an error on Discord's side", "Discord asked to resume (op 9)", "restarted by the operator",
		} {
			if met[what] == 0 {
				t.Errorf("it never came to this: %s", what)
			}
		}
	})
}

// lawful is a Discord that keeps the rules, and whoever takes its events. What it does
// of its own accord is left to chance.
type lawful struct {
	t     *testing.T
	story *rand.Rand // of the walk
	luck  *rand.Rand // of dials and deliveries, which come in between

	mu   sync.Mutex
	seq  int     // of the last event; 0 before the session
	live *socket // has the session; nil before it
	got  []int64
	busy int            // readers that deliver
	met  map[string]int // reasons for a change of state, piece by piece
}

func newLawful(t *testing.T, seed uint64, met map[string]int) *lawful {
	return &lawful{t: t, met: met, story: rand.New(rand.NewPCG(seed, 1)), luck: rand.New(rand.NewPCG(seed, 2))}
}

func (l *lawful) config() Config {
	c := new(desk).config()
	c.Dialer, c.Slots, c.Handler = l, l, l
	c.Probe = func() ([]byte, bool) { return nil, false }
	return c
}

// walk goes so many steps, waits until what was held back is delivered, and judges.
func (l *lawful) walk(steps int) {
	r := NewRunner(l.config())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx, func() bool { return true }) }()
	for range steps {
		<-time.After(time.Duration(l.story.IntN(3000)) * time.Millisecond)
		l.speak(l.story.IntN(3))
		l.disturb(r, l.story.IntN(400))
	}
	pass(3 * time.Hour)
	if st := r.Status().State; st != ops.ShardReady {
		l.t.Errorf("the shard is %s in the end", st)
	}
	l.complete()
	cancel()
	<-done
}

// speak sends events, or would if it had a connection for them.
func (l *lawful) speak(events int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.live == nil {
		return
	}
	for range events {
		l.seq++
		l.live.send(message(l.seq))
	}
}

// disturb does something to the shard or its connection, or mostly nothing.
func (l *lawful) disturb(r *Runner, what int) {
	switch {
	case what < 16:
		l.say(reconnectFrame)
	case what < 20:
		l.hangUp()
	case what == 20:
		l.say(`{"op":9,"d":true}`)
	case what == 21:
		r.Restart()
	case what == 22:
		r.Stop(true)
		<-time.After(time.Second)
		r.Start()
	}
}

func (l *lawful) say(frame string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.live != nil {
		l.live.send(frame)
	}
}

func (l *lawful) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.live != nil && !l.live.ended {
		l.live.ended = true
		close(l.live.in)
	}
}

// complete holds what was delivered against what was sent.
func (l *lawful) complete() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, seq := range l.got {
		if seq != int64(i+1) {
			l.t.Errorf("event %d was delivered where %d was due", seq, i+1)
			return
		}
	}
	if l.seq == 0 || len(l.got) != l.seq {
		l.t.Errorf("%d of %d events delivered", len(l.got), l.seq)
	}
}

// Dial takes its time, and fails or hangs now and then. Some hosts never greet.
func (l *lawful) Dial(ctx context.Context, _ string) (Conn, error) {
	l.mu.Lock()
	span := time.Duration(l.luck.IntN(4000)) * time.Millisecond
	if l.luck.IntN(20) == 0 {
		span = time.Hour
	}
	refuse, greet := l.luck.IntN(5) == 0, l.luck.IntN(10) != 0
	s := &socket{l: l, in: make(chan string, 10_000), gone: make(chan struct{})}
	s.linger = time.Duration(l.luck.IntN(2000)) * time.Millisecond
	l.mu.Unlock()
	select {
	case <-time.After(span):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if refuse {
		return nil, errors.New("refused")
	}
	if greet {
		s.in <- helloFrame
	}
	return s, nil
}

func (l *lawful) Acquire(context.Context, int, bool) (Slot, error) { return l, nil }
func (l *lawful) Sent()                                            {}
func (l *lawful) Confirmed()                                       {}
func (l *lawful) Rejected()                                        {}
func (l *lawful) Release()                                         {}
func (l *lawful) Started(*discord.Ready)                           {}
func (l *lawful) Beat(time.Duration)                               {}

func (l *lawful) StateChanged(_, _ ops.ShardState, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for piece := range strings.SplitSeq(reason, ", ") {
		l.met[piece]++
	}
	if strings.Contains(reason, "no ACK") {
		l.t.Errorf("a live connection was given up: %s", reason)
	}
}

func (l *lawful) Dispatch(id event.ID, _ *discord.Frame, _ []byte, _ time.Time) bool {
	span := l.take()
	if span > 0 {
		<-time.After(span)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy--
	l.got = append(l.got, id.Seq)
	return span > 0
}

// take begins a delivery, and says how long the queue holds it back.
func (l *lawful) take() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy++
	if l.busy > 1 {
		l.t.Errorf("%d readers deliver at a time", l.busy)
	}
	switch n := l.luck.IntN(100); {
	case n < 1:
		return time.Duration(l.luck.IntN(100)) * time.Second
	case n < 7:
		return time.Duration(l.luck.IntN(3000)) * time.Millisecond
	default:
		return 0
	}
}

// socket is one connection to it, which takes a while to close.
type socket struct {
	l      *lawful
	in     chan string // frames from Discord; closed with ended
	ended  bool        // by Discord; under the lock of l
	gone   chan struct{}
	once   sync.Once
	linger time.Duration
}

// send sends a frame unless the connection has ended. The lock of l is held.
func (s *socket) send(frame string) {
	if !s.ended {
		s.in <- frame
	}
}

func (s *socket) Read() ([]byte, error) {
	closed := &discord.CloseError{Reason: "closed by us"}
	select {
	case <-s.gone:
		return nil, closed
	default:
	}
	select {
	case frame, ok := <-s.in:
		if !ok {
			return nil, &discord.CloseError{Code: 4000}
		}
		return []byte(frame), nil
	case <-s.gone:
		return nil, closed
	}
}

// Write answers what the shard sends.
func (s *socket) Write(frame []byte) error {
	l := s.l
	l.mu.Lock()
	defer l.mu.Unlock()
	switch text := string(frame); {
	case text == "identify":
		if l.seq != 0 {
			l.t.Error("a second identify")
		}
		l.seq, l.live = 1, s
		s.send(readyFrame)
	case strings.HasPrefix(text, "resume:abc:"):
		s.resume(strings.TrimPrefix(text, "resume:abc:"))
	case strings.HasPrefix(text, `{"op":1,`):
		s.send(`{"op":11}`)
	default:
		l.t.Errorf("sent: %s", text)
	}
	return nil
}

// resume sends again what came behind the number, and goes on with the session. The
// lock of l is held.
func (s *socket) resume(number string) {
	l := s.l
	last, err := strconv.Atoi(number)
	if err != nil || last < 1 || last > l.seq {
		l.t.Errorf("a RESUME behind %q of %d", number, l.seq)
	}
	for seq := last + 1; seq <= l.seq; seq++ {
		s.send(message(seq))
	}
	l.seq++
	l.live = s
	s.send(fmt.Sprintf(`{"t":"RESUMED","s":%d,"op":0,"d":{}}`, l.seq))
}

func (s *socket) Close(int, string) error {
	<-time.After(s.linger)
	s.once.Do(func() { close(s.gone) })
	return nil
}

func (s *socket) Received() (uint64, uint64) { return 10, 20 }
