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
		m.hangUp(now, discord.CloseNormal, "session given up by the operator")
		m.loseSession()
		m.fault, m.failures = "", 0
		m.dial(now, "identifying anew")
	}
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

func (m *Machine) opened() {
	if m.state != ops.ShardConnecting {
		return
	}
	m.open = true
	m.do(Effect{Kind: DoSetTimer, Timer: TimerHello, After: m.cfg.HelloTimeout})
}

func (m *Machine) dialFailed(now time.Time, err error) {
	if m.state != ops.ShardConnecting {
		return
	}
	m.release()
	m.failures++
	if m.onResume {
		m.resumes++
	}
	m.lastClose = ops.Close{At: now, Meaning: err.Error()}
	m.backoff(now, 0, err.Error())
}

// closed follows the table of close codes.
func (m *Machine) closed(now time.Time, c *discord.CloseError) {
	if !m.connected() {
		return
	}
	was := m.state
	m.release()
	m.counts.Reconnects++
	p := discord.PolicyFor(c.Code)
	why := closeText(c, p)
	m.lastClose = ops.Close{At: now, Code: c.Code, Meaning: why}
	m.countAttempt(was)
	switch p.Recovery {
	case discord.RecoverStop:
		m.fail(now, p)
		return
	case discord.RecoverIdentify:
		m.loseSession()
	}
	m.backoff(now, p.Wait, why)
}

// countAttempt notes that a connection ended before it was live: the next dial
// waits longer, and a session that could not be resumed loses credit.
func (m *Machine) countAttempt(was ops.ShardState) {
	if was == ops.ShardReady {
		return
	}
	m.failures++
	if was != ops.ShardResuming {
		return
	}
	m.resumes++
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
		if m.state == ops.ShardConnecting && m.open && !m.hello {
			m.failures++
			m.hangUp(now, discord.CloseKeepSession, "no Hello within "+m.cfg.HelloTimeout.String())
			m.backoff(now, 0, "no Hello within "+m.cfg.HelloTimeout.String())
		}
	case TimerHeartbeat:
		m.heartbeatDue(now, in.Stalled)
	}
}

// heartbeatDue sends the next heartbeat, or finds the connection dead because
// the last one was never acknowledged.
func (m *Machine) heartbeatDue(now time.Time, stalled bool) {
	if !m.hello {
		return
	}
	if !stalled && !m.beat.unacked.IsZero() && now.Sub(m.beat.unacked) >= m.beat.interval/2 {
		why := "no ACK for a heartbeat in " + now.Sub(m.beat.unacked).Round(time.Millisecond).String()
		was := m.state
		m.hangUp(now, discord.CloseKeepSession, why)
		m.countAttempt(was)
		m.backoff(now, 0, why)
		return
	}
	m.sendBeat(now)
	m.beat.due = m.beat.due.Add(m.beat.interval)
	if behind := now.Sub(m.beat.due); behind > 0 {
		m.beat.due = now.Add(m.beat.interval)
	}
	m.do(Effect{Kind: DoSetTimer, Timer: TimerHeartbeat, After: m.beat.due.Sub(now)})
}

func (m *Machine) sendBeat(now time.Time) {
	m.do(Effect{Kind: DoHeartbeat, Seq: m.session.seq})
	m.beat.sent = now
	if m.beat.unacked.IsZero() {
		m.beat.unacked = now
	}
}
