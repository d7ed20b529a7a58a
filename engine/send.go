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
	began := e.cfg.Clock.Now()
	sent, err := e.send(ctx, s)
	if s.Op == int(discord.OpPresenceUpdate) { // the others are a bot's daily work
		e.actions.note(orSomebody(s.By), presenceOf(s.Shards), err, "sent by "+howMany(len(sent.Shards), "shard"), began)
	}
	return sent, err
}

// presenceOf is whose presence is changed, in words.
func presenceOf(shards []int) string {
	if len(shards) == 0 {
		return "presence of the bot"
	}
	return "presence of " + howMany(len(shards), "shard")
}

func howMany(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (e *Engine) send(ctx context.Context, s ops.Send) (ops.Sent, error) {
	p, err := e.post(ctx, s, nil)
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
	op      discord.Opcode
	ask     *asks.Ask
	then    func(error)   // called once all is over, perhaps at once or with a shard's lock held; nil for nobody
	written chan struct{} // closed when every shard has written it, or given it up

	mu     sync.Mutex
	left   int
	shards []int
	at     time.Time
	err    error // the first
}

func newPosted(op discord.Opcode, ask *asks.Ask, parts int, then func(error)) *posted {
	p := &posted{op: op, ask: ask, then: then, left: parts, written: make(chan struct{})}
	if parts == 0 {
		p.over()
	}
	return p
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
	return &ops.SendError{Op: int(p.op), Reason: p.err.Error(), Sent: slices.Clone(p.shards)}
}

// done books what has become of one shard's part. A shard's lock is held.
func (p *posted) done(part part, at time.Time, err error) {
	if p.book(part, at, err) {
		p.over()
	}
}

func (p *posted) over() {
	if p.then != nil {
		p.then(p.failure())
	}
	close(p.written)
}

// book reports whether it was the last part.
func (p *posted) book(part part, at time.Time, err error) (last bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.shards, p.at = append(p.shards, part.shard), at
		slices.Sort(p.shards)
		p.ask.Sent(at, part.guilds...)
	} else {
		if p.err == nil {
			p.err = fmt.Errorf("shard %d: %w", part.shard, err)
		}
		p.ask.Unsent(part.guilds...)
	}
	p.left--
	return p.left == 0
}

// part is what one shard is to write.
type part struct {
	shard  int
	frame  []byte
	guilds []uint64
	show   shown // what Discord knows then, of op 3
}

// post checks a command and queues it with the shards that it concerns. What is
// still queued when ctx ends is not sent.
func (e *Engine) post(ctx context.Context, s ops.Send, then func(error)) (*posted, error) {
	refuse := func(err error) (*posted, error) {
		e.sends.refused.Add(1)
		return nil, err
	}
	f := e.current()
	cmd, shards, err := e.check(ctx, f, s)
	if err != nil {
		return refuse(err)
	}
	if cmd.Op == discord.OpPresenceUpdate {
		e.presence.set(s.Data, s.Shards)
		return e.present(ctx, f, shards, then), nil
	}
	ask, err := e.asks.Open(asks.Request{Command: cmd, Sink: s.Sink, Keep: s.Answers})
	if err != nil {
		return refuse(err)
	}
	parts, err := e.parts(f, cmd, shards, ask.Nonce())
	if err != nil {
		ask.Unsent()
		return refuse(&ops.SendError{Op: s.Op, Reason: err.Error()})
	}
	deadline := e.deadline(ctx, sendWithin)
	p := newPosted(cmd.Op, ask, len(parts), then)
	for _, part := range parts {
		e.queuePart(ctx, f, p, part, deadline)
	}
	return p, nil
}

// check finds what keeps a command from being sent, and the shards that it is for.
func (e *Engine) check(ctx context.Context, f *fleet.Fleet, s ops.Send) (cmd discord.Command, shards []int, err error) {
	phase := ops.EnginePhase(e.phase.Load())
	switch {
	case ctx.Err() != nil:
		return cmd, nil, ctx.Err()
	case f == nil || phase >= ops.PhaseDraining:
		err = fmt.Errorf("the engine is %s", phase)
	case s.Sink != "" && e.sinks.named(s.Sink) == nil:
		err = fmt.Errorf("there is no sink named %q", s.Sink)
	default:
		cmd, err = discord.ParseCommand(discord.Opcode(s.Op), s.Data)
	}
	if err == nil {
		shards, err = e.concerned(f, cmd, s.Shards)
	}
	if err == nil && cmd.Op == discord.OpPresenceUpdate {
		err = e.cfg.fits(s.Data)
	}
	if err != nil {
		err = &ops.SendError{Op: s.Op, Reason: err.Error()}
	}
	return cmd, shards, err
}

// everyShard are the ids of a fleet.
func everyShard(f *fleet.Fleet) (ids []int) {
	first, last, _ := f.Slice()
	for id := first; id <= last; id++ {
		ids = append(ids, id)
	}
	return ids
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
			return everyShard(f), nil
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
		if e.unstarted(f, id) {
			return nil, fmt.Errorf("shard %d has not been started yet, its turn comes later; send it again once the shard is ready", id)
		}
		shards = append(shards, id)
	}
	return slices.Compact(slices.Sorted(slices.Values(shards))), nil
}

// unstarted reports whether a shard waits for its turn to start.
func (e *Engine) unstarted(f *fleet.Fleet, id int) bool {
	if ops.EnginePhase(e.phase.Load()) != ops.PhaseStarting {
		return false
	}
	d, err := f.Detail(id)
	return err == nil && d.Shard.State == ops.ShardIdle
}

// parts makes every shard's frame, so that a command is queued whole or not at all.
func (e *Engine) parts(f *fleet.Fleet, cmd discord.Command, shards []int, nonce string) ([]part, error) {
	_, _, total := f.Slice()
	parts := make([]part, 0, len(shards))
	for _, id := range shards {
		own, _ := cmd.For(id, total)
		frame, err := own.AppendFrame(nil, nonce)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{shard: id, frame: frame, guilds: own.Guilds})
	}
	return parts, nil
}

// deadline is until when a command may wait, for those who do not say.
func (e *Engine) deadline(ctx context.Context, within time.Duration) time.Time {
	now := e.cfg.Clock.Now()
	if told, ok := ctx.Deadline(); ok {
		// A moment earlier, to say what it has waited for.
		return told.Add(-min(time.Second, told.Sub(now)/10))
	}
	return now.Add(within)
}

func (e *Engine) queuePart(ctx context.Context, f *fleet.Fleet, p *posted, part part, deadline time.Time) {
	f.Send(part.shard, outbox.Item{Op: p.op, Frame: part.frame, Deadline: deadline, Gone: ctx.Done(), Done: func(at time.Time, err error) {
		if errors.Is(err, outbox.ErrSuperseded) {
			p.done(part, at, nil) // nothing was written, and nothing need be
			return
		}
		err = e.whyUnsent(err)
		e.count(f, p.op, part, err)
		p.done(part, at, err)
	}})
}

// whyUnsent is why a part was not written, as its asker is to know it: a shard that
// is closed does not know that all of them are.
func (e *Engine) whyUnsent(err error) error {
	if phase := ops.EnginePhase(e.phase.Load()); err != nil && phase >= ops.PhaseDraining {
		return fmt.Errorf("the engine is %s; send it again after the next start", phase)
	}
	return err
}

// count books what has become of a part.
func (e *Engine) count(f *fleet.Fleet, op discord.Opcode, p part, err error) {
	if err != nil {
		e.sends.refused.Add(1)
		return
	}
	e.sends.sent.Add(1)
	if op == discord.OpPresenceUpdate {
		e.presence.tell(f, p.shard, p.show)
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
