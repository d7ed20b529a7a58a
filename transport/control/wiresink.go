package control

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

type sink struct {
	Name        string    `json:"name"`
	Kind        string    `json:"kind"`
	Target      string    `json:"target"`
	State       string    `json:"state"` // idle, ok, retrying, rejecting, paused, refused
	Since       time.Time `json:"since,omitzero"`
	Depth       int       `json:"depth"`
	Lag         float64   `json:"lag_ms"`
	InFlight    int       `json:"in_flight"`
	Delivered   uint64    `json:"delivered"`
	Rate        float64   `json:"delivered_per_second"`
	Retries     uint64    `json:"retries"`
	Drain       float64   `json:"drained_per_second"` // below 0 while the backlog grows
	ETA         float64   `json:"eta_ms"`             // until the backlog is gone; 0 if it does not shrink
	Dropped     uint64    `json:"dropped"`
	Gaps        uint64    `json:"gaps"`
	Early       uint64    `json:"early"`
	Late        uint64    `json:"late"`
	Expired     uint64    `json:"expired"`
	Orphan      bool      `json:"orphan"` // not configured any more
	Buried      uint64    `json:"buried"`
	Letters     int       `json:"dead_letters"`
	Asked       uint64    `json:"asked"`  // commands for Discord that its bot has sent back
	Unsent      uint64    `json:"unsent"` // of those, refused
	Filtered    uint64    `json:"filtered"`
	Rules       []rule    `json:"rules"` // in the order in which they are asked
	P50         float64   `json:"p50_ms"`
	P99         float64   `json:"p99_ms"`
	LastError   string    `json:"last_error"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`
	NextTry     time.Time `json:"next_try,omitzero"`
}

func wireSink(s ops.Sink) sink {
	return sink{
		Name: s.Name, Kind: s.Kind, Target: s.Target, State: s.State.String(), Since: s.Since.UTC(),
		Depth: s.Depth, Lag: millis(s.Lag), InFlight: s.InFlight, Delivered: s.Delivered, Rate: finite(s.Rate),
		Retries: s.Retries, Drain: finite(s.Drain), ETA: millis(s.ETA), Dropped: s.Dropped, Gaps: s.Gaps,
		Early: s.Early, Late: s.Late, Expired: s.Expired, Orphan: s.Orphan, Buried: s.Buried, Letters: s.Letters,
		Asked: s.Asked, Unsent: s.Unsent, Filtered: s.Filtered, Rules: each(s.Rules, wireRule),
		P50: millis(s.P50), P99: millis(s.P99),
		LastError: s.LastError, LastErrorAt: s.LastErrorAt.UTC(), NextTry: s.NextTry.UTC(),
	}
}

func (s sink) ops(w *words) ops.Sink {
	return ops.Sink{
		Name: s.Name, Kind: s.Kind, Target: s.Target, State: readWord[ops.SinkState](w, s.State), Since: s.Since,
		Depth: s.Depth, Lag: ofMillis(s.Lag), InFlight: s.InFlight, Delivered: s.Delivered, Rate: s.Rate,
		Retries: s.Retries, Drain: s.Drain, ETA: ofMillis(s.ETA), Dropped: s.Dropped, Gaps: s.Gaps,
		Early: s.Early, Late: s.Late, Expired: s.Expired, Orphan: s.Orphan, Buried: s.Buried, Letters: s.Letters,
		Asked: s.Asked, Unsent: s.Unsent, Filtered: s.Filtered, Rules: some(s.Rules, rule.ops),
		P50: ofMillis(s.P50), P99: ofMillis(s.P99),
		LastError: s.LastError, LastErrorAt: s.LastErrorAt, NextTry: s.NextTry,
	}
}

type store struct {
	OnDisk     bool      `json:"on_disk"`
	Dir        string    `json:"dir"`
	Bytes      int64     `json:"bytes"`
	MaxBytes   int64     `json:"max_bytes"`
	Memory     int64     `json:"memory_bytes"`
	MaxMemory  int64     `json:"max_memory_bytes"`
	Disk       int64     `json:"disk_bytes"`
	Files      int       `json:"files"`
	Written    uint64    `json:"written_bytes"`
	Read       uint64    `json:"read_bytes"`
	Busy       float64   `json:"busy_ms"`
	Slowest    float64   `json:"slowest_ms"`
	Damaged    int       `json:"damaged"`
	Fault      string    `json:"fault"`
	FaultSince time.Time `json:"fault_since,omitzero"`
}

func wireStore(s ops.Store) store {
	return store{
		OnDisk: s.OnDisk, Dir: s.Dir, Bytes: s.Bytes, MaxBytes: s.MaxBytes, Memory: s.Memory, MaxMemory: s.MaxMemory,
		Disk: s.Disk, Files: s.Files, Written: s.Written, Read: s.Read, Busy: millis(s.Busy), Slowest: millis(s.Slowest),
		Damaged: s.Damaged, Fault: s.Fault, FaultSince: s.FaultSince.UTC(),
	}
}

func (s store) ops() ops.Store {
	return ops.Store{
		OnDisk: s.OnDisk, Dir: s.Dir, Bytes: s.Bytes, MaxBytes: s.MaxBytes, Memory: s.Memory, MaxMemory: s.MaxMemory,
		Disk: s.Disk, Files: s.Files, Written: s.Written, Read: s.Read, Busy: ofMillis(s.Busy), Slowest: ofMillis(s.Slowest),
		Damaged: s.Damaged, Fault: s.Fault, FaultSince: s.FaultSince,
	}
}

// letterPage is an ops.DeadLetterPage.
type letterPage struct {
	Letters []letter `json:"letters"` // oldest first
	Total   int      `json:"total"`
}

func wireLetterPage(p ops.DeadLetterPage) letterPage {
	return letterPage{Letters: each(p.Letters, wireLetter), Total: p.Total}
}

func (p *letterPage) page() ops.DeadLetterPage {
	return ops.DeadLetterPage{Letters: some(p.Letters, letter.ops), Total: p.Total}
}
