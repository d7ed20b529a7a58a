package fleet

import (
	"context"
	"errors"
	"slices"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/pipeline"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// Tap takes the dispatches of a fleet in the place of its queues, as while two
// fleets bring the same events.
type Tap interface {
	// Take has an event and its `d`, both valid during the call, in order per
	// shard. It reports whether it had to wait for room in a queue.
	Take(ctx context.Context, ev *event.Event, d []byte) (waited bool)
	// State is told when a shard becomes ready, and when it no longer is. It must
	// not block or call back into the fleet.
	State(shard int, ready bool)
	// Floor is the first event of a shard's session that was taken and is neither in
	// a queue nor dealt with; false if there is none. It must not block.
	Floor(shard int) (event.ID, bool)
}

// Divert has a tap take what comes from now on; nil lets it go into the queues
// again.
func (f *Fleet) Divert(t Tap) {
	if t == nil {
		f.tap.Store(nil)
		return
	}
	f.tap.Store(&t)
}

// floor is the first event of a shard that a tap has not let through; zero if there
// is none.
func (f *Fleet) floor(shard int) (first event.ID) {
	if tap := f.tap.Load(); tap != nil {
		first, _ = (*tap).Floor(shard)
	}
	return first
}

// below lowers a shard's progress to before an event, if that is of its session.
func below(p spool.Progress, first event.ID) spool.Progress {
	if first.Seq > 0 && first.Session == p.Session && first.Seq <= p.Seq {
		p.Seq = first.Seq - 1
	}
	return p
}

// Append puts an event of the fleet's own into its worker's queue and reports
// whether it had to wait for room.
func (f *Fleet) Append(ctx context.Context, ev *event.Event) (waited bool) {
	return f.shard(ev.ShardID).append(ctx, ev)
}

// append puts an event into the worker's queue, if it is let in.
func (s *Shard) append(ctx context.Context, ev *event.Event) (waited bool) {
	if s.admit != nil && !s.admit(ev) {
		s.worker.log.Pass(ev.ID, s.id)
		return false
	}
	waited, err := s.worker.log.Append(ctx, ev)
	if err != nil && !errors.Is(err, spool.ErrGap) { // those behind it come again with it
		s.logger.Warn("event not queued: stopped while the queue was full; it comes again if the session is resumed",
			"event", ev.ID.String(), "type", ev.Type)
	}
	return waited
}

// Pass notes that an event of the fleet's own is dealt with though no queue has it.
func (f *Fleet) Pass(ev *event.Event) { f.shard(ev.ShardID).worker.log.Pass(ev.ID, ev.ShardID) }

// StandIn puts an event of another fleet's session into the queue of the shard
// whose event it would have been. It fails if ctx ends while the queue is full.
func (f *Fleet) StandIn(ctx context.Context, ev *event.Event) error {
	return f.shard(ev.ShardID).worker.log.AppendForeign(ctx, ev)
}

// Tell puts an event of ours into a shard's queue, in its order. It fails if ctx ends
// while the queue is full. A crash before it is delivered, or has waited so long that
// it is stored, takes it along.
func (f *Fleet) Tell(ctx context.Context, ev *event.Event) error {
	return f.shard(ev.ShardID).worker.log.AppendNotice(ctx, ev)
}

// Rescue is [Fleet.StandIn] for an event of Discord's that is to be let in first.
func (f *Fleet) Rescue(ctx context.Context, ev *event.Event) error {
	if s := f.shard(ev.ShardID); s.admit != nil && !s.admit(ev) {
		return nil
	}
	return f.StandIn(ctx, ev)
}

// Stand tells where a shard's session stands whose first events another fleet has
// brought: through is its last one so far, and of those up to it only the ones in
// open, ascending, are in the queue.
func (f *Fleet) Stand(id int, session uint64, through int64, open []int64) {
	s := f.shard(id)
	s.worker.log.Pass(event.ID{Session: session, Seq: through}, id)
	if len(open) > 0 {
		s.standing.Store(&standing{session, through, open})
	}
}

// standing is what [Fleet.Stand] tells.
type standing struct {
	session uint64
	through int64
	open    []int64
}

// passed reports whether an event need not be queued: a reshard before the last
// stop has seen to it.
func (s *standing) passed(id event.ID) bool {
	if s == nil || id.Session != s.session || id.Seq > s.through {
		return false
	}
	_, open := slices.BinarySearch(s.open, id.Seq)
	return !open
}

// Holding is what is known of a guild, as far as its shard is held here.
func (f *Fleet) Holding(guild uint64) pipeline.Holding {
	s := f.shard(discord.ShardOf(guild, f.cfg.Total))
	if s == nil {
		return pipeline.HoldsNot
	}
	return s.guilds.Holding(guild)
}

// HasSession reports whether a guild's shard, which must be held here, has a
// session.
func (f *Fleet) HasSession(guild uint64) bool {
	return f.shard(discord.ShardOf(guild, f.cfg.Total)).runner.Session().ID != ""
}

// ShardFor is the shard held here that gets a guild's events, or -1. Events of no
// guild are shard 0's.
func (f *Fleet) ShardFor(guild uint64) int {
	id := 0
	if guild != 0 {
		id = discord.ShardOf(guild, f.cfg.Total)
	}
	if f.shard(id) == nil {
		return -1
	}
	return id
}

// States counts the shards by state.
func (f *Fleet) States() (n [ops.ShardFailed + 1]int) {
	for _, s := range f.shards {
		n[s.runner.Status().State]++
	}
	return n
}

// Out tells the shards of outages that began before their sessions did.
func (f *Fleet) Out(guilds []uint64) {
	byShard := make(map[int][]uint64)
	for _, g := range guilds {
		id := discord.ShardOf(g, f.cfg.Total)
		byShard[id] = append(byShard[id], g)
	}
	for id, ids := range byShard {
		if s := f.shard(id); s != nil {
			s.guilds.Out(ids)
		}
	}
}

// Known are the guilds of all shards by what is known of them.
func (f *Fleet) Known() (all pipeline.Known) {
	for _, s := range f.shards {
		k := s.guilds.Known()
		all.Available = append(all.Available, k.Available...)
		all.Unavailable = append(all.Unavailable, k.Unavailable...)
		all.Loading = append(all.Loading, k.Loading...)
	}
	return all
}

// Settled reports whether all shards are ready and no guilds are being loaded.
func (f *Fleet) Settled() bool {
	for _, s := range f.shards {
		if _, _, loading := s.guilds.Counts(); loading > 0 || s.runner.Status().State != ops.ShardReady {
			return false
		}
	}
	return true
}

// Refused reports whether Discord has closed a shard for good because it would hold
// too many guilds (4011).
func (f *Fleet) Refused() bool {
	for _, s := range f.shards {
		if st := s.runner.Status(); st.State == ops.ShardFailed && st.LastClose.Code == discord.CloseShardingRequired {
			return true
		}
	}
	return false
}
