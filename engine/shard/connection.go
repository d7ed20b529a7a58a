package shard

import (
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// command carries out what an operator, or the fleet, asks for.
func (m *Machine) command(now time.Time, in Input) {
	switch in.Kind {
	case InStart:
		if m.connected() || m.state == ops.ShardBackoff {
			return
		}
		m.fault, m.failures = "", 0
		m.dial(now, "started")
	case InStop:
		m.stop(now, in.Keep)
	case InRestart:
		m.again(now, "restarted by the operator")
	case InReidentify:
		m.reidentify(now)
	}
}

// reidentify gives up the session. A shard that only waits for its turn has
// none to give up: it waits anew, now that a person has asked.
func (m *Machine) reidentify(now time.Time) {
	if m.state == ops.ShardQueued {
		m.do(Effect{Kind: DoDropSlot})
		m.do(Effect{Kind: DoAcquireSlot})
		return
	}
	m.hangUp(now, discord.CloseNormal, "session given up by the operator")
	m.loseSession()
	m.fault, m.failures = "", 0
	m.dial(now, "identifying anew")
}

func (m *Machine) stop(now time.Time, keep bool) {
	code := discord.CloseNormal
	if keep {
		code = discord.CloseKeepSession
	}
	m.hangUp(now, code, "stopped")
	if !keep {
		m.loseSession()
	}
	m.enter(now, ops.ShardStopped, "stopped")
}

// again reconnects at once and resumes.
func (m *Machine) again(now time.Time, why string) {
	m.hangUp(now, discord.CloseKeepSession, why)
	m.fault, m.failures = "", 0
	m.dial(now, why)
}

// reconnect is what Discord asks for with op 7: the connection is replaced if it
// has held, and given up behind the back-off if Discord asks so of every new one.
func (m *Machine) reconnect(now time.Time, why string) {
	if m.steady(now, m.state) {
		m.replace(why)
		return
	}
	m.abandon(now, why)
}

// abandon hangs up on a connection that is of no use and tries another later.
func (m *Machine) abandon(now time.Time, why string) {
	was := m.state
	m.hangUp(now, discord.CloseKeepSession, why)
	m.countLoss(now, was)
	m.backoff(now, 0, why)
}

// notIdentified waits and tries again: an Identify that cannot be made now may be
// later, when somebody has changed what is in it.
func (m *Machine) notIdentified(now time.Time, err error) {
	if m.state != ops.ShardIdentifying {
		return
	}
	m.counts.Identifies--
	m.abandon(now, "the Identify cannot be made: "+err.Error())
}

func (m *Machine) opened() {
	if m.state != ops.ShardConnecting {
		return
	}
	m.open, m.unheard = true, false
	m.do(Effect{Kind: DoSetTimer, Timer: TimerHello, After: m.cfg.HelloTimeout})
}

func (m *Machine) dialFailed(now time.Time, err error) {
	if m.state != ops.ShardConnecting {
		return
	}
	m.release()
	m.countLoss(now, m.state)
	m.unheard = true
	m.lastClose = ops.Close{At: now, Meaning: err.Error()}
	m.backoff(now, 0, err.Error())
}

// closed follows the table of close codes.
func (m *Machine) closed(now time.Time, c *discord.CloseError) {
	if !m.connected() {
		return
	}
	was := m.state
	p := discord.PolicyFor(c.Code)
	why := closeText(c, p)
	m.counts.Reconnects++
	m.lastClose = ops.Close{At: now, Code: c.Code, Meaning: why}
	if p.Recovery == discord.RecoverResume && p.Wait == 0 && m.adopt(now, 0, why) {
		return
	}
	m.release()
	m.countLoss(now, was)
	switch p.Recovery {
	case discord.RecoverStop:
		m.fail(now, p)
		return
	case discord.RecoverIdentify:
		m.loseSession()
	}
	m.backoff(now, p.Wait, why)
}

// steady reports whether the shard has been live for so long that the loss of
// its connection is no sign of trouble.
func (m *Machine) steady(now time.Time, was ops.ShardState) bool {
	return was == ops.ShardReady && now.Sub(m.since) >= steadyAfter
}

// countLoss notes that a connection ended: the next dial waits longer, unless it
// had held, and a session that could not be resumed loses credit. A resume host
// that does not greet is as dead as one that does not answer.
func (m *Machine) countLoss(now time.Time, was ops.ShardState) {
	if m.steady(now, was) {
		m.failures = 0
		return
	}
	m.failures++
	if was == ops.ShardResuming || was == ops.ShardConnecting && m.onResume {
		m.resumes++
	}
	if m.resumes >= resumeURLAttempts+mainResumeAttempts {
		m.loseSession()
	}
}

// closeText says in words why a connection ended.
func closeText(c *discord.CloseError, p discord.ClosePolicy) string {
	if c.Code == 0 {
		return c.Error()
	}
	if p.Meaning == "" {
		return c.Error()
	}
	return fmt.Sprintf("closed with %d: %s", c.Code, p.Meaning)
}

func (m *Machine) timer(now time.Time, in Input) {
	switch in.Timer {
	case TimerBackoff:
		if m.state == ops.ShardBackoff {
			m.dial(now, "dialling again")
		}
	case TimerHello:
		m.helloLate(now, in.Stalled)
	case TimerHeartbeat:
		m.heartbeatDue(now, in.Stalled)
	case TimerSpare:
		m.spareDue()
	case TimerWatch:
		m.watchDue(now, in.Stalled)
	case TimerProbe:
		m.probeLate(now, in.Stalled)
	}
}

// helloLate gives up a host that does not greet, unless it is we who do not read.
func (m *Machine) helloLate(now time.Time, stalled bool) {
	switch {
	case m.state != ops.ShardConnecting || !m.open || m.hello:
	case stalled:
		m.do(Effect{Kind: DoSetTimer, Timer: TimerHello, After: m.cfg.HelloTimeout})
	default:
		m.abandon(now, "no Hello within "+m.cfg.HelloTimeout.String())
	}
}

// heartbeatDue sends the next heartbeat, or finds the connection dead because
// the last one was never acknowledged.
func (m *Machine) heartbeatDue(now time.Time, stalled bool) {
	if !m.hello {
		return
	}
	if !stalled && !m.beat.unacked.IsZero() && now.Sub(m.beat.unacked) >= m.beat.interval/2 {
		m.zombie(now, "no ACK for a heartbeat in "+now.Sub(m.beat.unacked).Round(time.Millisecond).String())
		return
	}
	m.sendBeat(now)
	m.beat.due = m.beat.due.Add(m.beat.interval)
	if behind := now.Sub(m.beat.due); behind > 0 {
		m.beat.due = now.Add(m.beat.interval)
	}
	m.do(Effect{Kind: DoSetTimer, Timer: TimerHeartbeat, After: m.beat.due.Sub(now)})
	if !stalled {
		m.listen(now)
	}
}

// zombie gives up a connection that is dead. A replacement that is on its way
// already is not given up with it.
func (m *Machine) zombie(now time.Time, why string) {
	if m.spare.stage == spareDialling || m.spare.stage == spareOpen {
		m.counts.Reconnects++
		m.lastClose = ops.Close{At: now, Code: discord.CloseKeepSession, ByUs: true, Meaning: why}
		m.adopt(now, discord.CloseKeepSession, why)
		return
	}
	m.abandon(now, why)
}

func (m *Machine) sendBeat(now time.Time) {
	m.do(Effect{Kind: DoHeartbeat, Seq: m.session.Seq})
	m.beat.sent = now
	if m.beat.unacked.IsZero() {
		m.beat.unacked = now
	}
}
