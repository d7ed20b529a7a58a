package fleet

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/journal"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/outbox"
	"github.com/gatehouse-gateway/gatehouse/engine/shard"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// Config is what a fleet is made of. All fields are required that do not say what
// nil means.
type Config struct {
	Total       int // shards of the bot, over all processes
	First, Last int // inclusive slice held here
	// Place is the worker of each shard, by its place in the slice; workers count
	// from 0 without holes.
	Place     []int
	Placement string // how that came about, for people

	// Admit decides at the queue's door about an event of the fleet's own: one that
	// it refuses is dealt with. It may change the event. It is called in order per
	// shard, and by several shards at a time; nil admits all.
	Admit func(ev *event.Event) bool
	// Frame is shown every message of a connection, which it must not keep; nil for
	// nobody.
	Frame func(shard int, msg []byte)
	// Beat is told of every heartbeat that Discord has acknowledged; nil for nobody.
	Beat func(shard int, latency time.Duration)
	// LoadTimeout is how long a shard that has identified waits for its guilds.
	LoadTimeout time.Duration
	// Loaded is told when a shard that has identified has all guilds that READY
	// announced, once the last of them is in the queue; or after LoadTimeout, with
	// those that are missing. It is not told while a tap takes the events. It may
	// wait for room in the queue if ctx is not done.
	Loaded func(ctx context.Context, shard int, session uint64, guilds int, missing []uint64)

	Log    func(worker int) *spool.Log // a worker's queue; workers count from 0
	Bounds spool.Bounds                // of all queues together

	MaxConcurrency int           // shards that may identify at a time
	Spacing        time.Duration // between those and the next
	Machine        shard.MachineConfig
	Dialer         shard.Dialer
	Pace           *Pacer
	Slots          shard.Slots
	Identify       func(shard, total int) ([]byte, error)
	Resume         func(shard int, session string, seq int64) ([]byte, error)
	Probe          func(guild uint64) []byte // a frame that Discord answers; nil for none
	// Answered finds out for whom a dispatch is that answers a command: the sink,
	// empty for all, and the message as it is to see it.
	Answered func(kind string, d, msg []byte) (to string, out []byte)
	// Began is told of every new session once its READY is in the queue. It must
	// not block.
	Began func(id int)
	// Changed is told of every change of a shard's state. It must not block or
	// call back into the fleet.
	Changed func(id int, from, to ops.ShardState, reason string)
	Clock   clock.Clock
	Logger  *slog.Logger
}

// Fleet is one complete set of shards.
type Fleet struct {
	cfg     Config
	shards  []*Shard
	workers []*Worker
	back    *back
	tap     atomic.Pointer[Tap]

	typesMu sync.Mutex
	types   []ops.TypeCount
	hottest []ops.GuildCount
}

// New places the shards on workers. Run brings them to life.
func New(cfg Config) *Fleet {
	f := &Fleet{cfg: cfg, back: newBack()}
	for i, w := range cfg.Place {
		for len(f.workers) <= w {
			f.workers = append(f.workers, newWorker(len(f.workers), cfg))
		}
		f.shards = append(f.shards, f.newShard(cfg.First+i, f.workers[w]))
	}
	return f
}

// Worker is the number of the worker whose queue the events of a shard go to. A
// shard that is not held here, as one of an earlier run may be, is given to one
// of those that there are.
func (f *Fleet) Worker(shard int) int {
	return f.shards[min(max(shard-f.cfg.First, 0), len(f.shards)-1)].worker.id
}

func (f *Fleet) newShard(id int, w *Worker) *Shard {
	s := newShard(id, f.cfg.Total, w)
	w.add(s)
	s.clock, s.tap, s.admit, s.beat, s.loaded = f.cfg.Clock, &f.tap, f.cfg.Admit, f.cfg.Beat, f.cfg.Loaded
	s.logger = f.cfg.Logger.With(journal.ShardKey, id)
	s.changed = func(s *Shard, from, to ops.ShardState, reason string) {
		s.logger.Log(context.Background(), levelOf(to), "shard "+to.String(), "reason", reason)
		f.back.follow(s, from, to)
		if tap := f.tap.Load(); tap != nil && (from == ops.ShardReady) != (to == ops.ShardReady) {
			(*tap).State(s.id, to == ops.ShardReady)
		}
		f.cfg.Changed(s.id, from, to, reason)
	}
	s.began, s.answered = f.cfg.Began, f.cfg.Answered
	var frames func(msg []byte)
	if f.cfg.Frame != nil {
		frames = func(msg []byte) { f.cfg.Frame(id, msg) }
	}
	s.runner = shard.NewRunner(shard.Config{
		ID:       id,
		Shards:   f.cfg.Total,
		Machine:  f.cfg.Machine,
		Dialer:   f.cfg.Dialer,
		Slots:    f.cfg.Slots,
		Handler:  s,
		Clock:    f.cfg.Clock,
		Logger:   s.logger,
		Identify: func() ([]byte, error) { return f.cfg.Identify(id, f.cfg.Total) },
		Resume:   func(session string, seq int64) ([]byte, error) { return f.cfg.Resume(id, session, seq) },
		Frame:    frames,
		Pace:     f.cfg.Pace.Wait,
		Probe: func() ([]byte, bool) {
			guild := s.guilds.Any()
			if guild == 0 {
				return nil, false
			}
			frame := f.cfg.Probe(guild)
			return frame, frame != nil
		},
	})
	return s
}

// levelOf is how loudly a state is logged: the steps on a shard's way up are
// for those who look closely.
func levelOf(to ops.ShardState) slog.Level {
	switch to {
	case ops.ShardFailed:
		return slog.LevelError
	case ops.ShardBackoff:
		return slog.LevelWarn
	case ops.ShardReady, ops.ShardStopped:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

// Slice is what the fleet holds: shards first to last of total.
func (f *Fleet) Slice() (first, last, total int) { return f.cfg.First, f.cfg.Last, f.cfg.Total }

// Send queues a command with a shard that is held here.
func (f *Fleet) Send(id int, it outbox.Item) { f.shard(id).runner.Send(it) }

// Stranger reports whether the bot is known not to be in a guild whose shard is
// held here: the shard has been told of all of its guilds, and this is none.
func (f *Fleet) Stranger(guild uint64) bool {
	s := f.shard(discord.ShardOf(guild, f.cfg.Total))
	return s != nil && s.runner.Status().State == ops.ShardReady && s.guilds.Lacks(guild)
}

// SetMainURL changes where shards identify from their next dial on.
func (f *Fleet) SetMainURL(url string) {
	for _, s := range f.shards {
		s.runner.SetMainURL(url)
	}
}

// greatest sorts by count and keeps the first n.
func greatest(types []ops.TypeCount, n int) []ops.TypeCount {
	slices.SortFunc(types, func(a, b ops.TypeCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Type, b.Type))
	})
	return types[:min(n, len(types))]
}
