package spool

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// QueueConfig is what a queue is made of.
type QueueConfig struct {
	Bounds  Bounds                              // of all logs together
	Dropped func(e *event.Event, reason string) // as in [Config]
	Layout  Layout
	Bot     string // id of the bot whose events they are; empty if unknown
	// Store, PersistAfter, Clock and Logger are as in [Config].
	Store        Store
	PersistAfter time.Duration
	Clock        clock.Clock
	Logger       *slog.Logger
}

// Layout says which shards a process holds and how they are placed on workers. A
// queue of another layout that an earlier run has left is delivered first.
type Layout struct{ Total, First, Last, PerWorker int }

func (l Layout) String() string {
	return fmt.Sprintf("%d-%d-%d-%d", l.Total, l.First, l.Last, l.PerWorker)
}

// ForeignError says that a store holds what this process must not touch.
type ForeignError struct{ Text string }

func (e *ForeignError) Error() string { return e.Text }

// Queue is the logs of all workers, and those that earlier runs have left.
type Queue struct {
	cfg         QueueConfig
	budget      Budget
	generations []generation
	current     int // number of the newest generation
	stored      map[int]stored

	mu   sync.Mutex
	logs []*Log // of the present generation, by worker
}

// generation is the logs of one layout.
type generation struct {
	number int
	layout string
	logs   map[int]*Log // by worker
	files  map[int][]Stored
}

// metaName is where a store says what it holds.
const metaName = "queue.json"

// meta is what a store says of itself.
type meta struct {
	Format int    `json:"format"`
	Bot    string `json:"bot"`
}

// format is that of the store as a whole.
const format = 1

// OpenQueue looks at what the store holds. It fails with a [*ForeignError] if that
// belongs to another bot or was written by another version, and then leaves it
// alone. After the sinks have been attached to all logs, [Queue.Recover] takes it
// over.
func OpenQueue(cfg QueueConfig) (*Queue, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	q := &Queue{cfg: cfg, stored: make(map[int]stored)}
	if cfg.Store == nil {
		return q, nil
	}
	files, err := cfg.Store.List()
	if err != nil {
		return nil, err
	}
	if err := q.claim(files); err != nil {
		return nil, err
	}
	q.sort(files)
	return q, nil
}

// claim checks whose queue it is, and makes it ours.
func (q *Queue) claim(files []Stored) error {
	text, err := q.cfg.Store.Get(metaName, nil, 0)
	m := meta{Format: format, Bot: q.cfg.Bot}
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case json.Unmarshal(text, &m) != nil:
		return &ForeignError{fmt.Sprintf("%s is damaged; if the queue is this bot's, delete that file", metaName)}
	case m.Format != format:
		return &ForeignError{fmt.Sprintf("it was written by another version of Gatehouse (format %d, this version knows format %d); "+
			"deliver it with that version (gatehouse ctl drain), or move it away", m.Format, format)}
	}
	chunks := slices.ContainsFunc(files, func(f Stored) bool { _, _, ok := parseChunkName(f.Name); return ok })
	if chunks && m.Bot != "" && q.cfg.Bot != "" && m.Bot != q.cfg.Bot {
		return &ForeignError{fmt.Sprintf("it holds events of bot %s that wait for delivery, and the token is that of bot %s; "+
			"give each bot a folder of its own, or move it away", m.Bot, q.cfg.Bot)}
	}
	if err == nil && m.Bot == q.cfg.Bot {
		return nil
	}
	m.Bot = cmp.Or(q.cfg.Bot, m.Bot)
	if text, err = json.Marshal(m); err != nil {
		return err
	}
	return q.cfg.Store.Put(metaName, text)
}

// sort finds the generations in a store.
func (q *Queue) sort(files []Stored) {
	byNumber := make(map[int]*generation)
	for _, f := range files {
		number, layout, worker, ok := parsePrefix(f.Name)
		if !ok {
			continue
		}
		g := byNumber[number]
		if g == nil {
			g = &generation{number: number, layout: layout, logs: make(map[int]*Log), files: make(map[int][]Stored)}
			byNumber[number] = g
		}
		g.files[worker] = append(g.files[worker], f)
	}
	for _, number := range slices.Sorted(maps.Keys(byNumber)) {
		q.generations = append(q.generations, *byNumber[number])
	}
	if n := len(q.generations); n > 0 {
		q.current = q.generations[n-1].number
		if q.generations[n-1].layout == q.cfg.Layout.String() {
			return
		}
	}
	q.current++
	q.generations = append(q.generations, generation{
		number: q.current, layout: q.cfg.Layout.String(), logs: make(map[int]*Log), files: make(map[int][]Stored),
	})
}

// parsePrefix takes a name apart: 0003_8-0-7-25/000/….
func parsePrefix(name string) (number int, layout string, worker int, ok bool) {
	parts := strings.Split(name, "/")
	if len(parts) != 3 {
		return 0, "", 0, false
	}
	n, layout, found := strings.Cut(parts[0], "_")
	number, err1 := strconv.Atoi(n)
	worker, err2 := strconv.Atoi(parts[1])
	return number, layout, worker, found && errors.Join(err1, err2) == nil
}

// Log is a worker's log, made when it is first asked for.
func (q *Queue) Log(worker int) *Log {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.logs) <= worker {
		q.logs = append(q.logs, q.newLog(q.current, q.cfg.Layout.String(), len(q.logs)))
	}
	return q.logs[worker]
}

func (q *Queue) newLog(number int, layout string, worker int) *Log {
	return New(Config{
		Bounds: q.cfg.Bounds, Budget: &q.budget, Dropped: q.cfg.Dropped,
		Store: q.cfg.Store, Prefix: fmt.Sprintf("%04d_%s/%03d/", number, layout, worker),
		PersistAfter: q.cfg.PersistAfter, Clock: q.cfg.Clock, Logger: q.cfg.Logger,
	})
}

// Generations are all logs, those of the oldest run first and the present ones
// last. A sink reads a generation once it has done with those before it, so that
// the order per shard holds. It is called when every worker has asked for its log.
func (q *Queue) Generations() [][]*Log {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out [][]*Log
	for i := range q.generations {
		g := &q.generations[i]
		if g.number == q.current {
			continue
		}
		var logs []*Log
		for _, worker := range slices.Sorted(maps.Keys(g.files)) {
			if g.logs[worker] == nil {
				g.logs[worker] = q.newLog(g.number, g.layout, worker)
			}
			logs = append(logs, g.logs[worker])
		}
		out = append(out, logs)
	}
	return append(out, slices.Clone(q.logs))
}

// Recover takes over what earlier runs have left. It is called once, when the
// sinks have been attached.
func (q *Queue) Recover() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.generations {
		g := &q.generations[i]
		if g.number == q.current {
			for worker, log := range q.logs {
				g.logs[worker] = log
			}
		}
		for _, worker := range slices.Sorted(maps.Keys(g.files)) {
			log := g.logs[worker]
			if log == nil {
				continue // a worker that the same layout does not have: cannot be
			}
			if err := log.recover(g.files[worker], q.stored); err != nil {
				return err
			}
		}
	}
	return nil
}

// Stored is the sequence number up to which a session's events are in a queue
// already, or were delivered before the last stop; 0 if none is known to be.
func (q *Queue) Stored(shard int, session uint64) int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	if s := q.stored[shard]; s.session == session {
		return s.seq
	}
	return 0
}

// all are the logs of all generations.
func (q *Queue) all() []*Log { return slices.Concat(q.Generations()...) }

// Run works between the logs and their store until ctx ends, then saves what is
// in memory alone, and returns.
func (q *Queue) Run(ctx context.Context) {
	if q.cfg.Store == nil {
		<-ctx.Done()
		return
	}
	logs := q.all()
	var tenders sync.WaitGroup
	for _, l := range logs {
		tenders.Go(func() { l.tend(ctx) })
		l.kick()
	}
	defer tenders.Wait()
	timer := q.cfg.Clock.NewTimer(q.pace())
	defer timer.Stop()
	turnAt := q.cfg.Clock.Now().Add(halfMinute)
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-timer.C():
			for _, l := range logs {
				l.tick()
			}
			if now.After(turnAt) {
				q.budget.health.turn()
				turnAt = now.Add(halfMinute)
			}
		}
		timer.Reset(q.pace())
	}
}

const halfMinute = 30 * time.Second

// pace is how often the logs are looked at: often enough that persist_after is
// kept about.
func (q *Queue) pace() time.Duration {
	return min(max(q.cfg.PersistAfter/4, 5*time.Millisecond), 250*time.Millisecond)
}

// Discard gives up all that waits for a sink that is not configured any more and
// returns how many events that was.
func (q *Queue) Discard(sink string) int {
	n := 0
	for _, l := range q.all() {
		n += l.forsake(sink)
	}
	return n
}
