package shard

import (
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// frame takes one gateway message. Opcodes that are not for clients are
// ignored: Discord adds to its protocol without notice.
//
// stalled says that we have not been reading until just now.
func (m *Machine) frame(now time.Time, f *discord.Frame, stalled bool) {
	if !m.connected() || !m.open {
		return
	}
	switch f.Op {
	case discord.OpDispatch:
		m.dispatch(now, f, stalled)
	case discord.OpHello:
		m.greeted(now, f)
	case discord.OpHeartbeat:
		if m.hello {
			m.sendBeat(now)
		}
	case discord.OpHeartbeatACK:
		m.acked(now)
	case discord.OpReconnect:
		m.reconnect(now, "Discord asked to reconnect (op 7)")
	case discord.OpInvalidSession:
		m.invalid(now, discord.DecodeInvalidSession(f.Data))
	}
}

// greeted starts the heartbeat, then resumes or queues for an identify.
func (m *Machine) greeted(now time.Time, f *discord.Frame) {
	if m.state != ops.ShardConnecting || m.hello {
		return
	}
	m.do(Effect{Kind: DoStopTimer, Timer: TimerHello})
	interval, err := discord.DecodeHello(f.Data)
	if err != nil {
		m.abandon(now, err.Error())
		return
	}
	m.begin(now, interval, "resuming the session")
}

// begin starts the heartbeat of a connection that has greeted us, and resumes or
// queues for an identify.
func (m *Machine) begin(now time.Time, interval time.Duration, why string) {
	m.hello, m.refused, m.lastACK = true, false, time.Time{}
	first := time.Duration(m.cfg.Random() * float64(interval))
	m.beat = beat{interval: interval, due: now.Add(first)}
	m.do(Effect{Kind: DoSetTimer, Timer: TimerHeartbeat, After: first})
	if m.session.ID == "" {
		m.queue(now, "waiting for its turn to identify")
		return
	}
	m.enter(now, ops.ShardResuming, why)
	m.do(Effect{Kind: DoResume, Session: m.session.ID, Seq: m.session.Seq})
	m.watch.last = now
	m.do(Effect{Kind: DoSetTimer, Timer: TimerWatch, After: resumeTimeout})
}

func (m *Machine) queue(now time.Time, why string) {
	m.enter(now, ops.ShardQueued, why)
	m.do(Effect{Kind: DoAcquireSlot})
}

// slot is our turn to identify.
func (m *Machine) slot(now time.Time) {
	if m.state != ops.ShardQueued {
		m.do(Effect{Kind: DoDropSlot})
		return
	}
	m.counts.Identifies++
	m.refused = false
	m.enter(now, ops.ShardIdentifying, "identify sent")
	m.do(Effect{Kind: DoIdentify})
}

func (m *Machine) acked(now time.Time) {
	if m.beat.sent.IsZero() {
		return
	}
	m.beat.unacked = time.Time{}
	m.beat.latency = now.Sub(m.beat.sent)
	m.lastACK = now
}

// invalid is op 9, which has three meanings: the identify came too fast, the
// session cannot be resumed, or the live session was revoked.
func (m *Machine) invalid(now time.Time, resumable bool) {
	switch {
	case m.state == ops.ShardIdentifying:
		m.refused = true
		m.do(Effect{Kind: DoRejectSlot})
		m.do(Effect{Kind: DoTell, Text: "Discord refused the identify (op 9): its bucket waits, and tries again"})
		m.queue(now, "Discord refused the identify (op 9), perhaps another process of the bot identifies too; waiting for another turn")
	case m.state != ops.ShardResuming && m.state != ops.ShardReady:
		return
	case resumable:
		m.abandon(now, "Discord asked to resume (op 9)")
	default:
		m.failures = min(m.failures, 1) // whatever was wrong before, Discord answers
		m.abandon(now, "the session is gone (op 9)")
		m.loseSession()
	}
}

// dispatch takes an event. Only events of a session that advance its sequence
// are delivered: a repeat within a session is Discord's or the network's error.
func (m *Machine) dispatch(now time.Time, f *discord.Frame, stalled bool) {
	if m.awaitsReady() && string(f.Type) == "READY" {
		m.ready(now, f)
		return
	}
	if m.state != ops.ShardReady && m.state != ops.ShardResuming {
		return
	}
	m.heard(now, f.Type, stalled)
	if f.Seq != 0 && f.Seq <= m.session.Seq {
		m.counts.Repeats++
	} else {
		m.session.Seq = max(m.session.Seq, f.Seq)
		m.counts.Events++
		m.do(Effect{Kind: DoDeliver})
	}
	// Whatever its number, it says that the replay is over.
	if m.state == ops.ShardResuming && string(f.Type) == "RESUMED" {
		m.counts.Resumes++
		m.resumes = 0
		m.enter(now, ops.ShardReady, "session resumed")
		m.listen(now)
	}
}

// awaitsReady reports whether an identify may have been taken. One may be although
// an op 9 came behind it, which had been sent before Discord saw it.
func (m *Machine) awaitsReady() bool {
	return m.state == ops.ShardIdentifying || m.state == ops.ShardQueued && m.refused
}

func (m *Machine) ready(now time.Time, f *discord.Frame) {
	ready, err := discord.DecodeReady(f.Data)
	if err != nil {
		m.failures++
		why := fmt.Sprintf("unreadable READY: %v", err)
		m.hangUp(now, discord.CloseNormal, why)
		m.backoff(now, 0, why)
		return
	}
	m.session = Session{ID: ready.SessionID, URL: ready.ResumeURL, Seq: f.Seq, Since: now}
	m.resumes = 0
	m.counts.Events++
	if m.state == ops.ShardIdentifying {
		m.do(Effect{Kind: DoConfirmSlot})
	} else {
		m.do(Effect{Kind: DoDropSlot})
	}
	m.do(Effect{Kind: DoReady, Ready: &ready})
	m.do(Effect{Kind: DoDeliver})
	m.watch.last, m.watch.heardAt = now, now
	m.enter(now, ops.ShardReady, "identified")
	m.listen(now)
}
