package control

import "github.com/gatehouse-gateway/gatehouse/engine/ops"

type traffic struct {
	Events    uint64  `json:"events"`
	Bytes     uint64  `json:"bytes"`
	WireBytes uint64  `json:"wire_bytes"`
	Rate      float64 `json:"events_per_second"`
	ByteRate  float64 `json:"bytes_per_second"`
	Delivered float64 `json:"delivered_per_second"`
	Depth     int     `json:"depth"`
	Lag       float64 `json:"lag_ms"`

	// Samples of each of the last seconds, oldest first.
	PerSecond      []float64   `json:"event_samples"`
	DepthPerSecond []float64   `json:"depth_samples"`
	LagPerSecond   []float64   `json:"lag_samples"` // seconds
	Types          []typeCount `json:"types"`       // greatest first

	Guilds []guildCount `json:"guilds"` // the busiest of the last whole span, greatest first
}

// guildCount is an ops.GuildCount.
type guildCount struct {
	Guild uint64 `json:"guild,string"`
	Shard int    `json:"shard"`
	Count uint64 `json:"count"` // at least, in 30 s
	Bytes uint64 `json:"bytes"`
}

func wireGuildCount(g ops.GuildCount) guildCount { return guildCount(g) }

func (g guildCount) ops() ops.GuildCount { return ops.GuildCount(g) }

func wireTraffic(t ops.Traffic) traffic {
	return traffic{
		Events: t.Events, Bytes: t.Bytes, WireBytes: t.WireBytes, Rate: finite(t.Rate), ByteRate: finite(t.ByteRate),
		Delivered: finite(t.Delivered), Depth: t.Depth, Lag: millis(t.Lag),
		PerSecond: each(t.PerSecond, finite), DepthPerSecond: each(t.DepthPerSecond, finite),
		LagPerSecond: each(t.LagPerSecond, finite), Types: each(t.Types, wireType), Guilds: each(t.Guilds, wireGuildCount),
	}
}

func (t traffic) ops() ops.Traffic {
	return ops.Traffic{
		Events: t.Events, Bytes: t.Bytes, WireBytes: t.WireBytes, Rate: t.Rate, ByteRate: t.ByteRate,
		Delivered: t.Delivered, Depth: t.Depth, Lag: ofMillis(t.Lag),
		PerSecond: some(t.PerSecond, finite), DepthPerSecond: some(t.DepthPerSecond, finite),
		LagPerSecond: some(t.LagPerSecond, finite), Types: some(t.Types, typeCount.ops), Guilds: some(t.Guilds, guildCount.ops),
	}
}

type typeCount struct {
	Type  string  `json:"type"`
	Count uint64  `json:"count"`
	Bytes uint64  `json:"bytes"`
	Rate  float64 `json:"events_per_second"`
}

func wireType(t ops.TypeCount) typeCount {
	out := typeCount(t)
	out.Rate = finite(t.Rate)
	return out
}

func (t typeCount) ops() ops.TypeCount { return ops.TypeCount(t) }

type latency struct {
	P50       float64   `json:"p50_ms"`
	P99       float64   `json:"p99_ms"`
	Max       float64   `json:"max_ms"`
	PerSecond []float64 `json:"p50_samples"` // ms, oldest first
}

func wireLatency(l ops.Latency) latency {
	return latency{P50: millis(l.P50), P99: millis(l.P99), Max: millis(l.Max), PerSecond: each(l.PerSecond, finite)}
}

func (l latency) ops() ops.Latency {
	return ops.Latency{P50: ofMillis(l.P50), P99: ofMillis(l.P99), Max: ofMillis(l.Max), PerSecond: some(l.PerSecond, finite)}
}
