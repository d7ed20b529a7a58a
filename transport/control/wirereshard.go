package control

import (
	"fmt"
	"strconv"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// target is an ops.Target.
type target struct {
	Total int    `json:"total,omitempty"` // shards of the bot; none for what reshard.target says
	Slice *slice `json:"slice,omitempty"` // that this process is to hold; none for all of them
}

// slice is shards by id, inclusive.
type slice struct {
	First int `json:"first"`
	Last  int `json:"last"`
}

func wireTarget(t ops.Target) target {
	out := target{Total: t.Total}
	if t.Slice {
		out.Slice = &slice{First: t.First, Last: t.Last}
	}
	return out
}

func (t target) ops() ops.Target {
	out := ops.Target{Total: t.Total}
	if t.Slice != nil {
		out.First, out.Last, out.Slice = t.Slice.First, t.Slice.Last, true
	}
	return out
}

// fullest is an ops.Fullest.
type fullest struct {
	Shard  int `json:"shard"`
	Guilds int `json:"guilds"`
}

// reshard is an ops.Reshard.
type reshard struct {
	Recommended int             `json:"recommended"`
	Refusal     string          `json:"refusal"` // why none can begin now; empty if one can
	Auto        reshardAuto     `json:"auto"`
	Now         *reshardRun     `json:"now,omitempty"` // left out while none is under way
	History     []reshardResult `json:"history"`       // newest first
}

func wireReshard(r ops.Reshard) reshard {
	out := reshard{Recommended: r.Recommended, Refusal: r.Refusal, Auto: wireReshardAuto(r.Auto), History: each(r.History, wireReshardResult)}
	if r.Now != nil {
		out.Now = wireReshardRun(r.Now)
	}
	return out
}

func (r reshard) ops(w *words) ops.Reshard {
	out := ops.Reshard{Recommended: r.Recommended, Refusal: r.Refusal, Auto: r.Auto.ops(),
		History: some(r.History, func(x reshardResult) ops.ReshardResult { return x.ops(w) })}
	if r.Now != nil {
		out.Now = r.Now.ops(w)
	}
	return out
}

type reshardAuto struct {
	On         bool      `json:"on"`
	AtPercent  int       `json:"at_percent"`
	Target     string    `json:"target"` // recommended, or a number
	CheckEvery float64   `json:"check_every_ms"`
	NextCheck  time.Time `json:"next_check,omitzero"`
	Percent    float64   `json:"percent"` // guilds of the capacity of the shards held here
	Fullest    fullest   `json:"fullest"`
	Capacity   int       `json:"capacity"` // guilds of a shard
	Due        string    `json:"due"`      // why a reshard is due; empty if none is
	Held       string    `json:"held"`     // why it does not begin though it is due
	PerDay     float64   `json:"guilds_per_day"`
	FullAt     time.Time `json:"full_at,omitzero"` // at that growth
}

func wireReshardAuto(a ops.ReshardAuto) reshardAuto {
	return reshardAuto{
		On: a.On, AtPercent: a.AtPercent, Target: a.Target, CheckEvery: millis(a.CheckEvery), NextCheck: a.NextCheck.UTC(),
		Percent: finite(a.Percent), Fullest: fullest(a.Fullest), Capacity: a.Capacity, Due: a.Due, Held: a.Held,
		PerDay: finite(a.PerDay), FullAt: a.FullAt.UTC(),
	}
}

func (a reshardAuto) ops() ops.ReshardAuto {
	return ops.ReshardAuto{
		On: a.On, AtPercent: a.AtPercent, Target: a.Target, CheckEvery: ofMillis(a.CheckEvery), NextCheck: a.NextCheck,
		Percent: a.Percent, Fullest: ops.Fullest(a.Fullest), Capacity: a.Capacity, Due: a.Due, Held: a.Held,
		PerDay: a.PerDay, FullAt: a.FullAt,
	}
}

// reshardRun is an ops.ReshardRun: a reshard under way.
type reshardRun struct {
	Plan   reshardPlan `json:"plan"`
	By     string      `json:"by"`
	Begun  time.Time   `json:"begun,omitzero"`
	Phase  string      `json:"phase"` // spawn, load, overlap, switch, retire
	Since  time.Time   `json:"since,omitzero"`
	Paused bool        `json:"paused"`
	Waits  string      `json:"waits"` // what for, or why it does not go on

	ByState map[string]int `json:"by_state"` // every state, with its number of shards of the next fleet
	Wave    int            `json:"wave"`     // of identifies, counting from 1
	Waves   int            `json:"waves"`
	UpAt    time.Time      `json:"up_at,omitzero"`

	Guilds    int       `json:"guilds"`     // of the active fleet's that the next one holds
	GuildsAll int       `json:"guilds_all"` // of the active fleet's that it has to hold
	Missing   []string  `json:"missing"`    // of the others, at most 20, by id
	Timeout   time.Time `json:"timeout,omitzero"`

	Both    uint64  `json:"both"`     // events that have come from both fleets
	OnlyOld uint64  `json:"only_old"` // that the next fleet did not have
	OnlyNew uint64  `json:"only_new"` // that the active fleet did not have
	Waiting int     `json:"waiting"`  // events whose twin has not come yet
	Bytes   int64   `json:"bytes"`
	Agreed  float64 `json:"agreed_ms"`
	Soak    float64 `json:"soak_ms"`
}

func wireReshardRun(r *ops.ReshardRun) *reshardRun {
	out := &reshardRun{
		Plan: wirePlan(&r.Plan), By: r.By, Begun: r.Begun.UTC(), Phase: r.Phase.String(), Since: r.Since.UTC(), Paused: r.Paused, Waits: r.Waits,
		ByState: map[string]int{}, Wave: r.Wave, Waves: r.Waves, UpAt: r.UpAt.UTC(),
		Guilds: r.Guilds, GuildsAll: r.GuildsAll, Missing: each(r.Missing, wireGuild), Timeout: r.Timeout.UTC(),
		Both: r.Both, OnlyOld: r.OnlyOld, OnlyNew: r.OnlyNew, Waiting: r.Waiting, Bytes: r.Bytes,
		Agreed: millis(r.Agreed), Soak: millis(r.Soak),
	}
	for state, n := range r.ByState {
		out.ByState[ops.ShardState(state).String()] = n
	}
	return out
}

func (r *reshardRun) ops(w *words) *ops.ReshardRun {
	out := &ops.ReshardRun{
		Plan: *r.Plan.ops(), By: r.By, Begun: r.Begun, Phase: readWord[ops.ReshardPhase](w, r.Phase), Since: r.Since, Paused: r.Paused, Waits: r.Waits,
		Wave: r.Wave, Waves: r.Waves, UpAt: r.UpAt,
		Guilds: r.Guilds, GuildsAll: r.GuildsAll, Missing: some(r.Missing, w.guild), Timeout: r.Timeout,
		Both: r.Both, OnlyOld: r.OnlyOld, OnlyNew: r.OnlyNew, Waiting: r.Waiting, Bytes: r.Bytes,
		Agreed: ofMillis(r.Agreed), Soak: ofMillis(r.Soak),
	}
	for state, n := range r.ByState {
		out.ByState[readWord[ops.ShardState](w, state)] = n
	}
	return out
}

// wireGuild is the id of a guild: in words, as Discord does it, since it is more
// than a number in JSON may hold.
func wireGuild(id uint64) string { return strconv.FormatUint(id, 10) }

// guild is the way back.
func (w *words) guild(text string) uint64 {
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("control: the answer has %.40q for the id of a guild", text)
	}
	return id
}

type reshardResult struct {
	Begun      time.Time `json:"begun,omitzero"`
	Ended      time.Time `json:"ended,omitzero"`
	From       int       `json:"from"`
	To         int       `json:"to"`
	By         string    `json:"by"`
	Phase      string    `json:"phase"` // in which it ended; retire if it succeeded
	Err        string    `json:"error"` // why it did not succeed; empty if it did
	Identifies int       `json:"identifies"`
	Both       uint64    `json:"both"`
	OnlyOld    uint64    `json:"only_old"`
	OnlyNew    uint64    `json:"only_new"`
	Gap        float64   `json:"gap_ms"` // without deliveries at the switch
}

func wireReshardResult(r ops.ReshardResult) reshardResult {
	return reshardResult{
		Begun: r.Begun.UTC(), Ended: r.Ended.UTC(), From: r.From, To: r.To, By: r.By, Phase: r.Phase.String(), Err: r.Err,
		Identifies: r.Identifies, Both: r.Both, OnlyOld: r.OnlyOld, OnlyNew: r.OnlyNew, Gap: millis(r.Gap),
	}
}

func (r reshardResult) ops(w *words) ops.ReshardResult {
	return ops.ReshardResult{
		Begun: r.Begun, Ended: r.Ended, From: r.From, To: r.To, By: r.By, Phase: readWord[ops.ReshardPhase](w, r.Phase), Err: r.Err,
		Identifies: r.Identifies, Both: r.Both, OnlyOld: r.OnlyOld, OnlyNew: r.OnlyNew, Gap: ofMillis(r.Gap),
	}
}
