package engine

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/fleet"
	"github.com/gatehouse-gateway/gatehouse/engine/identify"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/shard"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// flight is a fleet from its making to its end. There is one, but while the bot is
// resharded, when the next one flies beside it.
type flight struct {
	engine *Engine
	fleet  *fleet.Fleet
	logger *slog.Logger
	// next says that another fleet is the active one: it comes first where only one
	// can, and this one's changes are nobody's concern yet.
	next     atomic.Bool
	keep     atomic.Bool // its sessions are to outlive it
	gate     gate        // shut while no shard of it may begin to wait for an identify
	expected []int       // guilds by place in the slice, before they have been told; may be nil
	failed   atomic.Pointer[string]
	sent     atomic.Int64 // identifies

	cancel context.CancelFunc
	ended  chan struct{}
}

// newFlight makes a fleet. logs gives each worker its queue.
func (e *Engine) newFlight(info discord.GatewayBot, p slice, logs func(worker int) *spool.Log, logger *slog.Logger) *flight {
	fl := &flight{engine: e, logger: logger, ended: make(chan struct{})}
	fl.fleet = fleet.New(fleet.Config{
		Total:          p.total,
		First:          p.first,
		Last:           p.last,
		Place:          p.place,
		Placement:      e.cfg.Shards.placement(p),
		Log:            logs,
		Bounds:         e.cfg.bounds(),
		MaxConcurrency: info.Limit.MaxConcurrency,
		Spacing:        e.cfg.Identify.Spacing,
		Machine:        e.machineConfig(info.URL),
		Dialer:         e.cfg.Dialer,
		Pace:           e.pacer,
		Probe:          e.probeFrame,
		Answered:       e.answered,
		Slots:          slots{fl},
		Identify:       fl.identifyFrame,
		Beat:           e.hooks.beat(),
		Frame:          e.hooks.frames(),
		Resume: func(id int, session string, seq int64) ([]byte, error) {
			e.hooks.resuming(id, seq)
			return discord.AppendResume(nil, e.cfg.Token, session, seq)
		},
		Admit:       e.admit,
		LoadTimeout: e.cfg.Shards.LoadTimeout,
		Loaded:      fl.shardLoaded,
		Began:       func(int) { e.keeper.hasten() },
		Changed:     fl.shardChanged,
		Clock:       e.cfg.Clock,
		Logger:      logger,
	})
	return fl
}

// launch has the fleet run, until base ends or land is called.
func (fl *flight) launch(base context.Context, wg *sync.WaitGroup) {
	ctx, cancel := context.WithCancel(base)
	fl.cancel = cancel
	wg.Go(func() {
		defer close(fl.ended)
		fl.fleet.Run(ctx, fl.keep.Load)
	})
}

// land closes the fleet, so that its sessions end or can be resumed.
func (fl *flight) land(keep bool) {
	fl.keep.Store(keep)
	fl.cancel()
}

// shardChanged follows every change of a shard's state. The shard's lock is held.
func (fl *flight) shardChanged(id int, from, to ops.ShardState, reason string) {
	if !fl.next.Load() {
		fl.engine.shardChanged(fl, id, from, to, reason)
		return
	}
	switch {
	case to == ops.ShardReady && from == ops.ShardIdentifying:
		fl.engine.noteIdentified()
	case to == ops.ShardFailed:
		fl.failed.CompareAndSwap(nil, &reason)
	}
}

// identifyFrame is a shard's op 2.
func (fl *flight) identifyFrame(id, total int) ([]byte, error) {
	e := fl.engine
	first, _, _ := fl.fleet.Slice()
	guilds := fl.fleet.GuildCount(id)
	if guilds == 0 && fl.expected != nil {
		guilds = fl.expected[id-first]
	}
	template, show := e.presence.of(id, guilds)
	frame, err := e.cfg.identify(template, id, total, guilds)
	if err == nil {
		frame, err = e.hooks.identifying(id, total, frame)
	}
	if err == nil {
		e.presence.tell(fl.fleet, id, show)
	}
	return frame, err
}

// slots lets a fleet's shards wait in the bot's one identify queue, and tells of
// every identify that was sent.
type slots struct{ fl *flight }

func (s slots) Acquire(ctx context.Context, id int, force bool) (shard.Slot, error) {
	_, _, total := s.fl.fleet.Slice()
	if err := s.fl.engine.hooks.mayIdentify(ctx, Identifying{Shard: id, Shards: total, Worker: s.fl.fleet.Worker(id)}); err != nil {
		return nil, err
	}
	for {
		through, cancel, err := s.fl.gate.wait(ctx)
		if err != nil {
			return nil, err
		}
		slot, err := s.fl.engine.queue.Acquire(through, id, identify.Options{Force: force, Total: total, Spare: s.fl.next.Load()})
		shut := through.Err() != nil
		cancel()
		switch {
		case ctx.Err() == nil && shut && err == nil:
			slot.Release()
		case ctx.Err() == nil && shut:
		case err != nil:
			return nil, err
		default:
			return toldSlot{slot, s.fl}, nil
		}
	}
}

// toldSlot tells when its identify has been sent.
type toldSlot struct {
	shard.Slot
	fl *flight
}

func (s toldSlot) Sent() {
	s.Slot.Sent()
	s.fl.sent.Add(1)
	s.fl.engine.keeper.hasten()
}

// gate can be shut. Its zero value is open.
type gate struct {
	mu   sync.Mutex
	shut chan struct{} // closed when it opens; nil while it is open
	ends context.CancelFunc
	ctx  context.Context // ends when it is shut; nil while nobody has asked, or it is shut
}

// close shuts the gate.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		return
	}
	g.shut = make(chan struct{})
	if g.ends != nil {
		g.ends()
		g.ends, g.ctx = nil, nil
	}
}

// open lets everybody through.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		close(g.shut)
		g.shut = nil
	}
}

// wait returns when the gate is open, with a context that ends when it is shut
// again or ctx ends; or with ctx's error.
func (g *gate) wait(ctx context.Context) (context.Context, context.CancelFunc, error) {
	for {
		g.mu.Lock()
		shut := g.shut
		if shut == nil {
			defer g.mu.Unlock()
			if g.ctx == nil {
				g.ctx, g.ends = context.WithCancel(context.Background())
			}
			through, cancel := context.WithCancel(ctx)
			stop := context.AfterFunc(g.ctx, cancel)
			return through, func() { stop(); cancel() }, nil
		}
		g.mu.Unlock()
		select {
		case <-shut:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}
