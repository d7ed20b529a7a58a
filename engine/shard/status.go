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
	Latency      time.Duration // 0 before the first ACK on this connection
	LastACK      time.Time
	Seq          int64
	SessionSince time.Time
	RetryAt      time.Time
	LastClose    ops.Close
	Fault        string
	Counts       Counts
}

// Status is the machine's present state.
func (m *Machine) Status() Status {
	return Status{
		State:        m.state,
		Since:        m.since,
		Latency:      m.beat.latency,
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
