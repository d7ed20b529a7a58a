package control

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

type identify struct {
	Known          bool      `json:"known"`
	Total          int       `json:"total"`
	Remaining      int       `json:"remaining"`
	ResetAt        time.Time `json:"reset_at,omitzero"`
	MaxConcurrency int       `json:"max_concurrency"`
	Spacing        float64   `json:"spacing_ms"`
	Reserve        int       `json:"reserve"`
	Waiting        int       `json:"waiting"`
	NextAt         time.Time `json:"next_at,omitzero"`
	Sent           uint64    `json:"sent"`
	Rejected       uint64    `json:"rejected"` // answered with op 9

	ToldAt    time.Time `json:"told_at,omitzero"` // when Discord last told the budget
	Spent     int       `json:"spent"`            // since then
	LastHour  int       `json:"last_hour"`
	RunsOutAt time.Time `json:"runs_out_at,omitzero"` // when the reserve is reached at that pace
	Breaker   breaker   `json:"breaker"`
	Buckets   []bucket  `json:"buckets"` // that wait or back off, by key
}

func wireIdentify(i ops.Identify) identify {
	return identify{
		Known: i.Known, Total: i.Total, Remaining: i.Remaining, ResetAt: i.ResetAt.UTC(), MaxConcurrency: i.MaxConcurrency,
		Spacing: millis(i.Spacing), Reserve: i.Reserve, Waiting: i.Waiting, NextAt: i.NextAt.UTC(), Sent: i.Sent, Rejected: i.Rejected,
		ToldAt: i.ToldAt.UTC(), Spent: i.Spent, LastHour: i.LastHour, RunsOutAt: i.RunsOutAt.UTC(),
		Breaker: wireBreaker(i.Breaker), Buckets: each(i.Buckets, wireBucket),
	}
}

func (i identify) ops() ops.Identify {
	return ops.Identify{
		Known: i.Known, Total: i.Total, Remaining: i.Remaining, ResetAt: i.ResetAt, MaxConcurrency: i.MaxConcurrency,
		Spacing: ofMillis(i.Spacing), Reserve: i.Reserve, Waiting: i.Waiting, NextAt: i.NextAt, Sent: i.Sent, Rejected: i.Rejected,
		ToldAt: i.ToldAt, Spent: i.Spent, LastHour: i.LastHour, RunsOutAt: i.RunsOutAt,
		Breaker: ops.Breaker(i.Breaker), Buckets: some(i.Buckets, bucket.ops),
	}
}

type breaker struct {
	Open  bool      `json:"open"` // it has stopped identifies
	Since time.Time `json:"since,omitzero"`
	Why   string    `json:"why"`
	Trips uint64    `json:"trips"`
}

func wireBreaker(b ops.Breaker) breaker {
	out := breaker(b)
	out.Since = b.Since.UTC()
	return out
}

type bucket struct {
	Key     int       `json:"key"` // shard id modulo max_concurrency
	Waiting int       `json:"waiting"`
	OpenAt  time.Time `json:"open_at,omitzero"`
	Refused int       `json:"refused"` // identifies in a row that Discord has answered with op 9
}

func wireBucket(b ops.Bucket) bucket {
	out := bucket(b)
	out.OpenAt = b.OpenAt.UTC()
	return out
}

func (b bucket) ops() ops.Bucket { return ops.Bucket(b) }
