package control

import (
	"strconv"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// filter is an ops.Filter.
type filter struct {
	On       bool   `json:"on"`
	Why      string `json:"why"`     // it is off; empty if it is on
	Seen     uint64 `json:"seen"`    // MESSAGE_UPDATEs since start
	Dropped  uint64 `json:"dropped"` // of those, kept away
	Bytes    uint64 `json:"dropped_bytes"`
	Known    int    `json:"known"` // messages that it remembers
	Capacity int    `json:"capacity"`
}

// load is an ops.Load.
type load struct {
	Shards    int       `json:"shards"`
	Loaded    int       `json:"loaded"`
	Guilds    int       `json:"guilds"`
	GuildsAll int       `json:"guilds_announced"`
	Missing   []flake   `json:"missing"` // at most 20
	Began     time.Time `json:"began_at,omitzero"`
	Timeout   time.Time `json:"timeout_at,omitzero"`
	LoadedAt  time.Time `json:"loaded_at,omitzero"`
	TimedOut  int       `json:"timed_out"` // guilds, since start
}

// flake is an id as Discord writes it: in a string, since most readers of JSON have
// too few digits for it as a number.
type flake uint64

// MarshalText writes the id in digits.
func (f flake) MarshalText() ([]byte, error) { return strconv.AppendUint(nil, uint64(f), 10), nil }

// UnmarshalText reads what MarshalText writes.
func (f *flake) UnmarshalText(text []byte) error {
	id, err := strconv.ParseUint(string(text), 10, 64)
	*f = flake(id)
	return err
}

func wireLoad(l ops.Load) load {
	return load{
		Shards: l.Shards, Loaded: l.Loaded, Guilds: l.Guilds, GuildsAll: l.GuildsAll,
		Missing: each(l.Missing, func(id uint64) flake { return flake(id) }),
		Began:   l.Began.UTC(), Timeout: l.Timeout.UTC(), LoadedAt: l.LoadedAt.UTC(), TimedOut: l.TimedOut,
	}
}

func (l load) ops() ops.Load {
	return ops.Load{
		Shards: l.Shards, Loaded: l.Loaded, Guilds: l.Guilds, GuildsAll: l.GuildsAll,
		Missing: some(l.Missing, func(id flake) uint64 { return uint64(id) }),
		Began:   l.Began, Timeout: l.Timeout, LoadedAt: l.LoadedAt, TimedOut: l.TimedOut,
	}
}

// hook is an ops.Hook.
type hook struct {
	Name     string    `json:"name"`
	Calls    uint64    `json:"calls"`
	Panics   uint64    `json:"panics"`
	Last     string    `json:"last_panic"`
	LastAt   time.Time `json:"last_panic_at,omitzero"`
	LastWhen string    `json:"last_panic_when"` // what it was called for
}

func wireHook(h ops.Hook) hook {
	out := hook(h)
	out.LastAt = h.LastAt.UTC()
	return out
}

func (h hook) ops() ops.Hook { return ops.Hook(h) }

// rule is an ops.Rule.
type rule struct {
	Key     string `json:"key"`
	Text    string `json:"text"`
	Dropped uint64 `json:"dropped"`
	Bytes   uint64 `json:"dropped_bytes"`
	Errors  uint64 `json:"errors"`
	Err     string `json:"last_error"`

	Types []typeCount `json:"types"` // of the events that it kept away, greatest first
}

func wireRule(r ops.Rule) rule {
	return rule{
		Key: r.Key, Text: r.Text, Dropped: r.Dropped, Bytes: r.Bytes, Errors: r.Errors, Err: r.Err, Types: each(r.Types, wireType),
	}
}

func (r rule) ops() ops.Rule {
	return ops.Rule{
		Key: r.Key, Text: r.Text, Dropped: r.Dropped, Bytes: r.Bytes, Errors: r.Errors, Err: r.Err, Types: some(r.Types, typeCount.ops),
	}
}

type worker struct {
	ID      int            `json:"id"`
	Shards  []int          `json:"shards"`
	ByState map[string]int `json:"by_state"` // every state, with its number of shards
	Guilds  int            `json:"guilds"`
	Events  uint64         `json:"events"`
	Rate    float64        `json:"events_per_second"`
	Bytes   float64        `json:"bytes_per_second"`
	Share   float64        `json:"share"` // of the work of all workers, 0 to 1, estimated
	Lag     float64        `json:"lag_ms"`
	Queue   queue          `json:"queue"`
}

func wireWorker(w ops.Worker) worker {
	out := worker{
		ID: w.ID, Shards: w.Shards, ByState: map[string]int{}, Guilds: w.Guilds, Events: w.Events,
		Rate: finite(w.Rate), Bytes: finite(w.Bytes), Share: finite(w.Share), Lag: millis(w.Lag), Queue: wireQueue(w.Queue),
	}
	if out.Shards == nil {
		out.Shards = []int{}
	}
	for state, n := range w.ByState {
		out.ByState[ops.ShardState(state).String()] = n
	}
	return out
}

func (w worker) ops(known *words) ops.Worker {
	out := ops.Worker{
		ID: w.ID, Shards: w.Shards, Guilds: w.Guilds, Events: w.Events,
		Rate: w.Rate, Bytes: w.Bytes, Share: w.Share, Lag: ofMillis(w.Lag), Queue: w.Queue.ops(),
	}
	if len(w.Shards) == 0 {
		out.Shards = nil
	}
	for state, n := range w.ByState {
		out.ByState[readWord[ops.ShardState](known, state)] = n
	}
	return out
}
