package shard

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"log/slog"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/outbox"
)

// dialTimeout is the longest a dial may take, whatever the dialer's own limits.
const dialTimeout = 30 * time.Second

// Config is what a runner is made of. All fields are required.
type Config struct {
	ID, Shards int
	Machine    MachineConfig
	Dialer     Dialer
	Slots      Slots
	Handler    Handler
	Clock      clock.Clock
	Logger     *slog.Logger
	// Identify returns the shard's Identify frame.
	Identify func() ([]byte, error)
	// Resume returns the frame that resumes a session.
	Resume func(session string, seq int64) ([]byte, error)
	// Frame is shown every message before anything is done with it, and must not keep
	// it; nil for nobody.
	Frame func(msg []byte)
	// Pace waits until it is a dial's turn, so that shards which have all lost
	// their connection do not all dial at once. It fails with ctx's error only.
	Pace func(ctx context.Context) error
	// Probe returns a frame that Discord answers if it sends the shard anything
	// at all, and false if the shard has nothing to ask about.
	Probe func() (frame []byte, ok bool)
}

// Runner keeps one shard connected.
type Runner struct {
	cfg Config
	wg  sync.WaitGroup // dials, slot waits, readers, closes

	mu       sync.Mutex
	m        *Machine
	running  bool            // Run is under way
	ctx      context.Context // of Run
	timers   [timerKinds]clock.Timer
	armed    [timerKinds]time.Time // when it is to fire; zero if disarmed
	line     line                  // the connection
	spare    line                  // its replacement
	gens     uint64                // of lines; rises with each
	lastRead *turn                 // of the last reader that was given a turn
	later    []Input               // what came of the step under way, for the next
	slot     Slot
	noSlot   context.CancelFunc
	asked    uint64 // for a slot, so many times: an answer to an older question is void
	force    bool   // the next identify was asked for by a person
	session  uint64
	wire     uint64 // bytes received on connections that are gone
	inflated uint64
	scratch  []byte
	out      *outbox.Queue
	outTimer clock.Timer
}

// NewRunner returns a runner whose shard is idle. [Runner.Run] brings it to
// life.
func NewRunner(cfg Config) *Runner {
	r := &Runner{cfg: cfg, m: NewMachine(cfg.Machine, cfg.Clock.Now()), out: outbox.New(0)}
	r.outTimer = cfg.Clock.NewTimer(time.Hour)
	r.outTimer.Stop()
	for k := range r.timers {
		r.timers[k] = cfg.Clock.NewTimer(time.Hour)
		r.timers[k].Stop()
	}
	return r
}

// Restore gives the shard a session of an earlier run, to be resumed from its
// sequence number on. It is called before Run or not at all.
func (r *Runner) Restore(s Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.m.session = s
	r.session = Digest(s.ID)
}

// Session is the shard's present session; its ID is empty if there is none.
func (r *Runner) Session() Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.m.session
}

// Run starts the shard and drives it until ctx ends; then it closes the
// connection, resumably if keep says so, and returns when every goroutine of
// the shard has ended. It is called once. The commands below do nothing before
// it and after it.
func (r *Runner) Run(ctx context.Context, keep func() bool) {
	live, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.mu.Lock()
	r.ctx, r.running = live, true
	r.locked(r.cfg.Clock.Now(), Input{Kind: InStart})
	r.mu.Unlock()
	r.wait(ctx)
	r.mu.Lock()
	r.locked(r.cfg.Clock.Now(), Input{Kind: InStop, Keep: keep()})
	r.running = false
	r.mu.Unlock()
	cancel()
	r.wg.Wait()
}

// wait feeds the timers to the machine until ctx ends.
func (r *Runner) wait(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.timers[TimerBackoff].C():
			r.fired(TimerBackoff)
		case <-r.timers[TimerHello].C():
			r.fired(TimerHello)
		case <-r.timers[TimerHeartbeat].C():
			r.fired(TimerHeartbeat)
		case <-r.timers[TimerSpare].C():
			r.fired(TimerSpare)
		case <-r.timers[TimerWatch].C():
			r.fired(TimerWatch)
		case <-r.timers[TimerProbe].C():
			r.fired(TimerProbe)
		case <-r.outTimer.C():
			r.mu.Lock()
			r.flush(r.cfg.Clock.Now())
			r.mu.Unlock()
		}
	}
}

// fired steps the machine, unless the timer has been set anew meanwhile.
func (r *Runner) fired(k TimerKind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.cfg.Clock.Now()
	if r.armed[k].IsZero() || now.Before(r.armed[k]) {
		return
	}
	r.armed[k] = time.Time{}
	r.locked(now, Input{Kind: InTimer, Timer: k, Stalled: r.heldBack(now)})
}

// heldBack reports whether the queue is keeping the reader from reading, or
// did so recently: ACKs then lie unread in the socket.
func (r *Runner) heldBack(now time.Time) bool {
	recently := now.Add(-time.Second).UnixNano()
	t := r.line.turn
	if t == nil {
		return false
	}
	if since := t.since.Load(); since != 0 && since <= recently {
		return true
	}
	return t.stalled.Load() >= recently
}

// Start begins again after a stop or a fatal answer.
func (r *Runner) Start() { r.step(Input{Kind: InStart}) }

// Stop closes the shard until it is started again.
func (r *Runner) Stop(keep bool) { r.step(Input{Kind: InStop, Keep: keep}) }

// Restart reconnects and RESUMEs.
func (r *Runner) Restart() { r.step(Input{Kind: InRestart}) }

// Reidentify gives up the session and identifies anew.
func (r *Runner) Reidentify() { r.step(Input{Kind: InReidentify}) }

// Return tells the shard that others have got through to Discord again: if it
// waits because nobody answered, it dials soon.
func (r *Runner) Return() { r.step(Input{Kind: InReturn}) }

// SetMainURL changes where the shard identifies from its next dial on.
func (r *Runner) SetMainURL(url string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.m.SetMainURL(url)
}

// Status is the shard's present state.
func (r *Runner) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.cfg.Clock.Now()
	st := r.m.Status(now)
	st.Outbox, st.Sends = r.out.Len(), r.out.Sends(now)
	return st
}

// ResumeHost is the host that a RESUME would dial; empty without a session.
func (r *Runner) ResumeHost() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.m.ResumeHost()
}

// Received is the number of bytes received since the shard was made: over the
// wire, and of the messages they inflated to.
func (r *Runner) Received() (wire, inflated uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	wire, inflated = r.wire, r.inflated
	for _, l := range []*line{&r.line, &r.spare} {
		if l.conn != nil {
			w, i := l.conn.Received()
			wire, inflated = wire+w, inflated+i
		}
	}
	return wire, inflated
}

// step carries out a command.
func (r *Runner) step(in Input) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.running {
		return
	}
	switch in.Kind {
	case InReidentify:
		r.force = true
	case InStop:
		r.force = false
	}
	r.locked(r.cfg.Clock.Now(), in)
}

// delivery is what the reader does after a step, without the lock.
type delivery struct {
	event   bool
	id      event.ID
	ready   *discord.Ready
	latency time.Duration // of the ACK just received; 0 for none
}

// locked steps the machine and carries out the effects. r.mu is held.
func (r *Runner) locked(now time.Time, in Input) delivery {
	var d delivery
	for _, e := range r.m.Step(now, in) {
		switch e.Kind {
		case DoDeliver:
			d.event = true
			d.id = event.ID{Session: r.session, Seq: in.Frame.Seq}
		case DoReady:
			d.ready = e.Ready
			r.session = Digest(e.Ready.SessionID)
		case DoState:
			r.cfg.Handler.StateChanged(e.From, e.To, e.Text)
			r.follow(now, e.From, e.To)
		default:
			r.perform(now, e)
		}
	}
	for len(r.later) > 0 {
		next := r.later[0]
		r.later = r.later[1:]
		r.locked(now, next)
	}
	return d
}

// Digest names a session without giving it away; it is part of its events' ids.
func Digest(session string) uint64 {
	sum := sha256.Sum256([]byte(session))
	return binary.BigEndian.Uint64(sum[:8])
}
