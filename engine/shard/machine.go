package shard

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// MachineConfig sets a machine's times. All are required.
type MachineConfig struct {
	MainURL      string         // of the gateway, from GET /gateway/bot
	HelloTimeout time.Duration  // longest wait for Hello on an open connection
	BackoffBase  time.Duration  // wait after the first failure; doubles from there
	BackoffMax   time.Duration  // longest wait between two dials
	Random       func() float64 // of [0,1), for jitter
	ProbeTimeout time.Duration  // longest wait for the answer to a probe; 0 never probes
}

// DefaultMachineConfig is what suits Discord.
func DefaultMachineConfig(mainURL string, random func() float64) MachineConfig {
	return MachineConfig{
		MainURL:      mainURL,
		HelloTimeout: 20 * time.Second,
		BackoffBase:  time.Second,
		BackoffMax:   time.Minute,
		Random:       random,
		ProbeTimeout: 10 * time.Second,
	}
}

// Resume attempts on the session's own URL before the main one is tried, and on
// the main one before the session is given up.
const (
	resumeURLAttempts  = 3
	mainResumeAttempts = 3
)

// returnSpan is over how long shards that wait come back once Discord answers
// again.
const returnSpan = 3 * time.Second

// steadyAfter is how long a shard must have been live for the loss of its
// connection to be a first one: Discord may take a RESUME and close at once, each
// time.
const steadyAfter = 10 * time.Second

// Session is what is needed to RESUME.
type Session struct {
	ID    string // empty for none
	URL   string // where it is resumed
	Seq   int64  // of the last event received
	Since time.Time
}

// beat is the state of the heartbeat on the present connection.
type beat struct {
	interval time.Duration
	due      time.Time     // when the timer is to fire
	unacked  time.Time     // when the oldest beat without an ACK was sent; zero if none
	sent     time.Time     // when the last beat was sent
	latency  time.Duration // of the last ACK; 0 before the first
}

// Machine is one shard's protocol. It is not safe for concurrent use.
type Machine struct {
	cfg   MachineConfig
	state ops.ShardState
	since time.Time

	open bool // the connection is open; it is being dialled if not
	// hello says that the open connection has greeted us.
	hello bool
	// refused says that Discord has answered the last identify of this connection
	// with op 9.
	refused bool
	beat    beat
	session Session
	spare   spare
	watch   watch

	failures int // connections lost in a row that had not held, dials included
	resumes  int // attempts to resume this session since it was last live
	onResume bool
	unheard  bool // nobody answered the last dial
	retryAt  time.Time

	fault     string
	lastACK   time.Time
	lastClose ops.Close
	counts    Counts

	effects []Effect // reused: the result of the last Step
}

// Counts are a shard's totals since it was made.
type Counts struct {
	Events     uint64
	Identifies uint64
	Resumes    uint64
	Reconnects uint64
	Repeats    uint64 // dispatches dropped because their sequence number was not new
	Probes     uint64 // sent by the watchdog
	Deaf       uint64 // of those, not answered
}

// NewMachine returns an idle machine.
func NewMachine(cfg MachineConfig, now time.Time) *Machine {
	return &Machine{cfg: cfg, since: now}
}

// Step takes one input and returns what is to be done, in order. The result is
// valid until the next call.
func (m *Machine) Step(now time.Time, in Input) []Effect {
	m.effects = m.effects[:0]
	if in.Spare {
		m.ofSpare(now, in)
		return m.effects
	}
	switch in.Kind {
	case InFrame:
		m.frame(now, in.Frame, in.Stalled)
	case InTimer:
		m.timer(now, in)
	case InOpened:
		m.opened()
	case InDialFailed:
		m.dialFailed(now, in.Err)
	case InClosed:
		m.closed(now, in.Close)
	case InSlot:
		m.slot(now)
	case InNoProbe:
		m.notProbed(now)
	case InNoIdentify:
		m.notIdentified(now, in.Err)
	case InReturn:
		m.hasten(now)
	default:
		m.command(now, in)
	}
	return m.effects
}

// SetMainURL changes where sessions are identified from the next dial on.
func (m *Machine) SetMainURL(url string) { m.cfg.MainURL = url }

func (m *Machine) do(e Effect) { m.effects = append(m.effects, e) }

// enter changes the state. Entering the present one is not a change.
func (m *Machine) enter(now time.Time, to ops.ShardState, why string) {
	if m.state == to {
		return
	}
	m.do(Effect{Kind: DoState, From: m.state, To: to, Text: why})
	m.state, m.since = to, now
}

// connected reports whether there is a connection or a dial to give up.
func (m *Machine) connected() bool {
	switch m.state {
	case ops.ShardConnecting, ops.ShardQueued, ops.ShardIdentifying, ops.ShardResuming, ops.ShardReady:
		return true
	default:
		return false
	}
}

// dial opens a connection: to the session's own URL while it can be hoped for,
// to the main one otherwise.
func (m *Machine) dial(now time.Time, why string) {
	var url string
	url, m.onResume = m.target()
	m.open, m.hello, m.retryAt = false, false, time.Time{}
	m.enter(now, ops.ShardConnecting, why)
	m.do(Effect{Kind: DoDial, URL: url})
}

// target is what to dial, and whether that is the session's own URL.
func (m *Machine) target() (url string, onResume bool) {
	if m.session.ID != "" && m.session.URL != "" && m.resumes < resumeURLAttempts {
		return m.session.URL, true
	}
	return m.cfg.MainURL, false
}

// hangUp closes what is open or being dialled and disarms everything that
// belongs to it.
func (m *Machine) hangUp(now time.Time, code int, why string) {
	if m.connected() {
		m.do(Effect{Kind: DoClose, Code: code, Text: why})
		m.counts.Reconnects++
		m.lastClose = ops.Close{At: now, Code: code, ByUs: true, Meaning: why}
	}
	m.release()
}

// release disarms what belongs to a connection that is gone.
func (m *Machine) release() {
	m.dropSpare()
	m.unprobe()
	if m.state == ops.ShardQueued || m.state == ops.ShardIdentifying {
		m.do(Effect{Kind: DoDropSlot})
	}
	m.do(Effect{Kind: DoStopTimer, Timer: TimerBackoff})
	m.do(Effect{Kind: DoStopTimer, Timer: TimerHello})
	m.do(Effect{Kind: DoStopTimer, Timer: TimerHeartbeat})
	m.do(Effect{Kind: DoStopTimer, Timer: TimerWatch})
	m.open, m.hello, m.beat, m.retryAt = false, false, beat{}, time.Time{}
}

// loseSession forgets the session: the next connection identifies.
func (m *Machine) loseSession() {
	m.session = Session{}
	m.resumes = 0
}

// backoff waits before the next dial: full jitter over a doubling span, and
// nearly nothing the first time, because one lost connection is no storm.
func (m *Machine) backoff(now time.Time, least time.Duration, why string) {
	span := m.cfg.BackoffBase / 4
	if m.failures > 0 {
		span = m.cfg.BackoffBase << min(m.failures-1, 16)
	}
	if span > m.cfg.BackoffMax || span <= 0 {
		span = m.cfg.BackoffMax
	}
	wait := time.Duration(m.cfg.Random() * float64(span))
	if m.failures > 0 {
		wait = span/2 + wait/2
	}
	wait = max(wait, least)
	m.enter(now, ops.ShardBackoff, why)
	m.retryAt = now.Add(wait)
	m.do(Effect{Kind: DoSetTimer, Timer: TimerBackoff, After: wait})
}

// hasten dials soon if the shard waits because nobody answered: others have got
// through since. They all come at once, so the wait is drawn by lot.
func (m *Machine) hasten(now time.Time) {
	wait := time.Duration(m.cfg.Random() * float64(returnSpan))
	if m.state != ops.ShardBackoff || !m.unheard || now.Add(wait).After(m.retryAt) {
		return
	}
	m.retryAt = now.Add(wait)
	m.do(Effect{Kind: DoSetTimer, Timer: TimerBackoff, After: wait})
}

// fail stops the shard for a reason that only a person can mend.
func (m *Machine) fail(now time.Time, p discord.ClosePolicy) {
	m.loseSession()
	m.fault = p.Meaning
	if p.Hint != "" {
		m.fault += ": " + p.Hint
	}
	m.enter(now, ops.ShardFailed, m.fault)
}
