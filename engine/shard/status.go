package shard

import (
	"net/url"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Status is a shard's part of the operator's snapshot, as the machine knows it.
type Status struct {
	State        ops.ShardState
	Since        time.Time
	Latency      time.Duration // 0 before the first ACK on this connection, and while one is overdue
	LastACK      time.Time
	Seq          int64
	SessionSince time.Time
	RetryAt      time.Time
	LastClose    ops.Close
	Fault        string
	Counts       Counts
	Replacing    bool          // a replacement of the connection is on its way
	LastEvent    time.Time     // zero before the first
	Quiet        time.Duration // how long it may be quiet before it is probed; 0 if that is not known
	ProbeAt      time.Time     // when an unanswered probe was sent; zero if there is none
	Outbox       int           // commands that wait; the runner's
	Sends        int           // frames of the last 60 s on this connection; the runner's
}

// overdue is when a missing ACK makes the last latency worthless.
const overdue = 10 * time.Second

// Status is the machine's state at the instant now.
func (m *Machine) Status(now time.Time) Status {
	latency := m.beat.latency
	if !m.beat.unacked.IsZero() && now.Sub(m.beat.unacked) > overdue {
		latency = 0
	}
	return Status{
		Replacing: m.spare.stage != spareNone,
		LastEvent: m.watch.heardAt,
		Quiet:     m.quiet(),
		ProbeAt:   m.watch.probeAt,

		State:        m.state,
		Since:        m.since,
		Latency:      latency,
		LastACK:      m.lastACK,
		Seq:          m.session.Seq,
		SessionSince: m.session.Since,
		RetryAt:      m.retryAt,
		LastClose:    m.lastClose,
		Fault:        m.fault,
		Counts:       m.counts,
	}
}

// ResumeHost is the host that a RESUME would dial; empty without a session.
func (m *Machine) ResumeHost() string {
	if m.session.ID == "" {
		return ""
	}
	u, err := url.Parse(m.session.URL)
	if err != nil {
		return ""
	}
	return u.Host
}
