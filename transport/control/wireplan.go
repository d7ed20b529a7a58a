package control

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// reshardPlan is an ops.ReshardPlan: what a reshard would do and cost.
type reshardPlan struct {
	At          time.Time `json:"at,omitzero"`
	From        int       `json:"from"` // shards of the active fleet
	FromFirst   int       `json:"from_first"`
	FromLast    int       `json:"from_last"`
	To          int       `json:"to"` // shards of the next one
	First       int       `json:"first"`
	Last        int       `json:"last"`
	Why         string    `json:"why"`
	Recommended int       `json:"recommended"`

	Identifies     int       `json:"identifies"` // that it takes
	Known          bool      `json:"known"`      // whether Discord has told the budget
	Remaining      int       `json:"remaining"`
	Reserve        int       `json:"reserve"`
	ResetAt        time.Time `json:"reset_at,omitzero"`
	MaxConcurrency int       `json:"max_concurrency"`
	Waves          int       `json:"waves"`
	Spacing        float64   `json:"spacing_ms"` // between waves
	Spawn          float64   `json:"spawn_ms"`   // until the last identify
	ETA            float64   `json:"eta_ms"`     // until the switch, if nothing fails

	Guilds      int     `json:"guilds"`
	Capacity    int     `json:"capacity"` // guilds of a shard
	FullestNow  fullest `json:"fullest_now"`
	FullestThen fullest `json:"fullest_then"`
	Memory      uint64  `json:"memory_bytes"`
	More        uint64  `json:"more_memory_bytes"` // while both fleets are up, about

	Refusals []string `json:"refusals"` // why it cannot begin; none if it can
	Warnings []string `json:"warnings"`
}

func wirePlan(p *ops.ReshardPlan) reshardPlan {
	return reshardPlan{
		At: p.At.UTC(), From: p.From, FromFirst: p.FromFirst, FromLast: p.FromLast, To: p.To, First: p.First, Last: p.Last,
		Why: p.Why, Recommended: p.Recommended,
		Identifies: p.Identifies, Known: p.Known, Remaining: p.Remaining, Reserve: p.Reserve, ResetAt: p.ResetAt.UTC(),
		MaxConcurrency: p.MaxConcurrency, Waves: p.Waves, Spacing: millis(p.Spacing), Spawn: millis(p.Spawn), ETA: millis(p.ETA),
		Guilds: p.Guilds, Capacity: p.Capacity, FullestNow: fullest(p.FullestNow), FullestThen: fullest(p.FullestThen),
		Memory: p.Memory, More: p.More,
		Refusals: each(p.Refusals, itself), Warnings: each(p.Warnings, itself),
	}
}

func (p *reshardPlan) ops() *ops.ReshardPlan {
	return &ops.ReshardPlan{
		At: p.At, From: p.From, FromFirst: p.FromFirst, FromLast: p.FromLast, To: p.To, First: p.First, Last: p.Last,
		Why: p.Why, Recommended: p.Recommended,
		Identifies: p.Identifies, Known: p.Known, Remaining: p.Remaining, Reserve: p.Reserve, ResetAt: p.ResetAt,
		MaxConcurrency: p.MaxConcurrency, Waves: p.Waves, Spacing: ofMillis(p.Spacing), Spawn: ofMillis(p.Spawn), ETA: ofMillis(p.ETA),
		Guilds: p.Guilds, Capacity: p.Capacity, FullestNow: ops.Fullest(p.FullestNow), FullestThen: ops.Fullest(p.FullestThen),
		Memory: p.Memory, More: p.More,
		Refusals: some(p.Refusals, itself), Warnings: some(p.Warnings, itself),
	}
}
