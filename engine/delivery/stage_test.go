package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// bot is a sink whose answers a test decides.
type bot struct {
	answer   func(events []event.Event, attempt int) error // nil acknowledges
	delay    time.Duration
	priority bool // the runner's

	mu      sync.Mutex
	got     map[int][]int64 // acknowledged, by shard
	order   []int64         // acknowledged, of all shards
	calls   int
	now     int // deliveries under way
	most    int
	inShard map[lanes]bool
	broken  string               // what must never happen
	kinds   map[int64]event.Kind // of what was acknowledged, by number
}

// lanes are what may be under way side by side.
type lanes struct {
	shard int
	early bool
}

func (b *bot) Deliver(ctx context.Context, events []event.Event, attempt int) error {
	shard := events[0].ShardID
	way := lanes{shard, b.priority && events[0].Type == event.TypeInteraction}
	b.mu.Lock()
	b.calls++
	b.now++
	b.most = max(b.most, b.now)
	if b.inShard[way] {
		b.broken = fmt.Sprintf("shard %d delivered twice at a time", shard)
	}
	b.inShard[way] = true
	b.mu.Unlock()
	select {
	case <-time.After(b.delay):
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now--
	b.inShard[way] = false
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if b.answer != nil {
		if err := b.answer(events, attempt); err != nil {
			return err
		}
	}
	for _, e := range events {
		b.got[shard] = append(b.got[shard], e.ID.Seq)
		b.kinds[e.ID.Seq] = e.Kind
		b.order = append(b.order, e.ID.Seq)
	}
	return nil
}

// with changes or reads what the bot's answers go by.
func (b *bot) with(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

func (b *bot) Close() error { return nil }

// grave remembers what was buried.
type grave struct {
	mu     sync.Mutex
	buried []string
	busy   chan struct{} // burials wait for it; nil lets them pass
	gone   int
	err    error
}

func (g *grave) Bury(sink string, events []event.Event, reason string) (int, error) {
	if g.busy != nil {
		<-g.busy
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return g.gone, g.err
	}
	for _, ev := range events {
		g.buried = append(g.buried, fmt.Sprintf("%s %d: %s", sink, ev.ID.Seq, reason))
	}
	return g.gone, nil
}

func (g *grave) Count(string) (int, int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.buried), 0
}

// stage is a runner between a queue and a bot, in a bubble with its own time.
type stage struct {
	t      *testing.T
	bot    *bot
	grave  *grave
	log    *spool.Log
	runner *Runner
	states []string
	seq    map[int]int64

	journal *lines
}

// lines is a log that a test can read.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// play sets a stage and runs the story on it. Nothing of the runner may be left
// when it has ended.
func play(t *testing.T, cfg Config, b *bot, story func(s *stage)) {
	t.Helper()
	playWith(t, cfg, b, nil, story)
}

// playWith lets a test attach queues of its own in the place of the one.
func playWith(t *testing.T, cfg Config, b *bot, attach func(r *Runner), story func(s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, bot: b, grave: &grave{}, journal: &lines{}, log: spool.New(spool.Config{}), seq: map[int]int64{}}
		b.got, b.inShard, b.kinds, b.priority = map[int][]int64{}, map[lanes]bool{}, map[int64]event.Kind{}, cfg.Priority
		cfg.Name, cfg.Sink, cfg.DeadLetters = "bot", b, s.grave
		cfg.Clock, cfg.Random = clock.System(), func() float64 { return 1 }
		cfg.Logger = slog.New(slog.NewTextHandler(s.journal, nil))
		cfg.StateChanged = func(to ops.SinkState, why string) { s.states = append(s.states, to.String()) }
		cfg.Batch, cfg.Parallel = max(cfg.Batch, 1), max(cfg.Parallel, 8)
		cfg.MaxAttempts = max(cfg.MaxAttempts, 3)
		s.runner = New(cfg)
		if attach != nil {
			attach(s.runner)
		} else if err := s.runner.Attach(s.log, 0); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.runner.Run(ctx) }()
		synctest.Wait() // it has begun
		story(s)
		cancel()
		<-done
		if b.broken != "" {
			t.Error(b.broken)
		}
	})
}

// events appends n events of a shard.
func (s *stage) events(shard, n int) {
	s.t.Helper()
	for range n {
		s.append(shard, "MESSAGE_CREATE")
	}
}

// append appends the next event of a shard and returns its number.
func (s *stage) append(shard int, eventType string) int64 {
	s.t.Helper()
	s.seq[shard]++
	ev := event.Event{
		ID: event.ID{Seq: s.seq[shard]}, ShardID: shard, Type: eventType, Received: time.Now(), Data: []byte(`{"op":0,"d":{}}`),
	}
	if _, err := s.log.Append(s.t.Context(), &ev); err != nil {
		s.t.Fatal(err)
	}
	return s.seq[shard]
}

// after lets time pass until everything stands still.
func (s *stage) after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// complete checks that the bot has every event of every shard, once, in order.
func (s *stage) complete() {
	s.t.Helper()
	s.bot.mu.Lock()
	defer s.bot.mu.Unlock()
	for shard, n := range s.seq {
		var want []int64
		for i := range n {
			want = append(want, i+1)
		}
		if got := fmt.Sprint(s.bot.got[shard]); got != fmt.Sprint(want) {
			s.t.Errorf("shard %d: the bot has %s, want 1…%d", shard, got, n)
		}
	}
	if d := s.log.Stats().Depth; d != 0 {
		s.t.Errorf("%d events left in the queue", d)
	}
}
