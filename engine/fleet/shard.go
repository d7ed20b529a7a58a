package fleet

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/pipeline"
	"github.com/gatehouse-gateway/gatehouse/engine/shard"
	"github.com/gatehouse-gateway/gatehouse/engine/stats"
)

// How much of the past a shard keeps.
const (
	keptLatencies   = 60
	keptSeconds     = 120
	keptTransitions = 50
)

// Shard is a shard's runner with what the fleet knows of it.
type Shard struct {
	id, total int
	worker    *Worker
	runner    *shard.Runner
	guilds    pipeline.Guilds
	clock     clock.Clock
	logger    *slog.Logger
	tap       *atomic.Pointer[Tap] // of the fleet
	standing  atomic.Pointer[standing]
	inVain    bool            // its last dial came to nothing; under the runner's lock
	ctx       context.Context // of the fleet: ends waits for room in the queue
	changed   func(s *Shard, from, to ops.ShardState, reason string)
	began     func(id int)
	admit     func(ev *event.Event) bool
	beat      func(id int, latency time.Duration)
	loaded    func(ctx context.Context, id int, session uint64, guilds int, missing []uint64)
	load      loading
	answered  func(kind string, d, msg []byte) (to string, out []byte)

	mu        sync.Mutex
	types     map[string]*typeCount
	hot       stats.Hot        // guilds of the span under way
	hotFor    int              // seconds of it
	hottest   []stats.HotCount // of the last whole one
	meter     stats.Meter
	perSecond *stats.Ring
	latencies *stats.Ring // seconds
	history   []ops.Transition
}

// hotKept is how many busy guilds of a shard are told of.
const hotKept = 8

// typeCount counts one dispatch type.
type typeCount struct {
	count, bytes uint64
	meter        stats.Meter
}

var _ shard.Handler = (*Shard)(nil)

func newShard(id, total int, w *Worker) *Shard {
	return &Shard{
		id:        id,
		total:     total,
		worker:    w,
		tap:       new(atomic.Pointer[Tap]),
		types:     make(map[string]*typeCount),
		perSecond: stats.NewRing(keptSeconds),
		latencies: stats.NewRing(keptLatencies),
	}
}

// Started takes over the guilds of a new session.
func (s *Shard) Started(ready *discord.Ready) {
	s.guilds.Started(shard.Digest(ready.SessionID), ready.Guilds)
	s.load.begin(s.clock.Now())
}

// Dispatch is the way of an event from the shard to the worker's queue.
func (s *Shard) Dispatch(id event.ID, f *discord.Frame, msg []byte, now time.Time) bool {
	eventType := discord.InternType(f.Type)
	s.count(eventType, f.Guild, len(msg))
	to := ""
	switch {
	case eventType == "READY":
		msg = discord.MaskReady(msg)
	case discord.IsAnswer(eventType):
		to, msg = s.answered(eventType, f.Data, msg)
	}
	ev := event.Event{
		ID:       id,
		ShardID:  s.id,
		Shards:   s.total,
		Type:     eventType,
		Guild:    f.Guild,
		Kind:     s.guilds.Classify(eventType, f),
		Received: now,
		Data:     msg,
		To:       to,
	}
	waited := false
	switch tap := s.tap.Load(); {
	case s.standing.Load().passed(id):
		s.worker.log.Pass(id, s.id)
	case tap != nil:
		waited = (*tap).Take(s.ctx, &ev, f.Data)
	default:
		waited = s.append(s.ctx, &ev)
	}
	if s.load.awaits.Load() {
		s.lookLoaded(id.Session, now)
	}
	if eventType == "READY" {
		s.began(s.id)
	}
	return waited
}

func (s *Shard) count(eventType string, guild uint64, size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.types[eventType]
	if c == nil {
		c = &typeCount{}
		s.types[eventType] = c
	}
	c.count++
	c.bytes += uint64(size)
	if guild != 0 {
		s.hot.Add(guild, uint64(size))
	}
}

// Beat keeps a measured heartbeat latency.
func (s *Shard) Beat(latency time.Duration) {
	if s.beat != nil {
		s.beat(s.id, latency)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latencies.Push(latency.Seconds())
}

// StateChanged keeps a change of state and passes it on.
func (s *Shard) StateChanged(from, to ops.ShardState, reason string) {
	s.mu.Lock()
	s.remember(ops.Transition{At: s.clock.Now(), From: from, To: to, Reason: reason})
	s.mu.Unlock()
	s.changed(s, from, to, reason)
}

// remember adds to the history. Of a row of attempts that all fail the same way
// the first and the last are kept, or what led to them would be pushed out.
func (s *Shard) remember(t ops.Transition) {
	h, n := s.history, len(s.history)
	if n >= 5 && same(t, h[n-2]) && same(t, h[n-4]) && same(h[n-1], h[n-3]) && same(h[n-1], h[n-5]) {
		h[n-3], h[n-2] = h[n-1], t
		s.history = h[:n-1]
		return
	}
	if n == keptTransitions {
		s.history = append(s.history[:0], s.history[1:]...)
	}
	s.history = append(s.history, t)
}

// same reports whether two changes differ in nothing but their time.
func same(a, b ops.Transition) bool {
	return a.From == b.From && a.To == b.To && a.Reason == b.Reason
}

// snapshot is the shard's part of the operator's snapshot.
func (s *Shard) snapshot() ops.Shard {
	st := s.runner.Status()
	available, unavailable, loading := s.guilds.Counts()
	s.mu.Lock()
	rate := s.meter.Rate()
	s.mu.Unlock()
	return ops.Shard{
		ID:           s.id,
		Worker:       s.worker.id,
		State:        st.State,
		Since:        st.Since,
		Latency:      st.Latency,
		LastACK:      st.LastACK,
		Guilds:       available,
		Unavailable:  unavailable,
		Loading:      loading,
		Seq:          st.Seq,
		SessionSince: st.SessionSince,
		LoadedAt:     s.load.at(),
		Events:       st.Counts.Events,
		Rate:         rate,
		Identifies:   st.Counts.Identifies,
		Resumes:      st.Counts.Resumes,
		Reconnects:   st.Counts.Reconnects,
		RetryAt:      st.RetryAt,
		LastClose:    st.LastClose,
		Fault:        st.Fault,

		Replacing: st.Replacing,
		LastEvent: st.LastEvent,
		Quiet:     st.Quiet,
		ProbeAt:   st.ProbeAt,
		Probes:    st.Counts.Probes,
		Deaf:      st.Counts.Deaf,

		Outbox: st.Outbox,
		Sends:  st.Sends,
	}
}

// detail is what the snapshot leaves out.
func (s *Shard) detail() *ops.ShardDetail {
	d := &ops.ShardDetail{Shard: s.snapshot(), ResumeHost: s.runner.ResumeHost()}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seconds := range s.latencies.Samples() {
		d.Latencies = append(d.Latencies, time.Duration(seconds*float64(time.Second)))
	}
	d.EventPerSecond = s.perSecond.Samples()
	d.History = append(d.History, s.history...)
	for name, c := range s.types {
		d.Types = append(d.Types, ops.TypeCount{Type: name, Count: c.count, Bytes: c.bytes, Rate: c.meter.Rate()})
	}
	d.Types = greatest(d.Types, 20)
	return d
}

// sample takes the second's measurements and adds the shard's counts to totals.
func (s *Shard) sample(totals map[string]*ops.TypeCount) {
	events := s.runner.Status().Counts.Events
	s.mu.Lock()
	defer s.mu.Unlock()
	s.perSecond.Push(s.meter.Sample(events))
	s.rollHot()
	for name, c := range s.types {
		c.meter.Sample(c.count)
		t := totals[name]
		if t == nil {
			t = &ops.TypeCount{Type: name}
			totals[name] = t
		}
		t.Count += c.count
		t.Bytes += c.bytes
		t.Rate += c.meter.Rate()
	}
}
