package shard

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// When a shard that acknowledges heartbeats is so quiet that it is probed.
const (
	watchAfter  = 50               // dispatches that tell its normal pace
	watchPeriod = time.Hour        // over which the longest gap is kept, and over the one before
	quietFactor = 4                // times the longest gap
	quietLeast  = 15 * time.Second // however busy the shard is
	quietMost   = 6 * time.Hour
	quietAtAll  = time.Hour // if its pace is not known
)

// resumeTimeout is how long a RESUME may stay without an answer, or its replay
// without another event. Another one is free.
const resumeTimeout = 2 * time.Minute

// watch judges a shard that goes quiet by its own pace. Discord has been seen to
// acknowledge the heartbeats of a session that gets no events any more.
type watch struct {
	heardAt time.Time // of the last dispatch
	last    time.Time // of what the present gap is counted from
	heard   int       // dispatches, up to watchAfter

	from            time.Time     // of the present period
	longest, before time.Duration // gap of the present period, and of the one before

	probeAt time.Time // zero if no probe is out
	deaf    int       // probes in a row that led to a RESUME
}

// heard takes note of a dispatch. Time that we have not been reading is no gap.
func (m *Machine) heard(now time.Time, eventType []byte, stalled bool) {
	w := &m.watch
	w.heardAt = now
	if m.state == ops.ShardReady && !stalled {
		w.longest = max(w.longest, now.Sub(w.last))
	}
	w.last = now
	// The guilds that follow a READY come all at once, and tell nothing of what
	// is to come.
	if w.heard < watchAfter && string(eventType) != "GUILD_CREATE" {
		w.heard++
	}
	// Every RESUME brings RESUMED, also to a session that is deaf.
	if w.deaf > 0 && string(eventType) != "RESUMED" {
		w.deaf = 0
	}
	if !w.probeAt.IsZero() {
		m.unprobe()
	}
}

// quiet is how long the shard may go without an event; 0 if nobody wants to know.
func (m *Machine) quiet() time.Duration {
	w := &m.watch
	switch {
	case m.cfg.ProbeTimeout == 0:
		return 0
	case w.heard < watchAfter:
		return quietAtAll << min(w.deaf, 3)
	}
	quiet := max(quietFactor*max(w.longest, w.before), quietLeast)
	return min(quiet<<min(w.deaf, 16), quietMost)
}

// listen probes a shard that is quieter than it ever is, and looks again when it
// would be. It is called with every heartbeat, and then. A busy shard is looked at
// soon: Discord keeps some thousand events for it at most.
func (m *Machine) listen(now time.Time) {
	w := &m.watch
	if now.Sub(w.from) >= watchPeriod && w.longest > 0 { // a period without events has no gap to tell
		w.from, w.before, w.longest = now, w.longest, 0
	}
	quiet := m.quiet()
	if m.state != ops.ShardReady || quiet == 0 || !w.probeAt.IsZero() {
		return
	}
	if left := quiet - now.Sub(w.last); left > 0 {
		m.do(Effect{Kind: DoSetTimer, Timer: TimerWatch, After: left})
		return
	}
	w.probeAt = now
	m.do(Effect{Kind: DoProbe})
	m.do(Effect{Kind: DoSetTimer, Timer: TimerProbe, After: m.cfg.ProbeTimeout})
	m.counts.Probes++
}

// watchDue looks after a shard that is quiet.
func (m *Machine) watchDue(now time.Time, stalled bool) {
	left := resumeTimeout - now.Sub(m.watch.last)
	switch {
	case m.state == ops.ShardReady && !stalled:
		m.listen(now)
	case m.state != ops.ShardResuming:
	case stalled:
		m.do(Effect{Kind: DoSetTimer, Timer: TimerWatch, After: resumeTimeout})
	case left > 0:
		m.do(Effect{Kind: DoSetTimer, Timer: TimerWatch, After: left})
	default:
		m.abandon(now, "Discord has not answered the RESUME within "+resumeTimeout.String())
	}
}

// probeLate resumes a session whose silence is not for want of events. If we have
// not been reading ourselves, its answer may lie unread.
func (m *Machine) probeLate(now time.Time, stalled bool) {
	w := &m.watch
	switch {
	case w.probeAt.IsZero():
	case stalled:
		m.do(Effect{Kind: DoSetTimer, Timer: TimerProbe, After: m.cfg.ProbeTimeout})
	default:
		m.counts.Deaf++
		w.deaf++
		m.abandon(now, "no event for "+now.Sub(w.last).Round(time.Second).String()+
			" and no answer to a probe: the session is deaf")
	}
}

// notProbed goes on waiting: a shard without guilds cannot be asked about one.
func (m *Machine) notProbed(now time.Time) {
	if m.watch.probeAt.IsZero() {
		return
	}
	m.counts.Probes--
	m.unprobe()
	m.watch.last = now
	m.listen(now)
}

// unprobe forgets the probe that is out.
func (m *Machine) unprobe() {
	if m.watch.probeAt.IsZero() {
		return
	}
	m.watch.probeAt = time.Time{}
	m.do(Effect{Kind: DoStopTimer, Timer: TimerProbe})
}
