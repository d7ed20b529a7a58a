package fleet

import (
	"slices"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Fill writes the fleet's part of a snapshot.
func (f *Fleet) Fill(snap *ops.Snapshot) {
	snap.Fleet = ops.Fleet{Total: f.cfg.Total, First: f.cfg.First, Last: f.cfg.Last, Placement: f.cfg.Placement}
	snap.Shards = make([]ops.Shard, len(f.shards))
	var latencies []time.Duration
	for i, s := range f.shards {
		sh := s.snapshot()
		snap.Shards[i] = sh
		snap.Fleet.ByState[sh.State]++
		snap.Fleet.Guilds += sh.Guilds
		snap.Fleet.Unavailable += sh.Unavailable
		snap.Fleet.Loading += sh.Loading
		snap.Traffic.Events += sh.Events
		snap.Traffic.Rate += sh.Rate
		if sh.Latency > 0 {
			latencies = append(latencies, sh.Latency)
		}
	}
	now := f.cfg.Clock.Now()
	for _, w := range f.workers {
		snap.Workers = append(snap.Workers, w.snapshot(snap.Shards, f.cfg.First, now))
	}
	share(snap.Workers)
	snap.Latency.P50, snap.Latency.P99, snap.Latency.Max = quantiles(latencies)
	f.typesMu.Lock()
	defer f.typesMu.Unlock()
	snap.Traffic.Types = slices.Clone(f.types)
	snap.Traffic.Guilds = f.hottest
}

// quantiles sorts latencies and picks from them.
func quantiles(l []time.Duration) (p50, p99, most time.Duration) {
	if len(l) == 0 {
		return 0, 0, 0
	}
	slices.Sort(l)
	return l[(len(l)-1)/2], l[(len(l)-1)*99/100], l[len(l)-1]
}

// Detail is what a snapshot leaves out about one shard.
func (f *Fleet) Detail(id int) (*ops.ShardDetail, error) {
	s := f.shard(id)
	if s == nil {
		return nil, ops.ErrNoShard
	}
	return s.detail(), nil
}

func (f *Fleet) shard(id int) *Shard {
	if id < f.cfg.First || id > f.cfg.Last {
		return nil
	}
	return f.shards[id-f.cfg.First]
}

// Totals are what the fleet has received since it was made.
type Totals struct {
	Events         uint64
	Wire, Inflated uint64        // bytes
	MedianLatency  time.Duration // of the last heartbeats; 0 if there are none
	P99Latency     time.Duration // likewise
}

// Totals are the sums as they are now.
func (f *Fleet) Totals() Totals {
	var t Totals
	for _, s := range f.shards {
		t.add(s)
	}
	return t
}

func (t *Totals) add(s *Shard) {
	t.Events += s.runner.Status().Counts.Events
	wire, inflated := s.runner.Received()
	t.Wire += wire
	t.Inflated += inflated
}

// Sample takes the second's measurements. One goroutine calls it, once a second.
func (f *Fleet) Sample() Totals {
	var t Totals
	now := f.cfg.Clock.Now()
	types := make(map[string]*ops.TypeCount)
	var latencies []time.Duration
	for _, s := range f.shards {
		s.sample(types)
		s.lookMissing(now, f.cfg.LoadTimeout)
		t.add(s)
		if latency := s.runner.Status().Latency; latency > 0 {
			latencies = append(latencies, latency)
		}
	}
	t.MedianLatency, t.P99Latency, _ = quantiles(latencies)
	for _, w := range f.workers {
		w.sample()
	}
	list := make([]ops.TypeCount, 0, len(types))
	for _, c := range types {
		list = append(list, *c)
	}
	list = greatest(list, 40)
	var hottest []ops.GuildCount
	rolled := f.hotRolled()
	if rolled {
		hottest = f.busiest()
	}
	f.typesMu.Lock()
	defer f.typesMu.Unlock()
	f.types = list
	if rolled {
		f.hottest = hottest
	}
	return t
}

// GuildCount is the number of guilds of one shard, for its presence.
func (f *Fleet) GuildCount(id int) int {
	s := f.shard(id)
	if s == nil {
		return 0
	}
	available, unavailable, loading := s.guilds.Counts()
	return available + unavailable + loading
}
