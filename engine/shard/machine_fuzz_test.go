package shard

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// FuzzMachine feeds a machine whatever may come, in any order, and holds what it
// does against what a shard must never do.
func FuzzMachine(f *testing.F) {
	f.Add([]byte("\x00\x06\x10\x0c\x11\x12\x12\x13\x30\x08\x06\x10"))
	f.Add([]byte(strings.Repeat("\x7f", 80) + "\x45\x7f\x7f\x7f" + strings.Repeat("\x7e", 8) + "\x3a\x7f\x7f"))
	f.Add([]byte{0, 6, 16, 12, 17, 200, 18, 18, 20, 70, 80, 18, 19, 23, 8, 24, 6})
	f.Fuzz(func(t *testing.T, script []byte) {
		w := newWarden(t)
		for _, b := range script {
			w.step(int(b))
		}
	})
}

// The same by chance alone, which meets everything that a machine can do.
func TestAMachineOnARandomWalk(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	did := make(map[EffectKind]int)
	for range 15 {
		w := newWarden(t)
		for range 400 {
			for range r.IntN(4) {
				w.step(r.IntN(256))
			}
			for range r.IntN([]int{2, 4, 8, 100}[r.IntN(4)]) {
				if w.identifying && r.IntN(4) == 0 {
					w.step(64 + 7) // op 9
				}
				w.step(goOn)
			}
			for range r.IntN(8) {
				w.step(quietly)
			}
			w.story = w.story[max(0, len(w.story)-100):]
		}
		for k, n := range w.did {
			did[k] += n
		}
	}
	for k := DoDial; k <= DoTell; k++ {
		if did[k] == 0 {
			t.Errorf("%s happened %d times", describe(Effect{Kind: k, Ready: &discord.Ready{}}), did[k])
		}
	}
}

// warden keeps the books about what a machine has asked for.
type warden struct {
	t   *testing.T
	m   *Machine
	now time.Time

	line, second end // what the machine has had opened
	asked        bool
	granted      bool // a slot that is not settled
	identifying  bool // an Identify is on its way or not answered, on the present line
	session      string
	seq          int64 // highest delivered in the session
	armed        [timerKinds]bool
	sessions     int
	story        []string
	did          map[EffectKind]int
}

// end is how far a connection has come.
type end uint8

const (
	none end = iota
	dialling
	opened
	greeted
)

func newWarden(t *testing.T) *warden {
	w := &warden{t: t, now: time.Unix(1_800_000_000, 0), did: make(map[EffectKind]int)}
	w.m = NewMachine(DefaultMachineConfig("wss://main", func() float64 { return 0.5 }), w.now)
	return w
}

// Bytes that stand for what mostly happens.
const (
	goOn    = 127 // whatever comes next on the way up, or an event
	quietly = 126 // a heartbeat with its ACK, and nothing else
)

// usual is the byte of what mostly happens now.
func (w *warden) usual(b int) int {
	switch {
	case b != goOn && b != quietly:
		return b
	case w.second == dialling, w.line == dialling:
		return w.of(6)
	case w.second == opened, w.line == opened:
		return w.of(64)
	case w.m.state == ops.ShardIdle || w.m.state == ops.ShardStopped || w.m.state == ops.ShardFailed:
		return 0
	case w.asked:
		return 10
	case w.m.state == ops.ShardBackoff:
		return 48
	case w.identifying:
		return 64 + 10
	case w.m.state == ops.ShardResuming:
		return 64 + 13
	case b == quietly:
		w.now = w.now.Add(40 * time.Second)
		w.step(48 + 2*int(TimerHeartbeat))
		return 64 + 8
	default:
		w.now = w.now.Add(time.Second)
		return 64 + 15
	}
}

// of is a byte for the second connection if that is on its way.
func (w *warden) of(b int) int {
	if w.second == dialling || w.second == opened {
		return b | 0x80
	}
	return b
}

// step makes one input of a byte, if it can happen just now.
func (w *warden) step(b int) {
	in, name := w.input(w.usual(b))
	if name == "" {
		return
	}
	if in.Kind == InTimer && !w.armed[in.Timer] {
		return
	}
	w.story = append(w.story, name)
	before := w.m.session
	if in.Kind == InTimer {
		w.armed[in.Timer] = false
	}
	w.happened(in)
	for _, e := range w.m.Step(w.now, in) {
		w.story = append(w.story, "> "+describe(e))
		w.effect(in, e)
		w.did[e.Kind]++
	}
	after := w.m.session
	if before.ID != "" && before.ID == after.ID && after.Seq < before.Seq {
		w.fail("the sequence went back from %d to %d", before.Seq, after.Seq)
	}
	w.consistent()
}

// input is what a byte stands for; no name if that cannot happen now.
func (w *warden) input(b int) (Input, string) {
	spare := b&0x80 != 0
	b &= 0x7f
	if b < 64 {
		w.now = w.now.Add(time.Duration(b%7) * time.Second)
	}
	end := w.line
	if spare {
		end = w.second
	}
	commands := []Input{{Kind: InStart}, {Kind: InStop}, {Kind: InStop, Keep: true}, {Kind: InRestart}, {Kind: InReidentify}, {Kind: InReturn}}
	codes := []int{0, 1000, 4000, 4003, 4004, 4007, 4008, 4009, 4014, 4999}
	switch {
	case b < len(commands):
		return commands[b], fmt.Sprint("command ", commands[b])
	case b < 8 && end == dialling:
		return Input{Kind: InOpened, Spare: spare}, fmt.Sprint("opened ", spare)
	case b < 10 && end == dialling:
		return Input{Kind: InDialFailed, Err: errors.New("refused"), Spare: spare}, fmt.Sprint("refused ", spare)
	case b < 12 && w.asked:
		return Input{Kind: InSlot}, "slot"
	case b >= 32 && b < 32+len(codes) && end >= opened:
		return Input{Kind: InClosed, Close: &discord.CloseError{Code: codes[b-32]}, Spare: spare}, fmt.Sprint("closed ", codes[b-32], spare)
	case b >= 48 && b < 48+2*int(timerKinds):
		return Input{Kind: InTimer, Timer: TimerKind((b - 48) / 2), Stalled: b&1 == 1}, fmt.Sprint("timer ", TimerKind((b-48)/2))
	case b >= 64 && end >= opened:
		return w.frame(b-64, spare)
	}
	return Input{}, ""
}

// frame is something that Discord may send.
func (w *warden) frame(b int, spare bool) (Input, string) {
	w.sessions++
	texts := []string{
		`{"op":10,"d":{"heartbeat_interval":40000}}`, `{"op":10,"d":{"heartbeat_interval":40000}}`, `{"op":10,"d":{}}`, `{"op":1}`, `{"op":7}`, `{"op":7}`,
		`{"op":9,"d":true}`, `{"op":9,"d":false}`, `{"op":11}`, `{"op":99}`,
		fmt.Sprintf(`{"t":"READY","s":1,"op":0,"d":{"session_id":"s%d","resume_gateway_url":"wss://r","guilds":[]}}`, w.sessions),
		fmt.Sprintf(`{"t":"READY","s":1,"op":0,"d":{"session_id":"s%d","resume_gateway_url":"wss://r","guilds":[]}}`, w.sessions),
		`{"t":"READY","s":1,"op":0,"d":{}}`,
		fmt.Sprintf(`{"t":"RESUMED","s":%d,"op":0,"d":{}}`, w.seq+1),
		`{"t":"RESUMED","s":1,"op":0,"d":{}}`,
		fmt.Sprintf(`{"t":"X","s":%d,"op":0,"d":{}}`, w.seq+1),
		fmt.Sprintf(`{"t":"X","s":%d,"op":0,"d":{}}`, w.seq+2),
		fmt.Sprintf(`{"t":"X","s":%d,"op":0,"d":{}}`, max(1, w.seq-3)),
	}
	text := texts[b%len(texts)]
	var f discord.Frame
	if err := discord.Scan([]byte(text), &f); err != nil {
		w.t.Fatal(err)
	}
	return Input{Kind: InFrame, Frame: &f, Spare: spare}, fmt.Sprint("frame ", text, spare)
}

// happened keeps the books of an input.
func (w *warden) happened(in Input) {
	end := &w.line
	if in.Spare {
		end = &w.second
	}
	switch in.Kind {
	case InOpened:
		*end = opened
	case InDialFailed, InClosed:
		*end = none
		if !in.Spare {
			w.identifying = false
		}
	case InSlot:
		w.asked, w.granted = false, true
	case InFrame:
		if in.Frame.Op == discord.OpHello && *end == opened {
			*end = greeted
		}
		if !in.Spare && in.Frame.Op == discord.OpInvalidSession {
			w.identifying = false
		}
	}
}

// effect judges one effect.
func (w *warden) effect(in Input, e Effect) {
	switch e.Kind {
	case DoDial:
		w.must(w.line == none, "a dial beside a connection")
		w.line, w.identifying = dialling, false
	case DoDialSpare:
		w.must(w.line >= opened && w.second == none, "a replacement for nothing, or a second one")
		w.second = dialling
	case DoClose:
		w.line, w.identifying = none, false
	case DoCloseSpare:
		w.must(w.second != none, "a replacement closed that is not there")
		w.second = none
	case DoPromote:
		w.must(w.second != none, "a replacement put in place that is not there")
		w.must(e.Code == 0 || e.Code == discord.CloseKeepSession, "the session is closed with the old connection")
		w.line, w.second, w.identifying = w.second, none, false
	case DoHeartbeat, DoProbe:
		w.must(w.line == greeted, "a send before Hello")
		w.must(e.Kind != DoProbe || w.m.state == ops.ShardReady, "a probe that is not allowed yet")
	case DoResume:
		w.must(w.line == greeted && e.Session != "" && e.Session == w.session && e.Seq >= w.seq, "a RESUME too early, or of nothing, or behind what was delivered")
		w.must(!w.identifying, "a RESUME beside an Identify")
	case DoIdentify:
		w.must(w.line == greeted, "an Identify before Hello")
		w.must(!w.identifying && w.granted, "two identifies, or one without its turn")
		w.identifying = true
	case DoAcquireSlot:
		w.must(!w.asked && !w.granted, "two turns asked for")
		w.asked = true
	case DoDropSlot:
		w.asked, w.granted = false, false
	case DoRejectSlot, DoConfirmSlot:
		w.must(w.granted, "a turn settled twice")
		w.granted, w.identifying = false, false
	case DoReady:
		w.session, w.seq = e.Ready.SessionID, 0
	case DoDeliver:
		seq := in.Frame.Seq
		w.must(seq > w.seq, "an event out of order")
		w.seq = seq
	case DoSetTimer:
		w.armed[e.Timer] = true
		w.must(e.After >= 0, "a timer set to the past")
	case DoStopTimer:
		w.armed[e.Timer] = false
	}
}

// consistent holds the machine's state against the books.
func (w *warden) consistent() {
	m := w.m
	w.must(m.connected() == (w.line != none), "in a state that does not fit its connection")
	w.must(w.second == none || m.state == ops.ShardReady, "a replacement for a shard that is not live")
	w.must((m.state == ops.ShardBackoff) == w.armed[TimerBackoff], "in backoff without a timer, or the other way round")
	w.must(w.line != greeted || w.armed[TimerHeartbeat], "a connection without a heartbeat")
	w.must(w.line != opened || w.armed[TimerHello], "a wait for Hello without an end")
	w.must((m.state == ops.ShardQueued) == w.asked, "queued without asking, or the other way round")
	w.must((m.spare.stage > spareDialling) == w.armed[TimerSpare], "a replacement without a timer")
	w.must(m.state != ops.ShardResuming || w.armed[TimerWatch], "a RESUME without a time limit")
	w.must(!m.watch.probeAt.IsZero() == w.armed[TimerProbe], "a probe without a timer")
}

func (w *warden) must(holds bool, what string) {
	if !holds {
		w.fail("%s", what)
	}
}

func (w *warden) fail(format string, args ...any) {
	w.t.Helper()
	for _, line := range w.story[max(0, len(w.story)-60):] {
		w.t.Log(line)
	}
	w.t.Fatalf("%s, in state %s", fmt.Sprintf(format, args...), w.m.state)
}
