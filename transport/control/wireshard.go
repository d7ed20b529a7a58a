package control

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

type shard struct {
	ID      int       `json:"id"`
	Worker  int       `json:"worker"`
	State   string    `json:"state"` // idle, connecting, queued, identifying, resuming, ready, backoff, stopped, failed
	Since   time.Time `json:"since,omitzero"`
	Latency float64   `json:"latency_ms"` // 0 if it is not known, or an ACK is overdue
	LastACK time.Time `json:"last_ack,omitzero"`

	Replacing bool      `json:"replacing"` // Discord has asked for a reconnect; the next connection is being opened
	LastEvent time.Time `json:"last_event,omitzero"`
	Quiet     float64   `json:"quiet_ms"` // it may go so long without an event; 0 as long as that is not known
	ProbeAt   time.Time `json:"probe_at,omitzero"`
	Probes    uint64    `json:"probes"`
	Deaf      uint64    `json:"deaf"`   // probes that stayed unanswered
	Outbox    int       `json:"outbox"` // commands that wait to be sent
	Sends     int       `json:"sends"`  // frames sent in the last 60 s on this connection

	Guilds       int       `json:"guilds"`
	Unavailable  int       `json:"unavailable"`
	Loading      int       `json:"loading"`
	Seq          int64     `json:"seq"`
	SessionSince time.Time `json:"session_since,omitzero"`
	LoadedAt     time.Time `json:"loaded_at,omitzero"` // when all its guilds had come
	Events       uint64    `json:"events"`
	Rate         float64   `json:"events_per_second"`
	Identifies   uint64    `json:"identifies"`
	Resumes      uint64    `json:"resumes"`
	Reconnects   uint64    `json:"reconnects"`
	RetryAt      time.Time `json:"retry_at,omitzero"`
	LastClose    closing   `json:"last_close,omitzero"`
	Fault        string    `json:"fault"`
}

func wireShard(s ops.Shard) shard {
	return shard{
		ID: s.ID, Worker: s.Worker, State: s.State.String(), Since: s.Since.UTC(),
		Latency: millis(s.Latency), LastACK: s.LastACK.UTC(),
		Replacing: s.Replacing, LastEvent: s.LastEvent.UTC(), Quiet: millis(s.Quiet),
		ProbeAt: s.ProbeAt.UTC(), Probes: s.Probes, Deaf: s.Deaf, Outbox: s.Outbox, Sends: s.Sends,
		Guilds: s.Guilds, Unavailable: s.Unavailable, Loading: s.Loading,
		Seq: s.Seq, SessionSince: s.SessionSince.UTC(), LoadedAt: s.LoadedAt.UTC(), Events: s.Events, Rate: finite(s.Rate),
		Identifies: s.Identifies, Resumes: s.Resumes, Reconnects: s.Reconnects,
		RetryAt: s.RetryAt.UTC(), LastClose: wireClose(s.LastClose), Fault: s.Fault,
	}
}

func (s shard) ops(w *words) ops.Shard {
	return ops.Shard{
		ID: s.ID, Worker: s.Worker, State: readWord[ops.ShardState](w, s.State), Since: s.Since,
		Latency: ofMillis(s.Latency), LastACK: s.LastACK,
		Replacing: s.Replacing, LastEvent: s.LastEvent, Quiet: ofMillis(s.Quiet),
		ProbeAt: s.ProbeAt, Probes: s.Probes, Deaf: s.Deaf, Outbox: s.Outbox, Sends: s.Sends,
		Guilds: s.Guilds, Unavailable: s.Unavailable, Loading: s.Loading,
		Seq: s.Seq, SessionSince: s.SessionSince, LoadedAt: s.LoadedAt, Events: s.Events, Rate: s.Rate,
		Identifies: s.Identifies, Resumes: s.Resumes, Reconnects: s.Reconnects,
		RetryAt: s.RetryAt, LastClose: ops.Close(s.LastClose), Fault: s.Fault,
	}
}

// closing is an ops.Close; a shard whose connection has never ended has none.
type closing struct {
	At      time.Time `json:"at,omitzero"`
	Code    int       `json:"code"` // 0 if none was received
	ByUs    bool      `json:"by_us"`
	Meaning string    `json:"meaning"`
}

func wireClose(c ops.Close) closing {
	out := closing(c)
	out.At = c.At.UTC()
	return out
}

// IsZero leaves out what has not happened.
func (c closing) IsZero() bool { return c.At.IsZero() && c.Code == 0 && !c.ByUs && c.Meaning == "" }

// detail is an ops.ShardDetail.
type detail struct {
	Shard          shard        `json:"shard"`
	ResumeHost     string       `json:"resume_host"`
	Latencies      []float64    `json:"latencies_ms"`      // oldest first
	EventPerSecond []float64    `json:"events_per_second"` // oldest first
	Types          []typeCount  `json:"types"`             // greatest first
	History        []transition `json:"history"`           // oldest first
}

func wireDetail(d *ops.ShardDetail) detail {
	return detail{
		Shard: wireShard(d.Shard), ResumeHost: d.ResumeHost,
		Latencies: each(d.Latencies, millis), EventPerSecond: each(d.EventPerSecond, finite),
		Types: each(d.Types, wireType), History: each(d.History, wireTransition),
	}
}

func (d *detail) detail() (*ops.ShardDetail, error) {
	w := &words{}
	out := &ops.ShardDetail{
		Shard: d.Shard.ops(w), ResumeHost: d.ResumeHost,
		Latencies: some(d.Latencies, ofMillis), EventPerSecond: d.EventPerSecond,
		Types:   some(d.Types, typeCount.ops),
		History: some(d.History, func(t transition) ops.Transition { return t.ops(w) }),
	}
	return out, w.err
}

type transition struct {
	At     time.Time `json:"at"`
	From   string    `json:"from"`
	To     string    `json:"to"`
	Reason string    `json:"reason"`
}

func wireTransition(t ops.Transition) transition {
	return transition{At: t.At.UTC(), From: t.From.String(), To: t.To.String(), Reason: t.Reason}
}

func (t transition) ops(w *words) ops.Transition {
	return ops.Transition{At: t.At, From: readWord[ops.ShardState](w, t.From), To: readWord[ops.ShardState](w, t.To), Reason: t.Reason}
}
