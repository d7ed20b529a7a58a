package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/pipeline"
	"github.com/gatehouse-gateway/gatehouse/engine/reshard"
	"github.com/gatehouse-gateway/gatehouse/engine/session"
	"github.com/gatehouse-gateway/gatehouse/engine/shard"
)

// Times of the switch.
const (
	secureWithin   = 3 * time.Second        // for what is queued to reach the disk
	catchUpWithin  = 250 * time.Millisecond // for the next fleet to bring what has been forwarded; nothing is forwarded meanwhile
	tryAgainAfter  = 2 * time.Second
	commitWithin   = 1500 * time.Millisecond // for the sessions to be saved: a stop waits for it
	takeOverWithin = 3 * time.Second         // for what has to be done once it has begun
	holdWithin     = 500 * time.Millisecond
	answersWithin  = 5 * time.Second // for Discord's answers to commands that the old fleet has sent
)

// change has the next fleet take over, if it can at this moment.
//
// What has to hold at any crash: before the next fleet's sessions are saved, the
// old one's are, and nothing has been delivered that only the next fleet knows;
// after it, whatever the old fleet had brought is delivered or on disk.
func (r *resharding) change(ctx context.Context) {
	e := r.engine
	if why := r.unsafe(ctx); why != "" {
		r.putOff(why)
		return
	}
	start := e.cfg.Clock.Now()
	if err := r.hold(ctx); err != nil {
		r.putOff("an event waits for room in the queue, which is full")
		return
	}
	if !r.caughtUp(ctx) {
		r.merge.Release(ctx)
		r.putOff(fmt.Sprintf("the next fleet is behind: %d events that have been forwarded have not come from it", r.merge.Stats().Ahead))
		return
	}
	// From here on there is no way back, not even if the engine is to stop.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeOverWithin)
	defer cancel()
	standings, ok := r.merge.Cut(ctx, func() { r.announce(ctx, start) })
	if !ok {
		r.merge.Release(ctx)
		r.putOff("a shard of the next fleet has lost its session just now")
		return
	}
	r.enter(ops.ReshardSwitch)
	for _, s := range standings {
		r.next.fleet.Stand(s.Shard, s.Session, s.Seq, s.Open)
	}
	r.next.next.Store(false)
	r.old.next.Store(true)
	r.commit(ctx)
	e.queued().Promote(r.generation)
	for _, sink := range e.sinks.all() {
		sink.runner.Admit(r.generation)
	}
	e.adopt(r.next.fleet)
	r.gap = e.cfg.Clock.Now().Sub(start)
	r.retireAt = start.Add(answersWithin)
	r.enter(ops.ReshardRetire)
	r.waits = "the old fleet is closed once Discord has answered what it has asked"
}

// hold has the old fleet's events kept.
func (r *resharding) hold(ctx context.Context) error {
	soon, cancel := context.WithTimeout(ctx, holdWithin)
	defer cancel()
	return r.merge.Hold(soon)
}

// unsafe says why the switch would not survive a crash; empty if it would.
func (r *resharding) unsafe(ctx context.Context) string {
	e := r.engine
	if e.keeper.keeps() {
		if why := e.keeper.sessions.trouble(e.cfg.Clock.Now()); why != "" {
			return "the sessions cannot be saved: " + why
		}
	}
	soon, cancel := context.WithTimeout(ctx, secureWithin)
	defer cancel()
	if err := e.queued().Secure(soon); err != nil && !r.forced {
		return fmt.Sprintf("what is queued cannot be stored: %v", err)
	}
	return ""
}

// putOff has the switch tried again in a while.
func (r *resharding) putOff(why string) {
	r.waits, r.tryAt = why, r.engine.cfg.Clock.Now().Add(tryAgainAfter)
}

// caughtUp waits until the next fleet has brought all that has been forwarded. If
// it is forced it goes on without.
func (r *resharding) caughtUp(ctx context.Context) bool {
	timer := r.engine.cfg.Clock.NewTimer(catchUpWithin)
	defer timer.Stop()
	select {
	case <-r.merge.CaughtUp():
		return true
	case <-timer.C():
		return r.forced
	case <-ctx.Done():
		return false
	}
}

// announce makes the next fleet ready to lead: it is told of outages that it cannot
// know of, and the sinks get a notice before its first event.
func (r *resharding) announce(ctx context.Context, now time.Time) {
	r.led.Store(true)
	r.next.fleet.Out(r.old.fleet.Known().Unavailable)
	r.standing = r.engine.cfg.resharded(r.plan, r.begun, now)
	ev := notice(r.standing, r.plan.To)
	if err := r.next.fleet.StandIn(ctx, &ev); err != nil {
		r.logger.Error("the sinks are not told of the reshard: the queue is full", "error", err)
	}
}

// NoticeType is the type of the pseudo event that every sink gets once when the
// number of shards has changed.
const NoticeType = "GATEHOUSE_RESHARDED"

// noticeBody is its `d`.
type noticeBody struct {
	From  int    `json:"from"` // shards of the bot before
	To    int    `json:"to"`   // and now
	First int    `json:"first"`
	Last  int    `json:"last"` // slice held by this process, inclusive
	At    string `json:"at"`
}

// notice is that pseudo event. Its id is the same after a crash.
func notice(r *session.Resharded, total int) event.Event {
	d, _ := json.Marshal(noticeBody{r.From, total, r.First, r.Last, r.At.UTC().Format(time.RFC3339)})
	return event.Event{
		ID:      event.ID{Session: shard.Digest(fmt.Sprintf("reshard %d %d %d", r.From, total, r.Begun.UnixNano())), Seq: 1},
		ShardID: r.First, Shards: total, Type: NoticeType, Received: r.At,
		Data: fmt.Appendf(nil, `{"t":%q,"s":null,"op":0,"d":%s}`, NoticeType, d),
	}
}

// tellAgain has the sinks told of a reshard after which the last run was killed
// before they certainly had been.
func (e *Engine) tellAgain(fl *flight, p slice) {
	if p.resharded == nil || !p.resharded.Untold {
		return
	}
	ev := notice(p.resharded, p.total)
	// Only a full queue that blocks could keep it out, and nothing is read yet.
	_ = fl.fleet.StandIn(context.Background(), &ev)
}

// commit saves the next fleet's sessions in the place of the old one's. If that
// cannot be done now, the keeper goes on trying, and says so.
func (r *resharding) commit(ctx context.Context) {
	e := r.engine
	soon, cancel := context.WithTimeout(ctx, commitWithin)
	defer cancel()
	if err := e.queued().Secure(soon); err != nil {
		e.logger.Error("what the old fleet had brought is not on disk at the switch: a crash now would lose it", "error", err)
	}
	err := e.keeper.turn(soon, turn{
		fleet: r.next.fleet, identity: e.cfg.identity(r.plan.To), resharded: r.standing,
	})
	if err != nil {
		e.logger.Error("the next fleet's sessions are not saved yet: a crash now would have every shard identify anew", "error", err)
	}
}

// resharded is how a process comes to other shards than its configuration says.
func (c *Config) resharded(p *ops.ReshardPlan, begun, at time.Time) *session.Resharded {
	return &session.Resharded{
		First: p.First, Last: p.Last, From: p.From, Begun: begun, At: at, Untold: true,
		ConfiguredTotal: c.Shards.Total, ConfiguredFirst: c.Shards.First, ConfiguredLast: c.Shards.Last,
	}
}

// retire closes the old fleet, once nobody waits for an answer to what it has sent.
func (r *resharding) retire(ctx context.Context, now time.Time) {
	if r.closed() {
		return
	}
	if !r.secured {
		r.secured = true
		r.secure(ctx)
	}
	if r.engine.asks.Waiting() == 0 || !now.Before(r.retireAt) {
		r.waits = "the old fleet is being closed"
		r.old.land(false)
	}
}

// secure notes that the sinks have been told of the reshard, or will be. If that
// fails, the next start tells them again, under the same id.
func (r *resharding) secure(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, secureWithin)
	defer cancel()
	if r.engine.queued().Secure(ctx) != nil {
		return
	}
	told := *r.standing
	told.Untold = false
	_ = r.engine.keeper.turn(ctx, turn{fleet: r.next.fleet, identity: r.engine.cfg.identity(r.plan.To), resharded: &told})
}

// oldTap and newTap are the ways into the merge. What another process is to bring
// goes past it: it has no twin here.
type (
	oldTap struct{ *resharding }
	newTap struct{ *resharding }
)

func (t oldTap) Take(ctx context.Context, ev *event.Event, d []byte) bool {
	if t.next.fleet.ShardFor(ev.Guild) >= 0 {
		return t.merge.Old(ctx, ev, d)
	}
	if t.led.Load() {
		return false
	}
	return t.old.fleet.Append(ctx, ev)
}

// Floor is none for the next fleet.
func (t newTap) Floor(int) (event.ID, bool) { return event.ID{}, false }

func (t oldTap) Floor(shard int) (event.ID, bool) { return t.merge.Floor(shard) }

func (t oldTap) State(shard int, ready bool) { t.merge.OldState(shard, ready) }

func (t newTap) Take(ctx context.Context, ev *event.Event, d []byte) bool {
	return t.merge.New(ctx, ev, d)
}

func (t newTap) State(shard int, ready bool) { t.merge.NewState(shard, ready) }

// outlet is where the merge puts events.
type outlet struct{ *resharding }

func (o *outlet) Forward(ctx context.Context, ev *event.Event) bool {
	if !o.led.Load() {
		return o.old.fleet.Append(ctx, ev)
	}
	// An answer to what the old fleet has asked. Its session ends, and must not seem
	// to have come further than what was delivered of it.
	if err := o.old.fleet.StandIn(ctx, ev); err != nil {
		o.logger.Error("answer lost: the queue was full", "event", ev.ID.String(), "type", ev.Type)
	}
	return false
}

func (o *outlet) Skip(ev *event.Event) { o.next.fleet.Pass(ev) }

func (o *outlet) Pass(ev *event.Event) { o.old.fleet.Pass(ev) }

// Rescue puts the event in the place of the shard that should have brought it.
func (o *outlet) Rescue(ctx context.Context, ev *event.Event) {
	copied := *ev
	copied.ShardID, copied.Shards = o.old.fleet.ShardFor(ev.Guild), o.plan.From
	if copied.ShardID < 0 {
		return // of a guild that another process holds now
	}
	if err := o.old.fleet.Rescue(ctx, &copied); err != nil {
		o.logger.Error("event lost: the active fleet did not bring it, and the queue was full", "event", ev.ID.String(), "type", ev.Type)
	}
}

func (o *outlet) Lead(ctx context.Context, ev *event.Event) bool {
	return o.next.fleet.Append(ctx, ev)
}

func (o *outlet) Mine(guild uint64) bool { return o.old.fleet.ShardFor(guild) >= 0 }

func (o *outlet) Held(guild uint64) reshard.Holding {
	switch h := o.old.fleet.Holding(guild); {
	case h == pipeline.HoldsNot:
		return reshard.HoldsNot
	case !o.old.fleet.HasSession(guild):
		return reshard.HoldsStale
	case h == pipeline.HoldsUnavailable:
		return reshard.HoldsUnavailable
	default:
		return reshard.HoldsAvailable
	}
}
