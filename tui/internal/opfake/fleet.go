package opfake

import (
	"math"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// hash is a fixed pseudo-random number in [0, 1) for a pair of numbers.
func hash(a, b int) float64 {
	x := uint64(a)*0x9e3779b97f4a7c15 + uint64(b)*0xbf58476d1ce4e5b9
	x ^= x >> 31
	x *= 0x94d049bb133111eb
	x ^= x >> 29
	return float64(x>>11) / float64(1<<53)
}

// calm reports whether the usual troubles are left out.
func (o *Operator) calm() bool { return o.Calm || o.Scene != "" }

// state puts the troubles in their places.
func (o *Operator) state(id int, second int) ops.ShardState {
	if o.calm() {
		return ops.ShardReady
	}
	switch {
	case id == 7:
		return ops.ShardFailed
	case id == 12:
		return ops.ShardBackoff
	case id == 13:
		return ops.ShardResuming
	case id == 20:
		return ops.ShardStopped
	case id == 29:
		return ops.ShardIdentifying
	case id >= 30 && id < 32:
		return ops.ShardQueued
	case id > 64 && hash(id, second/7) < 0.004:
		return ops.ShardResuming
	case id > 64 && hash(id, 1+second/11) < 0.001:
		return ops.ShardBackoff
	default:
		return ops.ShardReady
	}
}

func (o *Operator) shard(id int, now time.Time) ops.Shard {
	second := int(now.Unix())
	age := now.Sub(o.start)
	state := o.state(id, second)
	s := ops.Shard{
		ID: id, Worker: id / 25, State: state, Since: o.start.Add(time.Duration(id%60) * time.Second),
		Latency: time.Duration(35+40*hash(id, second/5)) * time.Millisecond, LastACK: now.Add(-12 * time.Second),
		LastEvent: now.Add(-400 * time.Millisecond), Quiet: 5 * time.Minute, Sends: 2,
		Guilds: 900 + int(hash(id, 1)*700), SessionSince: o.start, Identifies: 1,
		Rate: 20 + 15*math.Sin(float64(second+id)/9) + 10*hash(id, second),
	}
	if o.began != o.Shards { // after a reshard each has its part of the whole
		part := float64(o.began) / float64(o.Shards)
		s.Guilds, s.Rate, age = int(float64(s.Guilds)*part), s.Rate*part, time.Duration(float64(age)*part)
	}
	s.Events = uint64(age.Seconds() * 25)
	s.Seq = int64(s.Events) + 40
	if id%17 == 3 {
		s.Latency *= 6
		s.Reconnects, s.Resumes = 3, 3
		s.LastClose = ops.Close{At: now.Add(-42 * time.Minute), Code: 4000, Meaning: "unknown error: reconnect and resume"}
	}
	if state != ops.ShardReady {
		o.trouble(&s, now)
	}
	return s
}

func (o *Operator) trouble(s *ops.Shard, now time.Time) {
	s.Since = now.Add(-95 * time.Second)
	s.Rate, s.Sends, s.LastEvent = 0, 0, s.Since
	switch s.State {
	case ops.ShardFailed:
		s.Latency, s.SessionSince, s.Seq, s.Guilds = 0, time.Time{}, 0, 0
		s.LastACK = time.Time{}
		s.LastClose = ops.Close{At: s.Since, Code: 4014, Meaning: "disallowed intents"}
		s.Fault = "Discord refuses the intents: enable GUILD_MEMBERS in the developer portal or take it out of discord.intents"
	case ops.ShardBackoff:
		s.Latency, s.LastACK, s.RetryAt, s.Reconnects = 0, s.Since, now.Add(4*time.Second), 5
		s.LastClose = ops.Close{At: s.Since, Meaning: "connection reset by peer"}
	case ops.ShardStopped:
		s.Latency, s.SessionSince, s.Seq = 0, time.Time{}, 0
		s.LastClose = ops.Close{At: s.Since, Code: 4900, ByUs: true, Meaning: "stopped by an operator"}
	case ops.ShardIdentifying, ops.ShardQueued:
		s.Latency, s.SessionSince, s.Seq, s.Guilds = 0, time.Time{}, 0, 0
		s.LastACK, s.LastEvent = time.Time{}, time.Time{}
	}
}

func (o *Operator) snapshot(now time.Time) *ops.Snapshot {
	s := &ops.Snapshot{
		At: now, StartedAt: o.start, Name: "prod", Version: "v1.2.0", Phase: ops.PhaseRunning,
		Shards: make([]ops.Shard, o.Shards),
	}
	s.Fleet = ops.Fleet{Total: o.total(), Last: o.Shards - 1, Compress: "zlib-stream"}
	for id := range s.Shards {
		s.Shards[id] = o.shard(id, now)
		sh := &s.Shards[id]
		s.Fleet.ByState[sh.State]++
		s.Fleet.Guilds += sh.Guilds
		s.Traffic.Rate += sh.Rate
		s.Traffic.Events += sh.Events
	}
	for first := 0; first < o.Shards; first += 25 {
		w := ops.Worker{ID: len(s.Workers)}
		for id := first; id < min(first+25, o.Shards); id++ {
			w.Shards = append(w.Shards, id)
		}
		w.Queue.Depth = int(hash(first, int(now.Unix())) * 9)
		w.Queue.Bytes = int64(w.Queue.Depth) * eventSize
		w.Queue.Memory = w.Queue.Bytes
		s.Workers = append(s.Workers, w)
	}
	s.Traffic.Bytes = s.Traffic.Events * eventSize
	s.Traffic.WireBytes, s.Traffic.ByteRate = s.Traffic.Bytes/6, s.Traffic.Rate*eventSize
	s.Commands = ops.Commands{Sent: 1240, Refused: 3}
	o.figures(s, now)
	o.sinks(s, now)
	if !o.calm() {
		o.alerts(s, now)
	}
	o.figureWorkers(s)
	filtered(s)
	if o.Scene != "" {
		o.play(s, now)
	}
	o.reshard(s, now)
	s.LastLog = o.lastLog(now)
	s.Actions = o.actions(now)
	s.LogLevel = o.level
	o.stamp(s)
	return s
}

func (o *Operator) figures(s *ops.Snapshot, now time.Time) {
	s.Identify = ops.Identify{
		Known: true, Total: 1000, Remaining: 988, ResetAt: now.Add(21*time.Hour + 40*time.Minute),
		MaxConcurrency: 16, Spacing: 5 * time.Second, Reserve: 100, Sent: 12,
		ToldAt: now.Add(-12 * time.Minute), LastHour: 4,
	}
	if !o.calm() {
		s.Identify.Waiting, s.Identify.NextAt = 2, now.Add(3*time.Second)
		s.Identify.Buckets = []ops.Bucket{{Key: 14, Waiting: 1, OpenAt: now.Add(3 * time.Second)}, {Key: 15, Waiting: 1, OpenAt: now.Add(4 * time.Second)}}
	}
	s.Latency = ops.Latency{P50: 41 * time.Millisecond, P99: 263 * time.Millisecond, Max: 402 * time.Millisecond}
	for i := range 300 {
		second := int(now.Unix()) - 300 + i
		wave := math.Sin(float64(second)/40) + 0.4*math.Sin(float64(second)/7)
		s.Traffic.PerSecond = append(s.Traffic.PerSecond, float64(o.began)*(22+9*wave+4*hash(second, 2)))
		s.Traffic.DepthPerSecond = append(s.Traffic.DepthPerSecond, o.depth(i))
		s.Traffic.LagPerSecond = append(s.Traffic.LagPerSecond, 0.1)
		s.Latency.PerSecond = append(s.Latency.PerSecond, 41+6*hash(second, 4)+8*math.Sin(float64(second)/60))
	}
	s.Traffic.Depth = int(s.Traffic.DepthPerSecond[299])
	s.Traffic.Lag = time.Duration(s.Traffic.Depth) * time.Millisecond
}

// depth is the queue's depth in one of the last 300 seconds: with troubles, it
// has grown for three minutes.
func (o *Operator) depth(second int) float64 {
	if o.calm() {
		return 3 * hash(second, 3)
	}
	return 4213 * math.Max(0, float64(second-116)) / 183
}

func (o *Operator) sinks(s *ops.Snapshot, now time.Time) {
	s.Sinks = []ops.Sink{{
		Name: "bot", Kind: "http", Target: "http://127.0.0.1:8080/discord", State: ops.SinkOK, Since: o.start,
		Depth: int(3 * hash(int(now.Unix()), 3)), Lag: 4 * time.Millisecond, InFlight: 2, Delivered: s.Traffic.Events, Rate: s.Traffic.Rate,
		Retries: 14, P50: 3 * time.Millisecond, P99: 21 * time.Millisecond,
	}}
	s.Store = store(0)
	if o.calm() {
		return
	}
	s.Store = store(4213)
	share(s, 4213)
	s.Traffic.Depth, s.Traffic.Lag = 4213, 183*time.Second
	s.Sinks = append(s.Sinks, ops.Sink{
		Name: "audit", Kind: "http", Target: "http://10.0.0.9/audit", State: ops.SinkRetrying, Since: now.Add(-3 * time.Minute),
		Depth: 4213, Lag: 183 * time.Second, Retries: 41, Dropped: 3, Drain: -23,
		LastError: "connect: connection refused", LastErrorAt: now.Add(-2 * time.Second), NextTry: now.Add(8 * time.Second),
	})
}

func (o *Operator) alerts(s *ops.Snapshot, now time.Time) {
	if o.Shards > 7 {
		s.Alerts = append(s.Alerts, ops.Alert{ID: "shard/7/failed", Level: ops.AlertCritical, Since: now.Add(-95 * time.Second), Shard: 7,
			Text: "shard 7 failed: disallowed intents (4014). Enable GUILD_MEMBERS or take it out of discord.intents"})
	}
	s.Alerts = append(s.Alerts, ops.Alert{ID: "sink/audit/retrying", Level: ops.AlertWarn, Since: now.Add(-3 * time.Minute), Shard: -1, Sink: "audit",
		Text: "sink audit refuses connections, 4.2k events wait: is the bot running at http://10.0.0.9/audit?"})
}
