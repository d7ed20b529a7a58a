// Package opfake is an operator for the console's tests: a fleet whose figures
// are a pure function of its clock, with troubles in known places.
//
// An [Operator] is safe for concurrent use and starts no goroutine.
package opfake

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Operator plays an engine.
type Operator struct {
	// Clock drives every figure.
	Clock clock.Clock
	// Shards is the number of shards.
	Shards int
	// Calm leaves the troubles out.
	Calm bool
	// Scene is the state of the queue or the gateway; it leaves out the other troubles.
	Scene Scene
	// Change edits each snapshot before it is handed out; nil for none.
	Change func(s *ops.Snapshot)
	// PlanTakes is how long the plan of a reshard takes.
	PlanTakes time.Duration

	histories int
	mu        sync.Mutex
	start     time.Time
	fail      error
	refuse    string
	unsent    error
	sends     []ops.Send
	commands  []ops.Command
	pulls     int
	silent    chan struct{}
	pending   []*Operation

	acks    map[string]ops.Command // of alerts, by id
	level   ops.Level
	rolling bool // a rolling restart is under way

	run    *rehearsal
	past   []ops.ReshardResult // newest first
	hinder Trouble
	staged bool
	began  int // shards at the beginning
}

var _ ops.Operator = (*Operator)(nil)

// New returns a fleet of n shards that has been up for three hours.
func New(c clock.Clock, n int) *Operator {
	return &Operator{Clock: c, Shards: n, began: n, start: c.Now().Add(-3*time.Hour - 12*time.Minute)}
}

// Fail lets every later call fail with err; nil mends it.
func (o *Operator) Fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fail = err
}

// Refuse lets every later command be refused; the empty reason accepts again.
func (o *Operator) Refuse(reason string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refuse = reason
}

// Silence lets every later call hang until its context ends.
func (o *Operator) Silence() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.silent = make(chan struct{})
}

// Commands are those that were accepted, in order.
func (o *Operator) Commands() []ops.Command {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]ops.Command(nil), o.commands...)
}

// Pulls is how many snapshots were asked for.
func (o *Operator) Pulls() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.pulls
}

// answer is the state of the line: an error, or a wait for the context.
func (o *Operator) answer(ctx context.Context) error {
	o.mu.Lock()
	fail, silent := o.fail, o.silent
	o.mu.Unlock()
	if silent != nil {
		<-ctx.Done()
		return ctx.Err()
	}
	return fail
}

// Snapshot implements [ops.Operator].
func (o *Operator) Snapshot(ctx context.Context) (*ops.Snapshot, error) {
	o.mu.Lock()
	o.pulls++
	o.mu.Unlock()
	if err := o.answer(ctx); err != nil {
		return nil, err
	}
	o.mu.Lock()
	now := o.Clock.Now()
	o.advance(now)
	s := o.snapshot(now)
	o.mu.Unlock()
	if o.Change != nil {
		o.Change(s)
	}
	return s, nil
}

// DeadLetters implements [ops.Operator]: the bot has some in [SceneLetters].
func (o *Operator) DeadLetters(ctx context.Context, q ops.DeadLetterQuery) (ops.DeadLetterPage, error) {
	if err := o.answer(ctx); err != nil {
		return ops.DeadLetterPage{}, err
	}
	if o.Scene != SceneLetters || q.Sink != "" && q.Sink != "bot" {
		return ops.DeadLetterPage{}, nil
	}
	all := o.deadLetters(o.Clock.Now())
	page := ops.DeadLetterPage{Letters: all, Total: len(all)}
	if q.Max > 0 && len(all) > q.Max {
		page.Letters = all[len(all)-q.Max:]
	}
	return page, nil
}

// Do implements [ops.Operator]: the operation is done when [Operator.Finish] says so.
func (o *Operator) Do(ctx context.Context, c ops.Command) (ops.Operation, error) {
	if err := o.answer(ctx); err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.refuse != "" {
		return nil, &ops.RefusedError{Command: c, Reason: o.refuse}
	}
	if steers(c.Kind) {
		op, err := o.steer(c)
		if err != nil {
			return nil, err
		}
		o.commands = append(o.commands, c)
		return op, nil
	}
	o.commands = append(o.commands, c)
	o.note(c)
	op := &Operation{done: make(chan struct{}), total: max(1, len(c.Shards))}
	o.pending = append(o.pending, op)
	return op, nil
}

// Finish ends every operation under way, with err.
func (o *Operator) Finish(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, op := range o.pending {
		op.finish(err)
	}
	o.pending, o.rolling = nil, false
}

// FinishSaying ends every operation under way well, with a result in words.
func (o *Operator) FinishSaying(text string) {
	o.mu.Lock()
	for _, op := range o.pending {
		op.mu.Lock()
		op.text = text
		op.mu.Unlock()
	}
	o.mu.Unlock()
	o.Finish(nil)
}

// Subscribe implements [ops.Operator]; nothing ever happens.
func (o *Operator) Subscribe(context.Context, int) (<-chan ops.Event, error) {
	return nil, errors.New("not played")
}

// Operation is a command under way.
type Operation struct {
	mu    sync.Mutex
	done  chan struct{}
	total int
	ended bool
	text  string // of the result; empty for that of a restart
	err   error
}

var _ ops.Operation = (*Operation)(nil)

func (p *Operation) finish(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended, p.err = true, err
	close(p.done)
}

// Progress implements [ops.Operation].
func (p *Operation) Progress() ops.Progress {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended && p.text != "" {
		return ops.Progress{Done: p.total, Total: p.total, Text: p.text}
	}
	if p.ended {
		return ops.Progress{Done: p.total, Total: p.total, Text: "restart shard 1: done in 1s"}
	}
	return ops.Progress{Total: p.total, Text: "waits for READY"}
}

// Done implements [ops.Operation].
func (p *Operation) Done() <-chan struct{} { return p.done }

// Err implements [ops.Operation].
func (p *Operation) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Shard implements [ops.Operator].
func (o *Operator) Shard(ctx context.Context, id int) (*ops.ShardDetail, error) {
	if err := o.answer(ctx); err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if id < 0 || id >= o.Shards {
		return nil, fmt.Errorf("shard %d: %w", id, ops.ErrNoShard)
	}
	return o.detail(id, o.Clock.Now()), nil
}

// Log implements [ops.Operator].
func (o *Operator) Log(ctx context.Context, q ops.LogQuery) (ops.LogPage, error) {
	if err := o.answer(ctx); err != nil {
		return ops.LogPage{}, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.page(q, o.Clock.Now()), nil
}

// History is a day in the life of the fleet, of which the last hours are known.
func (o *Operator) History(ctx context.Context, r ops.HistoryRange) (*ops.History, error) {
	if err := o.answer(ctx); err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.histories++
	return o.history(r, o.Clock.Now()), nil
}

// Where knows three guilds of each shard, of which the second is in an outage.
func (o *Operator) Where(ctx context.Context, guild uint64, total int) (ops.GuildPlace, error) {
	if err := o.answer(ctx); err != nil {
		return ops.GuildPlace{}, err
	}
	p := ops.GuildPlace{Guild: guild, Shards: o.Shards, Shard: int(guild >> 22 % uint64(o.Shards)), Held: true}
	p.Worker, p.State = p.Shard/25, ops.GuildAbsent
	for _, g := range shardGuilds(p.Shard, o.Shards) {
		if g.ID == guild {
			p.State = g.State
		}
	}
	if total > 0 {
		p.PlannedShards, p.Planned = total, int(guild>>22%uint64(total))
	}
	return p, nil
}

// Guilds lists them.
func (o *Operator) Guilds(ctx context.Context, q ops.GuildQuery) (ops.GuildPage, error) {
	if err := o.answer(ctx); err != nil {
		return ops.GuildPage{}, err
	}
	all := shardGuilds(q.Shard, o.Shards)
	page := ops.GuildPage{Total: len(all)}
	for _, g := range all {
		if strings.Contains(strconv.FormatUint(g.ID, 10), q.Contains) {
			page.Guilds = append(page.Guilds, g)
		}
	}
	page.Matching = len(page.Guilds)
	return page, nil
}

// shardGuilds are some guilds of a shard.
func shardGuilds(shard, shards int) (all []ops.Guild) {
	for i := range uint64(40) {
		g := ops.Guild{ID: (19_400+i*31*uint64(shards))/uint64(shards)*uint64(shards)<<22 + uint64(shard)<<22 + i, State: ops.GuildAvailable}
		if i < 2 {
			g.State = []ops.GuildState{ops.GuildLoading, ops.GuildUnavailable}[i]
		}
		all = append(all, g)
	}
	return all
}

// Histories is how often a history was asked for.
func (o *Operator) Histories() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.histories
}

// Unsend lets every later command for Discord fail with err; nil takes them again.
func (o *Operator) Unsend(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.unsent = err
}

// Sends are the commands for Discord that were taken, in order.
func (o *Operator) Sends() []ops.Send {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]ops.Send(nil), o.sends...)
}

// Send implements [ops.Operator]: every shard writes it at once.
func (o *Operator) Send(ctx context.Context, s ops.Send) (ops.Sent, error) {
	if err := o.answer(ctx); err != nil {
		return ops.Sent{}, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.unsent != nil {
		return ops.Sent{}, o.unsent
	}
	o.sends = append(o.sends, s)
	sent := ops.Sent{Shards: s.Shards, At: o.Clock.Now()}
	for id := 0; len(s.Shards) == 0 && id < o.Shards; id++ {
		sent.Shards = append(sent.Shards, id)
	}
	return sent, nil
}

// Guild is the id of a shard's guild.
func (o *Operator) Guild(shard, i int) uint64 { return shardGuilds(shard, o.Shards)[i].ID }
