package control

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// status is an ops.Snapshot.
type status struct {
	At            time.Time `json:"at"`
	StartedAt     time.Time `json:"started_at,omitzero"`
	Name          string    `json:"name"`
	Version       string    `json:"version"`
	Phase         string    `json:"phase"` // starting, running, draining, stopping, stopped
	KeepsSessions bool      `json:"keeps_sessions"`

	Fleet    fleet    `json:"fleet"`
	Shards   []shard  `json:"shards"`
	Workers  []worker `json:"workers"`
	Sinks    []sink   `json:"sinks"`
	Store    store    `json:"store"`
	Identify identify `json:"identify"`
	Commands commands `json:"commands"`
	Presence string   `json:"presence"` // the template in force, JSON in a string; empty for none
	Traffic  traffic  `json:"traffic"`
	Latency  latency  `json:"latency"`
	Reshard  reshard  `json:"reshard"`
	Filter   filter   `json:"message_update_filter"`
	Load     load     `json:"load"`
	Hooks    []hook   `json:"hooks"`
	Alerts   []alert  `json:"alerts"`
	Actions  []deed   `json:"actions"`   // newest first
	LogLevel string   `json:"log_level"` // debug, info, warn, error
	LastLog  uint64   `json:"last_log"`
}

func wireSnapshot(s *ops.Snapshot) status {
	return status{
		At: s.At.UTC(), StartedAt: s.StartedAt.UTC(),
		Name: s.Name, Version: s.Version, Phase: s.Phase.String(), KeepsSessions: s.KeepsSessions,
		Fleet: wireFleet(s.Fleet), Shards: each(s.Shards, wireShard), Workers: each(s.Workers, wireWorker),
		Sinks: each(s.Sinks, wireSink), Store: wireStore(s.Store), Identify: wireIdentify(s.Identify),
		Commands: commands(s.Commands), Presence: s.Presence,
		Traffic: wireTraffic(s.Traffic), Latency: wireLatency(s.Latency), Reshard: wireReshard(s.Reshard),
		Filter: filter(s.Filter), Load: wireLoad(s.Load), Hooks: each(s.Hooks, wireHook),
		Alerts: each(s.Alerts, wireAlert), LastLog: s.LastLog,
		Actions: each(s.Actions, wireDeed), LogLevel: s.LogLevel.String(),
	}
}

func (s *status) snapshot() (*ops.Snapshot, error) {
	w := &words{}
	out := &ops.Snapshot{
		At: s.At, StartedAt: s.StartedAt,
		Name: s.Name, Version: s.Version, Phase: readWord[ops.EnginePhase](w, s.Phase), KeepsSessions: s.KeepsSessions,
		Fleet:    s.Fleet.ops(w),
		Shards:   some(s.Shards, func(x shard) ops.Shard { return x.ops(w) }),
		Workers:  some(s.Workers, func(x worker) ops.Worker { return x.ops(w) }),
		Sinks:    some(s.Sinks, func(x sink) ops.Sink { return x.ops(w) }),
		Store:    s.Store.ops(),
		Identify: s.Identify.ops(),
		Commands: ops.Commands(s.Commands), Presence: s.Presence,
		Traffic: s.Traffic.ops(), Latency: s.Latency.ops(), Reshard: s.Reshard.ops(w),
		Filter: ops.Filter(s.Filter), Load: s.Load.ops(), Hooks: some(s.Hooks, hook.ops),
		Alerts: some(s.Alerts, func(x alert) ops.Alert { return x.ops(w) }), LastLog: s.LastLog,
		Actions: some(s.Actions, func(x deed) ops.Action { return x.ops(w) }), LogLevel: readLevel(w, s.LogLevel),
	}
	return out, w.err
}

type fleet struct {
	Total       int            `json:"total"`
	First       int            `json:"first"`
	Last        int            `json:"last"`
	ByState     map[string]int `json:"by_state"` // every state, with its number of shards
	Guilds      int            `json:"guilds"`
	Unavailable int            `json:"unavailable"`
	Loading     int            `json:"loading"`
	Compress    string         `json:"compress"`  // zlib-stream, zstd-stream, payload, none
	Placement   string         `json:"placement"` // contiguous, round_robin, hook
}

func wireFleet(f ops.Fleet) fleet {
	out := fleet{Total: f.Total, First: f.First, Last: f.Last, ByState: map[string]int{},
		Guilds: f.Guilds, Unavailable: f.Unavailable, Loading: f.Loading, Compress: f.Compress, Placement: f.Placement}
	for state, n := range f.ByState {
		out.ByState[ops.ShardState(state).String()] = n
	}
	return out
}

func (f fleet) ops(w *words) ops.Fleet {
	out := ops.Fleet{Total: f.Total, First: f.First, Last: f.Last,
		Guilds: f.Guilds, Unavailable: f.Unavailable, Loading: f.Loading, Compress: f.Compress, Placement: f.Placement}
	for state, n := range f.ByState {
		out.ByState[readWord[ops.ShardState](w, state)] = n
	}
	return out
}

type queue struct {
	Depth      int       `json:"depth"`
	Bytes      int64     `json:"bytes"`
	Memory     int64     `json:"memory_bytes"`
	Disk       int64     `json:"disk_bytes"`
	Files      int       `json:"files"`
	MaxEvents  int       `json:"max_events"`
	MaxBytes   int64     `json:"max_bytes"`
	Dropped    uint64    `json:"dropped"`
	OldestAt   time.Time `json:"oldest_at,omitzero"`
	AppendRate float64   `json:"appended_per_second"`
}

func wireQueue(q ops.Queue) queue {
	out := queue(q)
	out.OldestAt, out.AppendRate = q.OldestAt.UTC(), finite(q.AppendRate)
	return out
}

func (q queue) ops() ops.Queue { return ops.Queue(q) }
