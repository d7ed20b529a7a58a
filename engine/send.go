package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/asks"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/fleet"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/outbox"
)

// How long commands may wait.
const (
	sendWithin   = 30 * time.Second // to be written, for those who do not say
	showWithin   = 10 * time.Minute // a presence, of which the latest waits alone
	answerWithin = 30 * time.Second // for Discord's answers, likewise
)

// Send has a gateway command sent to Discord.
func (e *Engine) Send(ctx context.Context, s ops.Send) (ops.Sent, error) {
	p, err := e.post(ctx, s)
	if err != nil {
		e.logger.Warn("command not sent", "op", s.Op, "by", orSomebody(s.By), "reason", err)
		return ops.Sent{}, err
	}
	defer p.ask.Drop()
	select {
	case <-p.written:
	case <-ctx.Done():
		return p.sent(), ctx.Err()
	}
	sent, err := p.sent(), p.failure()
	if err != nil {
		e.logger.Warn("command not sent", "op", s.Op, "by", orSomebody(s.By), "reason", err)
		return sent, err
	}
	e.logger.Info("command sent", "op", s.Op, "by", orSomebody(s.By), "shards", len(sent.Shards))
	if s.Answers {
		waiting, cancel := e.patience(ctx, answerWithin)
		defer cancel()
		sent.Answers, err = p.ask.Wait(waiting)
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			err = &ops.SendError{Op: s.Op, Sent: sent.Shards,
				Reason: fmt.Sprintf("it was sent, but Discord has not answered in full within %s; check that the bot is in the guild", answerWithin)}
		}
	}
	return sent, err
}

// patience ends a wait for somebody who has not said how long it may take.
func (e *Engine) patience(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if _, bounded := ctx.Deadline(); bounded {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, d)
}

func orSomebody(by string) string {
	if by == "" {
		return "somebody"
	}
	return by
}

// posted is a command on its way through the shards.
type posted struct {
	op      int
	ask     *asks.Ask
	written chan struct{} // closed when every shard has written it, or given it up

	mu     sync.Mutex
	left   int
	shards []int
	at     time.Time
	err    error // the first
	after  func(error)
}

func (p *posted) sent() ops.Sent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return ops.Sent{Shards: slices.Clone(p.shards), At: p.at}
}

func (p *posted) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		return nil
	}
	return &ops.SendError{Op: p.op, Reason: p.err.Error(), Sent: slices.Clone(p.shards)}
}

// whenDone has f called once all is over, perhaps at once, with a shard's lock
// held.
func (p *posted) whenDone(f func(error)) {
	p.mu.Lock()
	over := p.left == 0
	if !over {
		p.after = f
	}
	p.mu.Unlock()
	if over {
		f(p.failure())
	}
}

// done books what has become of one shard's part. A shard's lock is held.
func (p *posted) done(shard int, guilds []uint64, at time.Time, err error) {
	last, after := p.book(shard, guilds, at, err)
	if !last {
		return
	}
	if after != nil {
		after(p.failure())
	}
	close(p.written)
}

func (p *posted) book(shard int, guilds []uint64, at time.Time, err error) (last bool, after func(error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.shards, p.at = append(p.shards, shard), at
		slices.Sort(p.shards)
		p.ask.Sent(at)
	} else {
		if p.err == nil {
			p.err = fmt.Errorf("shard %d: %w", shard, err)
		}
		p.ask.Unsent(guilds...)
	}
	p.left--
	return p.left == 0, p.after
}

// part is what one shard is to write.
type part struct {
	shard  int
	frame  []byte
	guilds []uint64
	held   int // guilds of the shard, as they may stand in the frame
}

// post checks a command and queues it with the shards that it concerns.
func (e *Engine) post(ctx context.Context, s ops.Send) (*posted, error) {
	refuse := func(format string, args ...any) (*posted, error) {
		e.sends.refused.Add(1)
		return nil, &ops.SendError{Op: s.Op, Reason: fmt.Sprintf(format, args...)}
	}
	f := e.current()
	phase := ops.EnginePhase(e.phase.Load())
	switch {
	case f == nil || phase >= ops.PhaseDraining:
		return refuse("the engine is %s", phase)
	case s.Sink != "" && !slices.ContainsFunc(e.sinks, func(k *sink) bool { return k.cfg.Name == s.Sink }):
		return refuse("there is no sink named %q", s.Sink)
	}
	cmd, err := discord.ParseCommand(discord.Opcode(s.Op), s.Data)
	if err != nil {
		return refuse("%v", err)
	}
	shards, err := e.concerned(f, cmd, s.Shards)
	if err != nil {
		return refuse("%v", err)
	}
	ask, err := e.asks.Open(asks.Request{Command: cmd, Sink: s.Sink, Keep: s.Answers})
	if err != nil {
		e.sends.refused.Add(1)
		return nil, err
	}
	parts, err := e.parts(f, cmd, shards, ask.Nonce())
	if err != nil {
		ask.Unsent()
		return refuse("%v", err)
	}
	if cmd.Op == discord.OpPresenceUpdate {
		e.presence.set(s.Data, s.Shards)
	}
	return e.queueParts(ctx, f, cmd, ask, parts), nil
}

// concerned are the shards that a command is for.
func (e *Engine) concerned(f *fleet.Fleet, cmd discord.Command, named []int) ([]int, error) {
	first, last, total := f.Slice()
	if cmd.Op == discord.OpPresenceUpdate {
		for _, id := range named {
			if id < first || id > last {
				return nil, fmt.Errorf("shards: %d is not held here; this process holds %d to %d", id, first, last)
			}
		}
		if len(named) == 0 {
			for id := first; id <= last; id++ {
				named = append(named, id)
			}
		}
		return slices.Compact(slices.Sorted(slices.Values(named))), nil
	}
	if len(named) > 0 {
		return nil, fmt.Errorf("shards cannot be named for %s: its guild decides", cmd.Op)
	}
	var shards []int
	for _, guild := range cmd.Guilds {
		id := discord.ShardOf(guild, total)
		if id < first || id > last {
			return nil, fmt.Errorf("guild %d belongs to shard %d, which is not held here; this process holds %d to %d", guild, id, first, last)
		}
		if f.Stranger(guild) {
			return nil, fmt.Errorf("the bot is not in guild %d: Discord would not answer", guild)
		}
		shards = append(shards, id)
	}
	return slices.Compact(slices.Sorted(slices.Values(shards))), nil
}

// parts makes every shard's frame, so that a command is queued whole or not at all.
func (e *Engine) parts(f *fleet.Fleet, cmd discord.Command, shards []int, nonce string) ([]part, error) {
	_, _, total := f.Slice()
	parts := make([]part, 0, len(shards))
	for _, id := range shards {
		own, _ := cmd.For(id, total)
		held := f.GuildCount(id)
		own, err := own.Fill(id, total, held)
		if err != nil {
			return nil, err
		}
		frame, err := own.AppendFrame(nil, nonce)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{id, frame, own.Guilds, held})
	}
	return parts, nil
}

func (e *Engine) queueParts(ctx context.Context, f *fleet.Fleet, cmd discord.Command, ask *asks.Ask, parts []part) *posted {
	now := e.cfg.Clock.Now()
	deadline := now.Add(sendWithin)
	if cmd.Op == discord.OpPresenceUpdate {
		deadline = now.Add(showWithin)
	}
	if told, ok := ctx.Deadline(); ok {
		// A moment earlier, to say what it has waited for.
		deadline = told.Add(-min(time.Second, told.Sub(now)/10))
	}
	p := &posted{op: int(cmd.Op), ask: ask, written: make(chan struct{}), left: len(parts)}
	for _, part := range parts {
		_, show := e.presence.of(part.shard, part.held)
		f.Send(part.shard, outbox.Item{Op: cmd.Op, Frame: part.frame, Deadline: deadline, Done: func(at time.Time, err error) {
			e.count(cmd.Op, part, show, err)
			p.done(part.shard, part.guilds, at, err)
		}})
	}
	return p
}

// count books what has become of a part.
func (e *Engine) count(op discord.Opcode, p part, show shown, err error) {
	if err != nil {
		e.sends.refused.Add(1)
		return
	}
	e.sends.sent.Add(1)
	if op == discord.OpPresenceUpdate {
		e.presence.tell(p.shard, show)
	}
}

// sends counts commands since the start.
type sends struct{ sent, refused atomic.Uint64 }

// commands is what the snapshot shows of them.
func (e *Engine) commands(shards []ops.Shard) ops.Commands {
	c := ops.Commands{Sent: e.sends.sent.Load(), Refused: e.sends.refused.Load(), Asked: e.asks.Waiting()}
	for i := range shards {
		c.Waiting += shards[i].Outbox
	}
	return c
}
